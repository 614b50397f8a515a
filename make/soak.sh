#!/usr/bin/env bash
# A long run that CI has no time for: mixed load, cancels and kills, again and again with other seeds,
# on the server at hand and, side by side, on 17 and 18 in the folders of make/server-chroot.sh.
#   make/soak.sh              VG_SOAK_MINUTES on each, 30 by default
#   make/soak.sh here         on the server that PG_CONFIG names only
# What runs: TAP 011 (load), 012 (kills), 021 and 022 (interrupted VACUUM). A round that has begun is
# ended, so the run is some minutes longer. Logs: build/soak/. Ends with "N passed, N failed" servers.
#   VG_SOAK_SEED        first seed, by default from the clock; each round says its own
#   VG_SOAK_SERVERS     other releases than 17 and 18, or "" for none
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2
minutes=${VG_SOAK_MINUTES:-30}
seed=${VG_SOAK_SEED:-$(date +%s)}
logs=$PWD/build/soak
mkdir -p "$logs"

# Short runs have short rounds.
load=$((minutes * 60 / 8))
[ $load -le 300 ] || load=300
interruptions=$((minutes / 2))
[ $interruptions -ge 2 ] || interruptions=2
[ $interruptions -le 10 ] || interruptions=10

# A round is one test with one seed. Prints a line for each and at last how many passed and failed.
rounds_here() {
    local server passed=0 failed=0 n=0 test log end
    server=$("${PG_CONFIG:-pg_config}" --version | awk '{ print $2 }')
    make/build-extension.sh >"$logs/build.$server.log" 2>&1 || { cat "$logs/build.$server.log"; return 1; }
    end=$((SECONDS + minutes * 60))
    local tests=(011_mixed_load 012_kill 022_vacuum_passes 021_graph_vacuum)
    while [ $SECONDS -lt $end ]; do
        test=${tests[n % 4]}
        log=$logs/$server.$n.$test.log
        local start=$SECONDS
        if VG_SEED=$((seed + n)) VG_LOAD_SECONDS=$load VG_KILLS=$interruptions VG_CANCELS=$interruptions \
            make/tap.sh "$test" >"$log" 2>&1; then
            passed=$((passed + 1))
            echo "$server: $test, seed $((seed + n)): ok, $((SECONDS - start)) s"
            sed -n -E 's/^# (.*(transactions|kills fell|met:).*)/    \1/p' "$log"
        else
            failed=$((failed + 1))
            echo "$server: $test, seed $((seed + n)): FAILED, $log"
            tail -n 60 "$log" | sed 's/^/    | /'
        fi
        n=$((n + 1))
    done
    echo "$server: $passed rounds passed, $failed failed"
    [ $failed -eq 0 ]
}

in_folder() {
    local major=$1 root rc=0
    make/server-chroot.sh make "$major" && make/test-servers.sh --copy "$major" || return
    root=$(make/server-chroot.sh path "$major")
    exec 8>"$root.run"
    flock 8  # one tree of this repository at a time
    make/server-chroot.sh run "$major" env VG_JOBS=1 VG_SOAK_MINUTES="$minutes" VG_SOAK_SEED="$seed" \
        PG_CONFIG="/usr/lib/postgresql/$major/bin/pg_config" bash /srv/vectorgraph/make/soak.sh here || rc=1
    cp -r "$root/srv/vectorgraph/build/soak/." "$logs/"
    return $rc
}

if [ "${1:-}" = here ]; then
    rounds_here
    exit
fi
passed=0
failed=0
pids=()
rounds_here & pids+=($!)
for major in ${VG_SOAK_SERVERS-17 18}; do
    (in_folder "$major" || { rc=$?; [ $rc -ne 75 ] || echo "not run: PostgreSQL $major"; exit $rc; }) & pids+=($!)
done
for pid in "${pids[@]}"; do
    rc=0
    wait "$pid" || rc=$?
    case $rc in
        0) passed=$((passed + 1)) ;;
        75) ;;
        *) failed=$((failed + 1)) ;;
    esac
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
