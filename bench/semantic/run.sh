#!/usr/bin/env bash
# Benchmarks of semantic_graph_search on a private server: what it finds in WordNet, with controls, and latency.
#   bench/semantic/run.sh [quality] [latency]
# Environment: PG_CONFIG; BENCH_DATA (default build/data); BENCH_RESULTS (default bench/results):
# <date>-semantic-<name>.txt
set -euo pipefail
cd "$(dirname "$0")/../.."
data=$(realpath -m "${BENCH_DATA:-build/data}")
results=$(realpath -m "${BENCH_RESULTS:-bench/results}")
here=$PWD/bench/semantic

if [ "${1:-}" = --inside ]; then
    shift
    sql() { psql -X -q -v ON_ERROR_STOP=1 -d postgres "$@"; }
    (cd "$data" && sql -f "$here/load.sql")
    sql -f "$here/evaluate.sql"
    for name in "$@"; do
        sql -f "$here/$name.sql" | tee "$results/$(date +%F)-semantic-$name.txt"
    done
    exit 0
fi

[ $# -gt 0 ] || set -- quality latency
for name in "$@"; do
    [ -f "$here/$name.sql" ] || { echo "no benchmark bench/semantic/$name.sql" >&2; exit 2; }
done
node bench/prepare_data.mjs --dir "$data" glove
node bench/semantic/wordnet.mjs "$data"
mkdir -p "$results"
make/build-extension.sh
VG_CLUSTER_CONF="shared_buffers = 1GB
work_mem = 64MB" make/cluster.sh bench/semantic/run.sh --inside "$@"
