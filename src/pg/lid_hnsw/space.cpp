#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/space.h"

namespace vg::pg {

node::MetaData* open_for_slot(PageEdits* e, const node::Geometry& g, node::SlotId with) {
    node::MetaData* meta = page_meta(edit_meta(e));
    const BlockNumber next =
        meta->free_slot != node::kNoSlot ? g.block_of(meta->free_slot) : meta->tail_block;
    const BlockNumber other = g.block_of(with);
    open_slots_pages(e, other, next != node::kNoBlock ? next : other);
    return meta;
}

// 54000 when the slots of this block would have no ids.
static void require_room(Relation index, const node::Geometry& g, BlockNumber block) {
    if ((static_cast<std::uint64_t>(block) + 1) * g.slots_per_page > node::kMaxSlotId)
        ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                        errmsg("index \"%s\" has too many nodes", RelationGetRelationName(index)),
                        errdetail("An index can have %u slots.", node::kMaxSlotId),
                        errhint("Partition the table.")));
}

node::SlotId take_slot(PageEdits* e, const node::Geometry& g) {
    node::MetaData* meta = page_meta(edit_meta(e));
    if (meta->free_slot != node::kNoSlot) {
        const node::SlotId id = meta->free_slot;
        const node::SlotEdit slot = edit_slot(e, g, id);
        const node::SlotHeader& h = slot.header();
        if (h.state != static_cast<std::uint8_t>(node::SlotState::kFree))
            report_corrupt(e->index, g.block_of(id), "the free list leads to a used slot");
        meta->free_slot = h.other;
        return id;
    }
    if (meta->tail_block != node::kNoBlock) {
        const BlockNumber block = meta->tail_block;
        node::PageTrailer* t = page_trailer(edit_page(e, block, node::PageKind::kSlots));
        if (t->used < g.slots_per_page) {
            const node::SlotId id = g.slot_id(block, t->used++);
            if (t->used == g.slots_per_page)
                meta->tail_block = node::kNoBlock;
            return id;
        }
    }
    // Before the file grows: an insert that is refused must not leave a page behind, which nothing
    // would find again.
    require_room(e->index, g, RelationGetNumberOfBlocks(e->index));
    BlockNumber block;
    const Page page = edit_new_page(e, node::PageKind::kSlots, &block);
    require_room(e->index, g, block);
    meta->tail_block = g.slots_per_page > 1 ? block : node::kNoBlock;
    page_trailer(page)->used = 1;
    return g.slot_id(block, 0);
}

node::TidChunk* take_chunk(PageEdits* e, node::SlotId owner, node::ChunkId* id) {
    node::MetaData* meta = page_meta(edit_meta(e));
    if (meta->free_chunk != node::kNoChunk) {
        *id = meta->free_chunk;
        node::TidChunk* chunk = edit_chunk(e, *id);
        if (chunk->owner != node::kNoSlot)
            report_corrupt(e->index, chunk_block(*id),
                           "the free list leads to a used overflow chunk");
        meta->free_chunk = chunk->next;
    } else {
        BlockNumber block = meta->chunk_tail_block;
        Page page =
            block == node::kNoBlock ? nullptr : edit_page(e, block, node::PageKind::kChunks);
        if (page == nullptr || page_trailer(page)->used == kChunksPerPage) {
            page = edit_new_page(e, node::PageKind::kChunks, &block);
            meta->chunk_tail_block = block;
        }
        *id = chunk_id(block, page_trailer(page)->used++);
    }
    node::TidChunk* chunk = edit_chunk(e, *id);
    *chunk = {};
    chunk->owner = owner;
    chunk->next = node::kNoChunk;
    return chunk;
}

void free_chunk(PageEdits* e, node::MetaData* meta, node::ChunkId id) {
    node::TidChunk* chunk = edit_chunk(e, id);
    *chunk = {};
    chunk->owner = node::kNoSlot;
    chunk->next = meta->free_chunk;
    meta->free_chunk = id;
}

}  // namespace vg::pg
