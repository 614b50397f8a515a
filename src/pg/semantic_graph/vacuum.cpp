// VACUUM: the passes of the node store (core/store/vacuum.h) with those of the list store
// between them:
//   1. forget_rows     the node store's first pass
//   -  sweep_keys      records of rows that are gone
//   -  wait until the inserts that had begun by then are over
//   2. repair_links    of the node store
//   -  repair          lists give up dead nodes and take others, short ones too
//   3. repair_entry, reparent_orphans
//   -  clear_dead      lists of dead nodes
//   4. release_slots
// A crash or a cancel in between leaves a valid index. Dead nodes in lists are passed through as
// everywhere.
//
// Records that were not swept must go before the table gives their heap TIDs to other rows.
// ListMeta::sweep says that there may be some. It is set before anything is forgotten, and cleared
// when a vacuum has come to its end: one vacuum calls ambulkdelete once for every batch of dead
// TIDs that its memory holds, the records that an earlier vacuum left can be of any batch, and the
// table frees the TIDs of a batch after that batch. So a flag that is found set makes every call
// sweep.

#include "pg/boundary/pg.h"

#include "pg/semantic_graph/semantic_graph.h"

#include "pg/boundary/context.h"
#include "pg/index/locks.h"
#include "pg/index/progress.h"
#include "pg/index/stored_format.h"
#include "pg/lid_hnsw/lid_hnsw.h"
#include "pg/lid_hnsw/state.h"

namespace vg::pg::semantic_graph {
namespace {

void forget_rows(lid_hnsw::IndexVacuum* v, ListStore* s) {
    if (s->key_kind == node::KeyKind::kNone) {
        store::forget_rows(&v->work);
        return;
    }
    const bool found_set = set_sweep_flag(s, true);
    store::forget_rows(&v->work);
    if (found_set || v->work.filter.removed > 0)
        sweep_keys(v, s);
    else
        // Nothing was forgotten. The pass of CREATE INDEX CONCURRENTLY that only lists the heap
        // TIDs ends here: it must not meet them twice, and no cleanup follows it.
        set_sweep_flag(s, false);
}

void run(lid_hnsw::IndexVacuum* v) {
    ListStore* s = open_lists(v->index, false);
    forget_rows(v, s);
    if (!store::has_work(&v->work))
        return;
    auto* keeper =
        new_in_context<ListKeeper>(CurrentMemoryContext, s, lid_hnsw::index_state(v->index));
    store::wait_for_inserts(&v->work);
    store::repair_links(&v->work);
    keeper->repair(v);
    store::repair_entry(&v->work);
    store::report_begin(&v->work, store::VacuumPass::kReparent);
    store::reparent_orphans(&v->work);
    keeper->clear_dead(v);
    store::release_slots(&v->work);
}

}  // namespace

IndexBulkDeleteResult* semantic_graph_bulkdelete(IndexVacuumInfo* info,
                                                 IndexBulkDeleteResult* stats,
                                                 IndexBulkDeleteCallback callback,
                                                 void* callback_state) {
    return lid_hnsw::vacuum_index(info, stats, callback, callback_state, run);
}

IndexBulkDeleteResult* semantic_graph_vacuumcleanup(IndexVacuumInfo* info,
                                                    IndexBulkDeleteResult* stats) {
    // Without stats this vacuum took no TIDs from the index: what another one left is still there.
    if (!info->analyze_only && stats != nullptr && index::pass_over(info, stats) == nullptr) {
        ListStore* s = open_lists(info->index, false);
        if (s->key_kind != node::KeyKind::kNone)
            set_sweep_flag(s, false);
        pfree(s);
    }
    return lid_hnsw::lid_hnsw_vacuumcleanup(info, stats);
}

}  // namespace vg::pg::semantic_graph
