#!/usr/bin/env bash
# PostgreSQL 15.20 (Debian 12).
# One would guess: pg_attribute.attoptions is NULL for a column for which nobody set n_distinct or the like, so two
#   tables made by the same statement have equal rows there.
# What happens: the server gives every column an option of its own, pg_attver, with a number that differs from table to
#   table, also in system catalogs, views and composite types. ALTER COLUMN ... SET and RESET (pg_attver) succeed and
#   change nothing. pg_dump of the same release leaves it out of its ALTER COLUMN ... SET.
# Who meets it: tools that compare or copy schemas by reading attoptions, which find all columns changed, or write an
#   option that servers without it refuse ("unrecognized parameter").
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
psql() { "$server/bin/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h "$folder/work" -U admin -d postgres "$@"; }
psql -c 'SELECT version()' -c 'CREATE TABLE one (a integer)' -c 'CREATE TABLE two (a integer)' -c 'CREATE VIEW seen AS TABLE one'
options() { psql -c "SELECT attoptions FROM pg_attribute WHERE attrelid = '$1'::regclass AND attname = 'a'"; }
one=$(options one) two=$(options two) view=$(options seen)
echo "table: $one, the same again: $two, a view: $view"
psql -c 'ALTER TABLE one ALTER COLUMN a SET (pg_attver = 7)'
set_to=$(options one)
psql -c 'ALTER TABLE one ALTER COLUMN a RESET (pg_attver)'
reset=$(options one)
echo "after SET: $set_to, after RESET: $reset"
psql -c 'ALTER TABLE one ALTER COLUMN a SET (n_distinct = 5)'
"$server/bin/pg_dump" -h "$folder/work" -U admin -d postgres >dump.sql
grep -h 'n_distinct' dump.sql
dumped=$(grep -c pg_attver dump.sql || true)
echo "lines of pg_dump with pg_attver: $dumped"
for options in "$one" "$two" "$view"; do
    [[ $options =~ ^\{pg_attver=[0-9]+\}$ ]]
done
[ "$one" != "$two" ] && [ "$set_to" = "$one" ] && [ "$reset" = "$one" ] && [ "$dumped" = 0 ]
