#!/usr/bin/env bash
# Runs every ```sql block of README.md and docs/*.md against the server of the environment, each file
# top to bottom in a fresh database, so an example may use what an earlier one made. A block that is
# not meant to run is fenced as ```text. What a document says of the answers must come out, plans
# included (make/docs-answers.pl says how it is read). Other documents may be named as arguments.
#   VG_DOCS_SCHEMA=vg     the extension lies in that schema, which is in the search_path behind public
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0
answers=0
all=
[ $# -gt 0 ] || { all=1; set -- README.md docs/*.md; }

for document in "$@"; do
    [ -f "$document" ] || continue
    rm -f "$work"/block.*
    make/docs-answers.pl split "$document" "$work" || exit 1
    ls "$work"/block.*.sql >/dev/null 2>&1 || continue
    psql -X -q -d postgres -v ON_ERROR_STOP=1 -c 'DROP DATABASE IF EXISTS docs_examples' \
        -c 'CREATE DATABASE docs_examples' || exit 1
    if ! grep -qh '^CREATE EXTENSION.* vectorgraph' "$work"/block.*.sql; then
        install=${VG_DOCS_SCHEMA:+CREATE SCHEMA $VG_DOCS_SCHEMA; ALTER DATABASE docs_examples SET search_path = public, $VG_DOCS_SCHEMA;}
        install="SET client_min_messages = warning; $install CREATE EXTENSION vectorgraph ${VG_DOCS_SCHEMA:+SCHEMA $VG_DOCS_SCHEMA} CASCADE"
        psql -X -q -d docs_examples -v ON_ERROR_STOP=1 -c "$install" || exit 1
        # The few names that an example must write in full.
        [ -z "${VG_DOCS_SCHEMA:-}" ] || sed -i "s/public\.levenshtein_similarity/$VG_DOCS_SCHEMA.levenshtein_similarity/" "$work"/block.*.sql
    fi
    # What the documents call app is the database of the examples.
    sed -i 's/ALTER DATABASE app /ALTER DATABASE docs_examples /' "$work"/block.*.sql
    for block in "$work"/block.*.sql; do
        block=${block%.sql}
        line=$((10#${block##*.}))
        if ! psql -X -q -A -t -F ', ' -P null=NULL -d docs_examples -v ON_ERROR_STOP=1 -f "$block.sql" \
            >"$block.out" 2>"$block.err"; then
            failed=$((failed + 1))
            echo "$document: the example at line $line fails:"
            cat "$block.out" "$block.err" | sed 's/^/    /' | tail -n 12
        elif ! make/docs-answers.pl check "$block" >"$work/answers"; then
            failed=$((failed + 1))
            echo "$document: the example at line $line answers otherwise:"
            sed 's/^/    /' "$work/answers"
        else
            passed=$((passed + 1))
            answers=$((answers + $(sed 's/^answers: //' "$work/answers")))
        fi
    done
done
PGOPTIONS='-c client_min_messages=warning' psql -X -q -d postgres -c 'DROP DATABASE IF EXISTS docs_examples'
# The list of functions is an example like others: it must be that of the extension.
if [ -n "$all" ]; then
    if make/functions-page.sh --check; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
fi
echo "answers and plans that the documents show, as they say: $answers"
echo "docs examples: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
