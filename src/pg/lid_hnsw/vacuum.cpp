// VACUUM. Passes over the whole index, under the write lock:
//   1. forget_tids    drop dead heap TIDs; nodes left without any are marked dead
//   2. repair_links   every live slot gives up its links to dead ones and takes others (repair.cpp)
//   3. reparent       nodes whose protected in-link came from a dead node get another
//   (reparent.cpp)
//   4. release        dead slots and their overflow chunks go to the free lists
// A crash or a cancel in between leaves a valid index: dead nodes are passed through by searches
// and return nothing, and the next vacuum starts over with them. Memory: one bit per slot, one
// entry per upper-level slot and per orphan.

#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/vacuum.h"

#include <algorithm>
#include <cstring>

#include "pg/boundary/context.h"

namespace vg::pg {

bool copy_slots_page(Vacuum* v, BlockNumber block, PGAlignedBlock* out) {
    const Buffer buffer =
        ReadBufferExtended(v->index, MAIN_FORKNUM, block, RBM_NORMAL, v->strategy);
    LockBuffer(buffer, BUFFER_LOCK_SHARE);
    const bool ours = page_fault(BufferGetPage(buffer), node::PageKind::kSlots) == nullptr;
    if (ours)
        std::memcpy(out->data, BufferGetPage(buffer), BLCKSZ);
    UnlockReleaseBuffer(buffer);
    return ours;
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

std::uint32_t used_slots(const Vacuum* v, PGAlignedBlock* page) {
    return std::min<std::uint32_t>(page_trailer(page->data)->used, v->g.slots_per_page);
}

namespace {

constexpr std::uint8_t kFree = static_cast<std::uint8_t>(node::SlotState::kFree);
constexpr std::uint8_t kDead = static_cast<std::uint8_t>(node::SlotState::kDead);

bool tid_is_dead(Vacuum* v, const node::Tid& tid) {
    ItemPointerData pointer = from_tid(tid);
    const bool gone = v->callback(&pointer, v->callback_state);
    if (gone)
        v->stats->tuples_removed += 1;
    return gone;
}

// Removes dead TIDs in place; returns how many stay.
std::uint16_t drop_dead(Vacuum* v, node::Tid* tids, int count) {
    std::uint16_t kept = 0;
    for (int i = 0; i < count; ++i) {
        if (!tid_is_dead(v, tids[i]))
            tids[kept++] = tids[i];
    }
    return kept;
}

// Cleans one overflow chunk; returns how many TIDs stay and the next chunk.
std::uint16_t clean_chunk(Vacuum* v, node::SlotId owner, node::ChunkId id, node::ChunkId* next) {
    const BlockNumber block = id / kChunksPerPage;
    const Buffer buffer = read_page(v->index, block, node::PageKind::kChunks, BUFFER_LOCK_SHARE);
    node::TidChunk chunk = *page_chunk(BufferGetPage(buffer), id % kChunksPerPage);
    UnlockReleaseBuffer(buffer);
    if (chunk.owner != owner || chunk.count > node::kChunkTids)
        report_corrupt(v->index, block, "an overflow chunk does not belong to its node");
    *next = chunk.next;
    const std::uint16_t kept = drop_dead(v, chunk.tids, chunk.count);
    if (kept != chunk.count) {
        chunk.count = kept;
        PageEdits e;
        begin_edits(&e, v->index, false);
        *page_chunk(edit_page(&e, block, node::PageKind::kChunks), id % kChunksPerPage) = chunk;
        commit_edits(&e);
    }
    return kept;
}

// Pass 1 for one node, whose header `h` is a copy on v->page. True when the header changed.
bool forget_tids(Vacuum* v, node::SlotId id, node::SlotHeader* h) {
    std::size_t left = 0;
    for (node::ChunkId chunk = h->chunk; chunk != node::kNoChunk;) {
        left += clean_chunk(v, id, chunk, &chunk);
        CHECK_FOR_INTERRUPTS();
    }
    const std::uint8_t before = h->tid_count;
    h->tid_count = static_cast<std::uint8_t>(drop_dead(v, h->tids, h->tid_count));
    left += h->tid_count;
    v->stats->num_index_tuples += static_cast<double>(left);
    if (left > 0) {
        v->any_live = id;
        return h->tid_count != before;
    }
    v->dead[id] = true;
    ++v->dead_nodes;
    const bool changed = h->tid_count != before || h->state != kDead;
    h->state = kDead;
    return changed;
}

void forget_page(Vacuum* v, BlockNumber block) {
    bool changed = false;
    const std::uint32_t used = used_slots(v, &v->page);
    for (std::uint32_t i = 0; i < used; ++i) {
        std::byte* bytes = slot_bytes(v->g, v->page.data, i);
        const node::SlotEdit slot(v->g, bytes);
        const char* fault = slot.check();
        if (fault != nullptr)
            report_corrupt(v->index, block, fault);
        node::SlotHeader& h = slot.header();
        if (h.state == kFree)
            continue;
        const node::SlotId id = v->g.slot_id(block, i);
        if (h.level > 0)
            v->uppers.push_back({id, h.base, h.level});
        else
            changed |= forget_tids(v, id, &h);
    }
    if (!changed)
        return;
    // We are the only writer, so the page still is what was copied.
    PageEdits e;
    begin_edits(&e, v->index, false);
    const Page page = edit_page(&e, block, node::PageKind::kSlots);
    for (std::uint32_t i = 0; i < used; ++i)
        std::memcpy(slot_bytes(v->g, page, i), slot_bytes(v->g, v->page.data, i),
                    sizeof(node::SlotHeader));
    commit_edits(&e);
}

void forget_all(Vacuum* v) {
    const BlockNumber blocks = RelationGetNumberOfBlocks(v->index);
    v->dead.assign(static_cast<std::size_t>(blocks) * v->g.slots_per_page, false);
    for (BlockNumber block = kMetaBlock + 1; block < blocks; ++block) {
        delay_point();
        if (copy_slots_page(v, block, &v->page))
            forget_page(v, block);
    }
    for (const Vacuum::Upper& u : v->uppers) {
        if (v->is_dead(u.base))
            v->dead[u.slot] = true;
    }
}

// Puts the chunks of a dead node on the free list.
void release_chunks(Vacuum* v, node::SlotId owner, node::ChunkId id) {
    while (id != node::kNoChunk) {
        CHECK_FOR_INTERRUPTS();
        PageEdits e;
        begin_edits(&e, v->index, false);
        node::MetaData* meta = page_meta(edit_page(&e, kMetaBlock, node::PageKind::kMeta));
        const Page page = edit_page(&e, id / kChunksPerPage, node::PageKind::kChunks);
        node::TidChunk* chunk = page_chunk(page, id % kChunksPerPage);
        if (chunk->owner != owner) {
            commit_edits(&e);
            return;
        }
        const node::ChunkId next = chunk->next;
        *chunk = {};
        chunk->owner = node::kNoSlot;
        chunk->next = meta->free_chunk;
        meta->free_chunk = id;
        commit_edits(&e);
        id = next;
    }
}

void release_page(Vacuum* v, BlockNumber block) {
    const std::uint32_t used = used_slots(v, &v->page);
    bool any = false;
    for (std::uint32_t i = 0; i < used; ++i) {
        const node::SlotId id = v->g.slot_id(block, i);
        if (!v->is_dead(id))
            continue;
        any = true;
        const node::SlotHeader& h = slot_of(v, &v->page, i).header();
        if (h.level == 0)
            release_chunks(v, id, h.chunk);
    }
    if (!any)
        return;
    PageEdits e;
    begin_edits(&e, v->index, false);
    node::MetaData* meta = page_meta(edit_page(&e, kMetaBlock, node::PageKind::kMeta));
    const Page page = edit_page(&e, block, node::PageKind::kSlots);
    for (std::uint32_t i = 0; i < used; ++i) {
        const node::SlotId id = v->g.slot_id(block, i);
        if (!v->is_dead(id))
            continue;
        std::byte* bytes = slot_bytes(v->g, page, i);
        const bool base = node::SlotView(v->g, bytes).header().level == 0;
        std::memset(bytes, 0, v->g.slot_bytes);
        node::SlotEdit(v->g, bytes).header().other = meta->free_slot;
        meta->free_slot = id;
        meta->removed_nodes += base ? 1 : 0;
    }
    commit_edits(&e);
}

void release_all(Vacuum* v) {
    const BlockNumber blocks = static_cast<BlockNumber>(v->dead.size() / v->g.slots_per_page);
    for (BlockNumber block = kMetaBlock + 1; block < blocks; ++block) {
        delay_point();
        const auto first = v->dead.begin() + v->g.slot_id(block, 0);
        if (std::find(first, first + v->g.slots_per_page, true) == first + v->g.slots_per_page)
            continue;
        if (copy_slots_page(v, block, &v->page))
            release_page(v, block);
    }
}

void run(Vacuum* v) {
    forget_all(v);
    if (v->dead_nodes == 0)
        return;
    repair_links(v);
    repair_entry(v);
    reparent_orphans(v);
    release_all(v);
}

}  // namespace

IndexBulkDeleteResult* lid_hnsw_bulkdelete(IndexVacuumInfo* info, IndexBulkDeleteResult* stats,
                                           IndexBulkDeleteCallback callback, void* callback_state) {
    if (stats == nullptr)
        stats = static_cast<IndexBulkDeleteResult*>(palloc0(sizeof(IndexBulkDeleteResult)));
    stats->num_index_tuples = 0;
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "lid_hnsw vacuum", ALLOCSET_DEFAULT_SIZES);
    const MemoryContext old = MemoryContextSwitchTo(context);
    const IndexState& state = index_state(info->index);
    lock_for_write(info->index);
    enter_cpp([&] {
        auto* v = new_in_context<Vacuum>(context, info->index, state);
        v->stats = stats;
        v->callback = callback;
        v->callback_state = callback_state;
        v->strategy = info->strategy;
        run(v);
    });
    unlock_for_write(info->index);
    MemoryContextSwitchTo(old);
    MemoryContextDelete(context);
    return stats;
}

IndexBulkDeleteResult* lid_hnsw_vacuumcleanup(IndexVacuumInfo* info, IndexBulkDeleteResult* stats) {
    if (info->analyze_only)
        return stats;
    if (stats == nullptr) {
        // Nothing was deleted, so nothing was counted.
        stats = static_cast<IndexBulkDeleteResult*>(palloc0(sizeof(IndexBulkDeleteResult)));
        stats->num_index_tuples = info->num_heap_tuples;
        stats->estimated_count = true;
    }
    stats->num_pages = RelationGetNumberOfBlocks(info->index);
    return stats;
}

}  // namespace vg::pg
