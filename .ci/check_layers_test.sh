#!/usr/bin/env bash
# Plants violations in a small tree and looks whether check_layers.sh finds each of them.
#   .ci/check_layers_test.sh
set -u
cd "$(dirname "$0")/.." || exit 2
check=$PWD/.ci/check_layers.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
passed=0
failed=0

put() { # put <file> ; content on stdin
    mkdir -p "$(dirname "$tree/$1")"
    cat >"$tree/$1"
}

# A house with two rooms upstairs and three downstairs, in which nothing is wrong.
house() {
    rm -rf "$tree"
    put src/README.md <<'END'
| room | namespace | what | may use |
|---|---|---|---|
| core/base | vg | errors | - |
| core/node | vg::node | bytes | base |
| core/cur | vg::cur | models | base |
| pg/boundary | vg::pg | guards | core/base |
| pg/page | vg::pg::page | buffers | core, boundary |
| pg/cur | vg::pg::cur | scans | core/base, core/cur, boundary |
| pg/module | - | loading | all |
END
    put src/core/base/status.h <<<'namespace vg {'
    put src/core/cur/model.h <<<'namespace vg::cur {'
    put src/core/node/format.h <<'END'
//   offset  size  field
//        0     1  state
//        4     4  other   a slot, of which there is
//                 more to say    8     4  parent
//       12     4  base
// A free slot uses only its state.
#include "core/base/status.h"
namespace vg::node {
END
    put src/core/node/format.cpp <<'END'
#include "core/node/format.h"
#include "core/no_postgres.h"
namespace vg::node {
END
    put src/pg/boundary/pg.h <<<'extern "C" {}'
    local room
    for room in page cur; do
        put "src/pg/$room/$room.h" <<END
#include "pg/boundary/pg.h"
namespace vg::pg::$room {
void look(Page page);
END
    done
    put src/pg/cur/model.h <<'END'
#include "pg/boundary/pg.h"
#include "core/cur/model.h"
namespace vg::pg::cur {  // not cur::Model
vg::cur::Model read();
namespace {
namespace other = vg::cur;
END
    put src/pg/module/module.cpp <<'END'
#include "pg/boundary/pg.h"
#include "pg/cur/cur.h"
#include "pg/page/page.h"
void f() { vg::pg::cur::look(0); }
END
}

verdict() { # verdict <what> <0 or 1: as it should be>
    if [ "$2" = 1 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'not found or wrongly found: %s\n%s\n' "$1" "$out"
    fi
}
sound() { # the tree as it is must pass
    out=$("$check" "$tree" 2>&1)
    verdict "$1" $((!$?))
}
finds() { # finds <what the message must say>: the tree as it is must fail with it
    local rc
    out=$("$check" "$tree" 2>&1)
    rc=$?
    verdict "$1" $((rc == 1 && $(grep -cF -- "$1" <<<"$out") == 1))
    house
}

house
sound "a house in order"

echo '#include "core/node/format.h"' >>"$tree/src/core/base/status.h"
finds "core/base must not use core/node"
echo '#include "core/node/format.h"' >>"$tree/src/pg/cur/cur.h"
finds "pg/cur must not use core/node"
echo '#include "pg/page/page.h"' >>"$tree/src/pg/cur/cur.h"
finds "pg/cur must not use pg/page"
echo '#include "pg/cur/cur.h"' >>"$tree/src/pg/boundary/pg.h"
finds "pg/boundary must not use pg/cur"
echo '#include "pg/page/page.h"' >>"$tree/src/core/node/format.h"
finds "include of pg/ outside src/pg"
echo 'namespace vg::pg {' >>"$tree/src/pg/page/page.h"
finds "a file opens a namespace that is not its room's"
echo 'namespace vg::cur { struct Model; }' >>"$tree/src/pg/cur/cur.h"
finds "a file opens a namespace that is not its room's"
sed -i 's/vg::node/vg/' "$tree/src/core/node/format.cpp"
finds "a file opens a namespace that is not its room's"
echo 'namespace vg::pg::module {' >>"$tree/src/pg/module/module.cpp"
finds "a file opens a namespace that is not its room's"
sed -i '/^namespace/d' "$tree/src/pg/page/page.h"
finds "a file opens no namespace"
echo '    using namespace vg::pg;' >>"$tree/src/pg/page/page.h"
finds "using namespace in a header"
echo 'cur::Model twice();' >>"$tree/src/pg/cur/cur.h"
finds "the core's room of this name is written with vg:: in front"
echo 'Model* find(const cur::Model& model);' >>"$tree/src/pg/page/page.h"
finds "the core's room of this name is written with vg:: in front"
put src/pg/attic/attic.h <<<'#include "pg/boundary/pg.h"'
finds "a room is not in the table of src/README.md"
rm -r "$tree/src/pg/page"
sed -i '/page/d' "$tree/src/pg/module/module.cpp"
finds "the table of src/README.md has a room without files"

sed -i '1i // ---- a title that was too long\n// -----------------' "$tree/src/core/node/format.h"
finds "a title in a comment was split"
put test/unit/format_test.cpp <<<'    // ---'
finds "a title in a comment was split"
sed -i 's@^//        4 .*@//        4     4  other   a slot at\n//        level 1 8     4  parent@; /more to say/d' "$tree/src/core/node/format.h"
finds "a row of an offset table was split or run into another"
sed -i 's@^//       12 .*@//       other 12     4  base@' "$tree/src/core/node/format.h"
finds "a row of an offset table was split or run into another"

put src/core/node/format.cpp <<<'#include "core/node/format.h"'
finds 'last include is not "core/no_postgres.h"'
echo 'void f() { palloc(1); }' >>"$tree/src/core/base/status.h"
finds "PostgreSQL outside src/pg"
echo '// TODO: later' >>"$tree/src/core/base/status.h"
finds "TODO in the source"

echo "check_layers_test: $passed passed, $failed failed"
[ "$failed" = 0 ]
