#!/usr/bin/env bash
# The A-to-Z page of functions, from the catalog of a server that has the extension.
#   make/cluster.sh make/functions-page.sh            writes docs/functions.md
#   make/cluster.sh make/functions-page.sh --check    fails when a function is missing there, or gone
# What lies in the schema of the internals is left out.
set -euo pipefail
cd "$(dirname "$0")/.."
page=docs/functions.md
database=functions_page
psql -X -q -d postgres -c "DROP DATABASE IF EXISTS $database" -c "CREATE DATABASE $database" 2>/dev/null
trap 'psql -X -q -d postgres -c "DROP DATABASE IF EXISTS $database"' EXIT
PGOPTIONS='-c client_min_messages=warning' psql -X -q -d $database -c 'CREATE EXTENSION vectorgraph CASCADE'

# name, arguments, kind, comment; of overloads the one with the most arguments.
catalog() {
    psql -X -q -A -t -F $'\x1f' -v ON_ERROR_STOP=1 -d $database <<'SQL'
WITH member AS (
    SELECT d.classid, d.objid FROM pg_depend d JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
    WHERE e.extname = 'vectorgraph' AND d.deptype = 'e'),
public_function AS (
    SELECT p.*, n.nspname FROM member m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname <> '_vectorgraph')
SELECT DISTINCT ON (proname COLLATE "C") proname,
    (SELECT string_agg(coalesce(NULLIF((proargnames::text[])[i], ''), format_type(proargtypes[i - 1], NULL)), ', ' ORDER BY i) FROM generate_series(1, pronargs) i),
    CASE prokind WHEN 'a' THEN 'aggregate' WHEN 'w' THEN 'window' WHEN 'p' THEN 'procedure' ELSE CASE WHEN proretset THEN 'rows' ELSE 'value' END END,
    obj_description(oid, 'pg_proc')
FROM public_function ORDER BY proname COLLATE "C", pronargs DESC, oid::regprocedure::text COLLATE "C";
SQL
}

if [ "${1:-}" = --check ]; then
    have=$(sed -nE 's/^\| `([a-z_0-9]+).*/\1/p' "$page" | sort)
    want=$(catalog | cut -d $'\x1f' -f1 | sort)
    rc=0
    for name in $(comm -13 <(echo "$have") <(echo "$want")); do
        echo "$page does not list $name"
        rc=1
    done
    for name in $(comm -23 <(echo "$have") <(echo "$want")); do
        echo "$page lists $name, which the extension does not have"
        rc=1
    done
    [ $rc -eq 0 ] || echo "make/cluster.sh make/functions-page.sh writes the page anew"
    exit $rc
fi

# The page that explains a function: the first of these that names it in code.
explained() {
    local document
    for document in ranking selection evaluation rerank semantic-graph semantic-graph-index cur sql-reference tuning on-disk-format; do
        if grep -qE "\`$1[\`(]|\b$1\(" "docs/$document.md"; then
            echo "[$document]($document.md)"
            return
        fi
    done
    echo "-"
}

rows=$(mktemp)
catalog >"$rows"
{
    sed -n '1,/^<!-- table -->$/p' "$page"
    echo "| function | gives | what | explained in |"
    echo "|---|---|---|---|"
    while IFS=$'\x1f' read -r name arguments kind comment; do
        # Up to the first semicolon, without a source in brackets.
        what=$(printf '%s' "$comment" | sed -E 's/;.*//; s/ *\([A-Z][^()]*[12][0-9]{3}[^()]*\)//g; s/\|/\\|/g')
        echo "| \`$name($arguments)\` | $kind | $what | $(explained "$name") |"
    done < <(sort -t $'\x1f' -k1,1 "$rows")
} >"$page.new"
mv "$page.new" "$page"
rm -f "$rows"
echo "wrote $page: $(grep -c '^| `' "$page") functions"
