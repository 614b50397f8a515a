// New rows. By default one TID is appended to the pending list, without a scorer call; scans score
// pending rows exactly, and cur_flush moves them to the items (flush.cpp). With the
// option insert_mode = sync, the row is scored against the anchor queries first, by the inserting
// user and inside the inserting statement, and goes to the items at once. Nothing is written before
// the scorer has answered. Where a flush, a vacuum or a check is at work the row joins the pending
// list all the same. Locks in cur.h.

#include "pg/boundary/pg.h"

#include "pg/cur/cur.h"

#include <cmath>

#include "pg/boundary/context.h"
#include "pg/cur/fetch.h"
#include "pg/cur/fingerprint.h"
#include "pg/cur/marked_build.h"
#include "pg/cur/pages.h"
#include "pg/cur/place.h"
#include "pg/cur/project.h"
#include "pg/index/locks.h"

namespace vg::pg::cur {
namespace {

// What the rows of one statement share.
struct SyncInsert {
    Projector* rows;  // null for an index without a model
    MemoryContext item_context;
};

SyncInsert* sync_insert(Relation index, IndexInfo* info) {
    if (info->ii_AmCache != nullptr)
        return static_cast<SyncInsert*>(info->ii_AmCache);
    const vg::cur::MetaData m = read_cur_meta(index);
    note_scorer(index, m);
    MemoryContext context =
        AllocSetContextCreate(info->ii_Context, "cur insert", ALLOCSET_DEFAULT_SIZES);
    auto* s = static_cast<SyncInsert*>(MemoryContextAlloc(context, sizeof(SyncInsert)));
    s->rows = m.dims > 0 ? new_projector(index, m, context) : nullptr;
    s->item_context = AllocSetContextCreate(context, "cur insert item", ALLOCSET_DEFAULT_SIZES);
    info->ii_AmCache = s;
    return s;
}

// Scores one row; false for one that has no latent vector and stays pending.
bool score_row(Relation index, SyncInsert* s, Datum value) {
    Projector* p = s->rows;
    const MemoryContext old = MemoryContextSwitchTo(s->item_context);
    p->items[0] = copy_item(value, p->scorer.item_length, p->scorer.item_by_value);
    p->known = false;
    p->count = 1;
    score_items(p);
    MemoryContextSwitchTo(old);
    MemoryContextReset(s->item_context);
    if (p->usable[0])
        return true;
    if (options_of(index)->nonfinite == static_cast<int>(Nonfinite::kError))
        ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
                        errmsg("a score of the new row is NULL, NaN or infinite"),
                        errdetail("Index \"%s\" scores it against its anchor queries.",
                                  RelationGetRelationName(index)),
                        errhint("Let the scorer return finite numbers, or set (nonfinite = skip) "
                                "on the index to leave such rows pending.")));
    return false;
}

// Whoever holds the upkeep lock may be scoring rows for long: that is not waited for. Other inserts
// hold the placing lock for the time of one WAL record.
bool place_row(Relation index, SyncInsert* s, const node::Tid& tid) {
    enter_cpp([&] { project_items(s->rows); });
    if (!index::acquire_if_free(index, index::Lock::kUpkeep, ShareLock))
        return false;
    index::acquire(index, index::Lock::kPlacing, ExclusiveLock);
    s->rows->meta = read_cur_meta(index);
    place_item(s->rows, 0, tid, InvalidBlockNumber);
    index::release(index, index::Lock::kPlacing, ExclusiveLock);
    index::release(index, index::Lock::kUpkeep, ShareLock);
    return true;
}

void insert_row(Relation index, Datum value, const node::Tid& tid, IndexInfo* info) {
    // The second half of a concurrent build inserts under a snapshot that others may not wait for
    // (marked_build.h): no scorer may read by it.
    if (options_of(index)->insert_mode == static_cast<int>(InsertMode::kSync) &&
        !in_marked_build()) {
        SyncInsert* s = sync_insert(index, info);
        if (s->rows != nullptr && score_row(index, s, value) && place_row(index, s, tid))
            return;
    }
    add_pending(index, tid, false);
}

}  // namespace

bool cur_insert(Relation index, Datum* values, bool* isnull, ItemPointer tid, Relation,
                IndexUniqueCheck, bool, IndexInfo* info) {
    if (isnull[0])
        return false;
    return enter_cpp([&] {
        insert_row(index, values[0], index::to_tid(*tid), info);
        return false;
    });
}

}  // namespace vg::pg::cur
