// Frame of VACUUM for the access methods on a node store. The passes themselves are in
// core/store/vacuum.h; semantic_graph has some of its own between them.
#pragma once

#include "pg/boundary/pg.h"

#include "core/store/vacuum.h"
#include "pg/lid_hnsw/state.h"
#include "pg/page/buffer_store.h"

namespace vg::pg::lid_hnsw {

// What the server calls a row that is to go.
struct DeadRowTest {
    IndexBulkDeleteCallback callback;
    void* state;
};

// One VACUUM of one index. Lives in a memory context.
struct IndexVacuum {
    IndexVacuum(Relation rel, const IndexState& state, const DeadRowTest& dead,
                BufferAccessStrategy buffers);

    Relation index;
    BufferAccessStrategy strategy;
    DeadRowTest test;
    page::BufferStore store;
    store::Vacuum work;
};

// Frame of ambulkdelete: runs the passes of one access method under the upkeep lock, with an
// IndexVacuum in a context of its own (CurrentMemoryContext while they run).
using VacuumPasses = void (*)(IndexVacuum*);
IndexBulkDeleteResult* vacuum_index(IndexVacuumInfo* info, IndexBulkDeleteResult* stats,
                                    IndexBulkDeleteCallback callback, void* callback_state,
                                    VacuumPasses passes);

// For pages that are none of the node store: all pages of the index behind the metapage, before
// `end`.
void begin_vacuum_walk(const IndexVacuum* v, PageWalk* walk, BlockNumber end);
// The next of them, pinned, after the pause that a cost limit asks for; InvalidBuffer at the end.
inline Buffer next_vacuum_page(PageWalk* walk) {
    delay_point();
    return next_page(walk);
}

}  // namespace vg::pg::lid_hnsw
