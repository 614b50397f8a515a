#!/usr/bin/env bash
# The tests on other releases of PostgreSQL, in the folders that make/server-chroot.sh makes.
#   make/test-servers.sh [--quick | --make] [MAJOR...]     by default 17 and 18, side by side
# All of them: unit, regress, isolation, tap, docs; --quick: regress and isolation; --make: only makes
# the folders. The extension is built from a copy of the tracked (and new) files in the folder, so that
# builds do not mix; what was built before is built again only where a file changed. A release that
# cannot be had here is said ("not run: ...") and counts as nothing. Logs: build/servers/MAJOR.log, and
# the logs of the steps beside it. Ends with the sum of what passed and failed.
#   VG_SERVERS_STEPS     other steps of make/test.sh
#   VG_SERVERS_JOBS      processes of each release's build and tests, by default the processors' share
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2
steps=(unit regress isolation tap docs)
optimize=-O3
mode=test
case ${1:-} in
    # Debugging information takes two fifths of the compiler's time and is of no use to a test.
    --quick) steps=(regress isolation) optimize='-O3 -g0'; shift ;;
    --make) mode=make; shift ;;
    --copy) mode=copy; shift ;;
esac
[ -z "${VG_SERVERS_STEPS:-}" ] || read -r -a steps <<<"$VG_SERVERS_STEPS"
majors=("$@")
[ ${#majors[@]} -gt 0 ] || majors=(17 18)
jobs=${VG_SERVERS_JOBS:-$(($(nproc) / ${#majors[@]}))}
[ "$jobs" -gt 0 ] || jobs=1
logs=$PWD/build/servers
mkdir -p "$logs"

# Copies the files whose contents changed, which makes them newer than what was built from them, and
# removes those that are gone.
copy_sources() {
    local to=$1 file
    mkdir -p "$to"
    git ls-files -z --cached --others --exclude-standard | sort -zu >"$to/.files.new"
    if [ -e "$to/.files" ]; then
        comm -z -23 "$to/.files" "$to/.files.new" | (cd "$to" && xargs -0 -r rm -f)
    fi
    while IFS= read -r -d '' file; do
        [ -e "$file" ] || continue
        cmp -s "$file" "$to/$file" && continue
        mkdir -p "$to/$(dirname "$file")" && cp "$file" "$to/$file" || return 1
    done <"$to/.files.new"
    mv "$to/.files.new" "$to/.files"
}

# Leaves 0 in build/servers/MAJOR.rc where all passed, 75 where nothing could be run.
test_on() {
    local major=$1 rc=0 root
    make/server-chroot.sh make "$major" || rc=$?
    if [ $rc -eq 0 ] && [ $mode != make ]; then
        root=$(make/server-chroot.sh path "$major")
        exec 8>"$root.run"
        flock 8  # one tree of this repository at a time
        copy_sources "$root/srv/vectorgraph" || rc=1
    fi
    if [ $rc -eq 0 ] && [ $mode = test ]; then
        make/server-chroot.sh run "$major" env VG_JOBS="$jobs" OPTIMIZE="$optimize" \
            PG_CONFIG="/usr/lib/postgresql/$major/bin/pg_config" \
            bash /srv/vectorgraph/make/test.sh "${steps[@]}" || rc=1
        rm -rf "${logs:?}/$major"
        cp -r "$root/srv/vectorgraph/build/test" "$logs/$major"
    fi
    echo $rc >"$logs/$major.rc"
}

failed=0
ran=0
for major in "${majors[@]}"; do
    rm -f "$logs/$major.rc"
    test_on "$major" >"$logs/$major.log" 2>&1 </dev/null &
done
wait
for major in "${majors[@]}"; do
    echo "--- PostgreSQL $major"
    case $(cat "$logs/$major.rc" 2>/dev/null) in
        0) ran=$((ran + 1)) ;;
        75) sed '$ s/^/not run: /' "$logs/$major.log"; continue ;;
        *) ran=$((ran + 1)) failed=1 ;;
    esac
    cat "$logs/$major.log"
done
[ $ran -gt 0 ] || echo "nothing to run: none of PostgreSQL ${majors[*]} can be had here"
exit $failed
