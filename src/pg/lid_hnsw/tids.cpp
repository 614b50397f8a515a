#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/tids.h"

#include <algorithm>

#include "pg/lid_hnsw/space.h"

namespace vg::pg {
namespace {

// A list is read again when a vacuum takes a chunk out of it between two page reads, which can
// hardly happen this often in a row.
constexpr int kMaxRereads = 100;

node::TidChunk copy_chunk(Relation index, node::ChunkId id) {
    const Buffer buffer =
        read_page(index, chunk_block(id), node::PageKind::kChunks, BUFFER_LOCK_SHARE);
    const node::TidChunk chunk = *page_chunk(BufferGetPage(buffer), chunk_index(id));
    UnlockReleaseBuffer(buffer);
    return chunk;
}

[[noreturn]] void report_lost_chunk(Relation index, node::ChunkId id) {
    report_corrupt(index, chunk_block(id), "an overflow chunk does not belong to its node");
}

// A chunk that must be the owner's: in the hands of vacuum, which alone takes chunks away.
node::TidChunk copy_own_chunk(Relation index, node::SlotId owner, node::ChunkId id) {
    const node::TidChunk chunk = copy_chunk(index, id);
    if (chunk.owner != owner || chunk.count > node::kChunkTids)
        report_lost_chunk(index, id);
    return chunk;
}

void add(TidList* list, const node::Tid& tid) {
    if (list->count == list->capacity) {
        list->capacity = list->capacity * 2 + 64;
        const Size bytes = list->capacity * sizeof(ItemPointerData);
        list->tids = static_cast<ItemPointerData*>(list->tids == nullptr
                                                       ? MemoryContextAlloc(list->context, bytes)
                                                       : repalloc_huge(list->tids, bytes));
    }
    list->tids[list->count++] = from_tid(tid);
}

void sort_distinct(TidList* list) {
    const auto less = [](ItemPointerData a, ItemPointerData b) {
        return to_tid(a).key() < to_tid(b).key();
    };
    const auto same = [](ItemPointerData a, ItemPointerData b) { return to_tid(a) == to_tid(b); };
    ItemPointerData* end = list->tids + list->count;
    std::sort(list->tids, end, less);
    list->count = static_cast<std::size_t>(std::unique(list->tids, end, same) - list->tids);
}

void count_step(Relation index, node::ChunkId chunk, ListGuard* guard) {
    CHECK_FOR_INTERRUPTS();
    if (likely(guard->steps++ < guard->limit))
        return;
    guard->limit = std::uint64_t{RelationGetNumberOfBlocks(index)} * kChunksPerPage;
    if (guard->steps > guard->limit)
        report_corrupt(index, chunk_block(chunk), "a list of overflow chunks has no end");
}

// Where the list of a slot starts now; kNoChunk when the slot is no longer that node's, of which no
// snapshot sees a row then.
node::ChunkId head_of(Relation index, const node::Geometry& g, node::SlotId owner) {
    const Buffer buffer =
        read_page(index, g.block_of(owner), node::PageKind::kSlots, BUFFER_LOCK_SHARE);
    const node::SlotView slot(g, slot_bytes(g, BufferGetPage(buffer), g.index_of(owner)));
    const bool there = slot.live() && slot.header().level == 0;
    const node::ChunkId head = there ? slot.header().chunk : node::kNoChunk;
    UnlockReleaseBuffer(buffer);
    return head;
}

// False when a chunk on the way was no longer the owner's.
bool follow(Relation index, node::SlotId owner, node::ChunkId chunk, TidList* out) {
    ListGuard guard;
    out->count = 0;
    while (chunk != node::kNoChunk) {
        count_step(index, chunk, &guard);
        const node::TidChunk c = copy_chunk(index, chunk);
        if (c.owner != owner || c.count > node::kChunkTids)
            return false;
        for (int i = 0; i < c.count; ++i)
            add(out, c.tids[i]);
        chunk = c.next;
    }
    return true;
}

}  // namespace

void read_chunks(Relation index, const node::Geometry& g, node::SlotId owner, node::ChunkId head,
                 TidList* out) {
    for (int rereads = 0; !follow(index, owner, head, out); ++rereads) {
        if (rereads == kMaxRereads)
            report_lost_chunk(index, head);
        head = head_of(index, g, owner);
    }
    sort_distinct(out);
}

void TidReader::start(node::SlotId owner, node::ChunkId head) {
    owner_ = owner;
    next_ = head;
    chunk_.count = 0;
    at_ = rereads_ = 0;
    guard_ = {};
    if (seen_)
        seen_->clear();
}

// The next chunk into chunk_, which stays empty when it was read before or is no longer there.
void TidReader::read(Relation index, const node::Geometry& g) {
    count_step(index, next_, &guard_);
    const node::ChunkId id = next_;
    chunk_ = copy_chunk(index, id);
    read_ = id;
    at_ = 0;
    if (chunk_.owner != owner_ || chunk_.count > node::kChunkTids) {
        if (rereads_++ == kMaxRereads)
            report_lost_chunk(index, id);
        chunk_.count = 0;
        next_ = head_of(index, g, owner_);
        guard_ = {};
        return;
    }
    rereads_ = 0;
    next_ = chunk_.next;
    if (next_ == node::kNoChunk && !seen_)
        return;
    if (!seen_)
        seen_.emplace();
    if (!seen_->insert(id).second)
        chunk_.count = 0;
}

bool TidReader::next(Relation index, const node::Geometry& g, node::Tid* tid) {
    while (at_ == chunk_.count) {
        if (next_ == node::kNoChunk)
            return false;
        read(index, g);
    }
    *tid = chunk_.tids[at_++];
    return true;
}

bool tid_is_dead(const TidFilter* f, const node::Tid& tid) {
    ItemPointerData pointer = from_tid(tid);
    return f->callback(&pointer, f->callback_state);
}

std::uint16_t drop_dead(const TidFilter* f, node::Tid* tids, int count) {
    std::uint16_t kept = 0;
    for (int i = 0; i < count; ++i) {
        if (!tid_is_dead(f, tids[i]))
            tids[kept++] = tids[i];
    }
    f->stats->tuples_removed += count - kept;
    return kept;
}

// Cleans one chunk in place; returns how it is then.
static node::TidChunk clean_chunk(Relation index, node::SlotId owner, node::ChunkId id,
                                  const TidFilter* f) {
    const node::TidChunk before = copy_own_chunk(index, owner, id);
    if (std::none_of(before.tids, before.tids + before.count,
                     [f](const node::Tid& t) { return tid_is_dead(f, t); }))
        return before;
    PageEdits e;
    begin_edits(&e, index, false);
    node::TidChunk* chunk = edit_chunk(&e, id);  // may have got further TIDs since
    chunk->count = drop_dead(f, chunk->tids, std::min<int>(chunk->count, node::kChunkTids));
    const node::TidChunk after = *chunk;
    commit_edits(&e);
    return after;
}

// Takes chunk `id`, which follows `before`, out of the list and gives it back.
static void unlink_chunk(Relation index, node::ChunkId before, node::ChunkId id,
                         node::ChunkId next) {
    PageEdits e;
    begin_edits(&e, index, false);
    node::MetaData* meta = page_meta(edit_meta(&e));
    edit_chunk(&e, std::min(before, id));
    edit_chunk(&e, std::max(before, id));
    edit_chunk(&e, before)->next = next;
    free_chunk(&e, meta, id);
    commit_edits(&e);
}

ChunksLeft clean_chunks(Relation index, node::SlotId owner, node::ChunkId head,
                        const TidFilter* f) {
    ChunksLeft left{head, 0, 0};
    ListGuard guard;
    node::ChunkId before = node::kNoChunk;
    for (node::ChunkId id = head; id != node::kNoChunk;) {
        count_step(index, id, &guard);
        const node::TidChunk chunk = clean_chunk(index, owner, id, f);
        left.total += chunk.count;
        left.behind += id != head ? chunk.count : 0;
        if (chunk.count == 0 && before != node::kNoChunk)
            unlink_chunk(index, before, id, chunk.next);
        else
            before = id;
        id = chunk.next;
    }
    return left;
}

std::uint16_t chunk_count(Relation index, node::SlotId owner, node::ChunkId chunk) {
    return copy_own_chunk(index, owner, chunk).count;
}

void release_chunks(Relation index, const node::Geometry& g, node::SlotId owner, node::ChunkId id) {
    while (id != node::kNoChunk) {
        CHECK_FOR_INTERRUPTS();
        PageEdits e;
        begin_edits(&e, index, false);
        node::MetaData* meta = page_meta(edit_meta(&e));
        node::SlotHeader& h = edit_slot(&e, g, owner).header();
        const node::TidChunk* chunk = edit_chunk(&e, id);
        if (chunk->owner != owner)
            report_lost_chunk(index, id);
        h.chunk = chunk->next;
        free_chunk(&e, meta, id);
        id = h.chunk;
        commit_edits(&e);
    }
}

}  // namespace vg::pg
