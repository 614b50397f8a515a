#!/usr/bin/env bash
# End-to-end benchmark: data, programs, a private server, both data sets, tables and plots.
#   bench/run.sh            (or: make bench)
# Environment, all optional:
#   PG_CONFIG     the server to use; pgvector's hnsw takes part where it is installed in that server
#   BENCH_CONN    connection string of a running server: use it instead of a private one, install nothing
#   DATASETS      "glove mnist"
#   QUERIES       queries per pass, 10000 at most (default 1000)
#   GLOVE_QUERIES random (default): a fair sample of all words; frequent: the commonest test words
#   EFS           comma-separated values of ef_search
#   REPEATS       timed passes (default 3)
#   METHODS       of lid_hnsw,hnsw,seqscan,hnswlib
#   HEAP_ORDER    shuffled (default), file, cluster, category (MNIST), sorted or lid
#   DUPLICATES    extra copies of the first row (default 0)
#   WORKERS       parallel maintenance workers beside the leader (default 1)
#   MEMORY        maintenance_work_mem (default 2GB)
#   REUSE=1       with BENCH_CONN: keep tables and indexes of an earlier run
#   BENCH_DATA    directory of the vectors (default build/data)
#   BENCH_RESULTS directory of the results (default bench/results)
set -euo pipefail
cd "$(dirname "$0")/.."

data=${BENCH_DATA:-build/data}
results=${BENCH_RESULTS:-bench/results}
datasets=${DATASETS:-glove mnist}
program=build/bench/bench_e2e

build_program() {
    cmake -S bench/e2e -B build/bench -DCMAKE_BUILD_TYPE=Release >/dev/null
    cmake --build build/bench --target bench_e2e -j"$(nproc)" >/dev/null
}

# Runs one data set against the server that PGHOST and so on, or BENCH_CONN, name.
run_dataset() {
    local set=$1 suffix='' arguments=()
    [ "${HEAP_ORDER:-shuffled}" = shuffled ] || suffix+=-$HEAP_ORDER
    [ "${DUPLICATES:-0}" = 0 ] || suffix+=-dup$DUPLICATES
    local test=test base
    if [ "$set" = glove ] && [ "${GLOVE_QUERIES:-random}" = frequent ]; then
        test=frequent
        suffix+=-frequent
    fi
    base=$results/$(date +%F)-$set$suffix
    arguments+=(--dataset "$set" --train "$data/$set-train.f32" --test "$data/$set-$test.f32")
    arguments+=(--queries "${QUERIES:-1000}" --repeats "${REPEATS:-3}" --workers "${WORKERS:-1}")
    arguments+=(--heap-order "${HEAP_ORDER:-shuffled}" --duplicates "${DUPLICATES:-0}")
    arguments+=(--conn "${BENCH_CONN:-}" --out "$base.tsv")
    [ ! -f "$data/$set-train.labels" ] || arguments+=(--labels "$data/$set-train.labels")
    [ -z "${EFS:-}" ] || arguments+=(--efs "$EFS")
    [ -z "${METHODS:-}" ] || arguments+=(--methods "$METHODS")
    [ -z "${REUSE:-}" ] || arguments+=(--reuse)
    "$program" "${arguments[@]}" | tee "$base.txt"
    if command -v gnuplot >/dev/null; then
        gnuplot -e "input='$base.tsv'; output='$base.svg'; name='$set$suffix'" bench/plot.gp
        echo "plot: $base.svg"
    fi
}

if [ "${1:-}" = --inside ]; then
    for set in $datasets; do
        run_dataset "$set"
    done
    exit 0
fi

read -ra wanted <<<"$datasets"
node bench/prepare_data.mjs --dir "$data" "${wanted[@]}"
build_program
mkdir -p "$results"
if [ -n "${BENCH_CONN:-}" ]; then
    exec bench/run.sh --inside
fi
make/build-extension.sh
export VG_CLUSTER_CONF="shared_buffers = 4GB
maintenance_work_mem = ${MEMORY:-2GB}
max_wal_size = 8GB
max_parallel_maintenance_workers = ${WORKERS:-1}
autovacuum = off
jit = off"
make/cluster.sh bench/run.sh --inside
