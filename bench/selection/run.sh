#!/usr/bin/env bash
# Benchmarks of the selection functions on a private server: speed through SQL, and how many branches
# of a WordNet concept ten hits cover.
#   bench/selection/run.sh [speed] [wordnet]     environment: bench/sql_bench.sh
set -euo pipefail
[ $# -gt 0 ] || set -- speed wordnet
exec "$(dirname "$0")/../sql_bench.sh" selection "$@"
