// Third pass of VACUUM: the spanning tree of protected links. A node whose protected in-link came
// from a dead node is an orphan, with its subtree intact below it. It is hung under any live node
// outside that subtree; whether a node is outside shows by following its parents up. Inserts add
// leaves meanwhile, which changes nobody's parents.

#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/vacuum.h"

#include <algorithm>

#include "pg/page/slot_reads.h"

namespace vg::pg {
namespace {

// Beam of the search for a parent when none of the orphan's own neighbours will do.
constexpr std::size_t kParentBeam = 64;

node::SlotId parent_of(Vacuum* v, node::SlotId id) {
    node::SlotId parent = node::kNoSlot;
    with_slot(
        v->index, v->g, id, [&](const node::SlotView& slot) { parent = slot.header().parent; },
        v->strategy);
    return parent;
}

// Follows parents from `from`. False when that leads to `orphan`, i.e. from lies in its subtree.
bool outside_subtree(Vacuum* v, node::SlotId from, node::SlotId orphan) {
    // A path longer than there are slots would be a cycle.
    const std::size_t slots =
        std::size_t{RelationGetNumberOfBlocks(v->index)} * v->g.slots_per_page;
    for (std::size_t steps = 0; steps <= slots; ++steps) {
        if (from == orphan)
            return false;
        if (from == node::kNoSlot || v->is_dead(from))
            return true;
        from = parent_of(v, from);
        CHECK_FOR_INTERRUPTS();
    }
    report_corrupt(v->index, v->g.block_of(orphan), "the parents of a node form a cycle");
}

// Rotates the row of a node into `out`.
void rotate_row(Vacuum* v, node::SlotId id, float* out) {
    const auto read = [&](const node::SlotView& slot) { slot.read_vector(v->vector.data()); };
    with_slot(v->index, v->g, id, read, v->strategy);
    v->state.rotation.apply(v->vector.data(), v->state.centre.data(), out);
}

// Gives `orphan` a protected link from `parent`; false when that list is full of protected links.
bool adopt(Vacuum* v, node::SlotId orphan, node::SlotId parent) {
    rotate_row(v, orphan, v->rotated_other.data());
    rotate_row(v, parent, v->rotated_node.data());

    PageEdits e;
    begin_edits(&e, v->index, false);
    open_slots_pages(&e, v->g.block_of(parent), v->g.block_of(orphan));
    const node::SlotEdit from = edit_slot(&e, v->g, parent);
    std::size_t at = 0;
    while (at < from.degree() && from.link(at) != orphan)
        ++at;
    if (at < from.degree()) {
        from.set_protected(at, true);
    } else {
        const code::LinkFactors f =
            node::link_factors(v->state.metric, v->rotated_node.data(), v->rotated_other.data(),
                               v->g.words, v->code.data());
        if (from.degree() < v->g.capacity)
            at = from.header().degree++;
        else
            at = hnsw::choose_victim(v->state.metric, from, v->rotated_node.data(),
                                     {orphan, true, f.bias, f.scale, f.length, v->code.data()},
                                     true);
        if (at == hnsw::kNoVictim) {
            abort_edits(&e);
            return false;
        }
        from.set_link(at, {orphan, true, f.bias, f.scale, f.length, v->code.data()});
    }
    edit_slot(&e, v->g, orphan).header().parent = parent;
    commit_edits(&e);
    return true;
}

// `linked`: only where the parent has a link to the orphan already, so that no other gives way.
bool try_parent(Vacuum* v, node::SlotId orphan, node::SlotId parent, bool linked = false) {
    if (parent == orphan || parent == node::kNoSlot || v->is_dead(parent))
        return false;
    bool fits = false;
    const auto look = [&](const node::SlotView& slot) {
        fits = slot.live() && slot.header().level == 0 && (!linked || links_to(slot, orphan));
    };
    with_slot(v->index, v->g, parent, look, v->strategy);
    return fits && outside_subtree(v, parent, orphan) && adopt(v, orphan, parent);
}

bool try_own_links(Vacuum* v, node::SlotId orphan) {
    v->options.clear();
    const node::SlotView slot = copy_slot(v, orphan, &v->page);
    for (std::size_t i = 0; i < slot.degree(); ++i)
        v->options.push_back({slot.length(i), slot.link(i), {}});
    std::sort(v->options.begin(), v->options.end(),
              [](const auto& a, const auto& b) { return a.distance < b.distance; });
    // A list that is full gives up a link for one to the orphan, unless it has that one.
    for (const bool linked : {true, false}) {
        for (const Vacuum::Option& o : v->options) {
            if (try_parent(v, orphan, o.id, linked))
                return true;
        }
    }
    return false;
}

bool try_search(Vacuum* v, node::SlotId orphan) {
    const node::SlotView own = copy_slot(v, orphan, &v->page);
    own.read_vector(v->vector.data());
    v->query.set_row(v->vector.data());
    const node::MetaData meta = read_meta(v->index);
    v->search.set_root(meta.root);
    v->search.start(meta.entry, meta.entry_level, 0, kParentBeam);
    run_round(
        v->index, v->g, v->search,
        [v](node::SlotId id, const node::SlotView& slot) { v->search.expand(id, slot); },
        v->strategy);
    hnsw::Found found;
    while (v->search.pop(&found)) {
        if (try_parent(v, orphan, found.slot))
            return true;
    }
    return false;
}

// The last resort tries every node; there is always a leaf of the tree with room.
bool try_all(Vacuum* v, node::SlotId orphan) {
    const BlockNumber blocks = RelationGetNumberOfBlocks(v->index);
    PGAlignedBlock copy;
    for (BlockNumber block = kMetaBlock + 1; block < blocks; ++block) {
        delay_point();
        if (!copy_slots_page(v, block, &copy))
            continue;
        for (std::uint32_t i = 0; i < used_slots(v, &copy); ++i) {
            if (try_parent(v, orphan, v->g.slot_id(block, i)))
                return true;
        }
    }
    return false;
}

}  // namespace

static void set_entry(Vacuum* v, node::MetaData* meta) {
    const bool upper = v->highest_level > 0;
    meta->entry = upper ? v->highest : v->any_live;
    meta->entry_level = upper ? v->highest_level : 0;
}

// Once the entry point has been lowered, an insert that adds a slot above it makes that one the
// entry point. Those that came before have not, and may lie on pages that the repair had passed.
static void raise_entry(Vacuum* v) {
    const BlockNumber blocks = RelationGetNumberOfBlocks(v->index);
    PageWalk walk;
    begin_vacuum_walk(v, &walk, blocks);
    for (Buffer buffer; BufferIsValid(buffer = next_vacuum_page(&walk));) {
        const BlockNumber block = BufferGetBlockNumber(buffer);
        if (!copy_pinned_slots(buffer, &v->page))
            continue;
        for (std::uint32_t i = 0; i < used_slots(v, &v->page); ++i) {
            const node::SlotView slot = slot_of(v, &v->page, i);
            if (slot.live())
                note_upper(v, v->g.slot_id(block, i), slot.header().level);
        }
    }
    end_page_walk(&walk);
    PageEdits e;
    begin_edits(&e, v->index, false);
    node::MetaData* meta = page_meta(edit_meta(&e));
    if (v->highest_level <= meta->entry_level) {
        abort_edits(&e);
        return;
    }
    set_entry(v, meta);
    commit_edits(&e);
}

void repair_entry(Vacuum* v) {
    PageEdits e;
    begin_edits(&e, v->index, false);
    node::MetaData* meta = page_meta(edit_meta(&e));
    const bool new_entry = v->is_dead(meta->entry) ||
                           (meta->entry != node::kNoSlot && v->highest_level > meta->entry_level);
    const bool new_root = v->is_dead(meta->root);
    const bool raise = new_entry && meta->inserted_nodes != v->inserted_before;
    if (!new_entry && !new_root) {
        abort_edits(&e);
    } else {
        if (new_entry)
            set_entry(v, meta);
        if (new_root) {
            meta->root = v->any_live;
            if (v->any_live != node::kNoSlot)
                edit_slot(&e, v->g, v->any_live).header().parent = node::kNoSlot;
        }
        commit_edits(&e);
    }
    if (raise)
        raise_entry(v);
    // An insert that found nothing alive may have hung the dead root below a new one since the
    // second pass. From here on the root lives, or there is none, so it cannot happen again.
    const node::SlotId root = read_meta(v->index).root;
    if (root != node::kNoSlot && copy_slots_page(v, v->g.block_of(root), &v->page))
        repair_page(v, v->g.block_of(root));
}

void reparent_orphans(Vacuum* v) {
    for (const node::SlotId orphan : v->orphans) {
        delay_point();
        const node::SlotId parent = parent_of(v, orphan);
        if (parent == node::kNoSlot ||
            !v->is_dead(parent))  // it became the root, or is listed twice
            continue;
        if (!try_own_links(v, orphan) && !try_search(v, orphan) && !try_all(v, orphan))
            ereport(WARNING, (errmsg("a node of index \"%s\" could not be linked again",
                                     RelationGetRelationName(v->index)),
                              errhint("Rebuild the index with REINDEX.")));
    }
    v->orphans.clear();
}

}  // namespace vg::pg
