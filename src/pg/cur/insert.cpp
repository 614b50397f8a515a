// New rows: one TID appended to the pending list, without a scorer call. Scans score pending rows
// exactly; VACUUM and cur_flush move them to the items (flush.cpp).

#include "pg/boundary/pg.h"

#include "pg/cur/pages.h"

namespace vg::pg {

bool cur_insert(Relation index, Datum*, bool* isnull, ItemPointer tid, Relation, IndexUniqueCheck,
                VG_AMINSERT_EXTRA IndexInfo*) {
    if (isnull[0])
        return false;
    return enter_cpp([&] {
        add_pending(index, to_tid(*tid), false);
        return false;
    });
}

}  // namespace vg::pg
