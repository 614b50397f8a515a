#!/usr/bin/env bash
# pgxnclient 1.3.2 (Debian 12), PostgreSQL 15.20 (Debian 12).
# One would guess: `pgxn load` ends with status 0 only where the extensions of the distribution are in the database
#   afterwards, as CREATE EXTENSION in `psql -c` does.
# What happens: it ends with 0 where none of them is. CREATE EXTENSION goes to psql through a pipe, where psql goes on
#   after an error and leaves 0: a script of an extension that fails, a name that clashes or a prerequisite that is not
#   there are an ERROR on the screen and nothing to a caller. And where META.json's "file" names a file that does not
#   end in .sql, as the extension's control file, load says that this "doesn't seem SQL", and leaves the extension out.
# Who meets it: images and deployment scripts that run `pgxn install` and `pgxn load` under `set -e`.
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
apt-get download -qq -o APT::Sandbox::User=root "postgresql-15=$version" "postgresql-client-15=$version" \
    pgxnclient=1.3.2-2 python3-six >/dev/null
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
psql() { "$server/bin/psql" -X -q -A -t -h "$folder/work" -U admin -d postgres "$@"; }
pgxn() {
    PYTHONPATH=$folder/root/usr/lib/python3/dist-packages python3 -W ignore "$folder/root/usr/bin/pgxn" "$@" \
        --pg_config "$server/bin/pg_config" -h "$folder/work" -U admin -d postgres 2>&1
}
# extension NAME FILE SQL: a distribution in folder NAME, installed; META.json names FILE.
extension() {
    local share=$folder/root/usr/share/postgresql/15/extension
    mkdir "$1"
    echo "{\"name\": \"$1\", \"version\": \"1.0.0\", \"provides\": {\"$1\": {\"version\": \"1.0.0\", \"file\": \"$2\"}}}" >"$1/META.json"
    echo "default_version = '1'" >"$share/$1.control"
    echo "$3" >"$share/$1--1.sql"
}
extension sound sound.sql 'CREATE FUNCTION one() RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$;'
extension failing failing.sql 'SELECT 1 / 0;'
extension control control.control 'SELECT 1;'
PYTHONPATH=$folder/root/usr/lib/python3/dist-packages python3 -W ignore "$folder/root/usr/bin/pgxn" --version
psql -c 'SELECT version()'
result=
for name in sound failing control; do
    status=0
    pgxn load "./$name/" || status=$?
    result="$result$name: status $status, created $(psql -c "SELECT count(*) FROM pg_extension WHERE extname = '$name'"); "
done
status=0
psql -c 'CREATE EXTENSION failing' 2>&1 || status=$?
result="${result}psql -c: status $status"
echo "$result"
[ "$result" = 'sound: status 0, created 1; failing: status 0, created 0; control: status 0, created 0; psql -c: status 1' ]
