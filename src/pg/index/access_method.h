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

// What a relation option or setting may be, and is where it is not given.
struct IntOption {
    int standard;
    int least;
    int most;
};

// For amoptions: options laid out as in Options, by a table of them.
template <typename Options, std::size_t N>
bytea* parse_options(Datum reloptions, bool validate, relopt_kind kind,
                     const relopt_parse_elt (&table)[N]) {
    return static_cast<bytea*>(
        build_reloptions(reloptions, validate, kind, sizeof(Options), table, static_cast<int>(N)));
}
// Those of an index, or `standard` for one that was given none.
template <typename Options>
const Options& options_of(Relation index, const Options& standard) {
    return index->rd_options != nullptr ? *reinterpret_cast<const Options*>(index->rd_options)
                                        : standard;
}

// ---- costs ------------------------------------------------------------------------------------

// What a scan is expected to cost. Its rows lie in no order in the table.
struct ScanPrice {
    Cost startup;
    Cost total;
    Selectivity selectivity;
    double pages;
};
// Of a path that must never be taken, whatever the others are. Far above what settings add to
// forbid other plans, but finite: the planner takes differences of costs, and that of two infinite
// ones is not a number, which it holds to be less than any.
inline ScanPrice price_out(IndexPath* path) {
    disable_path(&path->path);
    return {1e100, 1e100, 0, 0};
}
// That which `price` works out for the open index, from what PostgreSQL expects of any index. An
// index of another format is priced out.
using PriceFn = ScanPrice (*)(PlannerInfo* root, const IndexPath* path, Relation index,
                              const GenericCosts& generic);
ScanPrice price_scan(PlannerInfo* root, IndexPath* path, double loop_count, PriceFn price);

// For amcostestimate.
template <ScanPrice (*price)(PlannerInfo* root, IndexPath* path, double loop_count)>
void cost_estimate(PlannerInfo* root, IndexPath* path, double loop_count, Cost* startup_cost,
                   Cost* total_cost, Selectivity* selectivity, double* correlation, double* pages) {
    const ScanPrice p = price(root, path, loop_count);
    *startup_cost = p.startup;
    *total_cost = p.total;
    *selectivity = p.selectivity;
    *correlation = 0;
    *pages = p.pages;
}

// ---- scans ------------------------------------------------------------------------------------

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
