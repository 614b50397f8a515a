#!/usr/bin/env bash
# Benchmarks of the selection functions on a private server: speed through SQL, and how many branches
# of a WordNet concept ten hits cover.
#   bench/selection/run.sh [speed] [wordnet]
# Environment: PG_CONFIG; ROUNDS (default 25); BENCH_DATA (default build/data); BENCH_RESULTS (default
# bench/results): <date>-selection-<name>.txt
set -euo pipefail
cd "$(dirname "$0")/../.."
data=$(realpath -m "${BENCH_DATA:-build/data}")
results=${BENCH_RESULTS:-bench/results}

if [ "${1:-}" = --inside ]; then
    shift
    for name in "$@"; do
        psql -X -q -v ON_ERROR_STOP=1 -v data="$data" -v rounds="${ROUNDS:-25}" -d postgres \
            -f "bench/selection/$name.sql" | tee "$results/$(date +%F)-selection-$name.txt"
    done
    exit 0
fi

[ $# -gt 0 ] || set -- speed wordnet
for name in "$@"; do
    [ -f "bench/selection/$name.sql" ] || { echo "no benchmark bench/selection/$name.sql" >&2; exit 2; }
    if [ "$name" = wordnet ]; then
        node bench/prepare_data.mjs --dir "$data" glove
        node bench/selection/wordnet.mjs "$data"
    fi
done
mkdir -p "$results"
make/build-extension.sh
make/cluster.sh bench/selection/run.sh --inside "$@"
