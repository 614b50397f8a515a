// Reading single slots of a node store, and preparing for the next: what searches of scans,
// inserts, vacuum and graph functions have in common.
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

// fn(view) under a share lock of the slot's page, which fn must not keep: no other page is locked
// and no user code runs in it. XX002 where there is no such slot.
template <typename Fn>
void with_slot(Relation index, const node::Geometry& g, node::SlotId id, Fn&& fn,
               BufferAccessStrategy strategy = nullptr) {
    const BlockNumber block = g.block_of(id);
    const Buffer buffer =
        read_page(index, block, node::PageKind::kSlots, BUFFER_LOCK_SHARE, strategy);
    const node::SlotView slot(g, slot_bytes(g, BufferGetPage(buffer), g.index_of(id)));
    const char* fault = slot.check();
    if (unlikely(fault != nullptr))
        report_corrupt(index, block, fault);
    fn(slot);
    UnlockReleaseBuffer(buffer);
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

// Runs the search to the end of its round. expand(id, view) hands a slot to it, or to what keeps
// more of it, under the lock of with_slot.
template <typename Expand>
void run_round(Relation index, const node::Geometry& g, hnsw::BeamSearch& search, Expand&& expand,
               BufferAccessStrategy strategy = nullptr) {
    node::SlotId ahead = node::kNoSlot;
    for (;;) {
        const node::SlotId id = next_slot(index, g, search, &ahead);
        if (id == node::kNoSlot)
            return;
        with_slot(
            index, g, id, [&](const node::SlotView& slot) { expand(id, slot); }, strategy);
        CHECK_FOR_INTERRUPTS();
    }
}

// The same, and further rounds until enough() says that the live nodes found suffice: where most of
// a neighbourhood is dead, a beam is full of dead nodes. It ends after sixteen times the work of
// the first round.
template <typename Expand, typename Enough>
void run_rounds(Relation index, const node::Geometry& g, hnsw::BeamSearch& search, Expand&& expand,
                Enough&& enough, BufferAccessStrategy strategy = nullptr) {
    constexpr std::size_t kMost = 16;
    run_round(index, g, search, expand, strategy);
    const std::size_t most = kMost * search.expanded();
    while (!enough() && search.expanded() < most && search.grow())
        run_round(index, g, search, expand, strategy);
}

}  // namespace vg::pg
