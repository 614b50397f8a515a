#!/usr/bin/env bash
# Runs a command beside a private, throw-away PostgreSQL server, then stops and deletes the server.
#   make/cluster.sh command [argument...]
# The command finds the server through PGHOST, PGPORT, PGUSER and PGDATABASE, and the server's programs
# in PATH. The server listens on a Unix socket in its own directory only, so it collides with nothing.
# When root calls, the server runs as user postgres (PostgreSQL refuses root); otherwise as the caller.
#   VG_CLUSTER_CONF        extra lines for postgresql.conf
#   VG_CLUSTER_DURABLE=1   keep fsync on
#   VG_CLUSTER_WRAPPER     a command to run the server's processes under, such as valgrind with options
#   VG_KEEP_CLUSTER=1      leave the directory behind, to look at its log
#   PG_CONFIG              the pg_config of the server to use
set -euo pipefail
[ $# -gt 0 ] || { sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 2; }

pg_config=${PG_CONFIG:-$(command -v pg_config || ls /usr/lib/postgresql/*/bin/pg_config 2>/dev/null | tail -1)}
[ -n "$pg_config" ] || { echo "pg_config not found: install a PostgreSQL server or set PG_CONFIG" >&2; exit 1; }
bindir=$("$pg_config" --bindir)
[ -x "$bindir/initdb" ] || { echo "no initdb in $bindir: is the PostgreSQL server installed?" >&2; exit 1; }

as_server=()
superuser=$(id -un)
if [ "$(id -u)" -eq 0 ]; then
    superuser=postgres
    id postgres >/dev/null 2>&1 || { echo "running as root needs a system user postgres" >&2; exit 1; }
    as_server=(runuser -u postgres --)
fi

# A short path: a Unix socket's name may have 107 bytes.
home=$(mktemp -d /tmp/vg.XXXXXX)
chmod 755 "$home"
[ "$(id -u)" -ne 0 ] || chown postgres "$home"

started=
cleanup() {
    local rc=$?
    trap - EXIT INT TERM HUP
    [ -z "$started" ] ||
        (cd "$home" && "${as_server[@]}" "$bindir/pg_ctl" -D "$home/data" -m immediate -w stop) >/dev/null 2>&1 || true
    if [ -n "${VG_KEEP_CLUSTER:-}" ]; then
        echo "server directory kept: $home"
    else
        rm -rf "$home"
    fi
    exit "$rc"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

cd_home() { (cd "$home" && "$@"); }  # postgres may not read the caller's directory
cd_home "${as_server[@]}" "$bindir/initdb" -k -A trust -U "$superuser" -E UTF8 --locale=C.UTF-8 \
    -D "$home/data" >"$home/initdb.log" 2>&1 || { cat "$home/initdb.log" >&2; exit 1; }

shm_kb=$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 {print $4}')
{
    echo "listen_addresses = ''"
    echo "unix_socket_directories = '$home'"
    echo "shared_buffers = 1GB"
    echo "maintenance_work_mem = 512MB"
    echo "max_parallel_maintenance_workers = 2"
    echo "max_wal_size = 4GB"
    # One that comes by would change plans, and the functions that never wait for it would refuse.
    echo "autovacuum = off"
    echo "log_min_messages = warning"
    echo "log_error_verbosity = verbose"
    # Tests that forbid plans give the others costs for which every query would be compiled.
    echo "jit = off"
    if [ -z "${VG_CLUSTER_DURABLE:-}" ]; then
        echo "fsync = off"
    fi
    # Containers often have 64 MB of shared memory file system: parallel queries then use plain files.
    if [ "${shm_kb:-0}" -lt 262144 ]; then
        echo "dynamic_shared_memory_type = mmap"
    fi
    printf '%s\n' "${VG_CLUSTER_CONF:-}"
} | cd_home "${as_server[@]}" tee -a "$home/data/postgresql.conf" >/dev/null

program=()
timeout=60
if [ -n "${VG_CLUSTER_WRAPPER:-}" ]; then
    printf '#!/bin/sh\nexec %s %s "$@"\n' "$VG_CLUSTER_WRAPPER" "$bindir/postgres" >"$home/postgres"
    chmod 755 "$home/postgres"
    program=(-p "$home/postgres")
    timeout=600
fi
started=1
cd_home "${as_server[@]}" "$bindir/pg_ctl" -D "$home/data" -l "$home/server.log" -w -t $timeout "${program[@]}" start \
    >"$home/start.log" 2>&1 || { cat "$home/start.log" "$home/server.log" >&2; exit 1; }

export PGHOST=$home PGPORT=5432 PGUSER=$superuser PGDATABASE=postgres PATH="$bindir:$PATH"
export PG_CONFIG=$pg_config VG_SERVER_LOG=$home/server.log
unset PGOPTIONS PGSERVICE PGPASSWORD
rc=0
"$@" || rc=$?
if [ "$rc" -ne 0 ] && grep -qE 'PANIC|terminated by signal|TRAP' "$home/server.log"; then
    echo "--- the server crashed; end of its log:" >&2
    tail -30 "$home/server.log" >&2
fi
exit "$rc"
