// VACUUM: the passes of the node store (pg/lid_hnsw/vacuum.cpp) with those of the side store
// between them:
//   1. forget_all      the node store's first pass
//   -  sweep_keys      records of rows that are gone
//   -  wait until the inserts that had begun by then are over
//   2. repair_links    of the node store
//   -  repair          lists give up dead nodes and take others, short ones too
//   3. reparent
//   -  clear_dead      lists of dead nodes
//   4. release
// A crash or a cancel in between leaves a valid index. Dead nodes in lists are passed through as
// everywhere.
//
// Records that were not swept must go before the table gives their heap TIDs to other rows.
// SideMeta::sweep says that there may be some. It is set before anything is forgotten, and cleared
// when a vacuum has come to its end: one vacuum calls ambulkdelete once for every batch of dead
// TIDs that its memory holds, the records that an earlier vacuum left can be of any batch, and the
// table frees the TIDs of a batch after that batch. So a flag that is found set makes every call
// sweep.

#include "pg/boundary/pg.h"

#include "pg/semantic_graph/semantic_graph.h"

#include "pg/boundary/context.h"
#include "pg/page/locks.h"
#include "pg/page/progress.h"
#include "pg/page/stored_format.h"

namespace vg::pg {
namespace {

void forget_rows(Vacuum* v, SideStore* s) {
    if (s->key_kind == node::KeyKind::kNone) {
        forget_all(v);
        return;
    }
    const bool found_set = set_sweep_flag(s, true);
    const double before = v->filter.stats->tuples_removed;
    forget_all(v);
    if (found_set || v->filter.stats->tuples_removed != before)
        sweep_keys(v, s);
    else
        // Nothing was forgotten. The pass of CREATE INDEX CONCURRENTLY that only lists the heap
        // TIDs ends here: it must not meet them twice, and no cleanup follows it.
        set_sweep_flag(s, false);
}

void run(Vacuum* v) {
    SideStore* s = open_side(v->index, false);
    forget_rows(v, s);
    if (v->dead_slots == 0)
        return;
    auto* keeper = new_in_context<ListKeeper>(CurrentMemoryContext, s, v->state);
    report_progress(kWaiting, 0, 0);
    wait_for_inserts(v->index);
    repair_links(v);
    keeper->repair(v);
    repair_entry(v);
    report_progress(kReparenting, 0, 0);
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

IndexBulkDeleteResult* semantic_graph_vacuumcleanup(IndexVacuumInfo* info,
                                                    IndexBulkDeleteResult* stats) {
    // Without stats this vacuum took no TIDs from the index: what another one left is still there.
    if (!info->analyze_only && stats != nullptr && pass_over(info, stats) == nullptr) {
        SideStore* s = open_side(info->index, false);
        if (s->key_kind != node::KeyKind::kNone)
            set_sweep_flag(s, false);
        pfree(s);
    }
    return lid_hnsw_vacuumcleanup(info, stats);
}

}  // namespace vg::pg
