// Inserting one row through the pages.
// Locks: an insert passes a gate (pg/page/locks.h) and otherwise holds page locks only, none of
// them from one edit to the next. So what it read may be out of date when it writes. A neighbour is
// therefore known by its vector: an edit looks again whether the slot is live and holds the vector
// that the link was computed from, and leaves it alone otherwise. Slots are freed only by a vacuum
// that has seen every insert end which could still link to them.
// A crash between two edits leaves a valid index: the first edit makes the node complete and
// reachable (slot, its protected in-link and the metapage together), the following ones only add
// links.

#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/lid_hnsw.h"

#include <algorithm>

#include "core/hnsw/code_prune.h"
#include "core/hnsw/node_insert.h"
#include "pg/boundary/context.h"
#include "pg/lid_hnsw/space.h"
#include "pg/page/locks.h"
#include "pg/page/slot_reads.h"

namespace vg::pg {

struct Inserter {
    Inserter(Relation rel, const IndexState& s, bool is_direct, InsertHook h, void* arg)
        : index(rel),
          state(s),
          direct(is_direct),
          hook(h),
          hook_arg(arg),
          work(s.geometry, s.metric, s.rotation, s.centre.data()) {}

    Relation index;
    const IndexState& state;
    bool direct;
    InsertHook hook;
    void* hook_arg;
    hnsw::NodeInsert work;
    std::vector<std::size_t> by_block;  // chosen neighbours in the order of their pages
};

namespace {

// Searches one level after another from the top down to `level`, leaving that level's candidates
// with their vectors. At the base it goes on for some rounds where most are dead and the others do
// not fill a list, and until there is a live one, or the index has none.
void search_level(Inserter* in, const node::MetaData& meta, unsigned level) {
    const node::Geometry& g = in->state.geometry;
    hnsw::BeamSearch& search = in->work.search();
    const auto expand = [in](node::SlotId id, const node::SlotView& slot) {
        in->work.expand(id, slot);
    };
    in->work.clear_candidates();
    search.set_root(meta.root);
    search.start(meta.entry, meta.entry_level, level,
                 hnsw::insert_beam(in->state.ef_construction, level, in->state.metric));
    run_rounds(in->index, g, search, expand, [&] {
        const std::size_t live = search.found().size();
        return level > 0 || live >= g.capacity || live >= search.dead_found();
    });
    while (level == 0 && search.found().empty() && search.grow())
        run_round(in->index, g, search, expand);
    for (const node::SlotId id : in->work.far_slots())
        with_slot(in->index, g, id,
                  [&](const node::SlotView& slot) { in->work.keep_far(id, slot); });
    in->work.choose();
}

// ---- another row with the same vector -----------------------------------------------------------

enum class Added { kYes, kNodeIsGone, kNoRoom };

// The row joins a node that stands for several: how far the stored vector may be from any of them
// grows with it. On 8-bit storage unequal rows can be stored alike.
void widen_error(Inserter* in, node::SlotHeader* h) {
    h->error = std::max(h->error, in->work.error());
}

// Adds the TID in the slot or in the first overflow chunk.
Added add_tid_in_place(Inserter* in, node::SlotId id, const ItemPointerData& tid) {
    PageEdits e;
    begin_edits(&e, in->index, in->direct);
    const node::SlotEdit slot = edit_slot(&e, in->state.geometry, id);
    node::SlotHeader& h = slot.header();
    if (!in->work.is_same_row(slot)) {
        abort_edits(&e);
        return Added::kNodeIsGone;
    }
    if (h.tid_count < node::kInlineTids) {
        h.tids[h.tid_count++] = to_tid(tid);
        widen_error(in, &h);
        commit_edits(&e);
        return Added::kYes;
    }
    if (h.chunk != node::kNoChunk) {
        node::TidChunk* first = edit_chunk(&e, h.chunk);
        if (first->owner != id || first->count > node::kChunkTids)
            report_corrupt(in->index, chunk_block(h.chunk),
                           "an overflow chunk does not belong to its node");
        if (first->count < node::kChunkTids) {
            first->tids[first->count++] = to_tid(tid);
            widen_error(in, &h);
            commit_edits(&e);
            return Added::kYes;
        }
    }
    abort_edits(&e);
    return Added::kNoRoom;
}

// Puts a new first chunk with the TID in front of the node's list. An edit of its own because it
// needs the metapage, which comes first in lock order and most rows have no need of.
Added add_tid_in_chunk(Inserter* in, node::SlotId id, const ItemPointerData& tid) {
    PageEdits e;
    begin_edits(&e, in->index, in->direct);
    edit_meta(&e);
    const node::SlotEdit slot = edit_slot(&e, in->state.geometry, id);
    if (!in->work.is_same_row(slot)) {
        abort_edits(&e);
        return Added::kNodeIsGone;
    }
    node::ChunkId chunk_id;
    node::TidChunk* chunk = take_chunk(&e, id, &chunk_id);
    chunk->next = slot.header().chunk;
    chunk->tids[chunk->count++] = to_tid(tid);
    slot.header().chunk = chunk_id;
    widen_error(in, &slot.header());
    commit_edits(&e);
    return Added::kYes;
}

// Another heap TID for a node that holds the same vector; false when that node is gone.
bool add_tid(Inserter* in, node::SlotId id, const ItemPointerData& tid) {
    Added added = add_tid_in_place(in, id, tid);
    if (added == Added::kNoRoom)
        added = add_tid_in_chunk(in, id, tid);
    return added == Added::kYes;
}

// ---- links --------------------------------------------------------------------------------------

// Where the link to the new slot would go in the list of chosen neighbour i; kNoVictim when there
// is no room for it. With `force` (the protected link) there is unless all links are protected.
std::size_t place_for(Inserter* in, std::size_t i, const node::SlotView& slot,
                      const node::SlotEdit::LinkValue& link, bool force) {
    if (slot.degree() < in->state.geometry.capacity)
        return slot.degree();
    return in->work.victim(i, slot, link, force);
}

void put_link(const node::SlotEdit& slot, std::size_t at, const node::SlotEdit::LinkValue& link) {
    if (at == slot.degree())
        ++slot.header().degree;
    slot.set_link(at, link);
}

// The back-link of chosen neighbour i, if it wants it: most full lists do not, and their pages are
// only looked at.
void add_back_link(Inserter* in, PageEdits* e, std::size_t i, unsigned level, node::SlotId to) {
    const node::Geometry& g = in->state.geometry;
    const node::SlotId id = in->work.chosen_slot(i);
    Page page = look_at_page(e, g.block_of(id), node::PageKind::kSlots);
    const bool looking = page != nullptr;
    if (!looking)
        page = edit_slot_page(e, g, id);
    const node::SlotView slot(g, slot_bytes(g, page, g.index_of(id)));
    const node::SlotEdit::LinkValue link = in->work.back_link(i, to, false);
    const bool wanted = in->work.is_chosen(i, level, slot) && !links_to(slot, to);
    const std::size_t at = wanted ? place_for(in, i, slot, link, false) : hnsw::kNoVictim;
    if (at != hnsw::kNoVictim)
        put_link(edit_slot(e, g, id), at, link);
    else if (looking)
        drop_look(e);
}

// Back-links of all chosen neighbours but `done`, a few pages per edit, in the order of the pages.
void add_back_links(Inserter* in, unsigned level, node::SlotId to, std::size_t done) {
    const node::Geometry& g = in->state.geometry;
    in->by_block.clear();
    for (std::size_t i = 0; i < in->work.chosen(); ++i) {
        if (i != done)
            in->by_block.push_back(i);
    }
    std::sort(in->by_block.begin(), in->by_block.end(), [in](std::size_t a, std::size_t b) {
        return in->work.chosen_slot(a) < in->work.chosen_slot(b);
    });
    PageEdits e;
    begin_edits(&e, in->index, in->direct);
    for (const std::size_t i : in->by_block) {
        const node::SlotId id = in->work.chosen_slot(i);
        if (!edits_have_room(&e, g.block_of(id))) {
            commit_edits(&e);
            CHECK_FOR_INTERRUPTS();
            begin_edits(&e, in->index, in->direct);
        }
        add_back_link(in, &e, i, level, to);
    }
    commit_edits(&e);
}

bool has_room_for_child(const node::Geometry& g, const node::SlotView& slot) {
    if (slot.degree() < g.capacity)
        return true;
    for (std::size_t l = 0; l < slot.degree(); ++l) {
        if (!slot.link_protected(l))
            return true;
    }
    return false;
}

// The nearest chosen neighbour whose list can take a protected link. There are fewer protected
// links than nodes, so lists full of them are rare; should all be, a leaf of the tree below the
// nearest one joins the choice. chosen() when the neighbours went away meanwhile.
std::size_t find_parent(Inserter* in) {
    const node::Geometry& g = in->state.geometry;
    bool room = false;
    for (std::size_t i = 0; i < in->work.chosen(); ++i) {
        with_slot(in->index, in->state.geometry, in->work.chosen_slot(i),
                  [&](const node::SlotView& slot) {
                      room = in->work.is_chosen(i, 0, slot) && has_room_for_child(g, slot);
                  });
        if (room)
            return i;
    }
    if (in->work.chosen() == 0)
        return 0;
    std::size_t parent = in->work.chosen();
    node::SlotId at = in->work.chosen_slot(0);
    // In a damaged index protected links may run in a circle. Then a slot marked on the way comes
    // again (Brent's algorithm), and the tries of insert_row end in the error.
    node::SlotId mark = node::kNoSlot;
    for (std::uint64_t step = 1; at != node::kNoSlot && at != mark; ++step) {
        if ((step & (step - 1)) == 0)
            mark = at;
        CHECK_FOR_INTERRUPTS();
        node::SlotId child = node::kNoSlot;
        with_slot(in->index, in->state.geometry, at, [&](const node::SlotView& slot) {
            if (!slot.live() || slot.header().level != 0)
                return;
            if (has_room_for_child(g, slot))
                parent = in->work.choose_also(at, slot);
            else
                child = slot.link(0);  // all links are protected
        });
        at = child;
    }
    return parent;
}

// ---- new slots ----------------------------------------------------------------------------------

// The bytes of a new base slot with its first row.
node::SlotEdit write_base_slot(Inserter* in, PageEdits* e, node::SlotId id,
                               const ItemPointerData& tid) {
    const node::SlotEdit slot = edit_slot(e, in->state.geometry, id);
    in->work.write_slot(0, slot.bytes());
    node::SlotHeader& h = slot.header();
    h.base = id;
    h.tids[h.tid_count++] = to_tid(tid);
    return slot;
}

// The first node of an index. kNoSlot when there is one by now.
node::SlotId add_first_slot(Inserter* in, const ItemPointerData& tid) {
    const node::Geometry& g = in->state.geometry;
    PageEdits e;
    begin_edits(&e, in->index, in->direct);
    node::MetaData* meta = page_meta(edit_meta(&e));
    if (meta->root != node::kNoSlot) {
        abort_edits(&e);
        return node::kNoSlot;
    }
    const node::SlotId id = take_slot(&e, g);
    write_base_slot(in, &e, id, tid);
    meta->root = id;
    meta->entry = id;
    meta->entry_level = 0;
    ++meta->inserted_nodes;
    commit_edits(&e);
    return id;
}

// Adds the base slot together with its protected in-link from chosen neighbour `parent`. kNoSlot,
// and nothing done, when that neighbour cannot take it any more.
node::SlotId add_base_slot(Inserter* in, const ItemPointerData& tid, std::size_t parent) {
    const node::Geometry& g = in->state.geometry;
    const node::SlotId parent_id = in->work.chosen_slot(parent);
    PageEdits e;
    begin_edits(&e, in->index, in->direct);
    node::MetaData* meta = open_for_slot(&e, g, parent_id);
    const node::SlotEdit from = edit_slot(&e, g, parent_id);
    if (!in->work.is_chosen(parent, 0, from) || !has_room_for_child(g, from)) {
        abort_edits(&e);
        return node::kNoSlot;
    }
    const node::SlotId id = take_slot(&e, g);
    write_base_slot(in, &e, id, tid).header().parent = parent_id;
    const node::SlotEdit::LinkValue link = in->work.back_link(parent, id, true);
    put_link(from, place_for(in, parent, from, link, true), link);
    ++meta->inserted_nodes;
    commit_edits(&e);
    return id;
}

// Adds the base slot of a row to an index in which every node is dead: above the old root, which
// becomes its child. kNoSlot when that is no longer so.
node::SlotId add_root_slot(Inserter* in, const ItemPointerData& tid, node::SlotId old_root) {
    const node::Geometry& g = in->state.geometry;
    bool dead = false;
    with_slot(in->index, in->state.geometry, old_root, [&](const node::SlotView& slot) {
        dead = slot.dead() && slot.header().level == 0;
        if (dead)
            in->work.choose_also(old_root, slot);
    });
    if (!dead)
        return node::kNoSlot;
    PageEdits e;
    begin_edits(&e, in->index, in->direct);
    node::MetaData* meta = open_for_slot(&e, g, old_root);
    if (meta->root != old_root) {
        abort_edits(&e);
        return node::kNoSlot;
    }
    const node::SlotId id = take_slot(&e, g);
    const node::SlotEdit slot = write_base_slot(in, &e, id, tid);
    slot.set_protected(0, true);
    edit_slot(&e, g, old_root).header().parent = id;
    meta->root = id;
    meta->entry = id;
    meta->entry_level = 0;
    ++meta->inserted_nodes;
    commit_edits(&e);
    return id;
}

// Adds this node's slot at a level above 0.
node::SlotId add_upper_slot(Inserter* in, unsigned level, node::SlotId base, node::SlotId below) {
    const node::Geometry& g = in->state.geometry;
    PageEdits e;
    begin_edits(&e, in->index, in->direct);
    node::MetaData* meta = open_for_slot(&e, g, base);
    const node::SlotId id = take_slot(&e, g);
    const node::SlotEdit slot = edit_slot(&e, g, id);
    in->work.write_slot(level, slot.bytes());
    slot.header().base = base;
    slot.header().other = below;
    if (level == 1)
        edit_slot(&e, g, base).header().other = id;
    if (level > meta->entry_level) {
        meta->entry = id;
        meta->entry_level = level;
    }
    commit_edits(&e);
    return id;
}

void add_upper_slots(Inserter* in, const node::MetaData& meta, node::SlotId base,
                     const ItemPointerData& tid) {
    const unsigned level = hnsw::level_for(in->state.seed, to_tid(tid).key(), in->state.m);
    node::SlotId below = base;
    for (unsigned l = 1; l <= level; ++l) {
        if (l <= meta.entry_level)
            search_level(in, meta, l);
        else
            in->work.clear_candidates();
        below = add_upper_slot(in, l, base, below);
        add_back_links(in, l, below, in->work.chosen());
    }
}

// A try fails when a vacuum removed what it had found, which cannot go on for ever.
constexpr int kMaxTries = 1000;

// What came of one try to insert a row.
enum class Outcome { kDone, kNotIndexable, kAgain };

void call_hook(Inserter* in, node::SlotId base, const ItemPointerData& tid) {
    if (in->hook != nullptr)
        in->hook(in->hook_arg, in->work, base, tid);
}

// What comes after an attempt to add the row's node: null id, and nothing was added.
Outcome outcome_of(Inserter* in, node::SlotId base, const ItemPointerData& tid) {
    if (base == node::kNoSlot)
        return Outcome::kAgain;
    call_hook(in, base, tid);
    return Outcome::kDone;
}

Outcome try_insert(Inserter* in, const float* vector, const ItemPointerData& tid) {
    const node::MetaData meta = read_meta(in->index);
    if (meta.build_id != in->state.build_id)
        elog(ERROR, "index \"%s\" was built anew while it was in use",
             RelationGetRelationName(in->index));
    const bool first = meta.root == node::kNoSlot;
    if (!in->work.set_row(vector))
        return Outcome::kNotIndexable;
    if (first) {
        in->work.choose();
        return outcome_of(in, add_first_slot(in, tid), tid);
    }

    search_level(in, meta, 0);
    const node::SlotId same = in->work.duplicate();
    if (same != node::kNoSlot && add_tid(in, same, tid))
        return outcome_of(in, same, tid);
    const std::size_t parent = find_parent(in);
    if (in->work.chosen() == 0)
        return outcome_of(in, add_root_slot(in, tid, meta.root), tid);
    if (parent == in->work.chosen())
        return Outcome::kAgain;
    const node::SlotId base = add_base_slot(in, tid, parent);
    if (base == node::kNoSlot)
        return Outcome::kAgain;
    add_back_links(in, 0, base, parent);
    call_hook(in, base, tid);
    add_upper_slots(in, meta, base, tid);
    return Outcome::kDone;
}

// The inserter of a statement, made for its first row. One per index and statement.
Inserter* statement_inserter(Relation index, IndexInfo* info) {
    if (info->ii_AmCache == nullptr)
        info->ii_AmCache = make_inserter(index, info->ii_Context, false);
    return static_cast<Inserter*>(info->ii_AmCache);
}

}  // namespace

Inserter* make_inserter(Relation index, MemoryContext context, bool direct, InsertHook hook,
                        void* hook_arg) {
    const IndexState& state = index_state(index);
    return enter_cpp(
        [&] { return new_in_context<Inserter>(context, index, state, direct, hook, hook_arg); });
}

bool insert_row(Inserter* in, const float* vector, const ItemPointerData& tid) {
    for (int tries = 0; tries < kMaxTries; ++tries) {
        const Outcome outcome = try_insert(in, vector, tid);
        if (outcome != Outcome::kAgain)
            return outcome == Outcome::kDone;
        CHECK_FOR_INTERRUPTS();
    }
    report_corrupt(in->index, kMetaBlock, "no node can be found to link a new one to");
}

bool lid_hnsw_insert(Relation index, Datum* values, bool* isnull, ItemPointer tid, Relation,
                     IndexUniqueCheck, bool, IndexInfo* info) {
    if (isnull[0])
        return false;
    const Vector* vector = checked_vector(values[0], index_state(index).geometry.dims);
    Inserter* inserter = statement_inserter(index, info);
    const IndexLock gate = enter_insert(index);
    enter_cpp([&] { insert_row(inserter, vector->x, *tid); });
    leave_insert(index, gate);
    release_vector(vector, values[0]);
    return false;
}

}  // namespace vg::pg
