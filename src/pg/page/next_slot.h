// What a search of a node store reads next, with the reading prepared: the one loop head of scans,
// inserts, vacuum and graph searches.
#pragma once

#include "pg/boundary/pg.h"

#include <algorithm>

#include "core/hnsw/beam_search.h"
#include "pg/page/buffer_hints.h"
#include "pg/page/page.h"

namespace vg::pg {

inline void prefetch_slot(Relation index, const node::Geometry& g, node::SlotId id) {
    // GloVe (100 dimensions, slots of 1.4 kB): the more of a slot, the better; MNIST (784, 8 kB):
    // no difference from half of it on, where the processor sees by itself how it goes on.
    constexpr std::size_t kMost = 4096;
    prefetch_block(index, g.block_of(id), kPageDataOffset + g.index_of(id) * g.slot_bytes,
                   std::min<std::size_t>(g.slot_bytes, kMost));
}

// search.next(), while the memory of the slot after it is fetched. `ahead` belongs to the caller's
// loop and starts as kNoSlot.
inline node::SlotId next_slot(Relation index, const node::Geometry& g, hnsw::BeamSearch& search,
                              node::SlotId* ahead) {
    const node::SlotId id = search.next();
    if (id == node::kNoSlot)
        return id;
    // One that was found just now was not foreseen; its parts are at least fetched side by side.
    if (id != *ahead)
        prefetch_slot(index, g, id);
    *ahead = search.peek();
    if (*ahead != node::kNoSlot)
        prefetch_slot(index, g, *ahead);
    return id;
}

}  // namespace vg::pg
