#!/usr/bin/env bash
# pg_dump and psql of PostgreSQL 15.20 (Debian 12).
# One would guess: a dump of a sound database restores whole, as superuser into an empty database of the same cluster.
# What happens: pg_dump puts every GRANT behind the data and the indexes. CREATE INDEX on an expression calls its
#   function with the rights of the table's owner; where that function uses a schema that the owner may use by a GRANT
#   only, the restore says "permission denied for schema", and the table comes back without its index. A unique index
#   lost so lets in what it kept out. pg_dump exits with 0, and so does psql without ON_ERROR_STOP. The same
#   CREATE INDEX works once the restore is over, since the GRANT is there by then.
# Who meets it: tables of application roles with expression indexes over functions that call an extension in a schema of
#   its own; authors of access methods that run user functions in builds.
set -euo pipefail
folder=$(mktemp -d)
server=
as=()
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
if [ "$(id -u)" -eq 0 ]; then
    chown nobody work
    as=(runuser -u nobody --)
fi
cd work
"${as[@]}" "$server/bin/initdb" -A trust -U admin -E UTF8 --locale=C.UTF-8 -D data >/dev/null
"${as[@]}" "$server/bin/pg_ctl" -D data -o "-c listen_addresses='' -c unix_socket_directories='$folder/work'" -l log -w start >/dev/null
cd "$folder"
psql() { "$server/bin/psql" -X -q -A -t -h "$folder/work" -U admin "$@"; }
psql -d postgres -c 'SELECT version()' -c 'CREATE ROLE writer' -c 'CREATE DATABASE before' -c 'CREATE DATABASE after'
psql -d before <<'SQL'
CREATE SCHEMA lib;
GRANT USAGE ON SCHEMA lib TO writer;
CREATE FUNCTION lib.half(i integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT i / 2';
CREATE SCHEMA app AUTHORIZATION writer;
SET ROLE writer;
CREATE FUNCTION app.pair(i integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN lib.half(i); END';
CREATE TABLE app.seat (i integer);
INSERT INTO app.seat VALUES (1), (2), (4);
CREATE UNIQUE INDEX one_of_a_pair ON app.seat (app.pair(i));
SQL
"$server/bin/pg_dump" -h "$folder/work" -U admin -d before >dump.sql
line() { grep -n "$1" dump.sql | cut -d: -f1; }
index=$(line 'CREATE UNIQUE INDEX') grant=$(line 'GRANT USAGE ON SCHEMA lib')
status=0
psql -d after -f dump.sql >restore.log 2>&1 || status=$?
indexes() { psql -d "$1" -c "SELECT count(*) FROM pg_index WHERE indrelid = 'app.seat'::regclass"; }
rows() { psql -d "$1" -c 'SELECT count(*) FROM app.seat'; }
denied=$(grep -c 'ERROR:  permission denied for schema lib' restore.log || true)
echo "dump: index in line $index, grant in line $grant"
echo "restore: status $status, denied $denied; rows $(rows before) and $(rows after), indexes $(indexes before) and $(indexes after)"
first=$(indexes after)
psql -d after -c "$(sed -n "${index}p" dump.sql)"
echo "the same CREATE INDEX once more, behind the grant: indexes $(indexes after)"
[ "$index" -lt "$grant" ] && [ "$status" = 0 ] && [ "$denied" = 1 ] && [ "$(rows after)" = 3 ] &&
    [ "$(indexes before)" = 1 ] && [ "$first" = 0 ] && [ "$(indexes after)" = 1 ]
