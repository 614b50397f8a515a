#!/usr/bin/env bash
# The regression bench: recall, buffers and CPU time over data sets, metrics, filters, LIMITs and
# ef_search, lid_hnsw beside pgvector's hnsw where it is installed in the server that PG_CONFIG names.
#   bench/shapes/run.sh core    for every change: at most ten minutes on two idle processors
#   bench/shapes/run.sh full    for releases: hours
# Ends with status 0 whatever it finds, and with the count of cells that miss, per rule
# (bench/shapes/report.mjs says which rules).
# Environment, all optional:
#   BENCH_CONN    connection string of a running server of this machine with pg_stat_statements
#                 loaded: use it, install nothing, keep tables and pgvector's indexes for the next run
#   SETS          instead of those of the run: "set:rows:metric,metric ..."
#   QUERIES PASSES KS EFS FILTERS    likewise; see bench_shapes
#   WORKERS       parallel maintenance workers beside the leader (default 1)
#   BENCH_DATA    directory of the vectors (default build/data)
#   BENCH_RESULTS directory of the results (default bench/results): <date>-shapes-<run>.tsv, .md
set -euo pipefail
cd "$(dirname "$0")/../.."
. bench/common.sh

data=${BENCH_DATA:-build/data}
results=${BENCH_RESULTS:-bench/results}
program=build/bench/bench_shapes

case ${1:-} in
    core)
        sets='glove:20000:cosine,ip lognormal:13000:ip uniform:10000:l2,l1 copies:8000:l2 outlier:8000:l2 mnist:8000:l2'
        queries=40 passes=1 ks=10,200 efs=10,40,200 filters=none,10%,1%,.1%,own,far
        ;;
    full)
        sets='glove:100000:l2,cosine,ip,l1 mnist:60000:l2,cosine,ip,l1 lognormal:50000:l2,cosine,ip,l1
            uniform:50000:l2,cosine,ip,l1 copies:40000:l2,cosine,ip,l1 outlier:50000:l2,cosine,ip,l1'
        queries=500 passes=3 ks=1,10,50,100,200,500 efs=10,40,100,200 filters=none,50%,10%,1%,.1%,own,far
        ;;
    *)
        sed -n '2,18s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
esac

if [ "${2:-}" = --inside ]; then
    base=$results/$(date +%F)-shapes-$1
    arguments=(--data "$data" --out "$base.tsv" --workers "${WORKERS:-1}")
    arguments+=(--queries "${QUERIES:-$queries}" --passes "${PASSES:-$passes}")
    arguments+=(--ks "${KS:-$ks}" --efs "${EFS:-$efs}" --filters "${FILTERS:-$filters}")
    [ -z "${BENCH_CONN:-}" ] || arguments+=(--conn "$BENCH_CONN" --reuse)
    read -rd '' -a wanted <<<"${SETS:-$sets}" || true
    "$program" "${arguments[@]}" "${wanted[@]}"
    node bench/shapes/report.mjs "$base.tsv" >"$base.md"
    echo "tables: $base.tsv, $base.md"
    exit 0
fi

node bench/prepare_data.mjs --dir "$data"
cmake -S bench/e2e -B build/bench -DCMAKE_BUILD_TYPE=Release >/dev/null
cmake --build build/bench --target bench_shapes -j"$(nproc)" >/dev/null
mkdir -p "$results"
[ -z "${BENCH_CONN:-}" ] || exec bench/shapes/run.sh "$1" --inside
make/build-extension.sh >/dev/null
VG_CLUSTER_CONF="$bench_server
shared_preload_libraries = pg_stat_statements
pg_stat_statements.save = off
jit = off" make/cluster.sh bench/shapes/run.sh "$1" --inside
