#include "core/store/tids.h"

#include <algorithm>

#include "core/no_postgres.h"

namespace vg::store {
namespace {

using node::ChunkId;
using node::kChunkTids;
using node::kNoChunk;
using node::SlotId;
using node::Tid;
using node::TidChunk;

// A list is read again when a vacuum takes a chunk out of it between two page reads, which can
// hardly happen this often in a row.
constexpr int kMaxRereads = 100;

[[noreturn]] void report_lost_chunk(Store& store, ChunkId id) {
    store.report_corrupt(store.chunk_block(id), "an overflow chunk does not belong to its node");
}

// A chunk that must be the owner's: in the hands of vacuum, which alone takes chunks away.
TidChunk copy_own_chunk(Store& store, SlotId owner, ChunkId id) {
    const TidChunk chunk = store.copy_chunk(id);
    if (chunk.owner != owner || chunk.count > kChunkTids)
        report_lost_chunk(store, id);
    return chunk;
}

void count_step(Store& store, ChunkId chunk, ListGuard* guard) {
    store.poll();
    if (guard->steps++ < guard->limit) [[likely]]
        return;
    guard->limit = std::uint64_t{store.blocks()} * store.chunks_per_page();
    if (guard->steps > guard->limit)
        store.report_corrupt(store.chunk_block(chunk), "a list of overflow chunks has no end");
}

// Where the list of a slot starts now; kNoChunk when the slot is no longer that node's, of which no
// snapshot sees a row then.
ChunkId head_of(Store& store, SlotId owner) {
    ChunkId head = kNoChunk;
    with_slot(store, owner, [&](const node::SlotView& slot) {
        if (slot.live() && slot.header().level == 0)
            head = slot.header().chunk;
    });
    return head;
}

}  // namespace

// ---- inserts ----

Added add_tid_in_place(Store& store, SlotId id, node::SlotHeader* header, const Tid& tid) {
    if (header->tid_count < node::kInlineTids) {
        header->tids[header->tid_count++] = tid;
        return Added::kYes;
    }
    if (header->chunk == kNoChunk)
        return Added::kNoRoom;
    TidChunk* first = store.edit_chunk(header->chunk);
    if (first->owner != id || first->count > kChunkTids)
        report_lost_chunk(store, header->chunk);
    if (first->count == kChunkTids)
        return Added::kNoRoom;
    first->tids[first->count++] = tid;
    return Added::kYes;
}

void add_tid_in_new_chunk(Store& store, SlotId id, node::SlotHeader* header, const Tid& tid) {
    ChunkId chunk_id;
    TidChunk* chunk = store.take_chunk(id, &chunk_id);
    chunk->next = header->chunk;
    chunk->tids[chunk->count++] = tid;
    header->chunk = chunk_id;
}

// ---- readers ----

void TidReader::start(SlotId owner, ChunkId head) {
    owner_ = owner;
    next_ = head;
    chunk_.count = 0;
    at_ = rereads_ = 0;
    guard_ = {};
    if (seen_)
        seen_->clear();
}

// The next chunk into chunk_, which stays empty when it was read before or is no longer there.
void TidReader::read(Store& store) {
    count_step(store, next_, &guard_);
    const ChunkId id = next_;
    chunk_ = store.copy_chunk(id);
    read_ = id;
    at_ = 0;
    if (chunk_.owner != owner_ || chunk_.count > kChunkTids) {
        if (rereads_++ == kMaxRereads)
            report_lost_chunk(store, id);
        chunk_.count = 0;
        next_ = head_of(store, owner_);
        guard_ = {};
        return;
    }
    rereads_ = 0;
    next_ = chunk_.next;
    if (next_ == kNoChunk && !seen_)
        return;
    if (!seen_)
        seen_.emplace();
    if (!seen_->insert(id).second)
        chunk_.count = 0;
}

bool TidReader::next(Store& store, Tid* tid) {
    while (at_ == chunk_.count) {
        if (next_ == kNoChunk)
            return false;
        read(store);
    }
    *tid = chunk_.tids[at_++];
    return true;
}

// ---- vacuum ----

std::uint16_t drop_dead(TidFilter* f, Tid* tids, int count) {
    std::uint16_t kept = 0;
    for (int i = 0; i < count; ++i) {
        if (!(*f)(tids[i]))
            tids[kept++] = tids[i];
    }
    f->removed += static_cast<std::uint64_t>(count - kept);
    return kept;
}

// Cleans one chunk in place; returns how it is then.
static TidChunk clean_chunk(Store& store, SlotId owner, ChunkId id, TidFilter* f) {
    const TidChunk before = copy_own_chunk(store, owner, id);
    if (std::none_of(before.tids, before.tids + before.count, *f))
        return before;
    store.begin();
    TidChunk* chunk = store.edit_chunk(id);  // may have got further TIDs since
    chunk->count = drop_dead(f, chunk->tids, std::min<int>(chunk->count, kChunkTids));
    const TidChunk after = *chunk;
    store.commit();
    return after;
}

// Takes chunk `id`, which follows `before`, out of the list and gives it back.
static void unlink_chunk(Store& store, ChunkId before, ChunkId id, ChunkId next) {
    store.begin();
    node::MetaData* meta = store.edit_meta();
    store.edit_chunk(std::min(before, id));
    store.edit_chunk(std::max(before, id));
    store.edit_chunk(before)->next = next;
    store.free_chunk(meta, id);
    store.commit();
}

ChunksLeft clean_chunks(Store& store, SlotId owner, ChunkId head, TidFilter* f) {
    ChunksLeft left{head, 0, 0};
    ListGuard guard;
    ChunkId before = kNoChunk;
    for (ChunkId id = head; id != kNoChunk;) {
        count_step(store, id, &guard);
        const TidChunk chunk = clean_chunk(store, owner, id, f);
        left.total += chunk.count;
        left.behind += id != head ? chunk.count : 0;
        if (chunk.count == 0 && before != kNoChunk)
            unlink_chunk(store, before, id, chunk.next);
        else
            before = id;
        id = chunk.next;
    }
    return left;
}

std::uint16_t chunk_count(Store& store, SlotId owner, ChunkId chunk) {
    return copy_own_chunk(store, owner, chunk).count;
}

void release_chunks(Store& store, SlotId owner, ChunkId id) {
    while (id != kNoChunk) {
        store.poll();
        store.begin();
        node::MetaData* meta = store.edit_meta();
        node::SlotHeader& h = store.edit_slot(owner).header();
        const TidChunk* chunk = store.edit_chunk(id);
        if (chunk->owner != owner)
            report_lost_chunk(store, id);
        h.chunk = chunk->next;
        store.free_chunk(meta, id);
        id = h.chunk;
        store.commit();
    }
}

}  // namespace vg::store
