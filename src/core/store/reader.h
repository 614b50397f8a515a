// What a search needs of the pages: one slot at a time. Readers differ in how they get at it:
//   Store                      through its virtual functions; inserts and vacuum
//   pg/page/slot_reads.h       under a page lock, without them, or a copy where C++ objects are
//                              alive; scans and graph functions
#pragma once

#include <concepts>

#include "core/node/slot.h"

namespace vg::store {

// look gives a slot that obeys the format, until let_go; prefetch is a hint that it will be looked
// at soon; poll is where a long loop asks whether it is to end.
template <typename R>
concept Reader = requires(R& r, node::SlotId id) {
    { r.look(id) } -> std::convertible_to<node::SlotView>;
    r.let_go();
    r.prefetch(id);
    r.poll();
};

// fn(view) while the reader looks at a slot; fn must not keep the view.
template <Reader R, typename Fn>
void with_slot(R& reader, node::SlotId id, Fn&& fn) {
    fn(reader.look(id));
    reader.let_go();
}

}  // namespace vg::store
