#!/usr/bin/env bash
# Test runner: make/test.sh all | step...
# Steps: lint unit asan install regress isolation tap docs servers (install comes by itself before the
# four that need a server here; servers is other releases of PostgreSQL, see make/test-servers.sh).
# Each step writes build/test/<step>.log and is summed up in one line; the log of a failed step is shown.
# Ends with what failed, by name, then "N passed, N failed"; exit code 0 only when nothing failed.
#   VG_SERVERS=1         all runs the step servers too, which makes Debian systems of gigabytes in
#                        folders; 1 by default where CI is set in the environment
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2
root=$PWD
logs=$root/build/test
mkdir -p "$logs"
jobs=${VG_JOBS:-$(nproc)}
export CMAKE_BUILD_PARALLEL_LEVEL=$jobs

steps=("$@")
[ ${#steps[@]} -gt 0 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
servers=${VG_SERVERS:-${CI:+1}}
left_out=
if [ "${steps[0]}" = all ]; then
    steps=(lint unit asan regress isolation tap docs)
    if [ "$servers" = 1 ]; then
        steps+=(servers)
    else
        left_out="not run: PostgreSQL 17 and 18, which VG_SERVERS=1 or make test-servers would test"
    fi
fi

# --- the steps ----------------------------------------------------------------------------------------
step_lint() {
    local rc=0
    .ci/check_layers.sh || rc=1
    .ci/check_layers_test.sh || rc=1
    .ci/check_sizes.sh || rc=1
    .ci/check_release.pl || rc=1
    if command -v clang-format >/dev/null; then
        make --no-print-directory format-check || rc=1
    else
        echo "clang-format not found: format not checked"
    fi
    return $rc
}

# unit_tests <build directory> <cmake options...>
unit_tests() {
    local dir=$1
    shift
    cmake -S . -B "$dir" "$@" && cmake --build "$dir" --target unit_tests || return 1
    # One process per processor, each with its share of the tests.
    local shard rc=0 pids=()
    for ((shard = 0; shard < jobs; shard++)); do
        (cd "$dir" && GTEST_TOTAL_SHARDS=$jobs GTEST_SHARD_INDEX=$shard UBSAN_OPTIONS=print_stacktrace=1 \
            ./unit_tests --gtest_brief=1 --gtest_output="xml:unit_tests.$shard.xml") >"$dir/shard.$shard.log" 2>&1 &
        pids+=($!)
    done
    for ((shard = 0; shard < jobs; shard++)); do
        wait "${pids[shard]}" || rc=1
        cat "$dir/shard.$shard.log"
    done
    return $rc
}
step_unit() {
    # The look at the instructions comes first: a wrong one ends the tests on some CPUs only.
    cmake -S . -B build/release -DCMAKE_BUILD_TYPE=Release &&
        cmake --build build/release --target vectorgraph_core || return 1
    local rc=0
    .ci/check_instructions.sh build/release/libvectorgraph_core.a || rc=1
    unit_tests build/release -DCMAKE_BUILD_TYPE=Release || rc=1
    return $rc
}
step_asan() {
    unit_tests build/asan -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG="-O1 -g" -DVG_SANITIZE=ON
}

step_install() { make/build-extension.sh && .ci/check_instructions.sh vectorgraph.so; }

step_regress() {
    ls sql/*.sql >/dev/null 2>&1 || { echo "no tests in sql/"; return 1; }
    local rc=0
    make/cluster.sh make --no-print-directory installcheck || rc=$?
    [ $rc -eq 0 ] || cat regression.diffs 2>/dev/null
    return $rc
}

pgxs_dir() { dirname "$(dirname "$("${PG_CONFIG:-pg_config}" --pgxs)")"; }

# The specs find both extensions created.
step_isolation() {
    local specs
    specs=$(cd test/isolation/specs 2>/dev/null && ls ./*.spec 2>/dev/null | sed 's@^\./@@; s@\.spec$@@')
    [ -n "$specs" ] || { echo "nothing to run: no specs in test/isolation/specs"; return 0; }
    mkdir -p build/isolation
    local rc=0
    # shellcheck disable=SC2086
    make/cluster.sh "$(pgxs_dir)/test/isolation/pg_isolation_regress" \
        --inputdir=test/isolation --outputdir=build/isolation --dbname=isolation_regression \
        --bindir="$("${PG_CONFIG:-pg_config}" --bindir)" \
        --load-extension=vector --load-extension=vectorgraph $specs || rc=$?
    [ $rc -eq 0 ] || cat build/isolation/regression.diffs 2>/dev/null
    return $rc
}

step_tap() {
    ls test/tap/*.pl >/dev/null 2>&1 || { echo "nothing to run: no tests in test/tap"; return 0; }
    VG_JOBS=$jobs make/tap.sh
}

# The extension lies in a schema of its own, as the documents advise; the regression tests have it in public.
step_docs() { VG_DOCS_SCHEMA=vg make/cluster.sh make/docs-test.sh; }

# How long the systems for the step servers may take to make. They are made beside the first steps,
# which leave the network alone; a mirror that is too slow for that is tried once more by the step.
export VG_SERVERS_TIMEOUT=${VG_SERVERS_TIMEOUT:-600}
step_servers() {
    if [ -n "$makers" ]; then
        wait "$makers"
        grep '^PostgreSQL' "$logs/make-servers.log"
    fi
    make/test-servers.sh --quick
}

# --- running and counting -----------------------------------------------------------------------------
# Prints "<passed> <failed>" of one log, whatever tool wrote it; nothing when the log has no counts.
count_tests() {
    awk '
        /^\[  PASSED  \] [0-9]+ test/            { p += $4; seen = 1 }
        /^\[  FAILED  \] [0-9]+ test/            { f += $4; seen = 1 }
        sub(/^# /, "") { }                       # pg_regress from 16 on
        /^ *All [0-9]+ tests? passed/            { p += $2; seen = 1 }
        /^ *[0-9]+ of [0-9]+ tests? failed/      { f += $1; p += $3 - $1; seen = 1 }
        /^Files=[0-9]+, Tests=[0-9]+/            { split($2, t, /[=,]/); p += t[2]; seen = 1 }
        /Failed [0-9]+\/[0-9]+ subtests/         { split($2, t, "/"); f += t[1]; p -= t[1] }
        /^docs examples: [0-9]+ passed, [0-9]+ failed/ { p += $3; f += $5; seen = 1 }
        /^[0-9]+ passed, [0-9]+ failed$/         { p += $1; f += $3; seen = 1 }  # this runner, elsewhere
        END { if (seen) print p + 0, f + 0 }' "$1"
}

# Prints the names of the tests that failed in one log, one a line: whoever has only the end of what this
# run printed still learns them. What ends a test without naming it (a crash, a bad exit) is shown as it is.
name_failures() {
    awk '
        /^\[  FAILED  \] [^ ]+\.[^ ]+/             { print $4; next }
        /^test .* FAILED/                          { print $2; next }           # pg_regress up to 15
        /^not ok [0-9]+ /                          { print $5; next }           # and from 16 on
        /^ *# +Failed test/                        { sub(/^ *# +Failed test */, ""); name = $0; next }
        name != "" && /^ *# +at .* line [0-9]+/    { print $3, $4, $5, name; name = ""; next }
        / the example at line [0-9]+ (fails|answers otherwise)/ || /^failed: / { sub(/^failed: /, ""); print; next }
        /Segmentation fault|Illegal instruction|AddressSanitizer: |runtime error: |Non-zero exit status/ { print }' "$1" |
        awk '!seen[$0]++' | cut -c 1-160 | head -n 12
}

# Runs a step and reports it in one go; leaves "<passed> <failed>" in build/test/<step>.result.
run_step() {
    local name=$1 log=$logs/$1.log start=$SECONDS rc=0 counts p f
    "step_$name" >"$log" 2>&1 </dev/null || rc=$?
    counts=$(count_tests "$log")
    read -r p f <<<"${counts:-$((rc == 0)) $((rc != 0))}"
    if grep -q '^nothing to run: ' "$log"; then
        p=0
    fi
    if [ "$rc" -ne 0 ] && [ "$f" -eq 0 ]; then
        f=1  # a crash after or between tests counts too
    fi
    echo "$p $f" >"$logs/$name.result"
    if [ "$f" -eq 0 ] && [ "$rc" -eq 0 ]; then
        printf '%-10s ok      %5d passed  %4d s\n' "$name" "$p" $((SECONDS - start))
        # What a green step has left out, and what it made, is said where it can be seen.
        sed -n -E '/^(not run|PostgreSQL [0-9]+): /s/^/           /p' "$log"
    else
        printf '%-10s FAILED  %5d passed, %d failed  %4d s   %s\n%s\n' "$name" "$p" "$f" $((SECONDS - start)) \
            "${log#"$root/"}" "$(sed 's/^/    | /' "$log" | tail -n 80)"
    fi
    return "$rc"
}

rm -f "$logs"/*.result
makers=
case " ${steps[*]} " in
    *" servers "*)
        if [ ${#steps[@]} -gt 1 ]; then
            make/test-servers.sh --make >"$logs/make-servers.log" 2>&1 </dev/null &
            makers=$!
        fi
        ;;
esac
installed=
for step in "${steps[@]}"; do
    case $step in
        regress | isolation | tap | docs)
            if [ -z "$installed" ]; then
                installed=no
                run_step install && installed=yes
            fi
            if [ "$installed" = no ]; then
                echo "$step      not run: the extension is not installed"
                echo "0 1" >"$logs/$step.result"
                continue
            fi
            ;;
        lint | unit | asan | servers) ;;
        install) [ -z "$installed" ] || continue; installed=no; run_step install && installed=yes; continue ;;
        *) echo "unknown step: $step" >&2; exit 2 ;;
    esac
    run_step "$step"
done
for step in "${steps[@]}"; do
    [ -e "$logs/$step.result" ] || { echo "$step      FAILED: it was asked for and did not run"; echo "0 1" >"$logs/$step.result"; }
done
echo
[ -z "$left_out" ] || echo "$left_out"
for step in "${steps[@]}"; do
    read -r _ failed_here <"$logs/$step.result"
    [ "$failed_here" -eq 0 ] || name_failures "$logs/$step.log" | sed "s/^/failed: $step: /"
done
cat "$logs"/*.result | awk '{ p += $1; f += $2 } END { printf "%d passed, %d failed\n", p, f; exit (f > 0) }'
