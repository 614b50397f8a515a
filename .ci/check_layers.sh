#!/usr/bin/env bash
# Fails when an include or a word crosses a wall of the house (src/README.md draws it).
#   .ci/check_layers.sh [root]     root: the source tree to look at, by default this repository
# Purely textual on purpose: compilers and analysers do not see these rules.
set -u
shopt -s lastpipe  # `... | fail` counts in this shell, not in a child
export LC_ALL=C
cd "${1:-$(dirname "$0")/..}" || exit 2
failures=0

# fail <rule> ; reads offending lines on stdin
fail() {
    local lines
    lines=$(cat)
    if [ -n "$lines" ]; then
        echo "layer violation: $1"
        printf '%s\n' "$lines" | sed 's/^/    /'
        failures=$((failures + 1))
    fi
}

sources() { find "$@" -type f \( -name '*.cpp' -o -name '*.h' \) 2>/dev/null | sort; }

# search <regex> <files...>: matching lines as file:line:text
search() {
    local regex=$1
    shift
    [ $# -eq 0 ] || grep -nHE -- "$regex" "$@"
}

# Comments may name anything: search_code looks at copies of the sources without // comments, which are
# made once. A process per file and rule would take minutes on a busy machine.
stripped=$(mktemp -d)
trap 'rm -rf "$stripped"' EXIT
find src test bench make Makefile CMakeLists.txt -type f -print0 2>/dev/null |
    xargs -0 -r cp --parents -t "$stripped"
find "$stripped" -type f -print0 | xargs -0 -r sed -i -E 's@//.*$@@'
search_code() {
    local regex=$1
    shift
    [ $# -eq 0 ] || (cd "$stripped" && grep -nHE -- "$regex" "$@")
}

mapfile -t core < <(sources src/core)
mapfile -t core_cpp < <(sources src/core | grep '\.cpp$')
mapfile -t pg < <(sources src/pg)
mapfile -t all < <(sources src)
mapfile -t tests < <(sources test bench)

without() { # without <path prefix regex> <files...>: the files that do not match
    local regex=$1
    shift
    [ $# -eq 0 ] || printf '%s\n' "$@" | grep -vE -- "$regex"
}

outside_pg=("${core[@]}" "${tests[@]}")
search_code '#include *[<"]([^">]*/)?(postgres(_ext)?\.h|fmgr\.h)|\bPG_[A-Z]+|\bereport\(|\belog\(|\bpalloc' \
    $(without '^src/core/no_postgres\.h$' "${outside_pg[@]}") |
    fail "PostgreSQL outside src/pg"
search_code '#include *["<]pg/' "${outside_pg[@]}" | fail "include of pg/ outside src/pg"
search_code 'PG_VERSION_NUM' \
    $(without '^src/(pg/boundary/compat\.h|core/no_postgres\.h)$' "${all[@]}") |
    fail "PG_VERSION_NUM outside src/pg/boundary/compat.h"

# Third-party libraries and the rooms that may use them. Tests and benches may use them as oracles.
for pair in hwy:distance hnswlib:hnsw 'boost:(graph|metric)' 'Eigen:(cur|metric)'; do
    search_code "#include *[<\"]${pair%%:*}/" $(without "^src/core/${pair##*:}/" "${all[@]}") |
        fail "${pair%%:*}/ outside src/core/${pair##*:}"
done
hnswlib_users=$(search_code '#include *[<"]hnswlib/' "${all[@]}" | cut -d: -f1 | sort -u)
if [ "$(printf '%s' "$hnswlib_users" | grep -c .)" -gt 1 ]; then
    printf '%s\n' "$hnswlib_users" | fail "hnswlib/ in more than one file (it defines non-inline functions)"
fi

# Dependency direction between the rooms of the core.
declare -A may_use=(
    [base]="base"
    [input]="input"
    [distance]="base distance"
    [code]="base distance code"
    [node]="base distance code node"
    [lid]="base distance code node lid"
    [hnsw]="base distance code node lid hnsw"
    [knn]="base distance code node lid hnsw knn"
    [graph]="base graph"
    [cur]="base distance node metric cur"
    [select]="base distance code node select"
    [rank]="base rank"
    [rerank]="base rank rerank"
    [metric]="base distance metric"
)
for f in "${core[@]}"; do
    room=${f#src/core/}
    [ "$f" = src/core/no_postgres.h ] && continue
    [ -n "${may_use[${room%%/*}]:-}" ] ||
        echo "$f" | fail "room src/core/${room%%/*} is not in the dependency table of .ci/check_layers.sh"
done
mapfile -t uses < <(grep -HoE '^ *#include *"core/[a-z_]+/' "${core[@]}" | sed -E 's@: *#include *"core/@ @; s@/$@@' | sort -u)
for use in "${uses[@]}"; do
    f=${use% *}
    target=${use##* }
    room=${f#src/core/}
    room=${room%%/*}
    case " ${may_use[$room]:-$target} " in
        *" $target "*) ;;
        *) echo "$f includes core/$target/" | fail "core/$room must not use core/$target" ;;
    esac
done

# The core lives in somebody else's process: it neither prints nor ends it.
search_code '(^|[^A-Za-z_:.])(std::)?(abort|exit|_exit|quick_exit|terminate|printf|fprintf|puts|perror) *\(|[^_]assert *\(|#include *<(iostream|cstdio|stdio\.h|cassert|assert\.h)>|std::(cout|cerr|clog)|HWY_(ASSERT|ABORT)' \
    "${core[@]}" | fail "core code prints, asserts or ends the process"

# Include order that the compiler checks depend on.
[ ${#core_cpp[@]} -eq 0 ] || awk '/^ *#include/ { last[FILENAME] = $0 }
    END { for (i = 1; i < ARGC; i++) if (last[ARGV[i]] != "#include \"core/no_postgres.h\"") print ARGV[i] }' "${core_cpp[@]}" |
    fail 'last include is not "core/no_postgres.h"'
[ ${#pg[@]} -eq 0 ] || awk '/^ *#include/ && !(FILENAME in first) { first[FILENAME] = $0 }
    END { for (i = 1; i < ARGC; i++) if (first[ARGV[i]] != "#include \"pg/boundary/pg.h\"") print ARGV[i] }' \
    $(without '^src/pg/boundary/pg\.h$' "${pg[@]}") |
    fail 'first include is not "pg/boundary/pg.h"'

search_code 'ffast-math|march=native' Makefile CMakeLists.txt make/* 2>/dev/null |
    grep -vE ':[0-9]+: *#' | fail "unportable or unsafe compiler flag"

mapfile -t text < <(find src test bench demo docs make .ci sql -type f \
    \( -name '*.cpp' -o -name '*.h' -o -name '*.sql' -o -name '*.sh' -o -name '*.mk' -o -name '*.md' \
    -o -name '*.mjs' -o -name '*.pl' -o -name '*.spec' \) 2>/dev/null)
for f in ./*.md Makefile CMakeLists.txt; do
    [ -f "$f" ] && text+=("$f")
done
[ ${#text[@]} -eq 0 ] || grep -nHP '[^\x00-\x7F]' "${text[@]}" | fail "non-ASCII character"
search '[^/]\b(TODO|FIXME|XXX)\b[^0-9]' "${all[@]}" | fail "TODO in the source: open an issue instead"

if [ "$failures" -gt 0 ]; then
    echo "check_layers: $failures rule(s) violated"
    exit 1
fi
echo "check_layers: ${#all[@]} files, no violation"
