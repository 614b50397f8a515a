#!/usr/bin/env bash
# Builds the fuzzers of test/fuzz with clang and runs each.
#   make/fuzz.sh seconds [fuzzer...]      for a time
#   make/fuzz.sh runs=n [fuzzer...]       for n inputs of a fixed seed: the same in every run
# Inputs that add coverage stay in build/fuzz/corpus/<fuzzer>; an input that crashes one, or takes it
# longer than 10 s, is left in build/fuzz/found and fails the run.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2
amount=${1:?usage: $0 seconds|runs=n [fuzzer...]}
shift
command -v clang++ >/dev/null || { echo "clang++ not found: install clang" >&2; exit 1; }

dir=build/fuzz
cmake -S . -B $dir -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG="-O1 -g" \
    -DVG_SANITIZE=ON >/dev/null || exit 1
fuzzers=("$@")
[ ${#fuzzers[@]} -gt 0 ] || mapfile -t fuzzers < <(cd test/fuzz && printf '%s\n' *_fuzz.cpp | sed 's/\.cpp$//')
cmake --build $dir -j"$(nproc)" --target "${fuzzers[@]}" || exit 1

limit=(-max_total_time="$amount")
case $amount in
    runs=*) limit=(-runs="${amount#runs=}" -seed=20240517) ;;
esac
export UBSAN_OPTIONS=print_stacktrace=1
failed=0
for name in "${fuzzers[@]}"; do
    mkdir -p "$dir/corpus/$name" "$dir/found"
    corpus=("$dir/corpus/$name")
    # A fixed number of runs starts from nothing, or it would depend on what was found before.
    case $amount in
        runs=*) corpus=() ;;
    esac
    log=$dir/$name.log
    if "$dir/$name" "${limit[@]}" -max_len=16384 -len_control=10 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$dir/found/$name-" "${corpus[@]}" >"$log" 2>&1; then
        printf '%-20s ok      %s\n' "$name" "$(awk '/number_of_executed_units/ {n = $2} / cov: / {c = $0}
            END {sub(/.* cov: /, "", c); sub(/ .*/, "", c); print n " inputs, " c " edges"}' "$log")"
    else
        printf '%-20s FAILED  %s\n' "$name" "$log"
        tail -n 40 "$log" | sed 's/^/    | /'
        failed=1
    fi
done
exit $failed
