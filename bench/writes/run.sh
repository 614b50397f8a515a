#!/usr/bin/env bash
# What writes cost: one insert in pages, WAL and time; inserts by several clients; VACUUM against
# REINDEX; growth and recall over cycles of deletes and inserts. lid_hnsw, and hnsw where pgvector is
# installed in the server that PG_CONFIG names. Prints one table; see bench/README.md.
#   bench/writes/run.sh
#   BENCH_DATA    directory of the vectors (default build/data)
#   SETS          of "glove mnist" (default both)
#   PARTS         of "insert clients vacuum cycles" (default all)
#   METHODS       of "lid_hnsw hnsw" (default: what is installed)
set -euo pipefail
cd "$(dirname "$0")/../.."
data=${BENCH_DATA:-build/data}
parts=${PARTS:-insert clients vacuum cycles}

. bench/common.sh

has() { [[ " $1 " == *" $2 "* ]]; }
line() { printf '%-10s %-6s %-34s %s\n' "$@"; }

# One table per method, equally loaded; rows to insert wait in `stage`.
load() {
    local file=$1 dims=$2 rows=$3 out=$4
    sql -c "DROP TABLE IF EXISTS stage; CREATE TABLE stage (id integer, v vector($out)); ALTER TABLE stage ALTER v SET STORAGE plain"
    node bench/writes/copy_rows.mjs "$file" "$dims" 0 "$((rows + 30000 < total ? rows + 30000 : total))" "$out" |
        sql -c '\copy stage FROM STDIN'
    sql -c 'ALTER TABLE stage ADD PRIMARY KEY (id)' -c 'VACUUM ANALYZE stage'
    for m in $methods heap; do
        sql -c "DROP TABLE IF EXISTS t_$m; CREATE TABLE t_$m (id integer, v vector($out)) WITH (autovacuum_enabled = off)" \
            -c "ALTER TABLE t_$m ALTER v SET STORAGE plain" -c "INSERT INTO t_$m SELECT * FROM stage WHERE id <= $rows"
        [ "$m" = heap ] || line "$m" "$set" 'build, s' \
            "$(seconds "CREATE INDEX t_${m}_v ON t_$m USING $m (v vector_l2_ops) WITH (m = 16, ef_construction = 64)")"
    done
}

# Pages, WAL records and bytes of an insert: medians over 200 single-row inserts, the heap's own share
# (same insert into a table without an index) in brackets.
insert_cost() {
    sql <<SQL
CREATE OR REPLACE FUNCTION insert_cost(tab text, first integer, OUT pages integer, OUT records integer, OUT bytes integer)
LANGUAGE plpgsql AS \$\$
DECLARE
    plan json;
    p integer[]; r integer[]; b integer[];
BEGIN
    FOR i IN first .. first + 199 LOOP
        EXECUTE format('EXPLAIN (ANALYZE, BUFFERS, WAL, FORMAT json) INSERT INTO %I SELECT * FROM stage WHERE id = %s', tab, i) INTO plan;
        p := p || (plan->0->'Plan'->>'Shared Hit Blocks')::integer + (plan->0->'Plan'->>'Shared Read Blocks')::integer;
        r := r || (plan->0->'Plan'->>'WAL Records')::integer;
        b := b || (plan->0->'Plan'->>'WAL Bytes')::integer;
    END LOOP;
    SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY x) INTO pages FROM unnest(p) x;
    SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY x) INTO records FROM unnest(r) x;
    SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY x) INTO bytes FROM unnest(b) x;
END \$\$;
-- Nanoseconds that this backend has spent on a processor.
CREATE OR REPLACE FUNCTION cpu_ns() RETURNS numeric LANGUAGE sql VOLATILE AS
    \$\$ SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::numeric \$\$;
-- Milliseconds per row of rows inserted one statement each, in one session, by the clock and of CPU time.
CREATE OR REPLACE FUNCTION insert_ms(tab text, first integer, n integer, OUT clock numeric, OUT cpu numeric)
LANGUAGE plpgsql AS \$\$
DECLARE
    start timestamptz := clock_timestamp();
    cpu_start numeric := cpu_ns();
BEGIN
    FOR i IN first .. first + n - 1 LOOP
        EXECUTE format('INSERT INTO %I SELECT * FROM stage WHERE id = \$1', tab) USING i;
    END LOOP;
    clock := round((extract(epoch FROM clock_timestamp() - start) * 1000 / n)::numeric, 3);
    cpu := round((cpu_ns() - cpu_start) / n / 1e6, 3);
END \$\$;
SQL
    local m
    for m in $methods heap; do  # full page images out of the way, caches warm
        sql -c "SELECT insert_ms('t_$m', $rows + 1, 1000)" >/dev/null
    done
    for m in $methods heap; do
        line "$m" "$set" 'insert: pages|WAL records|WAL bytes' "$(sql -c "SELECT * FROM insert_cost('t_$m', $rows + 1001)")"
    done
    local round
    for round in 0 1 2; do
        for m in $methods heap; do
            line "$m" "$set" "insert, ms: clock|CPU (round $((round + 1)))" "$(sql -c "SELECT * FROM insert_ms('t_$m', $rows + 2001 + 1000 * $round, 1000)")"
        done
    done
}

# Inserts per second of one client and of four. Each row once, and none of those that insert_cost took: a
# copy of a row that is there would only join its node.
clients() {
    local m n round script each=$(((extra - 5000) / 3))
    script=$(mktemp)
    for m in $methods; do
        sql -c "DROP SEQUENCE IF EXISTS next_$m; CREATE SEQUENCE next_$m START $((rows + 5001))"
    done
    for round in 1 2 3; do
        for m in $methods; do
            echo "INSERT INTO t_$m SELECT id, v FROM stage WHERE id = (SELECT nextval('next_$m'));" >"$script"
            for n in 1 4; do
                line "$m" "$set" "inserts/s, $n clients (round $round)" \
                    "$(pgbench -n -M prepared -f "$script" -c "$n" -j 2 -t $((n == 1 ? each / 4 : each * 3 / 16)) 2>/dev/null | awk '/^tps/ { printf "%.0f", $3 }')"
            done
        done
    done
    rm -f "$script"
}

recall() { sql -c "SET lid_hnsw.ef_search = 40; SELECT round(recall_mean::numeric, 4) FROM vectorgraph_index_recall('$1', 10, 500)"; }

vacuum_cost() {
    local m
    for m in $methods; do
        sql -c "DELETE FROM t_$m WHERE id % 10 = 3"
        line "$m" "$set" 'vacuum after deleting 10 %, s' "$(seconds "VACUUM (INDEX_CLEANUP on, TRUNCATE off) t_$m")"
        [ "$m" = hnsw ] || line "$m" "$set" 'recall@10, ef 40, after vacuum' "$(recall "t_${m}_v")"
        line "$m" "$set" 'reindex, s' "$(seconds "REINDEX INDEX t_${m}_v")"
        [ "$m" = hnsw ] || line "$m" "$set" 'recall@10, ef 40, after reindex' "$(recall "t_${m}_v")"
    done
}

cycles() {
    local m=lid_hnsw i
    sql -c "TRUNCATE t_$m; INSERT INTO t_$m SELECT * FROM stage WHERE id <= $rows; REINDEX INDEX t_${m}_v"
    line "$m" "$set" 'before cycles: MB' "$(sql -c "SELECT round(pg_relation_size('t_${m}_v') / 1e6, 1)")"
    for i in 0 1 2 3 4 5 6 7 8 9; do
        sql -c "DELETE FROM t_$m WHERE id % 10 = $i" -c "VACUUM t_$m" \
            -c "INSERT INTO t_$m SELECT * FROM stage WHERE id <= $rows AND id % 10 = $i"
    done
    sql -c "SELECT vectorgraph_index_check('t_${m}_v', true)" >/dev/null
    line "$m" "$set" 'after ten cycles: MB' "$(sql -c "SELECT round(pg_relation_size('t_${m}_v') / 1e6, 1)")"
    line "$m" "$set" 'recall@10, ef 40, after cycles' "$(recall "t_${m}_v")"
    sql -c "REINDEX INDEX t_${m}_v"
    line "$m" "$set" 'recall@10, ef 40, rebuilt' "$(recall "t_${m}_v")"
}

if [ "${1:-}" = --inside ]; then
    sql -c 'CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE'
    methods=${METHODS:-$(sql -c "SELECT string_agg(amname, ' ' ORDER BY amname DESC) FROM pg_am WHERE amname IN ('lid_hnsw', 'hnsw')")}
    for set in ${SETS:-glove mnist}; do
        # 200,000 x 128 and 50,000 x 768 of rows that have no copies beyond their own numbers
        case $set in
            glove) file=$data/glove-train.f32 dims=100 rows=200000 out=128 total=331479 ;;
            mnist) file=$data/mnist-train.f32 dims=784 rows=50000 out=768 total=60000 ;;
        esac
        load "$file" "$dims" "$rows" "$out"
        extra=$((total - rows < 30000 ? total - rows : 30000))
        if has "$parts" insert; then insert_cost; fi
        if has "$parts" clients; then clients; fi
        if has "$parts" vacuum; then vacuum_cost; fi
        if has "$parts" cycles; then cycles; fi
    done
    exit 0
fi

node bench/prepare_data.mjs --dir "$data" ${SETS:-glove mnist}
make/build-extension.sh
VG_CLUSTER_CONF=$bench_server make/cluster.sh bench/writes/run.sh --inside
