#!/usr/bin/env bash
# The demo: real word vectors, one index, and its answers beside the exact ones. Runs against the server
# of the environment; `make demo` provides a private one and deletes it afterwards.
set -euo pipefail
cd "$(dirname "$0")"
start=$SECONDS
database=vectorgraph_demo
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n== %s\n' "$*"; }
sql() { psql -X -q -v ON_ERROR_STOP=1 -d "$database" "$@"; }

psql -X -q -v ON_ERROR_STOP=1 -d postgres -c "DROP DATABASE IF EXISTS $database" \
    -c "CREATE DATABASE $database" 2>/dev/null

say "1. Extension and data: 25,000 English words with GloVe vectors, WordNet's links among them"
sql -f schema.sql
gzip -dc data/word.tsv.gz | sql -c '\copy staging FROM STDIN'
gzip -dc data/word_link.tsv.gz | sql -c '\copy word_link FROM STDIN'
sql -f split.sql

say "2. CREATE INDEX ... USING lid_hnsw (progress as vectorgraph_progress() tells it)"
PGOPTIONS='-c maintenance_work_mem=256MB' sql -c '\timing on' -c 'CREATE INDEX word_v_idx ON word USING lid_hnsw (v)' &
build=$!
seen=
while kill -0 "$build" 2>/dev/null; do
    line=$(sql -At -c "SELECT format('   %s %% %s%s', round(100 * share), phase, CASE WHEN rows_total > 0 THEN
               format(': %s of %s', rows_done, rows_total) END)
           FROM vectorgraph_progress()" 2>/dev/null || true)
    [ -z "$line" ] || [ "$line" = "$seen" ] || printf '%s\n' "$line"
    seen=$line
    sleep 0.4
done
wait "$build"

say "3. Nearest words, from the index and exactly"
sql -f nearest.sql

say "4. Recall, latency and pages by lid_hnsw.ef_search, against a sequential scan"
sql -f sweep.sql

say "5. What the index looks like"
sql -f stats.sql

say "6. Along WordNet's links: top-k, graph search, and graph search without repetition"
sql -f graph.sql

say "Done in $((SECONDS - start)) s. demo/README.md describes the data."
echo "The server of \`make demo\` is deleted now. To look around in it until you leave psql:"
echo "    make/cluster.sh bash -c 'demo/demo.sh && psql vectorgraph_demo'"
