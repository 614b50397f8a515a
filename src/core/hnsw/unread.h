// What links led to and a search has not read: all candidates outside its beam, each slot once.
//
// Every link that leads to a node gives an estimate of its distance, and their errors have little
// to do with each other. So the mean of them tells more than the least one, which is the one that
// erred most: 100,000 GloVe vectors, 200 rows, 977 nodes read: recall .990 by the least, .995 by
// the mean. Not so for inner products, where long rows are what is looked for and only some links
// show that a row is long (13,000 rows of log-normal lengths, 895 nodes read for ten rows: .992 by
// the least, .947 by the mean).
//
// Owned by one search. Nothing here is faster for being sorted: a search asks for the nearest few
// hundredths at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/hnsw/slot_set.h"

namespace vg::hnsw {

class Unread : SlotTable<UnreadCell> {
  public:
    Unread() : SlotTable(1024) {}

    // Forgets all slots. least: whether the least estimate counts, not the mean.
    void clear(bool least) noexcept;
    // A link led to that slot, at about that distance (not NaN).
    void see(SlotId id, float estimate);
    // That slot is, or was, read: no link makes it a candidate again.
    void leave_out(SlotId id);
    // Takes the nearest n, or all if there are fewer, and of the next nearest those that lie in the
    // page of one of them, `page_slots` slots being a page: they cost none. In the order of slots,
    // so that each page is read once. They count as read.
    void take_nearest(std::size_t n, std::uint32_t page_slots, std::vector<SlotId>* out);

    bool empty() const noexcept { return ids_.empty(); }
    std::size_t bytes() const noexcept;
    // The slots and the distances they are thought to lie at, side by side, in no order.
    const std::vector<SlotId>& ids() const noexcept { return ids_; }
    const std::vector<float>& estimates() const noexcept { return estimates_; }

  private:
    struct Pick {
        float estimate;
        std::uint32_t at;  // into ids_
    };
    float enough_for(std::size_t n) const noexcept;
    void pick_within(float limit);
    void put_nearest_first(std::size_t n);
    void keep_page_mates(std::size_t n, std::uint32_t page_slots);
    void remove(std::uint32_t at) noexcept;

    bool least_ = false;
    std::vector<SlotId> ids_;
    std::vector<float> estimates_;
    std::vector<std::uint32_t> seen_;  // links that led there
    // Of one call of take_nearest.
    std::vector<Pick> picks_;
    std::vector<std::uint32_t> pages_;
};

}  // namespace vg::hnsw
