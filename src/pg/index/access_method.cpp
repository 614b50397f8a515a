#include "pg/boundary/pg.h"

#include "pg/index/access_method.h"

#include <algorithm>

extern "C" {
#include "commands/defrem.h"
#include "pgstat.h"
}

namespace vg::pg {

const char* access_method(Relation index) {
    return get_am_name(index->rd_rel->relam);
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

void start_ordering_scan(IndexScanDesc scan) {
    const char* method = access_method(scan->indexRelation);
    if (scan->numberOfOrderBys == 0 || scan->orderByData == nullptr)
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("cannot scan %s index without order", method),
                        errhint("Add ORDER BY with the operator of the index's operator class.")));
    // The planner is told never to ask for more than one order.
    if (scan->numberOfOrderBys > 1)
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("cannot scan %s index by several ordering operators", method)));
    // Heap TIDs are returned after their page is unlocked; only an MVCC snapshot guarantees that a
    // tuple which took over such a TID meanwhile is not seen.
    if (!IsMVCCSnapshot(scan->xs_snapshot))
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("non-MVCC snapshots are not supported with %s", method)));
    pgstat_count_index_scan(scan->indexRelation);
    count_index_search(scan);
}

}  // namespace vg::pg
