#include "core/store/store.h"

#include <algorithm>
#include <cstring>

#include "core/no_postgres.h"

namespace vg::store {

using node::ChunkId;
using node::kNoBlock;
using node::kNoChunk;
using node::kNoSlot;
using node::MetaData;
using node::PageKind;
using node::SlotEdit;
using node::SlotId;
using node::SlotView;
using node::TidChunk;

void SlotsCopy::take(const std::byte* data, std::uint32_t used) noexcept {
    used_ = std::min(used, g_->slots_per_page);
    std::memcpy(bytes_.data(), data, std::size_t{used_} * g_->slot_bytes);
}

// ---- slots ----

SlotView Store::look(SlotId id) {
    const Block block = g_->block_of(id);
    const SlotView slot = view_of(look(block, PageKind::kSlots), id);
    if (const char* fault = slot.check()) [[unlikely]]
        report_corrupt(block, fault);
    return slot;
}

SlotView Store::copy_slot(SlotId id, SlotsCopy* out) {
    const Block block = g_->block_of(id);
    if (!copy(block, out) || g_->index_of(id) >= out->used())
        report_corrupt(block, "a link leads to a page without such a slot");
    const SlotView slot = out->slot(g_->index_of(id));
    if (const char* fault = slot.check())
        report_corrupt(block, fault);
    return slot;
}

MetaData* Store::edit_meta() {
    return reinterpret_cast<MetaData*>(edit(kMetaBlock, PageKind::kMeta).data);
}

SlotEdit Store::edit_slot(SlotId id) {
    const PageEdit page = edit(g_->block_of(id), PageKind::kSlots);
    return {*g_, page.data + std::size_t{g_->index_of(id)} * g_->slot_bytes};
}

void Store::open_slots(SlotId a, SlotId b) {
    edit(g_->block_of(std::min(a, b)), PageKind::kSlots);
    edit(g_->block_of(std::max(a, b)), PageKind::kSlots);
}

MetaData* Store::open_for_slot(SlotId with) {
    MetaData* meta = edit_meta();
    SlotId next = with;
    if (meta->free_slot != kNoSlot)
        next = meta->free_slot;
    else if (meta->tail_block != kNoBlock)
        next = g_->slot_id(meta->tail_block, 0);
    open_slots(with, next);
    return meta;
}

// The slots of this block must have ids.
void Store::require_ids(Block block) {
    if ((static_cast<std::uint64_t>(block) + 1) * g_->slots_per_page > node::kMaxSlotId)
        report_full();
}

SlotId Store::take_slot() {
    MetaData* meta = edit_meta();
    if (meta->free_slot != kNoSlot) {
        const SlotId id = meta->free_slot;
        const node::SlotEdit slot = edit_slot(id);
        if (slot.header().state != static_cast<std::uint8_t>(node::SlotState::kFree))
            report_corrupt(g_->block_of(id), "the free list leads to a used slot");
        meta->free_slot = slot.header().other;
        return id;
    }
    if (meta->tail_block == kNoBlock)
        return first_slot_of_new_page(meta);
    const Block block = meta->tail_block;
    node::PageTrailer* t = edit(block, PageKind::kSlots).trailer;
    if (t->used >= g_->slots_per_page)
        return first_slot_of_new_page(meta);
    const SlotId id = g_->slot_id(block, t->used++);
    if (t->used == g_->slots_per_page)
        meta->tail_block = kNoBlock;
    return id;
}

SlotId Store::first_slot_of_new_page(MetaData* meta) {
    // Before the file grows: an insert that is refused must not leave a page behind, which nothing
    // would find again.
    require_ids(blocks());
    Block block;
    const PageEdit page = add(PageKind::kSlots, &block);
    require_ids(block);
    meta->tail_block = g_->slots_per_page > 1 ? block : kNoBlock;
    page.trailer->used = 1;
    return g_->slot_id(block, 0);
}

// ---- overflow chunks ----

TidChunk Store::copy_chunk(ChunkId id) {
    const std::byte* data = look(chunk_block(id), PageKind::kChunks);
    const TidChunk chunk = reinterpret_cast<const TidChunk*>(data)[id % chunks_per_page_];
    let_go();
    return chunk;
}

TidChunk* Store::edit_chunk(ChunkId id) {
    std::byte* data = edit(chunk_block(id), PageKind::kChunks).data;
    return reinterpret_cast<TidChunk*>(data) + id % chunks_per_page_;
}

TidChunk* Store::take_chunk(SlotId owner, ChunkId* id) {
    MetaData* meta = edit_meta();
    if (meta->free_chunk != kNoChunk) {
        *id = meta->free_chunk;
        const TidChunk* chunk = edit_chunk(*id);
        if (chunk->owner != kNoSlot)
            report_corrupt(chunk_block(*id), "the free list leads to a used overflow chunk");
        meta->free_chunk = chunk->next;
    } else {
        Block block = meta->chunk_tail_block;
        PageEdit page{nullptr, nullptr};
        if (block != kNoBlock)
            page = edit(block, PageKind::kChunks);
        if (block == kNoBlock || page.trailer->used == chunks_per_page_) {
            page = add(PageKind::kChunks, &block);
            meta->chunk_tail_block = block;
        }
        *id = ChunkId{block} * chunks_per_page_ + page.trailer->used++;
    }
    TidChunk* chunk = edit_chunk(*id);
    *chunk = {};
    chunk->owner = owner;
    chunk->next = kNoChunk;
    return chunk;
}

void Store::free_chunk(MetaData* meta, ChunkId id) {
    TidChunk* chunk = edit_chunk(id);
    *chunk = {};
    chunk->owner = kNoSlot;
    chunk->next = meta->free_chunk;
    meta->free_chunk = id;
}

}  // namespace vg::store
