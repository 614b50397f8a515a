#!/usr/bin/env bash
# Runs TAP tests with the server that PG_CONFIG names, in which the extension is installed.
#   make/tap.sh [NAME...]     files of test/tap without .pl, by default all
# The tests start servers themselves, so root hands them to user postgres, in a copy it can read.
#   VG_JOBS       how many at a time, by default one for each processor
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2
[ $# -gt 0 ] || { cd test/tap && set -- *.pl && set -- "${@%.pl}" && cd ../..; }
pg_config=${PG_CONFIG:-pg_config}
pgxs=$(dirname "$(dirname "$("$pg_config" --pgxs)")")
small=
copy=$(mktemp -d /tmp/vg.XXXXXX)
trap '[ -z "$small" ] || umount "$small"; rm -rf "$copy"' EXIT
cp -r test/tap "$copy/"
as_user=()
if [ "$(id -u)" -eq 0 ]; then
    chown -R postgres "$copy"
    as_user=(runuser -u postgres --)
    # A small disk for the test of full ones, where users may not mount one themselves, as in a chroot.
    if [ -z "${VG_SMALL_DISK:-}" ] && ! "${as_user[@]}" unshare --user --mount true 2>/dev/null; then
        mkdir "$copy/small"
        if mount -t tmpfs -o size=16m,mode=700,uid="$(id -u postgres)" tmpfs "$copy/small" 2>/dev/null; then
            small=$copy/small
            export VG_SMALL_DISK=$small
        fi
    fi
fi
# Harnesses from 16 on want their folders named in full.
rc=0
(cd "$copy/tap" && "${as_user[@]}" env HOME="$copy" TESTDIR="$copy/tap" \
    TESTDATADIR="$copy/tap/tmp_check" TESTLOGDIR="$copy/tap/tmp_check/log" \
    PATH="$("$pg_config" --bindir):$PATH" PGPORT=65432 PG_REGRESS="$pgxs/test/regress/pg_regress" \
    prove --timer -j"${VG_JOBS:-$(nproc)}" -I "$pgxs/test/perl" -I . "${@/%/.pl}") || rc=$?
[ $rc -eq 0 ] || tail -n 50 "$copy"/tap/tmp_check/log/* 2>/dev/null
exit $rc
