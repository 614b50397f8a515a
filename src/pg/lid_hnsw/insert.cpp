// Inserting one row through the pages.
// Locks: the caller holds the index's write lock for the whole of it, so there is one writer; page
// locks are taken as PageEdits does. A crash between two edits leaves a valid index: the first edit
// makes the node complete and reachable (slot, its protected in-link and the metapage together),
// the following ones only add links.

#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/lid_hnsw.h"

#include "core/hnsw/node_insert.h"
#include "pg/boundary/context.h"

namespace vg::pg {

struct Inserter {
    Inserter(Relation rel, const IndexState& s, bool is_direct)
        : index(rel),
          state(s),
          direct(is_direct),
          limit{rel, 0},
          work(s.geometry, s.metric, s.rotation, s.centre.data()) {}

    Relation index;
    const IndexState& state;
    bool direct;
    BlockLimit limit;
    hnsw::NodeInsert work;
};

namespace {

Page edit_meta(PageEdits* e) {
    return edit_page(e, kMetaBlock, node::PageKind::kMeta);
}

Page edit_slot_page(PageEdits* e, const node::Geometry& g, node::SlotId id) {
    return edit_page(e, g.block_of(id), node::PageKind::kSlots);
}

node::SlotEdit edit_slot(PageEdits* e, const node::Geometry& g, node::SlotId id) {
    return {g, slot_bytes(g, edit_slot_page(e, g, id), g.index_of(id))};
}

// A slot for a new node: one that vacuum freed, or the next unused one, or one of a new page. Opens
// the metapage and the slot's page in the edit.
node::SlotId allocate_slot(PageEdits* e, const node::Geometry& g) {
    node::MetaData* meta = page_meta(edit_meta(e));
    if (meta->free_slot != node::kNoSlot) {
        const node::SlotId id = meta->free_slot;
        const node::SlotEdit slot = edit_slot(e, g, id);
        if (slot.header().state != static_cast<std::uint8_t>(node::SlotState::kFree))
            report_corrupt(e->index, g.block_of(id), "the free list leads to a used slot");
        meta->free_slot = slot.header().other;
        return id;
    }
    if (meta->tail_block != node::kNoBlock) {
        const Page page = edit_page(e, meta->tail_block, node::PageKind::kSlots);
        if (page_trailer(page)->used < g.slots_per_page)
            return g.slot_id(meta->tail_block, page_trailer(page)->used++);
    }
    BlockNumber block;
    const Page page = edit_new_page(e, node::PageKind::kSlots, &block);
    if (static_cast<std::uint64_t>(block + 1) * g.slots_per_page > node::kMaxSlotId)
        ereport(ERROR,
                (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                 errmsg("index \"%s\" has too many nodes", RelationGetRelationName(e->index))));
    meta->tail_block = block;
    page_trailer(page)->used = 1;
    return g.slot_id(block, 0);
}

// A free overflow chunk for `owner`; opens the metapage and the chunk's page in the edit.
node::TidChunk* allocate_chunk(PageEdits* e, node::SlotId owner, node::ChunkId* id) {
    node::MetaData* meta = page_meta(edit_meta(e));
    Page page;
    if (meta->free_chunk != node::kNoChunk) {
        *id = meta->free_chunk;
        page = edit_page(e, *id / kChunksPerPage, node::PageKind::kChunks);
        meta->free_chunk = page_chunk(page, *id % kChunksPerPage)->next;
    } else {
        BlockNumber block = meta->chunk_tail_block;
        page = block == node::kNoBlock ? nullptr : edit_page(e, block, node::PageKind::kChunks);
        if (page == nullptr || page_trailer(page)->used == kChunksPerPage) {
            page = edit_new_page(e, node::PageKind::kChunks, &block);
            meta->chunk_tail_block = block;
        }
        *id = block * kChunksPerPage + page_trailer(page)->used++;
    }
    node::TidChunk* chunk = page_chunk(page, *id % kChunksPerPage);
    *chunk = {};
    chunk->owner = owner;
    chunk->next = node::kNoChunk;
    return chunk;
}

// Runs the search to the end of its first round, keeping the candidates' vectors.
void collect(Inserter* in) {
    const node::Geometry& g = in->state.geometry;
    for (;;) {
        const node::SlotId id = in->work.search().next();
        if (id == node::kNoSlot)
            return;
        const BlockNumber block = g.block_of(id);
        in->limit.check(block);
        const Buffer buffer =
            read_page(in->index, block, node::PageKind::kSlots, BUFFER_LOCK_SHARE);
        const node::SlotView slot(g, slot_bytes(g, BufferGetPage(buffer), g.index_of(id)));
        const char* fault = slot.check();
        if (unlikely(fault != nullptr))
            report_corrupt(in->index, block, fault);
        in->work.expand(id, slot);
        UnlockReleaseBuffer(buffer);
        CHECK_FOR_INTERRUPTS();
    }
}

// Another heap TID for a node that has the same vector.
void add_tid(Inserter* in, node::SlotId id, const ItemPointerData& tid) {
    const node::Geometry& g = in->state.geometry;
    PageEdits e;
    begin_edits(&e, in->index, in->direct);
    node::SlotHeader& h = edit_slot(&e, g, id).header();
    if (h.tid_count < node::kInlineTids) {
        h.tids[h.tid_count++] = to_tid(tid);
        commit_edits(&e);
        return;
    }
    if (h.chunk != node::kNoChunk) {
        node::TidChunk* first =
            page_chunk(edit_page(&e, h.chunk / kChunksPerPage, node::PageKind::kChunks),
                       h.chunk % kChunksPerPage);
        if (first->owner != id || first->count > node::kChunkTids)
            report_corrupt(in->index, h.chunk / kChunksPerPage,
                           "an overflow chunk does not belong to its node");
        if (first->count < node::kChunkTids) {
            first->tids[first->count++] = to_tid(tid);
            commit_edits(&e);
            return;
        }
    }
    node::ChunkId chunk_id;
    node::TidChunk* chunk = allocate_chunk(&e, id, &chunk_id);
    chunk->next = h.chunk;
    chunk->tids[chunk->count++] = to_tid(tid);
    h.chunk = chunk_id;
    commit_edits(&e);
}

// Puts the link from chosen neighbour i to the new slot into the neighbour's list. With `force`
// (the protected link) only a list full of protected links refuses it.
bool add_back_link(Inserter* in, PageEdits* e, std::size_t i, node::SlotId to, bool force) {
    const node::Geometry& g = in->state.geometry;
    const node::SlotEdit slot = edit_slot(e, g, in->work.chosen_slot(i));
    const node::SlotEdit::LinkValue link = in->work.back_link(i, to, force);
    if (slot.degree() < g.capacity) {
        slot.set_link(slot.header().degree++, link);
        return true;
    }
    const std::size_t victim =
        hnsw::choose_victim(slot, link.code, distance::bf16_to_float(link.length), force);
    if (victim == hnsw::NodeInsert::kNoVictim)
        return false;
    slot.set_link(victim, link);
    return true;
}

// Back-links of all chosen neighbours but `done`, a few pages per edit.
void add_back_links(Inserter* in, node::SlotId to, std::size_t done) {
    const node::Geometry& g = in->state.geometry;
    PageEdits e;
    begin_edits(&e, in->index, in->direct);
    for (std::size_t i = 0; i < in->work.chosen(); ++i) {
        if (i == done)
            continue;
        if (!edits_have_room(&e, g.block_of(in->work.chosen_slot(i)))) {
            commit_edits(&e);
            begin_edits(&e, in->index, in->direct);
        }
        add_back_link(in, &e, i, to, false);
    }
    commit_edits(&e);
}

// The nearest chosen neighbour whose list can take a protected link; chosen() if there is none.
// There are as many protected links as nodes, so lists full of them are rare and never all around
// one node.
std::size_t find_parent(Inserter* in) {
    const node::Geometry& g = in->state.geometry;
    for (std::size_t i = 0; i < in->work.chosen(); ++i) {
        const node::SlotId id = in->work.chosen_slot(i);
        const Buffer buffer =
            read_page(in->index, g.block_of(id), node::PageKind::kSlots, BUFFER_LOCK_SHARE);
        const node::SlotView slot(g, slot_bytes(g, BufferGetPage(buffer), g.index_of(id)));
        bool room = slot.degree() < g.capacity;
        for (std::size_t l = 0; !room && l < slot.degree(); ++l)
            room = !slot.link_protected(l);
        UnlockReleaseBuffer(buffer);
        if (room)
            return i;
    }
    return in->work.chosen();
}

// Adds the base slot together with its protected in-link from chosen neighbour `parent` (none for
// the first node of the index).
node::SlotId add_base_slot(Inserter* in, const ItemPointerData& tid, std::size_t parent,
                           float max_norm2) {
    const node::Geometry& g = in->state.geometry;
    PageEdits e;
    begin_edits(&e, in->index, in->direct);
    const node::SlotId id = allocate_slot(&e, g);
    std::byte* bytes = slot_bytes(g, edit_slot_page(&e, g, id), g.index_of(id));
    in->work.write_slot(0, bytes);
    node::SlotHeader& h = node::SlotEdit(g, bytes).header();
    h.base = id;
    h.tids[h.tid_count++] = to_tid(tid);

    node::MetaData* meta = page_meta(edit_meta(&e));
    ++meta->inserted_nodes;
    if (meta->root == node::kNoSlot) {
        meta->root = id;
        meta->entry = id;
        meta->entry_level = 0;
        meta->max_norm2 = max_norm2;
    } else {
        add_back_link(in, &e, parent, id, true);
        h.parent = in->work.chosen_slot(parent);
    }
    commit_edits(&e);
    return id;
}

// Adds this node's slot at a level above 0.
node::SlotId add_upper_slot(Inserter* in, unsigned level, node::SlotId base, node::SlotId below) {
    const node::Geometry& g = in->state.geometry;
    PageEdits e;
    begin_edits(&e, in->index, in->direct);
    const node::SlotId id = allocate_slot(&e, g);
    std::byte* bytes = slot_bytes(g, edit_slot_page(&e, g, id), g.index_of(id));
    in->work.write_slot(level, bytes);
    node::SlotHeader& h = node::SlotEdit(g, bytes).header();
    h.base = base;
    h.other = below;
    if (level == 1)
        edit_slot(&e, g, base).header().other = id;
    node::MetaData* meta = page_meta(edit_meta(&e));
    if (level > meta->entry_level) {
        meta->entry = id;
        meta->entry_level = level;
    }
    commit_edits(&e);
    return id;
}

// Searches one level after another from the top down to `level`, leaving that level's candidates.
void search_level(Inserter* in, const node::MetaData& meta, unsigned level) {
    in->work.clear_candidates();
    in->work.search().start(meta.entry, meta.entry_level, level, in->state.ef_construction);
    collect(in);
    in->work.choose();
}

}  // namespace

Inserter* make_inserter(Relation index, MemoryContext context, bool direct) {
    const IndexState& state = index_state(index);
    return enter_cpp([&] { return new_in_context<Inserter>(context, index, state, direct); });
}

bool insert_row(Inserter* in, const float* vector, const ItemPointerData& tid) {
    node::MetaData meta = read_meta(in->index);
    if (meta.root == node::kNoSlot && meta.max_norm2 == 0)
        meta.max_norm2 = node::first_max_norm2(in->state.metric, vector, in->state.geometry.dims);
    if (!in->work.set_row(vector, meta.max_norm2))
        return false;

    if (meta.root == node::kNoSlot) {
        in->work.choose();
    } else {
        search_level(in, meta, 0);
        const node::SlotId same = in->work.duplicate();
        if (same != node::kNoSlot) {
            add_tid(in, same, tid);
            return true;
        }
    }
    const std::size_t parent = find_parent(in);
    if (meta.root != node::kNoSlot && parent == in->work.chosen())
        ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                        errmsg("could not link a new node into index \"%s\"",
                               RelationGetRelationName(in->index)),
                        errhint("Rebuild the index with REINDEX.")));
    const node::SlotId base = add_base_slot(in, tid, parent, meta.max_norm2);
    add_back_links(in, base, parent);

    // The first node of an index stays at level 0: an entry point needs no company above.
    const unsigned level = meta.root == node::kNoSlot
                               ? 0
                               : hnsw::level_for(in->state.seed, to_tid(tid).key(), in->state.m);
    node::SlotId below = base;
    for (unsigned l = 1; l <= level; ++l) {
        if (l <= meta.entry_level) {
            search_level(in, meta, l);
        } else {
            in->work.clear_candidates();
        }
        below = add_upper_slot(in, l, base, below);
        add_back_links(in, below, in->work.chosen());
    }
    return true;
}

bool lid_hnsw_insert(Relation index, Datum* values, bool* isnull, ItemPointer tid, Relation,
                     IndexUniqueCheck, VG_AMINSERT_EXTRA IndexInfo*) {
    if (isnull[0])
        return false;
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "lid_hnsw insert", ALLOCSET_DEFAULT_SIZES);
    const MemoryContext old = MemoryContextSwitchTo(context);
    const std::uint32_t dims = index_state(index).geometry.dims;
    const Vector* vector = checked_vector(values[0], dims);

    lock_for_write(index);
    Inserter* inserter = make_inserter(index, context, false);
    enter_cpp([&] { insert_row(inserter, vector->x, *tid); });
    unlock_for_write(index);

    MemoryContextSwitchTo(old);
    MemoryContextDelete(context);
    return false;
}

}  // namespace vg::pg
