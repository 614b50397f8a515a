#include "pg/boundary/pg.h"

#include "pg/index/access_method.h"

#include <algorithm>
#include <cstring>

#include "pg/index/stored_format.h"

namespace vg::pg::index {

const char* access_method(Relation index) {
    return get_am_name(index->rd_rel->relam);
}

ScanPrice price_scan(PlannerInfo* root, IndexPath* path, double loop_count, PriceFn price) {
    GenericCosts generic;
    std::memset(&generic, 0, sizeof generic);
    genericcostestimate(root, path, loop_count, &generic);
    Relation index = index_open(path->indexinfo->indexoid, NoLock);
    const ScanPrice p =
        closed_to_plans(index) ? price_out(path) : price(root, path, index, generic);
    index_close(index, NoLock);
    return p;
}

IndexScanDesc begin_ordering_scan(Relation index, int keys, int orderbys) {
    IndexScanDesc scan = RelationGetIndexScan(index, keys, orderbys);
    if (orderbys > 0) {
        scan->xs_orderbyvals = static_cast<Datum*>(palloc0(sizeof(Datum) * orderbys));
        scan->xs_orderbynulls = static_cast<bool*>(palloc(sizeof(bool) * orderbys));
        std::fill_n(scan->xs_orderbynulls, orderbys, true);
    }
    return scan;
}

// The name of the access method is asked for in errors only: it takes memory, and a scan may begin
// anew for every row of another table.
void start_ordering_scan(IndexScanDesc scan) {
    Relation index = scan->indexRelation;
    if (scan->numberOfOrderBys == 0 || scan->orderByData == nullptr)
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("cannot scan %s index without order", access_method(index)),
                        errhint("Add ORDER BY with the operator of the index's operator class.")));
    // The planner is told never to ask for more than one order.
    if (scan->numberOfOrderBys > 1)
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("cannot scan %s index by several ordering operators",
                               access_method(index))));
    // Heap TIDs are returned after their page is unlocked; only an MVCC snapshot guarantees that a
    // tuple which took over such a TID meanwhile is not seen.
    if (!IsMVCCSnapshot(scan->xs_snapshot))
        ereport(ERROR,
                (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                 errmsg("non-MVCC snapshots are not supported with %s", access_method(index))));
    pgstat_count_index_scan(index);
    count_index_search(scan);
}

}  // namespace vg::pg::index
