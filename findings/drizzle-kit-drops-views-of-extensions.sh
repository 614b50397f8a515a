#!/usr/bin/env bash
# drizzle-kit 0.31.11 with drizzle-orm 0.45.4 and pg 8.23.1 (npm), PostgreSQL 15.20 (Debian 12).
# One would guess: `drizzle-kit push` compares the schema file with the tables and views that the user made. What an
#   extension brought stays out of it, and a push that could not be carried out ends with an error status.
# What happens: a view that belongs to an extension in schema public counts as the user's. push sends DROP VIEW for it
#   first, the server refuses (2BP01), nothing else of the push is done, and the exit status is 0: a deployment script
#   goes on without the new column. `pull` writes the view into schema.ts, with calls of a function `unknown` that it
#   does not import where a column has a type such as oid.
# Who meets it: whoever pushes to a database with pg_buffercache, pg_stat_kcache, PostGIS or the like in public; authors
#   of extensions: a function that returns rows is left alone, a view is not.
set -euo pipefail
folder=$(mktemp -d)
server=
stop() {
    [ -z "$server" ] || "${as[@]}" "$server/bin/pg_ctl" -D "$folder/work/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap stop EXIT
chmod 755 "$folder"
cd "$folder"
version=15.20-0+deb12u1
apt-get download -qq -o APT::Sandbox::User=root "postgresql-15=$version" "postgresql-client-15=$version" >/dev/null
mkdir root work
for package in ./*.deb; do dpkg -x "$package" root; done
server=$folder/root/usr/lib/postgresql/15
as=()
if [ "$(id -u)" -eq 0 ]; then
    chown nobody work
    as=(runuser -u nobody --)
fi
cd work
"${as[@]}" "$server/bin/initdb" -A trust -U owner -E UTF8 --locale=C.UTF-8 -D data >/dev/null
"${as[@]}" "$server/bin/pg_ctl" -D data -o "-c listen_addresses='' -c unix_socket_directories='$folder/work'" -l log -w start >/dev/null
cd "$folder"
psql() { "$server/bin/psql" -X -q -A -t -h "$folder/work" -U owner -d postgres "$@"; }
psql -c 'SELECT version()' -c 'CREATE TABLE item (id integer PRIMARY KEY)'

mkdir app
cd app
npm init -y >/dev/null
npm install --silent --no-audit --no-fund drizzle-kit@0.31.11 drizzle-orm@0.45.4 pg@8.23.1
cat >schema.mjs <<'JS'
import {pgTable, integer, text} from 'drizzle-orm/pg-core';
export const item = pgTable('item', {id: integer('id').primaryKey(), name: text('name')});
JS
cat >drizzle.config.mjs <<'JS'
export default {dialect: 'postgresql', schema: './schema.mjs', out: './out', dbCredentials: {url: process.env.URL}};
JS
export URL="postgres://owner@localhost/postgres?host=$folder/work"
columns() { psql -c "SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'item'::regclass AND attnum > 0"; }
kit() { timeout 120 npx drizzle-kit "$@" --config=drizzle.config.mjs </dev/null; }

psql -c 'CREATE EXTENSION pg_buffercache'
status=0
kit push --force >push.log 2>&1 || status=$?
refused=$(grep -c 'cannot drop view pg_buffercache because extension pg_buffercache requires it' push.log || true)
echo "push beside pg_buffercache: status $status, refusals $refused, columns of item: $(columns)"
beside=$(columns)
kit pull >pull.log 2>&1
calls=$(grep -c ': unknown(' out/schema.ts)
imports=$(grep -c 'import.*unknown' out/schema.ts || true)
echo "pull: views written $(grep -c pgView\( out/schema.ts), calls of unknown $calls, imports of it $imports"
psql -c 'DROP EXTENSION pg_buffercache'
kit push --force >push2.log 2>&1
echo "push without it: columns of item: $(columns)"
[ "$status" = 0 ] && [ "$refused" -gt 0 ] && [ "$beside" = id ] && [ "$calls" -gt 0 ] && [ "$imports" = 0 ] && [ "$(columns)" = 'id, name' ]
