#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/vacuum.h"

#include "pg/boundary/boundary.h"
#include "pg/boundary/context.h"
#include "pg/index/locks.h"
#include "pg/index/progress.h"
#include "pg/index/stored_format.h"
#include "pg/lid_hnsw/lid_hnsw.h"
#include "pg/lid_hnsw/state.h"
#include "pg/page/page.h"

namespace vg::pg::lid_hnsw {
namespace {

bool is_dead_row(const node::Tid& tid, void* arg) {
    const auto* test = static_cast<const DeadRowTest*>(arg);
    ItemPointerData pointer = index::from_tid(tid);
    return test->callback(&pointer, test->state);
}

std::size_t memory_for_vacuum() {
    const bool own = in_autovacuum() && autovacuum_work_mem != -1;
    return std::size_t{1024} *
           static_cast<std::size_t>(own ? autovacuum_work_mem : maintenance_work_mem);
}

void report_pass(store::VacuumPass pass, double done, double total) {
    static constexpr index::VacuumStep kSteps[] = {index::kForgetting,  index::kWaiting,
                                                   index::kRelisting,   index::kMending,
                                                   index::kReparenting, index::kFreeing};
    index::report_progress(kSteps[static_cast<int>(pass)], done, total);
}

// What was seen and done, in the server's words. It calls pages reusable where inserts take single
// slots: we say how many pages the free slots would fill.
void fill_stats(const IndexVacuum* v, IndexBulkDeleteResult* stats) {
    const store::Vacuum& w = v->work;
    stats->tuples_removed += static_cast<double>(w.filter.removed);
    stats->num_index_tuples = static_cast<double>(w.tids_left);
    stats->pages_deleted = static_cast<BlockNumber>(w.empty_pages);
    stats->pages_free = static_cast<BlockNumber>(w.free_slots / w.g.slots_per_page);
}

void warn_of_unlinked(const IndexVacuum* v) {
    if (v->work.unlinked == 0)
        return;
    ereport(WARNING,
            (errmsg_plural("%zu node of index \"%s\" could not be linked again",
                           "%zu nodes of index \"%s\" could not be linked again", v->work.unlinked,
                           v->work.unlinked, RelationGetRelationName(v->index)),
             errhint("%s", kRebuildHint)));
}

}  // namespace

IndexVacuum::IndexVacuum(Relation rel, const IndexState& state, const DeadRowTest& dead,
                         BufferAccessStrategy buffers)
    : index(rel),
      strategy(buffers),
      test(dead),
      store(rel, state.geometry, state.build_id, false, buffers),
      work(store, state, {is_dead_row, &test, 0}, memory_for_vacuum(), kInterruptPoll) {
    work.report = report_pass;
}

void begin_vacuum_walk(const IndexVacuum* v, PageWalk* walk, BlockNumber end) {
    begin_page_walk(walk, v->index, node::kMetaBlock + 1, end, v->strategy, true);
}

IndexBulkDeleteResult* vacuum_index(IndexVacuumInfo* info, IndexBulkDeleteResult* stats,
                                    IndexBulkDeleteCallback callback, void* callback_state,
                                    VacuumPasses passes) {
    if (IndexBulkDeleteResult* passed = index::pass_over(info, stats))
        return passed;
    if (stats == nullptr)
        stats = static_cast<IndexBulkDeleteResult*>(palloc0(sizeof(IndexBulkDeleteResult)));
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "lid_hnsw vacuum", ALLOCSET_DEFAULT_SIZES);
    const MemoryContext old = MemoryContextSwitchTo(context);
    const IndexState& state = index_state(info->index);
    index::begin_vacuum_work(RelationGetRelid(info->index));
    index::lock_for_vacuum(info->index);
    enter_cpp([&] {
        auto* v = new_in_context<IndexVacuum>(
            context, info->index, state, DeadRowTest{callback, callback_state}, info->strategy);
        passes(v);
        fill_stats(v, stats);
        warn_of_unlinked(v);
    });
    index::unlock_for_vacuum(info->index);
    index::end_vacuum_work();
    MemoryContextSwitchTo(old);
    MemoryContextDelete(context);
    return stats;
}

IndexBulkDeleteResult* lid_hnsw_bulkdelete(IndexVacuumInfo* info, IndexBulkDeleteResult* stats,
                                           IndexBulkDeleteCallback callback, void* callback_state) {
    return vacuum_index(info, stats, callback, callback_state,
                        [](IndexVacuum* v) { store::vacuum(&v->work); });
}

IndexBulkDeleteResult* lid_hnsw_vacuumcleanup(IndexVacuumInfo* info, IndexBulkDeleteResult* stats) {
    if (info->analyze_only)
        return stats;
    if (IndexBulkDeleteResult* passed = index::pass_over(info, stats))
        return passed;
    // Nothing was deleted, so nothing was counted: better no figures than wrong ones.
    if (stats == nullptr)
        return nullptr;
    stats->num_pages = RelationGetNumberOfBlocks(info->index);
    return stats;
}

}  // namespace vg::pg::lid_hnsw
