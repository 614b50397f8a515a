#!/usr/bin/env bash
# Overhead of rerank over its judge (overhead.sql).
#   make/cluster.sh bench/rerank/run.sh [runs]      runs: per statement, the fastest counts; default 7
set -euo pipefail
cd "$(dirname "$0")"
psql -X -q -v runs="${1:-7}" -f overhead.sql
