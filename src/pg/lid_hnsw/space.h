// Room for slots and overflow chunks: the free lists of the metapage, then the unused rest of the
// last page, then a new page. Part of an edit (pg/page/page.h): the metapage is open for change,
// and stays so until the edit is committed, so two writers never get the same room.
#pragma once

#include "pg/boundary/pg.h"

#include "core/node/geometry.h"
#include "pg/page/page.h"

namespace vg::pg {

inline Page edit_meta(PageEdits* e) {
    return edit_page(e, kMetaBlock, node::PageKind::kMeta);
}
inline Page edit_slot_page(PageEdits* e, const node::Geometry& g, node::SlotId id) {
    return edit_page(e, g.block_of(id), node::PageKind::kSlots);
}
inline node::SlotEdit edit_slot(PageEdits* e, const node::Geometry& g, node::SlotId id) {
    return {g, slot_bytes(g, edit_slot_page(e, g, id), g.index_of(id))};
}

// Whether a list holds a link to a slot already. A new node is seen as soon as its slot and its
// protected in-link are there, so an insert that gives others their links to it, and a vacuum that
// mends theirs, may both want to add the same one.
inline bool links_to(const node::SlotView& slot, node::SlotId id) {
    for (std::size_t i = 0; i < slot.degree(); ++i) {
        if (slot.link(i) == id)
            return true;
    }
    return false;
}

// Opens, in lock order, the metapage, the page of slot `with` and the page that the next slot will
// come from, if there is one.
node::MetaData* open_for_slot(PageEdits* e, const node::Geometry& g, node::SlotId with);
// A slot for a new node; the caller fills it. Requires: open_for_slot, or no other slots page is
// open. 54000 when the index is full.
node::SlotId take_slot(PageEdits* e, const node::Geometry& g);

// A chunk without TIDs for `owner`. Opens its page, so slots pages must be open already.
node::TidChunk* take_chunk(PageEdits* e, node::SlotId owner, node::ChunkId* id);
// Puts a chunk on the free list. Requires: the metapage is open.
void free_chunk(PageEdits* e, node::MetaData* meta, node::ChunkId id);
inline node::TidChunk* edit_chunk(PageEdits* e, node::ChunkId id) {
    return page_chunk(edit_page(e, chunk_block(id), node::PageKind::kChunks), chunk_index(id));
}

}  // namespace vg::pg
