// Third pass of a vacuum: the spanning tree of protected links. A node whose protected in-link came
// from a dead node is an orphan, with its subtree intact below it. It is hung under any live node
// outside that subtree; whether a node is outside shows by following its parents up. Inserts add
// leaves meanwhile, which changes nobody's parents.

#include "core/store/vacuum.h"

#include <algorithm>

#include "core/store/links.h"
#include "core/store/rounds.h"

#include "core/no_postgres.h"

namespace vg::store {

using node::kNoSlot;
using node::SlotId;
using node::SlotView;

namespace {

// Beam of the search for a parent when none of the orphan's own neighbours will do.
constexpr std::size_t kParentBeam = 64;

SlotId parent_of(Vacuum* v, SlotId id) {
    SlotId parent = kNoSlot;
    with_slot(v->store, id, [&](const SlotView& slot) { parent = slot.header().parent; });
    return parent;
}

// Follows parents from `from`. False when that leads to `orphan`, i.e. from lies in its subtree.
bool outside_subtree(Vacuum* v, SlotId from, SlotId orphan) {
    // A path longer than there are slots would be a cycle.
    const std::size_t slots = std::size_t{v->store.blocks()} * v->g.slots_per_page;
    for (std::size_t steps = 0; steps <= slots; ++steps) {
        if (from == orphan)
            return false;
        if (from == kNoSlot || v->is_dead(from))
            return true;
        from = parent_of(v, from);
        v->store.poll();
    }
    v->store.report_corrupt(v->g.block_of(orphan), "the parents of a node form a cycle");
}

// Rotates the row of a node into `out`.
void rotate_row(Vacuum* v, SlotId id, float* out) {
    const auto read = [&](const SlotView& slot) { slot.read_vector(v->vector.data()); };
    with_slot(v->store, id, read);
    v->constants.rotate(v->vector.data(), out);
}

// Gives `orphan` a protected link from `parent`; false when that list is full of protected links.
bool adopt(Vacuum* v, SlotId orphan, SlotId parent) {
    rotate_row(v, orphan, v->rotated_other.data());
    rotate_row(v, parent, v->rotated_node.data());

    v->store.begin();
    v->store.open_slots(parent, orphan);
    const node::SlotEdit from = v->store.edit_slot(parent);
    std::size_t at = 0;
    while (at < from.degree() && from.link(at) != orphan)
        ++at;
    if (at < from.degree()) {
        from.set_protected(at, true);
    } else {
        const code::LinkFactors f =
            node::link_factors(v->g, v->constants.metric, v->rotated_node.data(),
                               v->rotated_other.data(), v->code.data());
        const node::SlotEdit::LinkValue link{orphan,  true,     f.bias,
                                             f.scale, f.length, v->code.data()};
        if (at == v->g.capacity)
            at = hnsw::choose_victim(v->constants.metric, from, v->rotated_node.data(), link, true);
        if (at == hnsw::kNoVictim) {
            v->store.rollback();
            return false;
        }
        put_link(from, at, link);
    }
    v->store.edit_slot(orphan).header().parent = parent;
    v->store.commit();
    return true;
}

// `linked`: only where the parent has a link to the orphan already, so that no other gives way.
bool try_parent(Vacuum* v, SlotId orphan, SlotId parent, bool linked = false) {
    if (parent == orphan || parent == kNoSlot || v->is_dead(parent))
        return false;
    bool fits = false;
    const auto look = [&](const SlotView& slot) {
        fits = slot.live() && slot.header().level == 0 && (!linked || links_to(slot, orphan));
    };
    with_slot(v->store, parent, look);
    return fits && outside_subtree(v, parent, orphan) && adopt(v, orphan, parent);
}

bool try_own_links(Vacuum* v, SlotId orphan) {
    v->options.clear();
    const SlotView slot = v->store.copy_slot(orphan, &v->page);
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

bool try_search(Vacuum* v, SlotId orphan) {
    const SlotView own = v->store.copy_slot(orphan, &v->page);
    own.read_vector(v->vector.data());
    v->query.set_row(v->vector.data());
    const node::MetaData meta = v->store.meta();
    v->search.set_root(meta.root);
    v->search.start(meta.entry, meta.entry_level, 0, kParentBeam);
    run_round(v->store, v->search,
              [v](SlotId id, const SlotView& slot) { v->search.expand(id, slot); });
    hnsw::Found found;
    while (v->search.pop(&found)) {
        if (try_parent(v, orphan, found.slot))
            return true;
    }
    return false;
}

// The last resort tries every node; there is always a leaf of the tree with room.
bool try_all(Vacuum* v, SlotId orphan) {
    const Block blocks = v->store.blocks();
    for (Block block = kMetaBlock + 1; block < blocks; ++block) {
        v->store.pause();
        if (!v->store.copy(block, &v->other))
            continue;
        for (std::uint32_t i = 0; i < v->other.used(); ++i) {
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
    const Block blocks = v->store.blocks();
    v->store.begin_walk(blocks);
    for (Block block; v->store.next_of_walk(&block, &v->page);) {
        for (std::uint32_t i = 0; i < v->page.used(); ++i) {
            const SlotView slot = v->page.slot(i);
            if (slot.live())
                note_upper(v, v->g.slot_id(block, i), slot.header().level);
        }
    }
    v->store.end_walk();
    v->store.begin();
    node::MetaData* meta = v->store.edit_meta();
    if (v->highest_level <= meta->entry_level) {
        v->store.rollback();
        return;
    }
    set_entry(v, meta);
    v->store.commit();
}

// Makes a live node the root of the tree. Its parent's link to it need not be protected any more.
static void set_root(Vacuum* v, node::MetaData* meta, SlotId parent) {
    meta->root = v->any_live;
    if (meta->root == kNoSlot)
        return;
    if (parent == kNoSlot)
        parent = meta->root;
    v->store.open_slots(meta->root, parent);
    v->store.edit_slot(meta->root).header().parent = kNoSlot;
    const node::SlotEdit from = v->store.edit_slot(parent);
    for (std::size_t i = 0; i < from.degree(); ++i) {
        if (from.link(i) == meta->root)
            from.set_protected(i, false);
    }
}

void repair_entry(Vacuum* v) {
    // Nobody else changes parents.
    const SlotId parent = v->any_live == kNoSlot ? kNoSlot : parent_of(v, v->any_live);
    v->store.begin();
    node::MetaData* meta = v->store.edit_meta();
    const bool new_entry =
        v->is_dead(meta->entry) || (meta->entry != kNoSlot && v->highest_level > meta->entry_level);
    const bool new_root = v->is_dead(meta->root);
    const bool raise = new_entry && meta->inserted_nodes != v->inserted_before;
    if (!new_entry && !new_root) {
        v->store.rollback();
    } else {
        if (new_entry)
            set_entry(v, meta);
        if (new_root)
            set_root(v, meta, parent);
        v->store.commit();
    }
    if (raise)
        raise_entry(v);
    // An insert that found nothing alive may have hung the dead root below a new one since the
    // second pass. From here on the root lives, or there is none, so it cannot happen again.
    const SlotId root = v->store.meta().root;
    if (root != kNoSlot && v->store.copy(v->g.block_of(root), &v->page))
        repair_page(v, v->g.block_of(root));
}

void reparent_orphans(Vacuum* v) {
    for (const SlotId orphan : v->orphans) {
        v->store.pause();
        const SlotId parent = parent_of(v, orphan);
        if (parent == kNoSlot || !v->is_dead(parent))  // it became the root, or is listed twice
            continue;
        if (!try_own_links(v, orphan) && !try_search(v, orphan) && !try_all(v, orphan))
            ++v->unlinked;
    }
    v->orphans.clear();
}

}  // namespace vg::store
