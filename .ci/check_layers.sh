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
find src test bench make Makefile CMakeLists.txt -type f \
    ! -name '*.o' ! -name '*.d' ! -name '*.bc' -print0 2>/dev/null |
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

# Which room may use which, in both storeys: the table of src/README.md says it, and nothing else does.
# A bare name in its last column is a room of the same storey, "core" is all rooms of the core, "all"
# all rooms there are. Every room may use itself.
# The second column is the namespace that the room's files open, or "-" where they open none.
declare -A may_use
declare -A space_of
while IFS='|' read -r _ room space _ names _; do
    room=${room// /}
    space_of[$room]=${space// /}
    for name in ${names//,/ }; do
        case $name in
            -) name= ;;
            all) name='*' ;;
            core) name='core/*' ;;
            */*) ;;
            *) name=${room%%/*}/$name ;;
        esac
        may_use[$room]+=" $name"
    done
    may_use[$room]+=" $room"
done < <(grep -E '^\| (core|pg)/' src/README.md)

known() { # known <room>: whether the table has it
    [ -n "${may_use[$1]:-}" ]
}
allowed() { # allowed <room> <target>
    local pattern
    set -f
    for pattern in ${may_use[$1]}; do
        # shellcheck disable=SC2254
        case $2 in $pattern) set +f; return 0 ;; esac
    done
    set +f
    return 1
}
for room in $(printf '%s\n' "${all[@]}" | sed -nE 's@^src/((core|pg)/[^/]+)/.*@\1@p' | sort -u); do
    known "$room" || echo "$room" | fail "a room is not in the table of src/README.md"
done
for room in "${!may_use[@]}"; do
    [ -n "$(sources "src/$room")" ] || echo "$room" | fail "the table of src/README.md has a room without files"
done
grep -HoE '^ *#include *"(core|pg)/[a-z_]+/' "${all[@]}" |
    sed -nE 's@^src/((core|pg)/[^/:]+)/[^:]*:.*"(.*)/$@\1 \3 &@p' | sort -u |
    while read -r room target use; do
        if known "$room" && ! allowed "$room" "$target"; then
            echo "${use%%:*} includes $target/" | fail "$room must not use $target, says src/README.md"
        fi
    done

# A file opens the namespace of its room and no other. An alias opens none, and neither do a nameless one
# and those of Highway, whose names are macros.
search_code '^ *(inline +)?namespace +[a-z][^=]*$' "${all[@]}" |
    while IFS=: read -r file line text; do
        [[ $file =~ ^src/((core|pg)/[^/]+)/ ]] || continue
        room=${BASH_REMATCH[1]}
        [[ $text =~ namespace\ +([a-zA-Z0-9_:]+) ]] || continue
        if known "$room" && [ "${BASH_REMATCH[1]}" != "${space_of[$room]}" ]; then
            echo "$file:$line opens ${BASH_REMATCH[1]}, its room has ${space_of[$room]}"
        fi
    done | fail "a file opens a namespace that is not its room's in src/README.md"
opening=$(search_code '^namespace +vg' "${all[@]}" | cut -d: -f1 | sort -u)
for room in "${!may_use[@]}"; do
    [ "${space_of[$room]}" = - ] || sources "src/$room"
done | sort | grep -vE '^src/(pg/boundary/pg|core/(no_postgres|distance/targets))\.h$' | comm -23 - <(printf '%s\n' "$opening") |
    fail "a file opens no namespace"
search_code '^ *using +namespace' $(printf '%s\n' "${all[@]}" | grep '\.h$') |
    fail "using namespace in a header"

# Rooms that both storeys have: under src/pg a bare name is the room of pg, for all who may use that.
for room in "${!may_use[@]}"; do
    name=${room#core/}
    [ "core/$name" = "$room" ] && known "pg/$name" || continue
    for user in "${!may_use[@]}"; do
        [ "${user#pg/}" = "$user" ] || { [ "$user" != "pg/$name" ] && allowed "$user" "pg/$name"; } ||
            search_code "(^|[^A-Za-z0-9_:])$name::" $(sources "src/$user")
    done
done | fail "under src/pg the core's room of this name is written with vg:: in front"

# Comments that the formatter broke: the dashes behind a title, on a line of their own, and rows of
# an offset table run into one (its first two columns are numbers, or blank where a row goes on).
search '^ *// -+$' "${all[@]}" "${tests[@]}" | fail "a title in a comment was split: make it shorter"
# (Spaces are written out: not every awk has repeat counts.)
awk '
    FNR == 1 || !/^ *\/\// { inside = 0 }
    inside && !/^ *\/\/( +[0-9]+ +[0-9]+  [^ ]|              )/ {
        if (/^ *\/\/   /) print FILENAME ":" FNR ":" $0
        else inside = 0
    }
    /^ *\/\/ +offset  size  field/ { inside = 1 }' "${all[@]}" /dev/null |
    fail "a row of an offset table was split or run into another"

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
