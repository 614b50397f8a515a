#!/usr/bin/env bash
# pg_upgrade of a database with the extension from one release of PostgreSQL to another.
#   make/test-upgrade.sh [OLD NEW]...     by default 15 17 and 17 18
# Both servers run in NEW's folder (make/server-chroot.sh): the old one's programs and shared files are
# copied there, and those libraries of its system that NEW's lacks. The old cluster has, with the
# extension in schema vg, what test/tap/every_call.sql makes and a larger table with an index of every
# access method and storage. After pg_upgrade every call has to answer as before, indexes return the
# rows that they returned, the check functions find nothing, and rows go in and out.
# Wants root, and the extension installed for both servers: for the release at hand (PG_CONFIG) by make
# install, for others by VG_SERVERS_STEPS=install make/test-servers.sh.
#   VG_UPGRADE_OPTIONS    more options of both initdb, for instance --data-checksums
set -euo pipefail
cd "$(dirname "$0")/.."

# --- outside: the old server into the folder of the new one --------------------------------------------
pg_config=${PG_CONFIG:-pg_config}

# Prints where the tree of a release begins, "" or a folder, and the place of its programs in it.
tree_of() {
    local bin=/usr/lib/postgresql/$1/bin
    case $("$pg_config" --version) in
        "PostgreSQL $1."*) bin=$("$pg_config" --bindir); echo "${bin%/usr/lib/postgresql/"$1"/bin}" ;;
        *) make/server-chroot.sh path "$1" ;;
    esac
}

# Names of the libraries that programs of the old server want and the new system lacks.
missing() {
    local old=$1 new=$2
    make/server-chroot.sh run "$new" sh -c "LD_LIBRARY_PATH=/srv/older/$old/missing ldd \
        /srv/older/$old/usr/lib/postgresql/$old/bin/* /srv/older/$old/usr/lib/postgresql/$old/lib/*.so \
        /srv/older/$old/missing/* 2>/dev/null" | awk '/=> not found/ { print $1 }' | sort -u
}

bring() {
    local old=$1 new=$2 from to system name file
    from=$(tree_of "$old")
    to=$(make/server-chroot.sh path "$new")/srv/older/$old
    rm -rf "$to"
    mkdir -p "$to/usr/lib/postgresql" "$to/usr/share/postgresql" "$to/missing"
    cp -RL "$from/usr/lib/postgresql/$old" "$to/usr/lib/postgresql/"
    cp -RL "$from/usr/share/postgresql/$old" "$to/usr/share/postgresql/"
    rm -rf "$to/usr/lib/postgresql/$old/lib/bitcode" "$to/usr/lib/postgresql/$old/lib/pgxs"
    system=$(make/server-chroot.sh path "$old" 2>/dev/null || true)
    [ "$("$pg_config" --version | grep -o '[0-9]*' | head -n 1)" != "$old" ] || system=
    # A library that is brought may want others.
    for _ in 1 2 3; do
        for name in $(missing "$old" "$new"); do
            file=$(find "$system/lib/" "$system/usr/lib/" -follow -name "$name" 2>/dev/null | head -n 1 || true)
            [ -z "$file" ] || cp -L "$file" "$to/missing/"
        done
    done
}

outside() {
    local rc=0
    while [ $# -gt 1 ]; do
        local old=$1 new=$2 root
        shift 2
        echo "--- pg_upgrade from $old to $new"
        root=$(make/server-chroot.sh path "$new")
        bring "$old" "$new"
        mkdir -p "$root/srv/vectorgraph/make" "$root/srv/vectorgraph/test/tap"
        cp make/test-upgrade.sh "$root/srv/vectorgraph/make/"
        cp test/tap/every_call.sql "$root/srv/vectorgraph/test/tap/"
        make/server-chroot.sh run "$new" env VG_UPGRADE_OPTIONS="${VG_UPGRADE_OPTIONS:-}" \
            runuser -u postgres -- bash /srv/vectorgraph/make/test-upgrade.sh --inside "$old" "$new" || rc=1
    done
    return $rc
}

# --- inside: as user postgres ---------------------------------------------------------------------------
passed=0
failed=0
# is GOT WANTED NAME
is() {
    if [ "$1" = "$2" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'not ok: %s\n  got:\n%s\n  wanted:\n%s\n' "$3" "$1" "$2"
    fi
}

# psql of the new release, which speaks with both; its complaints go to a file.
sql() { "$new_bin/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h "$work" -p 54321 -U postgres "$@" 2>>"$work/said"; }
run_old() { LD_LIBRARY_PATH=/srv/older/$old/missing "$@"; }
start() { "$1/pg_ctl" -w -D "$2" -l "$work/log.$3" start >"$work/pg_ctl.log" || { cat "$work/log.$3"; exit 1; }; }

make_cluster() {
    local bin=$1 data=$2
    shift 2
    # shellcheck disable=SC2086
    "$bin/initdb" -D "$data" -U postgres -A trust -E UTF8 --no-locale -N "$@" $VG_UPGRADE_OPTIONS >"$work/initdb.log"
    printf '%s\n' "unix_socket_directories = '$work'" "listen_addresses = ''" 'port = 54321' 'fsync = off' \
        'autovacuum = off' 'dynamic_shared_memory_type = mmap' >>"$data/postgresql.conf"
}

fill_old() {
    sql -d postgres -c 'CREATE ROLE vgs_user' -c 'CREATE DATABASE kept'
    sql -d kept -c 'CREATE SCHEMA vg' -c 'CREATE EXTENSION vectorgraph SCHEMA vg CASCADE' \
        -c 'GRANT USAGE ON SCHEMA vg TO vgs_user' -c 'GRANT CREATE ON DATABASE kept TO vgs_user'
    sql -d kept -f /srv/vectorgraph/test/tap/every_call.sql >/dev/null
    sql -d kept <<'SQL'
CREATE SCHEMA big;
SET search_path = big, vg;
CREATE FUNCTION vec(i bigint) RETURNS vector LANGUAGE sql IMMUTABLE AS $$
    SELECT array_agg((hashint8extended(i * 64 + j, 7) & 65535)::float4 / 65536 + i % 5 ORDER BY j)::vector FROM generate_series(1, 12) j
$$;
CREATE TABLE rows (id bigint PRIMARY KEY, v vector(12), vs vector[], name text);
INSERT INTO rows SELECT i, vec(i), ARRAY[vec(i), vec(i + 1)], md5(i::text) FROM generate_series(1, 1000) i;
CREATE INDEX hnsw_4 ON rows USING lid_hnsw (v vector_l2_ops);
CREATE INDEX graph ON rows USING semantic_graph (v vector_cosine_ops) INCLUDE (id) WITH (k = 8);
SET client_min_messages = warning;
CREATE INDEX cur_text ON rows USING cur (name text_levenshtein_ops) WITH (anchor_queries = 20);
CREATE INDEX cur_sets ON rows USING cur (vs vector_maxsim_ops) WITH (anchor_queries = 20);
DELETE FROM rows WHERE id % 10 = 3;
VACUUM (INDEX_CLEANUP ON) rows;
CREATE FUNCTION answers() RETURNS SETOF text LANGUAGE sql SET enable_seqscan = off SET enable_sort = off AS $$
    SELECT 'l2 ' || q || ': ' || (SELECT string_agg(id::text, ' ') FROM (SELECT id FROM rows ORDER BY v <-> vec(q) LIMIT 10) s) FROM generate_series(1, 20) q
    UNION ALL SELECT 'cosine ' || q || ': ' || (SELECT string_agg(id::text, ' ') FROM (SELECT id FROM rows ORDER BY v <=> vec(q) LIMIT 10) s) FROM generate_series(1, 20) q
    UNION ALL SELECT 'graph ' || q || ': ' || (SELECT string_agg(key::text, ' ') FROM semantic_graph_search('graph', vec(q), k => 10) s) FROM generate_series(1, 20) q
    UNION ALL SELECT 'text ' || q || ': ' || (SELECT string_agg(id::text, ' ') FROM (SELECT id FROM rows ORDER BY name <~#> md5(q::text) LIMIT 10) s) FROM generate_series(1, 5) q
    UNION ALL SELECT 'sets ' || q || ': ' || (SELECT string_agg(id::text, ' ') FROM (SELECT id FROM rows ORDER BY vs <~> ARRAY[vec(q)] LIMIT 10) s) FROM generate_series(1, 5) q
$$;
SQL
}

every_call() {
    sql -d kept -c 'SET client_min_messages = warning' -c 'SET ROLE vgs_user' -c "SET search_path = ''" \
        -c "INSERT INTO d.answer SELECT '$1', n, d.answer(sql) FROM (SELECT * FROM d.call ORDER BY n) c"
}

big() { sql -d kept -c 'SET client_min_messages = warning' -c 'SET search_path = big, vg' -c "$1"; }

upgrade() {
    run_old "$new_bin/pg_upgrade" -b "$old_bin" -B "$new_bin" -d "$work/old" -D "$work/new" -U postgres -p 54321 -P 54321 \
        -s "$work" >"$work/upgrade.log" 2>&1
}

# 15.20 and 17.12 note an option pg_attver at every column of every table. pg_dump 18.6 takes it for one
# that users set, and server 18.6 refuses it: no table can be upgraded to 18.6. To see what becomes of
# ours there, the notes are taken out.
forget_attver() {
    echo "pg_upgrade refuses every table (column option pg_attver, which the new server does not know): the options are taken out of the catalog"
    local database
    run_old start "$old_bin" "$work/old" old
    for database in template1 postgres kept; do
        sql -d "$database" -c "UPDATE pg_attribute SET attoptions = nullif(array(SELECT o FROM unnest(attoptions) o WHERE o NOT LIKE 'pg_attver=%'), '{}')
            WHERE attoptions IS NOT NULL"
    done
    run_old "$old_bin/pg_ctl" -D "$work/old" -m fast stop >/dev/null
}

checks="SELECT c.relname, CASE am.amname WHEN 'cur' THEN (cur_index_check(c.oid, 5, true)).advice ELSE (vectorgraph_index_check(c.oid, true) > 0)::text END
    FROM pg_class c JOIN pg_am am ON am.oid = c.relam WHERE am.amname IN ('lid_hnsw', 'semantic_graph', 'cur') AND c.relnamespace IN ('big'::regnamespace, 'd'::regnamespace) ORDER BY 1"

inside() {
    old=$1 new=$2
    old_bin=/srv/older/$old/usr/lib/postgresql/$old/bin
    new_bin=/usr/lib/postgresql/$new/bin
    work=$(mktemp -d /tmp/vg.XXXXXX)
    cd "$work"
    trap 'for data in "$work"/*/; do "$new_bin/pg_ctl" -D "$data" -m immediate stop >/dev/null 2>&1 || true; done; rm -rf "$work"' EXIT
    run_old make_cluster "$old_bin" "$work/old"
    # From 18 on checksums are on unless told; both clusters must be the same.
    local plain=()
    [ "$new" -lt 18 ] || [ "$old" -ge 18 ] || [ -n "$VG_UPGRADE_OPTIONS" ] || plain=(--no-data-checksums)
    make_cluster "$new_bin" "$work/new" "${plain[@]}"
    run_old start "$old_bin" "$work/old" old
    echo "$(sql -d postgres -c 'SHOW server_version') to $("$new_bin/postgres" --version)"
    fill_old
    every_call before
    local answers checked
    answers=$(big 'SELECT * FROM answers()')
    checked=$(big "$checks")
    run_old "$old_bin/pg_ctl" -D "$work/old" -m fast stop >/dev/null
    if ! upgrade && grep -qrs 'unrecognized parameter "pg_attver"' "$work/new/pg_upgrade_output.d"; then
        forget_attver
        rm -rf "$work/new"
        make_cluster "$new_bin" "$work/new" "${plain[@]}"
        upgrade || true
    fi
    if ! grep -q '^Upgrade Complete' "$work/upgrade.log"; then
        tail -n 20 "$work/upgrade.log"
        grep -rs -A 5 'ERROR' "$work/new/pg_upgrade_output.d" | tail -n 20
        echo "pg_upgrade from $old to $new: $passed passed, 1 failed"
        return 1
    fi
    start "$new_bin" "$work/new" new
    : >"$work/said"
    every_call after
    # The last digits are those of another compiler and other libraries.
    is "$(sql -d kept -c "SELECT c.sql, b.answer, a.answer FROM d.call c JOIN d.answer b USING (n) JOIN d.answer a USING (n)
        WHERE b.path = 'before' AND a.path = 'after' AND regexp_replace(a.answer, '([.][0-9]{5})[0-9]+', '\1', 'g')
            <> regexp_replace(b.answer, '([.][0-9]{5})[0-9]+', '\1', 'g') ORDER BY n")" '' 'every call answers as before'
    is "$(sql -d kept -c "SELECT count(*) FROM d.answer WHERE path = 'after' AND answer !~ '^[0-9A-Z]{5} '")" \
        "$(sql -d kept -c 'SELECT count(*) FROM d.call')" 'and all of them work'
    is "$(big 'SELECT * FROM answers()')" "$answers" 'indexes return the rows that they returned'
    is "$(big "$checks")" "$checked" 'the check functions find nothing'
    big "INSERT INTO rows SELECT i, vec(i), ARRAY[vec(i), vec(i + 1)], md5(i::text) FROM generate_series(1001, 1200) i"
    big 'UPDATE rows SET v = vec(id + 10000) WHERE id % 10 = 4; DELETE FROM rows WHERE id % 10 = 5'
    big 'VACUUM (INDEX_CLEANUP ON) rows'
    is "$(big "$checks" | cut -d'|' -f1)" "$(cut -d'|' -f1 <<<"$checked")" 'nor after inserts, updates, deletes and a vacuum'
    is "$(big "SELECT count(*) FROM rows WHERE id > 1000 AND id = (SELECT r.id FROM rows r ORDER BY r.v <-> rows.v LIMIT 1)")" \
        "$(big 'SELECT count(*) FROM rows WHERE id > 1000')" 'new rows are found'
    is "$(cat "$work/said")" '' 'nothing warns'
    echo "pg_upgrade from $old to $new: $passed passed, $failed failed"
    [ "$failed" -eq 0 ]
}

case ${1:-} in
    --inside) inside "$2" "$3" ;;
    '') outside 15 17 17 18 ;;
    *) outside "$@" ;;
esac
