#!/usr/bin/env bash
# Fails when a source file has grown beyond 800 lines; lists those beyond 500. Data and expected test
# output do not count.
#   .ci/check_sizes.sh [root]
set -u
cd "${1:-$(dirname "$0")/..}" || exit 2
limit=800
soft_limit=500
too_long=0
count=0
while read -r lines f; do
    [ "$f" != total ] || continue
    count=$((count + 1))
    if [ "$lines" -gt "$limit" ]; then
        echo "too long: $f has $lines lines, limit $limit"
        too_long=$((too_long + 1))
    elif [ "$lines" -gt "$soft_limit" ]; then
        echo "long: $f has $lines lines"
    fi
done < <(find src test bench demo make .ci sql Makefile CMakeLists.txt -type f \
    \( -name '*.cpp' -o -name '*.h' -o -name '*.sql' -o -name '*.sh' -o -name '*.mk' -o -name '*.mjs' \
    -o -name '*.pl' -o -name '*.spec' -o -name 'Makefile' -o -name 'CMakeLists.txt' \) \
    -not -path '*/results/*' 2>/dev/null | sort | xargs wc -l)
if [ "$too_long" -gt 0 ]; then
    echo "check_sizes: $too_long file(s) above $limit lines"
    exit 1
fi
echo "check_sizes: $count files within $limit lines"
