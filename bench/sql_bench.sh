#!/usr/bin/env bash
# Runs SQL benchmarks of one folder on a private server, with data of WordNet and GloVe where they need it.
#   bench/sql_bench.sh folder name...     bench/<folder>/<name>.sql of each name; for wordnet
#                                         first makes its data with bench/<folder>/wordnet.mjs
# The files get the variables data (folder of the data) and rounds.
# Environment: PG_CONFIG; ROUNDS (default 25); BENCH_DATA (default build/data); BENCH_RESULTS (default
# bench/results): <date>-<folder>-<name>.txt
set -euo pipefail
cd "$(dirname "$0")/.."
data=$(realpath -m "${BENCH_DATA:-build/data}")
results=${BENCH_RESULTS:-bench/results}

inside=
[ "$1" != --inside ] || { inside=1; shift; }
folder=$1
shift
if [ -n "$inside" ]; then
    for name in "$@"; do
        psql -X -q -v ON_ERROR_STOP=1 -v data="$data" -v rounds="${ROUNDS:-25}" -d postgres \
            -f "bench/$folder/$name.sql" | tee "$results/$(date +%F)-$folder-$name.txt"
    done
    exit 0
fi

for name in "$@"; do
    [ -f "bench/$folder/$name.sql" ] || { echo "no benchmark bench/$folder/$name.sql" >&2; exit 2; }
    if [ "$name" = wordnet ]; then
        node bench/prepare_data.mjs --dir "$data" glove
        node "bench/$folder/wordnet.mjs" "$data"
    fi
done
mkdir -p "$results"
make/build-extension.sh
make/cluster.sh bench/sql_bench.sh --inside "$folder" "$@"
