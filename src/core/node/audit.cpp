#include "core/node/audit.h"

#include <algorithm>
#include <cmath>

#include "core/node/reach.h"

#include "core/no_postgres.h"

namespace vg::node {
namespace {

constexpr std::size_t kPollEvery = 65536;

}  // namespace

Audit::Audit(const MetaData& meta, std::uint32_t blocks, Poll poll)
    : meta_(meta),
      geometry_(geometry_of(meta)),
      poll_(poll),
      entries_(static_cast<std::size_t>(blocks) * geometry_.slots_per_page) {}

bool Audit::is_base(SlotId id) const noexcept {
    return in_use(id) && entries_[id].level == 0;
}

Fault Audit::add_page(std::uint32_t block, std::uint32_t used) {
    const SlotId first = geometry_.slot_id(block, 0);
    if (used > geometry_.slots_per_page)
        return {"the page claims more slots than it can hold", first};
    if (std::size_t{first} + used > entries_.size())
        return {"the page lies past the end of the index", first};
    return {};
}

Fault Audit::check_values(SlotId id, const SlotView& slot) const noexcept {
    const SlotHeader& h = slot.header();
    if (const char* fault = slot.vector().fault())
        return {fault, id};
    if (!std::isfinite(h.error) || h.error < 0)
        return {"a factor of the vector is not finite", id};
    const distance::LinkCodes codes = slot.codes();
    for (std::size_t i = 0; i < slot.degree(); ++i) {
        if (!std::isfinite(codes.bias[i]) ||
            !std::isfinite(distance::bf16_to_float(codes.scale[i])) ||
            !std::isfinite(slot.length(i)) || slot.length(i) < 0)
            return {"a factor of a link is not finite", id, slot.link(i)};
    }
    if (h.level > 0 && (h.tid_count != 0 || h.chunk != kNoChunk))
        return {"a slot above the base layer holds heap TIDs", id};
    return {};
}

Fault Audit::add_slot(SlotId id, const SlotView& slot) {
    if (id >= entries_.size())
        return {"the slot lies past the end of the index", id};
    if (const char* what = slot.check())
        return {what, id};
    const SlotHeader& h = slot.header();
    Entry& e = entries_[id];
    e.state = h.state;
    e.other = h.other;
    if (h.state == static_cast<std::uint8_t>(SlotState::kFree)) {
        ++free_slots_;
        return {};
    }
    e.level = h.level;
    e.base = h.base;
    e.parent = h.parent;
    if (h.level == 0)
        ++(slot.live() ? live_nodes_ : dead_nodes_);
    return check_values(id, slot);
}

Fault Audit::check_meta_slots() const noexcept {
    if (meta_.root == kNoSlot && meta_.entry == kNoSlot) {
        if (live_nodes_ > 0)
            return {"the metapage names no entry point, but there are nodes"};
        return {};
    }
    if (!in_use(meta_.entry))
        return {"the entry point is not a slot in use", kNoSlot, meta_.entry};
    if (entries_[meta_.entry].level != meta_.entry_level)
        return {"the entry point is of another level than the metapage says", kNoSlot, meta_.entry};
    if (!in_use(meta_.root) || entries_[meta_.root].level != 0)
        return {"the root of the protected links is not a base slot in use", kNoSlot, meta_.root};
    if (is_live(meta_.root) && entries_[meta_.root].parent != kNoSlot)
        return {"the root of the protected links has a parent", meta_.root,
                entries_[meta_.root].parent};
    return {};
}

Fault Audit::check_base(SlotId id) const noexcept {
    const Entry& e = entries_[id];
    if (e.base != id)
        return {"a base slot names another slot as its base", id, e.base};
    if (!is_live(id) || e.other == kNoSlot)
        return {};
    if (!in_use(e.other) || entries_[e.other].level != 1)
        return {"the slot above is not a slot of level 1", id, e.other};
    if (entries_[e.other].base != id)
        return {"the slot above belongs to another node", id, e.other};
    return {};
}

Fault Audit::check_upper(SlotId id) noexcept {
    const Entry& e = entries_[id];
    // A vacuum that did not finish may have left it behind when its base was gone already.
    if (!is_live(id))
        return {};
    if (!in_use(e.base) || entries_[e.base].level != 0)
        return {"the base of an upper slot is not a base slot in use", id, e.base};
    if (!is_live(e.base))
        return {};
    // A vacuum that moves the entry point away from a dead slot lowers it first and looks then for
    // slots that inserts have put above it meanwhile. It frees dead nodes after that.
    if (e.level > meta_.entry_level && dead_nodes_ == 0)
        return {"a slot lies above the level of the entry point", id};
    if (!in_use(e.other) || entries_[e.other].level != e.level - 1)
        return {"the slot below is not a slot of the next lower level", id, e.other};
    if (entries_[e.other].base != e.base)
        return {"the slot below belongs to another node", id, e.other};
    if (e.level == 1 && entries_[e.base].other != id)
        return {"the node does not know its slot at level 1", id, e.base};
    if ((entries_[e.other].flags & kCovered) != 0)
        return {"a node has two slots at one level", id, e.other};
    entries_[e.other].flags |= kCovered;
    return {};
}

Fault Audit::check_free_list() {
    std::uint64_t listed = 0;
    SlotId before = kNoSlot;
    for (SlotId id = meta_.free_slot; id != kNoSlot; id = entries_[id].other) {
        if (!known(id) || in_use(id))
            return {"the free list leads to a slot that is not free", before, id};
        if ((entries_[id].flags & kListed) != 0)
            return {"the free list runs in a circle", before, id};
        entries_[id].flags |= kListed;
        before = id;
        if (++listed % kPollEvery == 0)
            poll_();
    }
    if (listed == free_slots_)
        return {};
    for (SlotId id = 0; id < entries_.size(); ++id) {
        if (known(id) && !in_use(id) && (entries_[id].flags & kListed) == 0)
            return {"a free slot is missing from the free list", id};
    }
    return {};
}

Fault Audit::finish_slots() {
    if (const Fault f = check_meta_slots())
        return f;
    for (SlotId id = 0; id < entries_.size(); ++id) {
        if (id % kPollEvery == 0)
            poll_();
        if (!in_use(id))
            continue;
        if (const Fault f = entries_[id].level == 0 ? check_base(id) : check_upper(id))
            return f;
    }
    return check_free_list();
}

Fault Audit::add_links(SlotId id, const SlotView& slot) {
    if (!bound(id))
        return {};
    sorted_.clear();
    for (std::size_t i = 0; i < slot.degree(); ++i) {
        const SlotId to = slot.link(i);
        if (!known(to))
            return {"a link leads to a slot that does not exist", id, to};
        if (!in_use(to))
            return {"a link leads to a free slot", id, to};
        if (to == id)
            return {"a slot links to itself", id};
        if (entries_[to].level != slot.header().level)
            return {"a link leads to another level", id, to};
        if (slot.link_protected(i) && entries_[to].parent == id)
            entries_[to].flags |= kHeld;
        sorted_.push_back(to);
    }
    std::sort(sorted_.begin(), sorted_.end());
    const auto twice = std::adjacent_find(sorted_.begin(), sorted_.end());
    if (twice != sorted_.end())
        return {"a list holds the same link twice", id, *twice};
    return {};
}

// Climbs from a live base slot until the end is known, and marks the way.
Fault Audit::follow_parents(SlotId from) {
    path_.clear();
    std::uint8_t mark = 0;
    for (SlotId id = from; mark == 0; id = entries_[id].parent) {
        Entry& e = entries_[id];
        if (!is_live(id)) {
            mark = kPending;
        } else if (id == meta_.root) {
            mark = kRooted;
        } else if ((e.flags & (kRooted | kPending)) != 0) {
            mark = e.flags & (kRooted | kPending);
        } else if ((e.flags & kOnPath) != 0) {
            return {"the parents of a node run in a circle", from, id};
        } else {
            e.flags |= kOnPath;
            path_.push_back(id);
        }
    }
    for (const SlotId id : path_)
        entries_[id].flags |= mark;
    return {};
}

Fault Audit::check_parents() {
    for (SlotId id = 0; id < entries_.size(); ++id) {
        const Entry& e = entries_[id];
        if (!is_live(id) || e.level != 0 || id == meta_.root)
            continue;
        if (!is_base(e.parent))
            return {"the parent of a node is not a base slot in use", id, e.parent};
        if (is_live(e.parent) && (e.flags & kHeld) == 0)
            return {"the parent of a node has no protected link to it", id, e.parent};
    }
    for (SlotId id = 0; id < entries_.size(); ++id) {
        if (id % kPollEvery == 0)
            poll_();
        if (!is_live(id) || entries_[id].level != 0)
            continue;
        if (const Fault f = follow_parents(id))
            return f;
    }
    return {};
}

Fault Audit::finish_links(const Reach& reach) {
    if (const Fault f = check_parents())
        return f;
    for (SlotId id = 0; id < entries_.size(); ++id) {
        if (is_live(id) && entries_[id].level == 0 && (entries_[id].flags & kPending) == 0 &&
            !reach.reached(id))
            return {"no links lead to a node", id};
    }
    return {};
}

}  // namespace vg::node
