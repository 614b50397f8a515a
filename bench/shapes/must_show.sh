#!/usr/bin/env bash
# The rows that a release must show, one line each: name, value, target, pass or miss; beside them pgvector's
# hnsw (strict_order) where it is installed in the server that PG_CONFIG names. Minutes, not hours.
#   bench/shapes/must_show.sh            all parts
#   PARTS         of "glove inner unseen outlier copies scans vacuum lists" (default all)
#   METHODS       of "lid_hnsw hnsw" (default: what is installed)
#   BENCH_DATA    directory of the vectors (default build/data)
# Ends with status 0 whatever it finds, and with the count of rows that miss.
set -euo pipefail
cd "$(dirname "$0")/../.."
data=$(realpath -m "${BENCH_DATA:-build/data}")
parts=${PARTS:-glove inner unseen outlier copies scans vacuum lists}

. bench/common.sh
export PGOPTIONS='-c client_min_messages=warning'

# run <SQL>: under the settings of every measurement
run() {
    sql -c "SET hnsw.iterative_scan = strict_order; SET lid_hnsw.ef_search = $ef; SET hnsw.ef_search = $ef" -c "$1"
}

# judge <name> <value> <condition of awk over v> <target in words>
judge() {
    local verdict
    verdict=$(awk -v v="$2" "BEGIN { print (v != \"\" && ($3)) ? \"pass\" : \"MISS\" }")
    [ "$verdict" = pass ] || misses=$((misses + 1))
    printf '%-66s %-12s %-22s %s\n' "$1" "$2" "$4" "$verdict"
}
note() { printf '%-66s %-12s\n' "$1" "$2"; }

# probe <table> <operator> <k> [filter]: sets recall, buffers, short
probe() {
    IFS='|' read -r recall buffers short < <(run "SELECT * FROM probe('$1', '$2', $3, '${4:-true}')")
}

# load_each <source table> <class>: a table t_<method> with an index, per method
load_each() {
    local m
    for m in $methods; do
        sql -c "DROP TABLE IF EXISTS t_$m; CREATE TABLE t_$m AS SELECT * FROM $1 ORDER BY id" -c "VACUUM ANALYZE t_$m"
        build "$m" "$2"
    done
}
build() { sql -c "DROP INDEX IF EXISTS t_${1}_v" -c "CREATE INDEX t_${1}_v ON t_$1 USING $1 (v $2) WITH (m = 16, ef_construction = 64)"; }

part_glove() {
    local m ef
    sql -c 'CREATE TABLE glove (id integer, v vector(100), h integer GENERATED ALWAYS AS (abs(hashint4(id)) % 1000) STORED)' \
        -c 'TRUNCATE q'
    rows_of "$data/glove-train.f32" 100 0 100000 | sql -c '\copy glove (id, v) FROM STDIN'
    rows_of "$data/glove-frequent.f32" 100 0 500 | sql -c '\copy q FROM STDIN'
    load_each glove vector_cosine_ops
    ef=200
    run "SELECT find_truth('glove', '<=>', 200)" >/dev/null
    for m in $methods; do
        probe "t_$m" '<=>' 200
        case $m in
            lid_hnsw)
                judge 'GloVe 100k, ef 200, LIMIT 200: recall' "$recall" 'v >= .99' '>= .99'
                judge 'GloVe 100k, ef 200, LIMIT 200: buffers' "$buffers" 'v <= 1000' '<= 1000' ;;
            hnsw) note 'GloVe 100k, ef 200, LIMIT 200: hnsw recall / buffers' "$recall / $buffers" ;;
        esac
    done
    ef=100
    run "SELECT find_truth('glove', '<=>', 10, 'h < 100')" >/dev/null
    for m in $methods; do
        probe "t_$m" '<=>' 10 'h < 100'
        case $m in
            lid_hnsw)
                judge 'GloVe 100k, ef 100, LIMIT 10 of 10 %: recall' "$recall" 'v >= .99' '>= .99'
                note 'GloVe 100k, ef 100, LIMIT 10 of 10 %: buffers' "$buffers" ;;
            hnsw) note 'GloVe 100k, ef 100, LIMIT 10 of 10 %: hnsw recall / buffers' "$recall / $buffers" ;;
        esac
    done
    sql -c 'DROP TABLE glove'
}

# Inner product over norms that differ by orders of magnitude.
part_inner() {
    local way m ef=40
    declare -A peer
    sql -c 'TRUNCATE q'
    sql >/dev/null <<'SQL'
SELECT setseed(.5);
CREATE TABLE norms AS
    SELECT i AS id, scaled(gauss(64), exp(2 * (gauss(1)::real[])[1]) / 8) AS v FROM generate_series(1, 13000) i;
INSERT INTO q SELECT i, gauss(64) FROM generate_series(1, 200) i;
SQL
    run "SELECT find_truth('norms', '<#>', 10)" >/dev/null
    for way in built 'inserted one by one' 'into an empty index'; do
        for m in hnsw lid_hnsw; do
            has "$methods" "$m" || continue
            sql -c "DROP TABLE IF EXISTS t_$m; CREATE TABLE t_$m (id integer, v vector(64))"
            case $way in
                built) sql -c "INSERT INTO t_$m SELECT * FROM norms"; build "$m" vector_ip_ops ;;
                inserted*)
                    sql -c "INSERT INTO t_$m SELECT * FROM norms WHERE id <= 1000"; build "$m" vector_ip_ops
                    sql -c 'CREATE VIEW rest AS SELECT * FROM norms WHERE id > 1000' \
                        -c "SELECT insert_each('t_$m', 'rest')" -c 'DROP VIEW rest' ;;
                into*) build "$m" vector_ip_ops; sql -c "SELECT insert_each('t_$m', 'norms')" ;;
            esac >/dev/null
            sql -c "VACUUM ANALYZE t_$m"
            probe "t_$m" '<#>' 10
            if [ "$m" = hnsw ]; then
                peer[$way]=$buffers
                note "inner product, log-normal, ef 40, $way: hnsw" "$recall / $buffers"
            else
                judge "inner product, log-normal, ef 40, $way: recall@10" "$recall" 'v >= .98' '>= .98'
                if [ -n "${peer[$way]:-}" ]; then
                    judge "inner product, log-normal, ef 40, $way: buffers" "$buffers" "v <= ${peer[$way]}" "<= ${peer[$way]}"
                else
                    note "inner product, log-normal, ef 40, $way: buffers" "$buffers"
                fi
            fi
        done
    done
    sql -c 'DROP TABLE norms'
}

# The same on rows that the rules for inner products were not chosen with: words, as long as they come and
# with lengths that vary by a factor of e.
part_unseen() {
    local spread m ef=40 theirs pages
    sql -c 'CREATE TABLE words (id integer, v vector(100))' -c 'TRUNCATE q' -c 'SELECT setseed(.125)' >/dev/null
    rows_of "$data/glove-train.f32" 100 50000 20000 | sql -c '\copy words FROM STDIN'
    rows_of "$data/glove-frequent.f32" 100 500 500 | sql -c '\copy q FROM STDIN'
    for spread in 0 1; do
        sql -c 'DROP TABLE IF EXISTS norms; CREATE TABLE norms (id integer, v vector(100))' -c 'SELECT setseed(.5)' \
            -c "INSERT INTO norms SELECT id, scaled(v, exp($spread * (gauss(1)::real[])[1])) FROM words" >/dev/null
        run "SELECT find_truth('norms', '<#>', 10)" >/dev/null
        theirs='' pages=''
        for m in hnsw lid_hnsw; do
            has "$methods" "$m" || continue
            sql -c "DROP TABLE IF EXISTS t_$m; CREATE TABLE t_$m AS SELECT * FROM norms"
            build "$m" vector_ip_ops
            sql -c "VACUUM ANALYZE t_$m"
            probe "t_$m" '<#>' 10
            if [ "$m" = hnsw ]; then
                theirs=$recall pages=$buffers
                note "inner product, words, lengths by e^($spread x), ef 40: hnsw" "$recall / $buffers"
            else
                judge "inner product, words, lengths by e^($spread x), ef 40: recall@10" "$recall" "v >= ${theirs:-1} - .02" ">= ${theirs:-1} - .02"
                judge "inner product, words, lengths by e^($spread x), ef 40: buffers" "$buffers" "v <= ${pages:-0}" "<= ${pages:-0}"
            fi
        done
    done
    sql -c 'DROP TABLE words, norms'
}

# One row far outside must not change what is found.
part_outlier() {
    local far ef=40 without='' m=lid_hnsw
    sql >/dev/null <<'SQL'
SELECT setseed(.25);
CREATE TABLE plain AS SELECT i AS id, gauss(16) AS v FROM generate_series(1, 3000) i;
TRUNCATE q;
INSERT INTO q SELECT i, gauss(16) FROM generate_series(1, 200) i;
SQL
    for far in '' 1e10 1e20; do
        sql -c "DROP TABLE IF EXISTS t_$m; CREATE TABLE t_$m (id integer, v vector(16)); INSERT INTO t_$m SELECT * FROM plain"
        [ -z "$far" ] || sql -c "INSERT INTO t_$m SELECT 0, array_prepend($far::real, array_fill(0::real, ARRAY[15]))::vector"
        run "SELECT find_truth('t_$m', '<->', 10)" >/dev/null
        build "$m" vector_l2_ops
        probe "t_$m" '<->' 10
        if [ -z "$far" ]; then
            without=$recall
            note 'L2, 3,000 x 16, ef 40: recall@10 / buffers' "$recall / $buffers"
        else
            judge "L2, with one row [$far, 0, ...]: recall@10" "$recall" "v >= $without - .005" ">= $without - .005"
        fi
    done
    # The same rows, inserted one by one into an index made on an empty table, the far one first or not at all.
    for far in '' 1e10 1e20; do
        sql -c "DROP TABLE IF EXISTS t_$m; CREATE TABLE t_$m (id integer, v vector(16))"
        build "$m" vector_l2_ops
        [ -z "$far" ] || sql -c "INSERT INTO t_$m SELECT 0, array_prepend($far::real, array_fill(0::real, ARRAY[15]))::vector"
        sql -c "SELECT insert_each('t_$m', 'plain')" >/dev/null
        run "SELECT find_truth('t_$m', '<->', 10)" >/dev/null
        probe "t_$m" '<->' 10
        if [ -z "$far" ]; then
            without=$recall
            note 'L2, 3,000 x 16, from empty, ef 40: recall@10 / buffers' "$recall / $buffers"
        else
            judge "L2, from empty, first row [$far, 0, ...]: recall@10" "$recall" "v >= $without - .005" ">= $without - .005"
        fi
    done
    sql -c 'DROP TABLE plain'
}

# 1,000 spread rows beside near-copies of one point: each spread row is asked for by its own vector.
part_copies() {
    local cell dims copies way m own ef=40
    for cell in '8 1000' '8 5000' '64 3000'; do
        read -r dims copies <<<"$cell"
        sql >/dev/null <<SQL
SELECT setseed(.75);
DROP TABLE IF EXISTS own, near, both_kinds CASCADE;
CREATE TABLE own AS SELECT i AS id, gauss($dims) AS v FROM generate_series(1, 1000) i;
CREATE TABLE near AS
    SELECT 1000 + i AS id, p.v + scaled(gauss($dims), 3e-7) AS v
    FROM (SELECT gauss($dims) AS v) p, generate_series(1, $copies) i;
CREATE TABLE both_kinds AS
    SELECT row_number() OVER (ORDER BY r)::integer AS place, id, v
    FROM (SELECT *, random() AS r FROM (SELECT * FROM own UNION ALL SELECT * FROM near) a) b;
CREATE VIEW shuffled AS SELECT id, v FROM both_kinds;
TRUNCATE q;
INSERT INTO q SELECT id, v FROM near ORDER BY id LIMIT 100;
SQL
        run "SELECT find_truth('both_kinds', '<->', 10)" >/dev/null
        for way in built inserted; do
            for m in $methods; do
                sql -c "DROP TABLE IF EXISTS t_$m; CREATE TABLE t_$m (id integer, v vector($dims))" >/dev/null
                if [ $way = built ]; then
                    sql -c "INSERT INTO t_$m SELECT id, v FROM both_kinds ORDER BY place"
                    build "$m" vector_l2_ops
                else
                    build "$m" vector_l2_ops
                    sql -c "DO \$\$ DECLARE r record; BEGIN FOR r IN SELECT id, v FROM both_kinds ORDER BY place LOOP
                        INSERT INTO t_$m VALUES (r.id, r.v); END LOOP; END \$\$"
                fi
                sql -c "VACUUM ANALYZE t_$m"
                own=$(run "SELECT found_own('t_$m', '<->', 'own')")
                probe "t_$m" '<->' 10
                if [ "$m" = lid_hnsw ]; then
                    judge "$copies near-copies, $dims dimensions, $way: found of 1,000" "$own" 'v >= 950' '>= 950'
                    judge "$copies near-copies, $dims dimensions, $way: recall@10 inside" "$recall" 'v >= .9' '>= .9'
                else
                    note "$copies near-copies, $dims dimensions, $way: hnsw found / inside" "$own / $recall"
                fi
            done
        done
    done
    sql -c 'DROP TABLE own, near, both_kinds CASCADE'
}

# Scans with LIMIT 200 among near-copies in long vectors, where distances differ by less than sums round.
part_scans() {
    local dims m=lid_hnsw ef=40 answer
    for dims in ${SCAN_DIMS:-768 1536}; do
        sql >/dev/null <<SQL
SELECT setseed(.375);
DROP TABLE IF EXISTS t_$m;
CREATE TABLE t_$m (id integer, v vector($dims));
INSERT INTO t_$m
    SELECT i AS id, p.v + scaled(gauss($dims), 3e-7) AS v FROM (SELECT gauss($dims) AS v) p, generate_series(1, 2000) i;
TRUNCATE q;
INSERT INTO q SELECT id, v FROM t_$m WHERE id % 20 = 0;
SQL
        build "$m" vector_l2_ops
        answer=$(run "SELECT count_steps_back('t_$m', '<->', 200, 5000)" 2>&1) || true
        judge "5,000 scans, LIMIT 200, near-copies, $dims dimensions: steps back" "$answer" 'v == "0"' '0'
    done
}

# VACUUM against REINDEX after rows were deleted, or replaced by other rows in one transaction.
part_vacuum() {
    local how share m=lid_hnsw ef=40 after unreachable
    sql -c 'CREATE TABLE words (id integer, v vector(100))' -c 'TRUNCATE q'
    rows_of "$data/glove-train.f32" 100 0 40000 | sql -c '\copy words FROM STDIN'
    rows_of "$data/glove-frequent.f32" 100 0 200 | sql -c '\copy q FROM STDIN'
    for how in deleting updating; do
        for share in 500 900 990 995; do
            sql -c "DROP TABLE IF EXISTS t_$m; CREATE TABLE t_$m AS SELECT * FROM words WHERE id <= 20000"
            build "$m" vector_cosine_ops
            if [ $how = deleting ]; then
                sql -c "DELETE FROM t_$m WHERE abs(hashint4(id)) % 1000 < $share"
            else
                sql -c "UPDATE t_$m t SET v = w.v FROM words w WHERE w.id = t.id + 20000 AND abs(hashint4(t.id)) % 1000 < $share"
            fi
            sql -c "VACUUM (INDEX_CLEANUP on) t_$m"
            run "SELECT find_truth('t_$m', '<=>', 10)" >/dev/null
            probe "t_$m" '<=>' 10
            after=$recall
            unreachable=$(sql -c "SELECT unreachable FROM vectorgraph_index_stats('t_${m}_v')")
            sql -c "REINDEX INDEX t_${m}_v"
            probe "t_$m" '<=>' 10
            judge "VACUUM after $how $((share / 10)).$((share % 10)) %: recall@10" "$after" "v >= $recall - .01" ">= $recall - .01"
            judge "VACUUM after $how $((share / 10)).$((share % 10)) %: unreachable" "$unreachable" 'v == 0' '0'
        done
    done
    sql -c 'DROP TABLE words'
}

# Lists of a semantic_graph after VACUUM: as long as there are rows to fill them.
part_lists() {
    local share lists left
    sql -c 'CREATE TABLE words (id integer, v vector(100))'
    rows_of "$data/glove-train.f32" 100 0 10000 | sql -c '\copy words FROM STDIN'
    for share in 500 900 990 995; do
        sql -c 'DROP TABLE IF EXISTS t_graph; CREATE TABLE t_graph AS SELECT * FROM words' \
            -c 'CREATE INDEX t_graph_v ON t_graph USING semantic_graph (v vector_cosine_ops)' \
            -c "DELETE FROM t_graph WHERE abs(hashint4(id)) % 1000 < $share" -c 'VACUUM (INDEX_CLEANUP on) t_graph'
        left=$(sql -c "SELECT least(k, nodes - 1) FROM semantic_graph_stats('t_graph_v')")
        lists=$(sql -c "SELECT list_length_min FROM semantic_graph_stats('t_graph_v')")
        judge "semantic_graph, VACUUM after $((share / 10)).$((share % 10)) %: shortest list" "$lists" "v >= $left" ">= $left"
    done
    sql -c 'DROP TABLE words, t_graph'
}

has() { [[ " $1 " == *" $2 "* ]]; }

if [ "${1:-}" = --inside ]; then
    sql -f bench/shapes/must_show.sql
    methods=${METHODS:-$(sql -c "SELECT string_agg(amname, ' ' ORDER BY amname) FROM pg_am WHERE amname IN ('lid_hnsw', 'hnsw')")}
    misses=0
    printf '%-66s %-12s %-22s %s\n' row value target verdict
    for part in $parts; do
        "part_$part"
    done
    echo "rows that miss: $misses"
    exit 0
fi

node bench/prepare_data.mjs --dir "$data" glove
make/build-extension.sh >/dev/null
VG_CLUSTER_CONF=$bench_server make/cluster.sh bench/shapes/must_show.sh --inside
