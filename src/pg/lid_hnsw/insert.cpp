// aminsert. What an insert does is in core/store/insert.h; here it gets its pages, and passes a
// gate (pg/index/locks.h) by which vacuum knows when it is over.

#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/insert.h"
#include "pg/lid_hnsw/lid_hnsw.h"
#include "pg/lid_hnsw/state.h"

#include "pg/boundary/boundary.h"
#include "pg/boundary/context.h"
#include "pg/index/locks.h"
#include "pg/page/buffer_store.h"
#include "pg/page/page.h"
#include "pg/types/vector.h"

namespace vg::pg::lid_hnsw {

struct Inserter {
    Inserter(Relation index, const IndexState& state, bool direct, store::InsertHook hook,
             void* hook_arg)
        : pages(index, state.geometry, state.build_id, direct),
          rows(pages, state, hook, hook_arg) {}

    page::BufferStore pages;
    store::Inserter rows;
};

Inserter* make_inserter(Relation index, MemoryContext context, bool direct, store::InsertHook hook,
                        void* hook_arg) {
    const IndexState& state = index_state(index);
    return enter_cpp(
        [&] { return new_in_context<Inserter>(context, index, state, direct, hook, hook_arg); });
}

bool insert_row(Inserter* in, const float* vector, const ItemPointerData& tid) {
    return in->rows.insert(vector, index::to_tid(tid));
}

// The inserter of a statement, made for its first row. One per index and statement.
static Inserter* statement_inserter(Relation index, IndexInfo* info) {
    if (info->ii_AmCache == nullptr)
        info->ii_AmCache = make_inserter(index, info->ii_Context, false);
    return static_cast<Inserter*>(info->ii_AmCache);
}

bool lid_hnsw_insert(Relation index, Datum* values, bool* isnull, ItemPointer tid, Relation,
                     IndexUniqueCheck, bool, IndexInfo* info) {
    if (isnull[0])
        return false;
    const Vector* vector = checked_vector(values[0], index_state(index).geometry.dims);
    Inserter* inserter = statement_inserter(index, info);
    const index::Lock gate = index::enter_insert(index);
    enter_cpp([&] { insert_row(inserter, vector->x, *tid); });
    index::leave_insert(index, gate);
    release_vector(vector, values[0]);
    return false;
}

}  // namespace vg::pg::lid_hnsw
