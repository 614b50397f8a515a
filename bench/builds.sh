#!/usr/bin/env bash
# Build time against pgvector: lid_hnsw and hnsw built in turn on the same table, several rounds, with
# the same workers; prints every time, the medians and the ratio with its spread over the rounds.
#   bench/builds.sh
#   PG_CONFIG     a server in which pgvector is installed
#   BENCH_DATA    directory of the vectors (default build/data)
#   SETS          of "glove mnist" (default both)
#   ROUNDS        default 3
#   WORKERS       parallel maintenance workers beside the leader (default 1)
#   MEMORY        maintenance_work_mem (default 2GB)
set -euo pipefail
cd "$(dirname "$0")/.."
data=${BENCH_DATA:-build/data}
rounds=${ROUNDS:-3}

. bench/common.sh

# build_seconds <method> <operator class>
build_seconds() {
    sql -c 'DROP INDEX IF EXISTS t_v' -c 'CHECKPOINT'
    seconds "CREATE INDEX t_v ON t USING $1 (v $2) WITH (m = 16, ef_construction = 64)" 2>/dev/null
}

run_set() {
    local set=$1 file dims rows class round ours theirs all=''
    case $set in
        glove) file=$data/glove-train.f32 dims=100 rows=331479 class=vector_cosine_ops ;;
        mnist) file=$data/mnist-train.f32 dims=784 rows=60000 class=vector_l2_ops ;;
    esac
    sql -c "DROP TABLE IF EXISTS t; CREATE TABLE t (id integer, v vector($dims)); ALTER TABLE t ALTER v SET STORAGE plain"
    node bench/writes/copy_rows.mjs "$file" "$dims" 0 "$rows" "$dims" | sql -c '\copy t FROM STDIN'
    sql -c 'VACUUM ANALYZE t'
    # Untimed: it makes the WAL files that all later builds write into.
    build_seconds lid_hnsw "$class" >/dev/null
    for ((round = 1; round <= rounds; ++round)); do
        ours=$(build_seconds lid_hnsw "$class")
        theirs=$(build_seconds hnsw "$class")
        all+="$ours $theirs"$'\n'
        printf '%-6s round %d: lid_hnsw %s s, hnsw %s s\n' "$set" "$round" "$ours" "$theirs"
    done
    awk -v set="$set" '
        function median(a, n,   i, j, t) {
            for (i = 2; i <= n; ++i)
                for (j = i; j > 1 && a[j - 1] > a[j]; --j) { t = a[j]; a[j] = a[j - 1]; a[j - 1] = t }
            return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2
        }
        NF == 2 { ++n; o[n] = $1; t[n] = $2; r[n] = $1 / $2 }
        END {
            mo = median(o, n); mt = median(t, n); mr = median(r, n)
            printf "%-6s medians: lid_hnsw %.1f s, hnsw %.1f s; ratio %.2f (%.2f to %.2f)\n", set, mo, mt, mr, r[1], r[n]
        }' <<<"$all"
}

if [ "${1:-}" = --inside ]; then
    sql -c 'CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE'
    for set in ${SETS:-glove mnist}; do
        run_set "$set"
    done
    exit 0
fi

node bench/prepare_data.mjs --dir "$data" ${SETS:-glove mnist}
make/build-extension.sh
VG_CLUSTER_CONF="$bench_server
min_parallel_table_scan_size = 0" make/cluster.sh bench/builds.sh --inside
