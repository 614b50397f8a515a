#!/usr/bin/env bash
# Benchmarks of access method cur on a private server: recall against scorer calls on WordNet, and what
# a scan costs beside its scorer calls on 500,000 rows.
#   bench/cur/run.sh [wordnet] [overhead]     environment: bench/sql_bench.sh
set -euo pipefail
[ $# -gt 0 ] || set -- wordnet overhead
exec "$(dirname "$0")/../sql_bench.sh" cur "$@"
