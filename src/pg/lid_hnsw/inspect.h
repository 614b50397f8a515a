// What the functions that look into an index share: opening it with all checks, reading pages while
// no writer changes them, evaluating its expressions safely. Locks: AccessShareLock on table and
// index while they are open; where said, lock_against_writers (pg/page/page.h), so that
// inserts and vacuum wait and scans do not.
#pragma once

#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/lid_hnsw.h"

namespace vg::pg {

// Who may look: whoever owns the table, or whoever may read all of it.
enum class Right { kOwner, kSelect };

struct OpenIndex {
    Relation heap;
    Relation index;
};

// What tells the indexes of an access method from others.
struct IndexMethod {
    const char* name;
    ambeginscan_function beginscan;
};
inline constexpr IndexMethod kLidHnswMethod{"lid_hnsw", lid_hnsw_beginscan};

// 42809 for anything but an index of that method, 42501 without the right, 55000 for an index that
// is not valid, 0A000 for a temporary one of another session.
OpenIndex open_index(Oid index, Right right, const IndexMethod& method = kLidHnswMethod);
void close_index(const OpenIndex& open);

// 40001 when the snapshot belongs to a transaction that began before the index was built: it may
// see rows that the index rightly lacks.
void check_snapshot(Relation index, Snapshot snapshot);

// Copies a page under a share lock. False, and the copy unusable, for a page that was never
// written, which a crash or an error while the index grew may leave behind.
bool copy_page(Relation index, BlockNumber block, BufferAccessStrategy strategy,
               PGAlignedBlock* out);
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
// predicate admits, with the indexed value. tid: what the index holds for it, the root of its HOT
// chain. Runs as the table's owner. fn may ereport. Returns the rows seen.
using RowFn = void (*)(ItemPointer tid, Datum value, bool isnull, void* arg);
double scan_indexed_rows(const OpenIndex& open, Snapshot snapshot, RowFn fn, void* arg);

}  // namespace vg::pg
