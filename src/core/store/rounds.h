// The loop that all searches have in common: take the slot that the search wants next, have the
// memory of the one after it fetched meanwhile, hand it over.
#pragma once

#include <cstddef>

#include "core/hnsw/beam_search.h"
#include "core/store/reader.h"

namespace vg::store {

// search.next(), with a hint about it and the one after it. `ahead` belongs to the caller's loop
// and starts as kNoSlot: the slot that the last call told the reader to expect.
template <Reader R>
node::SlotId next_slot(R& reader, hnsw::BeamSearch& search, node::SlotId* ahead) {
    const node::SlotId id = search.next();
    if (id == node::kNoSlot)
        return id;
    // The last slot may have brought one that is nearer than what was expected. Nobody has asked
    // for its memory yet; a hint now at least fetches all parts of it side by side.
    if (id != *ahead)
        reader.prefetch(id);
    *ahead = search.peek();
    if (*ahead != node::kNoSlot)
        reader.prefetch(*ahead);
    return id;
}

// Runs the search to the end of its round. expand(id, view) hands a slot to it, or to what keeps
// more of it.
template <Reader R, typename Expand>
void run_round(R& reader, hnsw::BeamSearch& search, Expand&& expand) {
    node::SlotId ahead = node::kNoSlot;
    for (;;) {
        const node::SlotId id = next_slot(reader, search, &ahead);
        if (id == node::kNoSlot)
            return;
        with_slot(reader, id, [&](const node::SlotView& slot) { expand(id, slot); });
        reader.poll();
    }
}

// The same, and further rounds until enough() says that the live nodes found suffice: where most of
// a neighbourhood is dead, a beam is full of dead nodes. It ends after sixteen times the work of
// the first round.
template <Reader R, typename Expand, typename Enough>
void run_rounds(R& reader, hnsw::BeamSearch& search, Expand&& expand, Enough&& enough) {
    constexpr std::size_t kMost = 16;
    run_round(reader, search, expand);
    const std::size_t most = kMost * search.expanded();
    while (!enough() && search.expanded() < most && search.grow())
        run_round(reader, search, expand);
}

}  // namespace vg::store
