// Third pass of VACUUM: the spanning tree of protected links. A node whose protected in-link came
// from a dead node is an orphan, with its subtree intact below it. It is hung under any live node
// outside that subtree; whether a node is outside shows by following its parents up. The entry
// point and the root move to live nodes first.

#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/vacuum.h"

#include <algorithm>

namespace vg::pg {
namespace {

// Beam of the search for a parent when none of the orphan's own neighbours will do.
constexpr std::size_t kParentBeam = 64;

// Follows parents from `from`. False when that leads to `orphan`, i.e. from lies in its subtree.
bool outside_subtree(Vacuum* v, node::SlotId from, node::SlotId orphan) {
    // A path longer than there are nodes would be a cycle.
    for (std::size_t steps = 0; steps <= v->dead.size(); ++steps) {
        if (from == orphan)
            return false;
        if (from == node::kNoSlot || v->is_dead(from))
            return true;
        from = copy_slot(v, from, &v->other).header().parent;
        CHECK_FOR_INTERRUPTS();
    }
    report_corrupt(v->index, v->g.block_of(orphan), "the parents of a node form a cycle");
}

// Gives `orphan` a protected link from `parent`; false when that list is full of protected links.
bool adopt(Vacuum* v, node::SlotId orphan, node::SlotId parent) {
    copy_slot(v, orphan, &v->page).read_vector(v->vector.data());
    v->state.rotation.apply(v->vector.data(), v->state.centre.data(), v->rotated_other.data());
    const float tail = slot_of(v, &v->page, v->g.index_of(orphan)).header().tail;
    copy_slot(v, parent, &v->other).read_vector(v->vector.data());
    v->state.rotation.apply(v->vector.data(), v->state.centre.data(), v->rotated_node.data());

    PageEdits e;
    begin_edits(&e, v->index, false);
    const node::SlotEdit from(
        v->g, slot_bytes(v->g, edit_page(&e, v->g.block_of(parent), node::PageKind::kSlots),
                         v->g.index_of(parent)));
    std::size_t at = 0;
    while (at < from.degree() && from.link(at) != orphan)
        ++at;
    if (at < from.degree()) {
        from.set_protected(at, true);
    } else {
        const code::LinkFactors f =
            code::encode_link(v->rotated_node.data(), v->rotated_other.data(), v->g.words,
                              from.header().tail, tail, v->code.data());
        if (from.degree() < v->g.capacity)
            at = from.header().degree++;
        else
            at = hnsw::choose_victim(from, v->code.data(), distance::bf16_to_float(f.length), true);
        if (at == hnsw::NodeInsert::kNoVictim) {
            commit_edits(&e);
            return false;
        }
        from.set_link(at, {orphan, true, f.bias, f.scale, f.length, v->code.data()});
    }
    const node::SlotEdit to(
        v->g, slot_bytes(v->g, edit_page(&e, v->g.block_of(orphan), node::PageKind::kSlots),
                         v->g.index_of(orphan)));
    to.header().parent = parent;
    commit_edits(&e);
    return true;
}

bool try_parent(Vacuum* v, node::SlotId orphan, node::SlotId parent) {
    if (parent == orphan || parent == node::kNoSlot || v->is_dead(parent))
        return false;
    const node::SlotView slot = copy_slot(v, parent, &v->other);
    if (!slot.live() || slot.header().level != 0)
        return false;
    return outside_subtree(v, parent, orphan) && adopt(v, orphan, parent);
}

bool try_own_links(Vacuum* v, node::SlotId orphan) {
    v->options.clear();
    const node::SlotView slot = copy_slot(v, orphan, &v->page);
    for (std::size_t i = 0; i < slot.degree(); ++i)
        v->options.push_back({slot.length(i), slot.link(i)});
    std::sort(v->options.begin(), v->options.end(),
              [](const auto& a, const auto& b) { return a.distance < b.distance; });
    for (const Vacuum::Option& o : v->options) {
        if (try_parent(v, orphan, o.id))
            return true;
    }
    return false;
}

bool try_search(Vacuum* v, node::SlotId orphan) {
    const node::SlotView slot = copy_slot(v, orphan, &v->page);
    slot.read_vector(v->vector.data());
    v->query.set_row(v->vector.data(), slot.header().tail);
    const node::MetaData meta = read_meta(v->index);
    v->search.set_root(meta.root);
    v->search.start(meta.entry, meta.entry_level, 0, kParentBeam);
    for (;;) {
        const node::SlotId id = v->search.next();
        if (id == node::kNoSlot)
            break;
        v->search.expand(id, copy_slot(v, id, &v->other));
        CHECK_FOR_INTERRUPTS();
    }
    hnsw::Found found;
    while (v->search.pop(&found)) {
        if (try_parent(v, orphan, found.slot))
            return true;
    }
    return false;
}

// The last resort tries every node; there is always a leaf of the tree with room.
bool try_all(Vacuum* v, node::SlotId orphan) {
    const node::SlotId end = static_cast<node::SlotId>(v->dead.size());
    PGAlignedBlock copy;
    for (BlockNumber block = kMetaBlock + 1; v->g.slot_id(block, 0) < end; ++block) {
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

void repair_entry(Vacuum* v) {
    const node::MetaData old = read_meta(v->index);
    node::SlotId entry = old.entry;
    unsigned level = old.entry_level;
    if (entry != node::kNoSlot && v->is_dead(entry)) {
        entry = v->any_live;
        level = 0;
        for (const Vacuum::Upper& u : v->uppers) {
            if (u.level > level && !v->is_dead(u.slot)) {
                entry = u.slot;
                level = u.level;
            }
        }
    }
    node::SlotId root = old.root;
    if (root != node::kNoSlot && v->is_dead(root))
        root = v->any_live;
    if (entry == old.entry && root == old.root)
        return;

    PageEdits e;
    begin_edits(&e, v->index, false);
    node::MetaData* meta = page_meta(edit_page(&e, kMetaBlock, node::PageKind::kMeta));
    meta->entry = entry;
    meta->entry_level = level;
    meta->root = root;
    if (root != node::kNoSlot && root != old.root) {
        const Page page = edit_page(&e, v->g.block_of(root), node::PageKind::kSlots);
        node::SlotEdit(v->g, slot_bytes(v->g, page, v->g.index_of(root))).header().parent =
            node::kNoSlot;
    }
    commit_edits(&e);
}

void reparent_orphans(Vacuum* v) {
    const node::SlotId root = read_meta(v->index).root;
    for (const node::SlotId orphan : v->orphans) {
        delay_point();
        if (orphan == root)
            continue;
        if (!try_own_links(v, orphan) && !try_search(v, orphan) && !try_all(v, orphan))
            ereport(WARNING, (errmsg("a node of index \"%s\" could not be linked again",
                                     RelationGetRelationName(v->index)),
                              errhint("Rebuild the index with REINDEX.")));
    }
}

}  // namespace vg::pg
