// What inserts and vacuum ask about a list of links, and how a link gets into one.
#pragma once

#include <cstddef>

#include "core/node/slot.h"

namespace vg::store {

// Whether a list holds a link to a slot already. A new node is seen as soon as its slot and its
// protected in-link are there, so an insert that gives others their links to it, and a vacuum that
// mends theirs, may both want to add the same one.
inline bool links_to(const node::SlotView& slot, node::SlotId id) noexcept {
    for (std::size_t i = 0; i < slot.degree(); ++i) {
        if (slot.link(i) == id)
            return true;
    }
    return false;
}

// Whether a list can take another protected link: it has a free place, or a link that may go.
inline bool has_room_for_child(const node::SlotView& slot) noexcept {
    if (slot.degree() < slot.geometry().capacity)
        return true;
    for (std::size_t i = 0; i < slot.degree(); ++i) {
        if (!slot.link_protected(i))
            return true;
    }
    return false;
}

// Writes a link at a place of the list, which is at most one behind its last.
inline void put_link(const node::SlotEdit& slot, std::size_t at,
                     const node::SlotEdit::LinkValue& link) noexcept {
    if (at == slot.degree())
        ++slot.header().degree;
    slot.set_link(at, link);
}

}  // namespace vg::store
