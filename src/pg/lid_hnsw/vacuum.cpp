// VACUUM. Passes over the whole index, beside inserts and scans:
//   1. forget_tids    drop dead heap TIDs; nodes left without any are marked dead, with their slots
//                     above the base
//   -  wait until the inserts that had begun by then are over: they alone may still link to a dead
//                     node, for an insert links to what it has seen alive
//   2. repair_links   every live slot gives up its links to dead ones and takes others
//   (repair.cpp);
//                     where many nodes are dead its list is chosen anew before (relist.cpp)
//   3. reparent       nodes whose protected in-link came from a dead node get another
//   (reparent.cpp)
//   4. release        dead slots and their overflow chunks go to the free lists, those above the
//                     base first: by its base an upper slot is known to be dead
// A crash or a cancel in between leaves a valid index: dead nodes are passed through by searches
// and return nothing, and the next vacuum starts over with them. Memory: one bit per slot, one
// entry per upper-level slot and per orphan, and for lists chosen anew what a build takes, within
// maintenance_work_mem.

#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/vacuum.h"

#include <algorithm>
#include <cstring>

#include "pg/boundary/context.h"
#include "pg/page/locks.h"
#include "pg/page/progress.h"
#include "pg/page/stored_format.h"

namespace vg::pg {

void begin_vacuum_walk(const Vacuum* v, PageWalk* walk, BlockNumber end) {
    begin_page_walk(walk, v->index, kMetaBlock + 1, end, v->strategy, true);
}

bool copy_pinned_slots(Buffer buffer, PGAlignedBlock* out) {
    LockBuffer(buffer, BUFFER_LOCK_SHARE);
    const bool ours = page_fault(BufferGetPage(buffer), node::PageKind::kSlots) == nullptr;
    if (ours)
        std::memcpy(out->data, BufferGetPage(buffer), BLCKSZ);
    UnlockReleaseBuffer(buffer);
    return ours;
}

bool copy_slots_page(Vacuum* v, BlockNumber block, PGAlignedBlock* out) {
    check_block(v->index, block);
    return copy_pinned_slots(
        ReadBufferExtended(v->index, MAIN_FORKNUM, block, RBM_NORMAL, v->strategy), out);
}

node::SlotView copy_slot(Vacuum* v, node::SlotId id, PGAlignedBlock* out) {
    const BlockNumber block = v->g.block_of(id);
    if (!copy_slots_page(v, block, out))
        report_corrupt(v->index, block, "a link leads to a page without slots");
    const node::SlotView slot = slot_of(v, out, v->g.index_of(id));
    const char* fault = slot.check();
    if (fault != nullptr)
        report_corrupt(v->index, block, fault);
    return slot;
}

void report_pages(const Vacuum* v, int64 step, BlockNumber block, BlockNumber blocks) {
    report_progress(step, static_cast<double>(block) * v->g.slots_per_page,
                    static_cast<double>(blocks) * v->g.slots_per_page);
}

std::uint32_t used_slots(const Vacuum* v, PGAlignedBlock* page) {
    return std::min<std::uint32_t>(page_trailer(page->data)->used, v->g.slots_per_page);
}

namespace {

constexpr std::uint8_t kFree = static_cast<std::uint8_t>(node::SlotState::kFree);
constexpr std::uint8_t kDead = static_cast<std::uint8_t>(node::SlotState::kDead);

void note_dead(Vacuum* v, node::SlotId id, unsigned level) {
    v->dead[id] = true;
    ++v->dead_slots;
    v->dead_nodes += level == 0 ? 1 : 0;
}

bool all_free(const Vacuum* v, Page page, std::uint32_t used) {
    for (std::uint32_t i = 0; i < used; ++i) {
        if (node::SlotView(v->g, slot_bytes(v->g, page, i)).header().state != kFree)
            return false;
    }
    return true;
}

void note_free_page(Vacuum* v) {
    ++v->filter.stats->pages_deleted;
}

// What VACUUM VERBOSE calls reusable: inserts take single slots, so it is the free ones, as pages.
void note_free_slots(Vacuum* v, std::size_t n) {
    v->free_slots += n;
    v->filter.stats->pages_free = static_cast<BlockNumber>(v->free_slots / v->g.slots_per_page);
}

// Pass 1, first look: notes what is on the copied page and cleans the overflow chunks of its nodes.
// True when a slot of the page has to change.
bool look_at_page(Vacuum* v, BlockNumber block) {
    bool change = false;
    const std::uint32_t used = used_slots(v, &v->page);
    v->chunks.assign(used, ChunksLeft{node::kNoChunk, 0, 0});
    if (all_free(v, v->page.data, used))
        note_free_page(v);
    for (std::uint32_t i = 0; i < used; ++i) {
        const node::SlotView slot = slot_of(v, &v->page, i);
        if (const char* fault = slot.check())
            report_corrupt(v->index, block, fault);
        const node::SlotHeader& h = slot.header();
        if (h.state == kFree) {
            note_free_slots(v, 1);
            continue;
        }
        const node::SlotId id = v->g.slot_id(block, i);
        if (h.level > 0) {
            v->uppers.push_back({id, h.base, h.level});
            // Left by a vacuum that did not finish. Its base may be free, or another node by now.
            if (slot.dead())
                note_dead(v, id, h.level);
            continue;
        }
        if (slot.dead()) {  // a vacuum that did not finish left it
            note_dead(v, id, 0);
            continue;
        }
        ++v->live_nodes;
        if (h.chunk != node::kNoChunk)
            v->chunks[i] = clean_chunks(v->index, id, h.chunk, &v->filter);
        const auto gone = std::count_if(h.tids, h.tids + h.tid_count, [v](const node::Tid& t) {
            return tid_is_dead(&v->filter, t);
        });
        const std::size_t left = h.tid_count - static_cast<std::size_t>(gone) + v->chunks[i].total;
        v->filter.stats->num_index_tuples += static_cast<double>(left);
        if (left > 0)
            v->any_live = id;
        change |= gone > 0 || left == 0;
    }
    return change;
}

// Whether a node has no TID left, given what clean_chunks found before its page was locked.
bool has_no_tid(Vacuum* v, node::SlotId id, const node::SlotHeader& h, const ChunksLeft& left) {
    if (h.tid_count > 0 || h.chunk != left.head || left.behind > 0)
        return false;
    return left.head == node::kNoChunk || chunk_count(v->index, id, left.head) == 0;
}

// Pass 1 for a page that has to change.
void forget_page(Vacuum* v, BlockNumber block) {
    PageEdits e;
    begin_edits(&e, v->index, false);
    const Page page = edit_page(&e, block, node::PageKind::kSlots);
    for (std::uint32_t i = 0; i < v->chunks.size(); ++i) {
        const node::SlotEdit slot(v->g, slot_bytes(v->g, page, i));
        node::SlotHeader& h = slot.header();
        // What was free when it was copied may be a new node now.
        if (!slot_of(v, &v->page, i).live() || h.level > 0)
            continue;
        h.tid_count = static_cast<std::uint8_t>(drop_dead(&v->filter, h.tids, h.tid_count));
        const node::SlotId id = v->g.slot_id(block, i);
        if (!has_no_tid(v, id, h, v->chunks[i]))
            continue;
        h.state = kDead;
        note_dead(v, id, 0);
        --v->live_nodes;
    }
    commit_edits(&e);
}

// Marks the slots above the base of dead nodes dead too, so that inserts do not link to them.
void forget_uppers(Vacuum* v) {
    const auto dead_base = [v](const Vacuum::Upper& u) {
        return v->is_dead(u.base) && !v->is_dead(u.slot);
    };
    auto at = std::find_if(v->uppers.begin(), v->uppers.end(), dead_base);
    while (at != v->uppers.end()) {
        delay_point();
        const BlockNumber block = v->g.block_of(at->slot);  // slots of one page are neighbours
        PageEdits e;
        begin_edits(&e, v->index, false);
        const Page page = edit_page(&e, block, node::PageKind::kSlots);
        for (; at != v->uppers.end() && v->g.block_of(at->slot) == block;
             at = std::find_if(at + 1, v->uppers.end(), dead_base)) {
            note_dead(v, at->slot, at->level);
            node::SlotEdit(v->g, slot_bytes(v->g, page, v->g.index_of(at->slot))).header().state =
                kDead;
        }
        commit_edits(&e);
    }
}

}  // namespace

void forget_all(Vacuum* v) {
    v->inserted_before = read_meta(v->index).inserted_nodes;
    const BlockNumber blocks = RelationGetNumberOfBlocks(v->index);
    v->filter.stats->pages_free = v->filter.stats->pages_deleted = 0;
    v->dead.assign(static_cast<std::size_t>(blocks) * v->g.slots_per_page, false);
    PageWalk walk;
    begin_vacuum_walk(v, &walk, blocks);
    for (Buffer buffer; BufferIsValid(buffer = next_vacuum_page(&walk));) {
        const BlockNumber block = BufferGetBlockNumber(buffer);
        report_pages(v, kForgetting, block, blocks);
        if (copy_pinned_slots(buffer, &v->page) && look_at_page(v, block))
            forget_page(v, block);
    }
    end_page_walk(&walk);
    forget_uppers(v);
}

// Frees the dead slots of the copied page that lie above the base, or those at the base.
static void release_page(Vacuum* v, BlockNumber block, bool uppers) {
    const std::uint32_t used = used_slots(v, &v->page);
    const auto goes = [&](std::uint32_t i) {
        const bool upper = slot_of(v, &v->page, i).header().level > 0;
        return v->is_dead(v->g.slot_id(block, i)) && upper == uppers;
    };
    bool any = false;
    for (std::uint32_t i = 0; i < used; ++i) {
        if (!goes(i))
            continue;
        any = true;
        if (!uppers)
            release_chunks(v->index, v->g, v->g.slot_id(block, i),
                           slot_of(v, &v->page, i).header().chunk);
    }
    if (!any)
        return;
    PageEdits e;
    begin_edits(&e, v->index, false);
    node::MetaData* meta = page_meta(edit_page(&e, kMetaBlock, node::PageKind::kMeta));
    const Page page = edit_page(&e, block, node::PageKind::kSlots);
    for (std::uint32_t i = 0; i < used; ++i) {
        if (!goes(i))
            continue;
        const node::SlotId id = v->g.slot_id(block, i);
        std::byte* bytes = slot_bytes(v->g, page, i);
        std::memset(bytes, 0, v->g.slot_bytes);
        node::SlotEdit(v->g, bytes).header().other = meta->free_slot;
        meta->free_slot = id;
        meta->removed_nodes += uppers ? 0 : 1;
        note_free_slots(v, 1);
        v->dead[id] = false;
    }
    if (all_free(v, page, used))
        note_free_page(v);
    commit_edits(&e);
}

static void release_uppers(Vacuum* v) {
    BlockNumber done = kMetaBlock;
    for (const Vacuum::Upper& u : v->uppers) {
        const BlockNumber block = v->g.block_of(u.slot);  // slots of one page are neighbours
        if (block == done || !v->is_dead(u.slot))
            continue;
        delay_point();
        done = block;
        if (copy_slots_page(v, block, &v->page))
            release_page(v, block, true);
    }
}

void release_all(Vacuum* v) {
    release_uppers(v);
    const BlockNumber blocks = static_cast<BlockNumber>(v->dead.size() / v->g.slots_per_page);
    for (BlockNumber block = kMetaBlock + 1; block < blocks; ++block) {
        const auto first = v->dead.begin() + v->g.slot_id(block, 0);
        if (std::find(first, first + v->g.slots_per_page, true) == first + v->g.slots_per_page)
            continue;
        delay_point();
        report_pages(v, kFreeing, block, blocks);
        if (copy_slots_page(v, block, &v->page))
            release_page(v, block, false);
    }
}

static void run(Vacuum* v) {
    forget_all(v);
    if (v->dead_slots == 0)
        return;
    report_progress(kWaiting, 0, 0);
    wait_for_inserts(v->index);
    repair_links(v);
    repair_entry(v);
    report_progress(kReparenting, 0, 0);
    reparent_orphans(v);
    release_all(v);
}

IndexBulkDeleteResult* vacuum_index(IndexVacuumInfo* info, IndexBulkDeleteResult* stats,
                                    IndexBulkDeleteCallback callback, void* callback_state,
                                    VacuumPasses passes) {
    if (IndexBulkDeleteResult* passed = pass_over(info, stats))
        return passed;
    if (stats == nullptr)
        stats = static_cast<IndexBulkDeleteResult*>(palloc0(sizeof(IndexBulkDeleteResult)));
    stats->num_index_tuples = 0;
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "lid_hnsw vacuum", ALLOCSET_DEFAULT_SIZES);
    const MemoryContext old = MemoryContextSwitchTo(context);
    const IndexState& state = index_state(info->index);
    begin_vacuum_work(RelationGetRelid(info->index));
    lock_for_vacuum(info->index);
    enter_cpp([&] {
        auto* v = new_in_context<Vacuum>(context, info->index, state);
        v->filter = {callback, callback_state, stats};
        v->strategy = info->strategy;
        passes(v);
    });
    unlock_for_vacuum(info->index);
    end_vacuum_work();
    MemoryContextSwitchTo(old);
    MemoryContextDelete(context);
    return stats;
}

IndexBulkDeleteResult* lid_hnsw_bulkdelete(IndexVacuumInfo* info, IndexBulkDeleteResult* stats,
                                           IndexBulkDeleteCallback callback, void* callback_state) {
    return vacuum_index(info, stats, callback, callback_state, run);
}

IndexBulkDeleteResult* lid_hnsw_vacuumcleanup(IndexVacuumInfo* info, IndexBulkDeleteResult* stats) {
    if (info->analyze_only)
        return stats;
    if (IndexBulkDeleteResult* passed = pass_over(info, stats))
        return passed;
    // Nothing was deleted, so nothing was counted: better no figures than wrong ones.
    if (stats == nullptr)
        return nullptr;
    stats->num_pages = RelationGetNumberOfBlocks(info->index);
    return stats;
}

}  // namespace vg::pg
