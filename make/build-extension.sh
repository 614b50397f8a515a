#!/usr/bin/env bash
# Builds the extensions and installs them into the server that PG_CONFIG names. PostgreSQL 15 reads
# extensions from its own directory only, so this needs root, sudo, or write access to that directory.
set -euo pipefail
cd "$(dirname "$0")/.."
pg_config=${PG_CONFIG:-$(command -v pg_config || ls /usr/lib/postgresql/*/bin/pg_config 2>/dev/null | tail -1)}
jobs=${VG_JOBS:-$(nproc)}
make --no-print-directory -j"$jobs" PG_CONFIG="$pg_config" all

directory=$("$pg_config" --sharedir)/extension
if [ -w "$directory" ] && [ -w "$("$pg_config" --pkglibdir)" ]; then
    make --no-print-directory PG_CONFIG="$pg_config" install
elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    sudo make --no-print-directory PG_CONFIG="$pg_config" install
else
    echo "cannot install: $directory is not writable and sudo is not available." >&2
    echo "Run as root, or set PG_CONFIG to a server of your own." >&2
    exit 1
fi
