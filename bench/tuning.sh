#!/usr/bin/env bash
# The measurements behind docs/tuning.md, on 24,000 of the demo's word vectors and 1,000 queries that
# are not among them. Runs against the server of the environment:
#   make/cluster.sh bench/tuning.sh
set -euo pipefail
cd "$(dirname "$0")"
database=vectorgraph_tuning
sql() { psql -X -q -v ON_ERROR_STOP=1 -d "$database" "$@"; }

psql -X -q -v ON_ERROR_STOP=1 -d postgres -c "DROP DATABASE IF EXISTS $database" \
    -c "CREATE DATABASE $database" 2>/dev/null
sql -f ../demo/schema.sql
gzip -dc ../demo/data/word.tsv.gz | sql -c '\copy staging FROM STDIN'
sed 's/LIMIT 200/LIMIT 1000/' ../demo/split.sql | sql
sql -f tuning.sql
psql -X -q -d postgres -c "DROP DATABASE $database"
