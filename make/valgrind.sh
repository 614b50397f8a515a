#!/usr/bin/env bash
# Runs regression tests against a server under valgrind (memcheck) and fails on an error whose stack has a
# function of ours in it.
#   make/valgrind.sh [test...]     by default every test of sql/: hours
# Debian's PostgreSQL does not tell valgrind about its memory contexts, so what is found is what malloc,
# the stack and uninitialised bytes show. Suppressions, of PostgreSQL's own: test/valgrind.supp. Answers
# may differ from expected/ where a test has a time limit; that is reported and does not count.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2
command -v valgrind >/dev/null || { echo "valgrind not found: install valgrind" >&2; exit 1; }
make/build-extension.sh >build/valgrind-install.log 2>&1 || { tail -20 build/valgrind-install.log; exit 1; }
tests=("$@")
[ ${#tests[@]} -gt 0 ] || mapfile -t tests < <(cd sql && printf '%s\n' *.sql | sed 's/\.sql$//')

logs=$(mktemp -d /tmp/vg-valgrind.XXXXXX)
chmod 777 "$logs"
cp test/valgrind.supp "$logs/"
chmod 644 "$logs/valgrind.supp"
export VG_CLUSTER_WRAPPER="valgrind --quiet --trace-children=yes --leak-check=no --num-callers=40 \
--error-limit=no --track-origins=no --suppressions=$logs/valgrind.supp --log-file=$logs/%p.log \
--error-markers=ERROR-BEGIN,ERROR-END"
export VG_CLUSTER_CONF="autovacuum = off
jit = off
shared_buffers = 128MB
maintenance_work_mem = 128MB"
make/cluster.sh make --no-print-directory installcheck REGRESS="${tests[*]}" || echo "answers differ: see regression.diffs"

# Blocks between the markers, and those that name a function of ours.
awk -v out="$logs/ours" '
    /ERROR-BEGIN/ { block = ""; inside = 1 }
    inside { block = block $0 "\n" }
    /ERROR-END/ { inside = 0; all++; if (block ~ /vg::|vectorgraph|\/src\/(core|pg)\//) { ours++; print block > out } }
    END { printf "valgrind: %d errors, %d with our code in the stack\n", all, ours }' "$logs"/*.log
if [ -s "$logs/ours" ]; then
    cat "$logs/ours"
    exit 1
fi
[ -n "${VG_KEEP_LOGS:-}" ] || rm -rf "$logs"
