// VACUUM: the passes of the node store (pg/lid_hnsw/vacuum.cpp) with those of the side store
// between them:
//   1. forget_all      the node store's first pass
//   -  sweep_keys      records of rows that are gone
//   -  wait until the inserts that had begun by then are over
//   2. repair_links    of the node store
//   -  repair          lists give up dead nodes and take others
//   3. reparent
//   -  clear_dead      lists of dead nodes
//   4. release
// A crash or a cancel in between leaves a valid index. Dead nodes in lists are passed through as
// everywhere; rows whose records were not swept are swept by the next vacuum (SideMeta::sweep),
// before the table can give their heap TIDs to other rows.

#include "pg/boundary/pg.h"

#include "pg/semantic_graph/semantic_graph.h"

#include "pg/boundary/context.h"
#include "pg/page/locks.h"

namespace vg::pg {
namespace {

void forget_rows(Vacuum* v, SideStore* s) {
    if (s->key_kind == node::KeyKind::kNone) {
        forget_all(v);
        return;
    }
    const bool left_over = set_sweep_flag(s, true);
    const double before = v->filter.stats->tuples_removed;
    forget_all(v);
    // The pass of CREATE INDEX CONCURRENTLY that only lists the heap TIDs must not meet them twice.
    if (left_over || v->filter.stats->tuples_removed != before)
        sweep_keys(v, s);
    set_sweep_flag(s, false);
}

void run(Vacuum* v) {
    SideStore* s = open_side(v->index, false);
    forget_rows(v, s);
    if (v->dead_nodes == 0)
        return;
    auto* keeper = new_in_context<ListKeeper>(CurrentMemoryContext, s, v->state);
    wait_for_inserts(v->index);
    repair_links(v);
    keeper->repair(v);
    repair_entry(v);
    reparent_orphans(v);
    keeper->clear_dead(v);
    release_all(v);
}

}  // namespace

IndexBulkDeleteResult* semantic_graph_bulkdelete(IndexVacuumInfo* info,
                                                 IndexBulkDeleteResult* stats,
                                                 IndexBulkDeleteCallback callback,
                                                 void* callback_state) {
    return vacuum_index(info, stats, callback, callback_state, run);
}

}  // namespace vg::pg
