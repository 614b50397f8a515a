// What the functions that look into an index share: opening it with all checks, reading pages while
// no writer changes them, evaluating its expressions safely. Locks: AccessShareLock on table and
// index while they are open; where said, lock_against_writers (pg/page/locks.h), so that
// inserts and vacuum wait and scans do not.
#pragma once

#include "pg/boundary/pg.h"

#include <span>
#include <vector>

#include "core/node/audit.h"
#include "pg/lid_hnsw/lid_hnsw.h"

namespace vg::pg {

// Who may look: whoever owns the table, or whoever may read all of it. kAny: the caller checks.
enum class Right { kOwner, kSelect, kAny };

struct OpenIndex {
    Relation heap;
    Relation index;
};

// What tells the indexes of an access method from others: those on a node store share their scan.
struct IndexMethod {
    const char* name;
    ambeginscan_function beginscan;
    bool any_name = false;  // another name with this scan will do
};
inline constexpr IndexMethod kNodeStore{"lid_hnsw", lid_hnsw_beginscan, true};

// 42809 for anything but an index of that method, 42501 without the right, 55000 for an index that
// is not valid, 0A000 for a temporary one of another session.
OpenIndex open_index(Oid index, Right right, const IndexMethod& method = kNodeStore);
void close_index(const OpenIndex& open);

// For an index made over broken HOT chains (indcheckxmin): 40001 when the snapshot (MVCC) is older
// than the index, 55000 in the transaction that made it. Both may see versions of rows that the
// index rightly lacks.
void check_snapshot(Relation index, Snapshot snapshot);

// 55000 on a standby.
void refuse_check_in_recovery();

// XX002: a row of the table that the index should hold.
[[noreturn]] void report_missing_row(const OpenIndex& open, const ItemPointerData& tid);

// Copies a page under a share lock. False, and the copy unusable, for a page that was never
// written, which a crash or an error while the index grew may leave behind.
bool copy_page(Relation index, BlockNumber block, BufferAccessStrategy strategy,
               PGAlignedBlock* out);
// The same of a pinned page, which is let go.
bool copy_pinned_page(Buffer buffer, PGAlignedBlock* out);
// The kind of a copied page; XX002 when it is none of ours.
node::PageKind copied_kind(Relation index, BlockNumber block, PGAlignedBlock* page);

// Runs what follows as the table's owner, as index maintenance does: expressions of an index are
// code of its owner, not of the caller. An error ends it too.
struct AsOwner {
    Oid user;
    int security;
    int guc_level;
};
AsOwner begin_as_owner(Relation heap);
void end_as_owner(const AsOwner& saved);

// Calls fn(tid, value, isnull) for every row of the table that `snapshot` sees and the index's
// predicate admits, with the values of the index's columns. tid: what the index holds for it, the
// root of its HOT chain. Runs as the table's owner. fn may ereport. Returns the rows seen.
using RowFn = void (*)(ItemPointer tid, const Datum* values, const bool* nulls, void* arg);
double scan_indexed_rows(const OpenIndex& open, Snapshot snapshot, RowFn fn, void* arg);

// The part of vectorgraph_index_check for an index with a side store, which the room of its access
// method provides. Lives in a memory context; may ereport and throw.
class SideCheck {
  public:
    virtual ~SideCheck() = default;
    // Everything, after the node store was found sound. kinds: of the pages by block, PageKind{0}
    // for one that was never written. tids: those of the node store, sorted by Tid::key().
    virtual void walk(const node::Audit& audit, const std::vector<node::PageKind>& kinds,
                      std::span<const node::HeldTid> tids) = 0;
    // A row of the table that the node store holds.
    virtual void check_row(const ItemPointerData& tid, const Datum* values, const bool* nulls) = 0;
};
using MakeSideCheck = SideCheck*(const OpenIndex& open, const node::MetaData& meta,
                                 MemoryContext context);
extern MakeSideCheck* make_side_check;  // set when the library is loaded

}  // namespace vg::pg
