#!/usr/bin/env bash
# Recall and instructions of LIMIT 10 without a filter, for one or more builds of the library:
# instructions (valgrind's callgrind) are the same whatever else the machine does, times are not.
#   bench/shapes/instructions.sh PG_CONFIG...
# Each names a server into which one version was installed (make PG_CONFIG=... install). Needs valgrind.
#   SETS          default "glove:100000:cosine mnist:20000:l2"
#   EFS           default 10,15,20,30,40,60,100
#   QUERIES       default 200
#   BENCH_DATA    directory of the vectors (default build/data)
# Counted is the executor's work per statement; planning and the client are left out.
set -euo pipefail
cd "$(dirname "$0")/../.."
. bench/common.sh
data=$(realpath -m "${BENCH_DATA:-build/data}")
queries=${QUERIES:-200}
IFS=, read -r -a efs <<<"${EFS:-10,15,20,30,40,60,100}"

# prepare <set> <rows> <metric>: tables t and q, the index, and the tenth distance of each query
prepare() {
    local dims=100 from=train asked=frequent op='<=>'
    [ "$1" = glove ] || dims=784 asked=test
    [ "$3" = cosine ] || op='<->'
    sql -c 'CREATE EXTENSION vectorgraph CASCADE' 2>/dev/null
    sql -c "CREATE TABLE t (id integer, v vector($dims)); CREATE TABLE q (id integer, v vector($dims))"
    rows_of "$data/$1-$from.f32" "$dims" 0 "$2" | sql -c '\copy t FROM STDIN'
    rows_of "$data/$1-$asked.f32" "$dims" 0 "$queries" | sql -c '\copy q FROM STDIN'
    sql -c "CREATE INDEX t_v ON t USING lid_hnsw (v vector_${3}_ops)" -c 'VACUUM ANALYZE t, q'
    sql -c 'SET enable_indexscan = off' -c "CREATE TABLE truth AS SELECT id, v,
        (SELECT max(d) FROM (SELECT t.v $op q.v AS d FROM t ORDER BY t.v $op q.v LIMIT 10) s) * (1 + 1e-6) + 1e-9 AS tenth FROM q"
    op_of_set=$op
}

recall() {
    sql -c "SET enable_seqscan = off; SET enable_sort = off; SET lid_hnsw.ef_search = $1" \
        -c "SELECT round(avg(found) / 10, 4) FROM (SELECT (SELECT count(*) FROM
            (SELECT t.v $op_of_set truth.v AS d FROM t ORDER BY t.v $op_of_set truth.v LIMIT 10) s WHERE d <= tenth) AS found FROM truth) f"
}

# count <ef>: instructions of a statement, by a server process alone with the stopped cluster's files
count() {
    printf '%s ' "SET enable_seqscan = off; SET lid_hnsw.ef_search = $1;" \
        "DO \$\$ DECLARE r record; BEGIN FOR r IN SELECT v FROM q LOOP PERFORM id FROM t ORDER BY v $op_of_set r.v LIMIT 10; END LOOP; END \$\$;" \
        >"$scratch/statement.sql"
    echo >>"$scratch/statement.sql"
    "${as_server[@]}" env LD_PRELOAD="$scratch/no_clock.so" valgrind --tool=callgrind \
        --callgrind-out-file=/dev/null --toggle-collect=standard_ExecutorRun \
        "$(dirname "$(command -v initdb)")/postgres" --single -D "$PGHOST/data" "$PGDATABASE" \
        <"$scratch/statement.sql" >"$scratch/log" 2>&1
    awk -v n="$queries" '/Collected/ { printf "%.0f", $NF / n }' "$scratch/log"
}

if [ "${1:-}" = --inside ]; then
    IFS=: read -r set rows metric <<<"$2"
    scratch=$(mktemp -d /tmp/vg-instructions.XXXXXX)
    trap 'rm -rf "$scratch"' EXIT
    chmod 755 "$scratch"
    as_server=()
    [ "$(id -u)" -ne 0 ] || as_server=(runuser -u postgres --)
    # Highway's library reads the processor's clock when it is loaded, by an instruction that valgrind
    # does not know on every machine. Nothing here asks for the time.
    printf '#include <cstdint>\nnamespace hwy { namespace platform {\nuint64_t TimerResolution() { return 1; }\ndouble InvariantTicksPerSecond() { return 1e9; }\ndouble Now() { return 0; }\n} }\n' |
        g++ -x c++ -shared -fPIC -o "$scratch/no_clock.so" -
    chmod 644 "$scratch/no_clock.so"
    prepare "$set" "$rows" "$metric"
    for ef in "${efs[@]}"; do recalls[ef]=$(recall "$ef"); done
    "${as_server[@]}" pg_ctl -D "$PGHOST/data" -m fast -w stop >/dev/null
    for ef in "${efs[@]}"; do
        printf '%-8s %-8s %4d   %s   %9s\n' "$set" "$metric" "$ef" "${recalls[ef]}" "$(count "$ef")"
    done
    exit 0
fi

[ $# -gt 0 ] || { sed -n '2,11s/^# \{0,1\}//p' "$0" >&2; exit 2; }
command -v valgrind >/dev/null || { echo "valgrind not found: install valgrind" >&2; exit 1; }
node bench/prepare_data.mjs --dir "$data"
for pg_config in "$@"; do
    echo "$pg_config"
    printf '%-8s %-8s %4s   %s   %s\n' data metric ef recall@10 instructions
    for set in ${SETS:-glove:100000:cosine mnist:20000:l2}; do
        VG_CLUSTER_CONF="$bench_server
shared_buffers = 1GB
jit = off
max_parallel_workers_per_gather = 0" PG_CONFIG=$pg_config make/cluster.sh bench/shapes/instructions.sh --inside "$set"
    done
done
