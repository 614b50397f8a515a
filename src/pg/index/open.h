// Opening an index for a function that somebody calls: which one, whose right, whether it can be
// used; its rows, and its expressions evaluated safely. Locks: AccessShareLock on table and index
// while they are open. Everything here may ereport (R2).
#pragma once

#include "pg/boundary/pg.h"

namespace vg::pg::index {

// Who may look: whoever owns the table, or whoever may read all of it. kAny: the caller checks.
enum class Right { kOwner, kSelect, kAny };

struct OpenIndex {
    Relation heap;
    Relation index;
};

// What tells the indexes of an access method from others: those on a node store share their scan.
struct Method {
    const char* name;
    ambeginscan_function beginscan;
    bool any_name = false;  // another name with this scan will do
};

// 42809 for anything but an index of that method, 42501 without the right, 55000 for an index that
// is not valid, 0A000 for a temporary one of another session.
OpenIndex open(Oid index, Right right, const Method& method);
void close(const OpenIndex& open);

// The row of figures about an index that `row` makes, for whoever may read the table. For an index
// of another format (stored_format.h) only the columns pages, bytes and advice have a value.
using StatsRow = Datum (*)(const OpenIndex& open, TupleDesc columns);
Datum stats_of(FunctionCallInfo fcinfo, const Method& method, StatsRow row);

// For an index made over broken HOT chains (indcheckxmin): 40001 when the snapshot (MVCC) is older
// than the index, 55000 in the transaction that made it. Both may see versions of rows that the
// index rightly lacks.
void check_snapshot(Relation index, Snapshot snapshot);

// 55000 on a standby.
void refuse_check_in_recovery();

// XX002: a row of the table that the index should hold.
[[noreturn]] void report_missing_row(const OpenIndex& open, const ItemPointerData& tid);

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

}  // namespace vg::pg::index
