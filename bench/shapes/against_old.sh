#!/usr/bin/env bash
# LIMIT 10 without a filter, two builds of the library against each other: recall and CPU time per query
# at several ef_search, and CPU time at equal recall, interpolated. Both servers run side by side and are
# asked in turn, so that what else the machine does hits both alike.
#   bench/shapes/against_old.sh OLD_PG_CONFIG NEW_PG_CONFIG
# Each names a server into which its version was installed (make PG_CONFIG=... install).
#   SETS          default "glove:331479:cosine mnist:60000:l2"
#   RECALLS       default "0.97 0.99"
#   EFS           default 10,20,40,60,80,120,160,240,320
#   QUERIES       default 500
#   ROUNDS        default 5
#   BENCH_DATA    directory of the vectors (default build/data)
set -euo pipefail
cd "$(dirname "$0")/../.."
. bench/common.sh
data=${BENCH_DATA:-build/data}
program=build/bench/bench_shapes
rounds=${ROUNDS:-5}

# ask <old|new> <set> <round>
ask() {
    local connection=$old_conn
    [ "$1" = old ] || connection="host=$PGHOST port=$PGPORT user=$PGUSER dbname=$PGDATABASE"
    "$program" --conn "$connection" --keep --alone --data "$data" --out "$scratch/$1-$3.tsv" \
        --queries "${QUERIES:-500}" --passes 2 --ks 10 --filters none \
        --efs "${EFS:-10,20,40,60,80,120,160,240,320}" "$2" 2>/dev/null
}

# What one round says at one recall: CPU ms old, new, their ratio. Linear in recall between the two
# settings around it, in the logarithm of the time; a build whose lowest setting finds more is taken at that one.
at_recall() {
    awk -F'\t' -v wanted="$1" '
        FNR == 1 { ++file; before = 0; next }
        { recall = $8; ms = log($12)
          if (!(file in found) && recall >= wanted) {
              share = !before ? 1 : recall == last ? 0 : (wanted - last) / (recall - last)
              found[file] = exp(last_ms + share * (ms - last_ms))
          }
          if (!before || recall > last) { last = recall; last_ms = ms }
          before = 1 }
        END { if (1 in found && 2 in found) printf "%.4f %.4f %.3f\n", found[1], found[2], found[2] / found[1] }' \
        "$scratch/old-$2.tsv" "$scratch/new-$2.tsv"
}

compare() {
    local set=$1 round recall
    for round in $(seq 0 "$rounds"); do  # round 0 builds and warms
        if ((round % 2)); then
            ask old "$set" "$round"; ask new "$set" "$round"
        else
            ask new "$set" "$round"; ask old "$set" "$round"
        fi
    done
    echo "$set: ef_search, recall@10 old and new, buffers old and new"
    paste "$scratch/old-1.tsv" "$scratch/new-1.tsv" |
        awk -F'\t' 'NR > 1 { printf "  %4d  %.4f %.4f  %7.1f %7.1f\n", $6, $8, $(8 + n), $10, $(10 + n) } NR == 1 { n = NF / 2 }'
    for recall in ${RECALLS:-0.97 0.99}; do
        for round in $(seq 1 "$rounds"); do at_recall "$recall" "$round"; done | sort -k3 -n |
            awk -v set="$set" -v recall="$recall" '{ line[NR] = $0 }
                END { if (!NR) { printf "%s at recall %s: not reached by both\n", set, recall; exit }
                      split(line[int((NR + 1) / 2)], m, " "); split(line[1], a, " "); split(line[NR], z, " ")
                      printf "%s at recall %s: CPU ms old %s, new %s, new / old %s (%s to %s in %d rounds)\n", \
                          set, recall, m[1], m[2], m[3], a[3], z[3], NR }'
    done
}

case ${1:-} in
    --old-up)
        old_conn="host=$PGHOST port=$PGPORT user=$PGUSER dbname=$PGDATABASE"
        export old_conn
        PG_CONFIG=$2 make/cluster.sh bench/shapes/against_old.sh --both-up
        ;;
    --both-up)
        scratch=$(mktemp -d)
        trap 'rm -rf "$scratch"' EXIT
        for set in ${SETS:-glove:331479:cosine mnist:60000:l2}; do compare "$set"; done
        ;;
    '' | -*)
        sed -n '2,13s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
    *)
        [ $# -eq 2 ] || { echo "usage: $0 OLD_PG_CONFIG NEW_PG_CONFIG" >&2; exit 2; }
        node bench/prepare_data.mjs --dir "$data"
        cmake -S bench/e2e -B build/bench -DCMAKE_BUILD_TYPE=Release >/dev/null
        cmake --build build/bench --target bench_shapes -j"$(nproc)" >/dev/null
        export VG_CLUSTER_CONF="$bench_server
shared_buffers = 2GB
shared_preload_libraries = pg_stat_statements
pg_stat_statements.save = off
jit = off"
        PG_CONFIG=$1 make/cluster.sh bench/shapes/against_old.sh --old-up "$2"
        ;;
esac
