// The edits that add a node: its slots, its parent's protected link, the links back to it.
#include <algorithm>

#include "core/hnsw/code_prune.h"
#include "core/store/insert.h"
#include "core/store/links.h"

#include "core/no_postgres.h"

namespace vg::store {

using node::kNoSlot;
using node::SlotEdit;
using node::SlotId;
using node::SlotView;
using node::Tid;

// ---- links ----

// Where the link to the new slot would go in the list of chosen neighbour i; kNoVictim when there
// is no room for it. With `force` (the protected link) there is unless all links are protected.
std::size_t Inserter::place_for(std::size_t i, const SlotView& slot,
                                const SlotEdit::LinkValue& link, bool force) {
    if (slot.degree() < g_.capacity)
        return slot.degree();
    return work_.victim(i, slot, link, force);
}

// The back-link of chosen neighbour i, if it wants it: most full lists do not, and their pages are
// only looked at.
void Inserter::add_back_link(std::size_t i, unsigned level, SlotId to) {
    const SlotId id = work_.chosen_slot(i);
    const std::byte* page = store_.consider(g_.block_of(id), node::PageKind::kSlots);
    const bool looking = page != nullptr;
    if (!looking)
        page = store_.edit(g_.block_of(id), node::PageKind::kSlots).data;
    const SlotView slot(g_, page + std::size_t{g_.index_of(id)} * g_.slot_bytes);
    const SlotEdit::LinkValue link = work_.back_link(i, to, false);
    const bool wanted = work_.is_chosen(i, level, slot) && !links_to(slot, to);
    const std::size_t at = wanted ? place_for(i, slot, link, false) : hnsw::kNoVictim;
    if (at != hnsw::kNoVictim)
        put_link(store_.edit_slot(id), at, link);
    else if (looking)
        store_.drop();
}

// Back-links of all chosen neighbours but `done`, a few pages per edit, in the order of the pages.
void Inserter::add_back_links(unsigned level, SlotId to, std::size_t done) {
    by_block_.clear();
    for (std::size_t i = 0; i < work_.chosen(); ++i) {
        if (i != done)
            by_block_.push_back(i);
    }
    std::sort(by_block_.begin(), by_block_.end(), [this](std::size_t a, std::size_t b) {
        return work_.chosen_slot(a) < work_.chosen_slot(b);
    });
    store_.begin();
    for (const std::size_t i : by_block_) {
        if (!store_.has_room(g_.block_of(work_.chosen_slot(i)))) {
            store_.commit();
            store_.poll();
            store_.begin();
        }
        add_back_link(i, level, to);
    }
    store_.commit();
}

// The nearest chosen neighbour whose list can take a protected link. There are fewer protected
// links than nodes, so lists full of them are rare; should all be, one below the nearest neighbour
// joins the choice. Its place in the choice is chosen() when the neighbours went away meanwhile.
Inserter::Parent Inserter::find_parent() {
    bool room = false;
    for (std::size_t i = 0; i < work_.chosen(); ++i) {
        with_slot(store_, work_.chosen_slot(i), [&](const SlotView& slot) {
            room = work_.is_chosen(i, 0, slot) && has_room_for_child(slot);
        });
        if (room)
            return {i, kNoSlot, 0};
    }
    if (work_.chosen() == 0)
        return {0, kNoSlot, 0};
    return find_parent_below(work_.chosen_slot(0));
}

// The first node with room on the way down the tree of protected links. A full list with a dead
// child has room too: vacuum takes that link out anyway, and hangs what is below the child
// elsewhere.
Inserter::Parent Inserter::find_parent_below(SlotId at) {
    std::size_t parent = work_.chosen();
    const std::uint64_t removed = store_.meta().removed_nodes;
    // In a damaged index protected links may run in a circle. Then a slot marked on the way comes
    // again (Brent's algorithm), and the tries of insert() end in the error.
    SlotId mark = kNoSlot;
    for (std::uint64_t step = 1; at != kNoSlot && at != mark; ++step) {
        if ((step & (step - 1)) == 0)
            mark = at;
        store_.poll();
        children_.clear();
        with_slot(store_, at, [&](const SlotView& slot) {
            if (!slot.live() || slot.header().level != 0)
                return;
            if (has_room_for_child(slot))
                parent = work_.choose_also(at, slot);
            else  // all links are protected
                for (std::size_t i = 0; i < slot.degree(); ++i)
                    children_.push_back(slot.link(i));
        });
        if (children_.empty())
            return {parent, kNoSlot, 0};
        const Children children = look_at_children(at);
        if (children.dead != kNoSlot) {
            with_slot(store_, at, [&](const SlotView& slot) {
                if (slot.live() && slot.header().level == 0)
                    parent = work_.choose_also(at, slot);
            });
            return {parent, children.dead, removed};
        }
        at = children.living;
    }
    return {parent, kNoSlot, 0};
}

// Of those in children_ that a full list protects. A link to what became the root has no child any
// more.
Inserter::Children Inserter::look_at_children(SlotId of) {
    Children found{kNoSlot, kNoSlot};
    for (const SlotId child : children_) {
        with_slot(store_, child, [&](const SlotView& slot) {
            if (slot.dead())
                found.dead = child;
            else if (slot.live() && slot.header().parent == of && found.living == kNoSlot)
                found.living = child;
        });
        if (found.dead != kNoSlot)
            break;
    }
    return found;
}

// Where the protected link to the new slot goes in its parent's list; kNoVictim where there is no
// room for it any more.
std::size_t Inserter::place_for_child(const Parent& parent, const SlotView& slot,
                                      const SlotEdit::LinkValue& link) {
    for (std::size_t i = 0; parent.gives_way != kNoSlot && i < slot.degree(); ++i) {
        if (slot.link(i) == parent.gives_way)
            return i;
    }
    return place_for(parent.chosen, slot, link, true);
}

// ---- slots ----

// The bytes of a new base slot with its first row.
SlotEdit Inserter::write_base_slot(SlotId id, const Tid& tid) {
    const SlotEdit slot = store_.edit_slot(id);
    work_.write_slot(0, slot.bytes());
    node::SlotHeader& h = slot.header();
    h.base = id;
    h.tids[h.tid_count++] = tid;
    return slot;
}

// The first node of an index, and one above a dead root, is where searches begin as well.
static void make_root(node::MetaData* meta, SlotId id) {
    meta->root = meta->entry = id;
    meta->entry_level = 0;
}

// The first node of an index. kNoSlot when there is one by now.
SlotId Inserter::add_first_slot(const Tid& tid) {
    store_.begin();
    node::MetaData* meta = store_.edit_meta();
    if (meta->root != kNoSlot) {
        store_.rollback();
        return kNoSlot;
    }
    const SlotId id = store_.take_slot();
    write_base_slot(id, tid);
    make_root(meta, id);
    ++meta->inserted_nodes;
    store_.commit();
    return id;
}

// Adds the base slot together with its protected in-link. kNoSlot, and nothing done, when the
// parent cannot take it any more.
SlotId Inserter::add_base_slot(const Tid& tid, const Parent& parent) {
    const SlotId parent_id = work_.chosen_slot(parent.chosen);
    store_.begin();
    node::MetaData* meta = store_.open_for_slot(parent_id);
    const SlotEdit from = store_.edit_slot(parent_id);
    // A child that was dead still is, unless its slot was freed and taken by another node.
    const bool child_is_gone = parent.gives_way != kNoSlot && meta->removed_nodes != parent.removed;
    if (child_is_gone || !work_.is_chosen(parent.chosen, 0, from) ||
        !(has_room_for_child(from) || links_to(from, parent.gives_way))) {
        store_.rollback();
        return kNoSlot;
    }
    const SlotId id = store_.take_slot();
    write_base_slot(id, tid).header().parent = parent_id;
    const SlotEdit::LinkValue link = work_.back_link(parent.chosen, id, true);
    put_link(from, place_for_child(parent, from, link), link);
    ++meta->inserted_nodes;
    store_.commit();
    return id;
}

// Adds the base slot of a row to an index in which every node is dead: above the old root, which
// becomes its child. kNoSlot when that is no longer so. `before`: what the metapage said when the
// search began; while no node was removed since, the root's slot is not another node's.
SlotId Inserter::add_root_slot(const Tid& tid, const node::MetaData& before) {
    const SlotId old_root = before.root;
    bool dead = false;
    with_slot(store_, old_root, [&](const SlotView& slot) {
        dead = slot.dead() && slot.header().level == 0;
        if (dead)
            work_.choose_also(old_root, slot);
    });
    if (!dead)
        return kNoSlot;
    store_.begin();
    node::MetaData* meta = store_.open_for_slot(old_root);
    if (meta->root != old_root || meta->removed_nodes != before.removed_nodes) {
        store_.rollback();
        return kNoSlot;
    }
    const SlotId id = store_.take_slot();
    write_base_slot(id, tid).set_protected(0, true);
    store_.edit_slot(old_root).header().parent = id;
    make_root(meta, id);
    ++meta->inserted_nodes;
    store_.commit();
    return id;
}

// Adds this node's slot at a level above 0.
SlotId Inserter::add_upper_slot(unsigned level, SlotId base, SlotId below) {
    store_.begin();
    node::MetaData* meta = store_.open_for_slot(base);
    const SlotId id = store_.take_slot();
    const SlotEdit slot = store_.edit_slot(id);
    work_.write_slot(level, slot.bytes());
    slot.header().base = base;
    slot.header().other = below;
    if (level == 1)
        store_.edit_slot(base).header().other = id;
    if (level > meta->entry_level) {
        meta->entry = id;
        meta->entry_level = level;
    }
    store_.commit();
    return id;
}

void Inserter::add_upper_slots(const node::MetaData& meta, SlotId base, const Tid& tid) {
    const unsigned level = hnsw::level_for(constants_.seed, tid.key(), constants_.m);
    SlotId below = base;
    for (unsigned l = 1; l <= level; ++l) {
        if (l <= meta.entry_level)
            search_level(meta, l);
        else
            work_.clear_candidates();
        below = add_upper_slot(l, base, below);
        add_back_links(l, below, work_.chosen());
    }
}

}  // namespace vg::store
