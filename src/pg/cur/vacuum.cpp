// VACUUM: takes the TIDs of dead rows off the pages. Under the upkeep lock, which keeps out other
// writers of item pages; inserts and scans go on. A scan may hold a TID that goes here: it fetches
// the row under an MVCC snapshot, which does not see what took its place.
//
// No code of a user runs here: no scorer, no expression, no version function. A transaction of
// VACUUM is marked (PROC_IN_VACUUM) as one that neither writes rows nor reads any: snapshots of
// others do not count it as running, so that rows a scorer wrote would be taken for those of a
// failed transaction and removed, and vacuums of others do not spare what its snapshot sees. So new
// rows are left to a process of their own, which VACUUM asks for.

#include "pg/boundary/pg.h"

#include "pg/cur/cur.h"

#include <algorithm>
#include <cstring>

#include "pg/cur/pages.h"
#include "pg/index/locks.h"
#include "pg/index/progress.h"
#include "pg/index/stored_format.h"

namespace vg::pg::cur {
namespace {

struct Vacuum {
    Relation index;
    vg::cur::MetaData meta;
    IndexBulkDeleteCallback callback;
    void* callback_state;
    BufferAccessStrategy strategy;
    IndexBulkDeleteResult* stats;
    PGAlignedBlock page;
    std::uint64_t free_places = 0;
};

bool is_dead(Vacuum* v, const node::Tid& tid) {
    ItemPointerData p = index::from_tid(tid);
    return v->callback(&p, v->callback_state);
}

// Looks at a copy first: a page without dead rows is not locked for change. The callback of the
// copy's TIDs decides; a slot filled since then keeps its row, since only this backend fills slots.
void vacuum_items(Vacuum* v, BlockNumber block) {
    const vg::cur::ItemsLayout l = items_of(v->meta);
    const std::uint32_t used = items_used(l, v->page.data);
    node::Tid* tids = item_tids(v->page.data);
    std::uint32_t gone = 0;
    std::uint32_t free = l.slots - used;
    for (std::uint32_t i = 0; i < used; ++i) {
        if (tids[i].offset != 0 && is_dead(v, tids[i])) {
            tids[i] = node::Tid{0, 0, 0};
            ++gone;
        } else if (tids[i].offset != 0) {
            v->stats->num_index_tuples += 1;
        }
        free += tids[i].offset == 0;
    }
    if (gone > 0) {
        page::Edits e;
        page::begin_edits(&e, v->index, false);
        vg::cur::MetaData* meta =
            cur_page_meta(page::edit_page(&e, vg::cur::kMetaBlock, vg::cur::kMetaPage));
        const Page page = page::edit_page(&e, block, vg::cur::kItemsPage);
        for (std::uint32_t i = 0; i < used; ++i) {
            if (tids[i].offset == 0)
                item_tids(page)[i] = tids[i];
        }
        meta->live_items -= gone;
        meta->removed_items += gone;
        page::commit_edits(&e);
        v->stats->tuples_removed += gone;
    }
    if (free > 0)
        RecordFreeIndexPage(v->index, block);
    // What VACUUM VERBOSE calls reusable: rows take single places, so it is the free ones, as
    // pages.
    v->free_places += free;
    v->stats->pages_free = static_cast<BlockNumber>(v->free_places / l.slots);
}

void vacuum_pending(Vacuum* v, BlockNumber block) {
    const std::uint32_t used = pending_used(v->page.data);
    bool any = false;
    for (std::uint32_t i = 0; i < used && !any; ++i)
        any = is_dead(v, pending_tids(v->page.data)[i]);
    if (!any) {
        v->stats->num_index_tuples += used;
        return;
    }
    page::Edits e;
    page::begin_edits(&e, v->index, false);
    const Page page = page::edit_page(&e, block, vg::cur::kPendingPage);
    node::Tid* tids = pending_tids(page);
    std::uint32_t kept = 0;
    const std::uint32_t now = pending_used(page);
    for (std::uint32_t i = 0; i < now; ++i) {
        if (!is_dead(v, tids[i]))
            tids[kept++] = tids[i];
    }
    page::trailer_of(page)->used = static_cast<std::uint16_t>(kept);
    page::commit_edits(&e);
    v->stats->tuples_removed += now - kept;
    v->stats->num_index_tuples += kept;
}

void run(Vacuum* v) {
    const BlockNumber blocks = RelationGetNumberOfBlocks(v->index);
    PageWalk walk;
    begin_page_walk(&walk, v->index, vg::cur::kPendingHead, blocks, v->strategy, true);
    for (;;) {
        delay_point();
        std::uint16_t kind;
        const Buffer buffer = next_any_page(&walk, &kind);
        if (!BufferIsValid(buffer))
            break;
        const BlockNumber block = BufferGetBlockNumber(buffer);
        index::report_progress(index::kForgetting, block, blocks);
        std::memcpy(v->page.data, BufferGetPage(buffer), BLCKSZ);
        UnlockReleaseBuffer(buffer);
        if (kind == static_cast<std::uint16_t>(vg::cur::kItemsPage))
            vacuum_items(v, block);
        else if (kind == static_cast<std::uint16_t>(vg::cur::kPendingPage))
            vacuum_pending(v, block);
    }
    end_page_walk(&walk);
    IndexFreeSpaceMapVacuum(v->index);
}

std::int64_t count_pending(Relation index) {
    std::int64_t count = 0;
    BlockNumber left = RelationGetNumberOfBlocks(index);
    for (BlockNumber block = vg::cur::kPendingHead; block != vg::cur::kNoBlock;) {
        delay_point();
        if (left-- == 0)
            index::report_corrupt(index, block, "the list of new rows never ends");
        const Buffer buffer =
            page::read_page(index, block, vg::cur::kPendingPage, BUFFER_LOCK_SHARE);
        count += pending_used(BufferGetPage(buffer));
        block = pending_header(BufferGetPage(buffer))->next;
        UnlockReleaseBuffer(buffer);
    }
    return count;
}

void ask_for_flush(IndexVacuumInfo* info) {
    Relation index = info->index;
    const std::int64_t pending = count_pending(index);
    if (pending == 0 || read_cur_meta(index).dims == 0)
        return;
    const auto limit =
        static_cast<int>(std::min<std::int64_t>(options_of(index)->flush_limit, pending));
    const bool asked = limit > 0 && cur_start_flush_worker(index, limit);
    ereport(info->message_level,
            (errmsg("index \"%s\": %lld new rows wait for the anchor queries",
                    RelationGetRelationName(index), static_cast<long long>(pending)),
             asked ? errdetail("A background process scores %d of them.", limit)
                   : errhint("cur_flush moves them into the model.")));
}

IndexBulkDeleteResult* new_result() {
    return static_cast<IndexBulkDeleteResult*>(palloc0(sizeof(IndexBulkDeleteResult)));
}

}  // namespace

IndexBulkDeleteResult* cur_bulkdelete(IndexVacuumInfo* info, IndexBulkDeleteResult* stats,
                                      IndexBulkDeleteCallback callback, void* callback_state) {
    return enter_cpp([&] {
        if (IndexBulkDeleteResult* passed = index::pass_over(info, stats))
            return passed;
        if (stats == nullptr)
            stats = new_result();
        stats->num_index_tuples = 0;
        index::begin_vacuum_work(RelationGetRelid(info->index));
        index::lock_for_vacuum(info->index);
        Vacuum v{info->index,
                 read_cur_meta(info->index),
                 callback,
                 callback_state,
                 info->strategy,
                 stats,
                 {}};
        run(&v);
        index::end_vacuum_work();
        index::unlock_for_vacuum(info->index);
        return stats;
    });
}

IndexBulkDeleteResult* cur_vacuumcleanup(IndexVacuumInfo* info, IndexBulkDeleteResult* stats) {
    return enter_cpp([&] {
        if (info->analyze_only)
            return stats;
        if (IndexBulkDeleteResult* passed = index::pass_over(info, stats))
            return passed;
        ask_for_flush(info);
        // Nothing was deleted, so nothing was counted: better no figures than wrong ones.
        if (stats == nullptr)
            return stats;
        stats->num_pages = RelationGetNumberOfBlocks(info->index);
        return stats;
    });
}

}  // namespace vg::pg::cur
