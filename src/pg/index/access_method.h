// What the index access methods of this extension have in common: they answer ORDER BY by one
// operator, and nothing else. Plain structs of PostgreSQL's; call where it may raise errors (R2).
#pragma once

#include "pg/boundary/pg.h"

#include <cstring>

#include "pg/boundary/compat.h"

namespace vg::pg::index {

// A routine without callbacks for an access method whose scans return rows in the order of an
// ordering operator: one column, which may be left without a condition, no order of its own, no
// uniqueness, no bitmaps, no parallel scans. What is not set here is zero: false, null, none.
inline IndexAmRoutine* make_ordering_routine() {
    IndexAmRoutine* am = makeNode(IndexAmRoutine);
    am->amcanorderbyop = true;
    am->amoptionalkey = true;
    return am;
}

// For amcostestimate: costs of a path that must never be taken, whatever the others are. Far above
// what settings add to forbid other plans, but finite: the planner takes differences of costs, and
// that of two infinite ones is not a number, which it holds to be less than any.
inline void price_out(IndexPath* path, Cost* startup_cost, Cost* total_cost,
                      Selectivity* selectivity, double* correlation, double* pages) {
    disable_path(&path->path);
    *startup_cost = *total_cost = 1e100;
    *selectivity = 0;
    *correlation = 0;
    *pages = 0;
}

// Name of the index's access method, for messages.
const char* access_method(Relation index);

// For ambeginscan: a scan with room for the value of each ordering operator.
IndexScanDesc begin_ordering_scan(Relation index, int keys, int orderbys);
// Before the first row of a scan: 0A000 unless it has one ordering operator and an MVCC snapshot.
// Counts the search.
void start_ordering_scan(IndexScanDesc scan);

// What every amrescan does with the keys it is given.
inline void take_scan_keys(IndexScanDesc scan, ScanKey keys, ScanKey orderbys) {
    if (keys != nullptr && scan->numberOfKeys > 0)
        std::memmove(scan->keyData, keys, scan->numberOfKeys * sizeof(ScanKeyData));
    if (orderbys != nullptr && scan->numberOfOrderBys > 0)
        std::memmove(scan->orderByData, orderbys, scan->numberOfOrderBys * sizeof(ScanKeyData));
}

}  // namespace vg::pg::index
