#!/usr/bin/env bash
# Whether the unit tests of the write path notice when it is wrong: breaks core/store in one place
# after the other, on a copy, and fails unless the tests of the store fail each time.
#   make/mutations.sh [name...]     default: all; needs the release build of the unit tests' library
# Outside CI: about 15 seconds a mutation.
set -euo pipefail
cd "$(dirname "$0")/.."
core=build/release/libvectorgraph_core.a
cmake -S . -B build/release -DCMAKE_BUILD_TYPE=Release > /dev/null
cmake --build build/release --target vectorgraph_core -j "$(nproc)" > /dev/null
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/objects"
flags=(-std=c++20 -O1 -Isrc -Itest/unit)

# name | file of src/core/store | sed program | what is wrong then
mutations=(
    'back-links|insert.cpp|s/^    add_back_links\(0, base, parent\.chosen\);//|neighbours do not link back'
    'second-link|insert_node.cpp|s/ && !links_to\(slot, to\);/;/|a link is added that vacuum has added already'
    'stale-parent|insert_node.cpp|s/!work_\.is_chosen\(parent\.chosen, 0, from\) \|\|/!from.live() \&\& !from.dead() \&\&/|the parent is not looked at again'
    'taken-slot|insert_node.cpp|s/if \(child_is_gone \|\| /if (/|a link to a node that took a dead ones slot gives way'
    'level-one|insert_node.cpp|s/if \(level == 1\)/if (level == 99)/|a node does not know its slot at level 1'
    'error-bound|insert.cpp|s/^ +slot\.share_vector\(.*$//|a node does not bound the rows that join it'
    'new-chunk|tids.cpp|s/chunk->next = header->chunk;//|a new chunk forgets those before it'
    'read-twice|tids.cpp|s/if \(!seen_->insert\(id\)\.second\)/if (false)/|a reader does not know what it has read'
    'unlink|tids.cpp|s/store\.edit_chunk\(before\)->next = next;//|a chunk is freed that its list still has'
    'late-row|vacuum.cpp|s/return left\.head == node::kNoChunk .*$/return true;/|a row that came during the pass is lost'
    'no-wait|vacuum.cpp|s/v->store\.wait_for_inserts\(\);//|inserts that know a dead node are not waited for'
    'uppers|vacuum.cpp|s/^    release_uppers\(v\);//|bases are freed and their upper slots are not'
    'live-uppers|vacuum.cpp|s/^    forget_uppers\(v\);//|slots above a dead node stay alive'
    'free-list|vacuum.cpp|s/meta->free_slot = id;//|freed slots are lost'
    'full-list|repair.cpp|s/slot\.degree\(\) == v->g\.capacity \|\| links_to\(slot, link\.to\)/links_to(slot, link.to)/|a list is written past its end'
    'kept-links|repair.cpp|s/if \(link_goes\(v, slot, l, anew\)\)/if (l > 0 \&\& link_goes(v, slot, l, anew))/|a link to a dead node stays'
    'circle|reparent.cpp|s/return fits && outside_subtree\(v, parent, orphan\) && /return fits \&\& /|an orphan is hung below itself'
    'root|reparent.cpp|s/from\.set_protected\(i, false\);/;/|the link to a new root stays protected'
    'entry|reparent.cpp|s/^    if \(raise\)/    if (false)/|the entry point stays below what inserts have added'
)

tests=(test/unit/store_test.cpp test/unit/store_model_test.cpp)
for t in "${tests[@]}"; do
    g++ "${flags[@]}" -c "$t" -o "$work/objects/$(basename "$t" .cpp).o"
done

missed=0
for mutation in "${mutations[@]}"; do
    # The sed program may hold the separator, so it is what lies between the second and the last one.
    name=${mutation%%|*}
    rest=${mutation#*|}
    file=${rest%%|*}
    rest=${rest#*|}
    what=${rest##*|}
    program=${rest%|*}
    [ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
    sed -E "$program" "src/core/store/$file" > "$work/$file"
    if cmp -s "src/core/store/$file" "$work/$file"; then
        echo "mutation $name changes nothing in $file: bring it up to date" >&2
        exit 2
    fi
    g++ "${flags[@]}" -w -c "$work/$file" -o "$work/mutated.o"
    g++ "$work"/objects/*.o "$work/mutated.o" "$core" -lgtest -lgtest_main -lhwy -lpthread -o "$work/tests"
    status=0
    timeout 120 "$work/tests" --gtest_brief=1 > "$work/log" 2>&1 || status=$?
    if [ "$status" -eq 0 ]; then
        echo "missed  $name: $what"
        missed=$((missed + 1))
    else
        echo "found   $name: $what; $(grep -m1 -oE 'seed [0-9]+: .*|\[  FAILED  \] [A-Za-z.]+' "$work/log" || echo "exit status $status")"
    fi
done
[ "$missed" -eq 0 ]
