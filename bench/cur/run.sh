#!/usr/bin/env bash
# Benchmarks of access method cur on a private server: recall against scorer calls on WordNet, and what
# a scan costs beside its scorer calls on 500,000 rows.
#   bench/cur/run.sh [wordnet] [overhead]
# Environment: PG_CONFIG; BENCH_DATA (default build/data); BENCH_RESULTS (default bench/results):
# <date>-cur-<name>.txt
set -euo pipefail
cd "$(dirname "$0")/../.."
data=$(realpath -m "${BENCH_DATA:-build/data}")
results=${BENCH_RESULTS:-bench/results}

if [ "${1:-}" = --inside ]; then
    shift
    for name in "$@"; do
        psql -X -q -v ON_ERROR_STOP=1 -v data="$data" -d postgres -f "bench/cur/$name.sql" |
            tee "$results/$(date +%F)-cur-$name.txt"
    done
    exit 0
fi

[ $# -gt 0 ] || set -- wordnet overhead
for name in "$@"; do
    [ -f "bench/cur/$name.sql" ] || { echo "no benchmark bench/cur/$name.sql" >&2; exit 2; }
    if [ "$name" = wordnet ]; then
        node bench/prepare_data.mjs --dir "$data" glove
        node bench/cur/wordnet.mjs "$data"
    fi
done
mkdir -p "$results"
make/build-extension.sh
make/cluster.sh bench/cur/run.sh --inside "$@"
