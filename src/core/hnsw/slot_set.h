// Hash tables by slot id that a search keeps: which slots it has read, and what it knows of those
// that it has not (unread.h). Open addressing; cleared in O(1) by a generation number.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/node/format.h"

namespace vg::hnsw {

using node::kNoSlot;
using node::SlotId;

// What both share: cells that hold at least an id and a generation.
template <class Cell>
class SlotTable {
  public:
    void clear() noexcept {
        size_ = 0;
        if (++generation_ == 0) {
            cells_.assign(cells_.size(), Cell{});
            generation_ = 1;
        }
    }
    std::size_t size() const noexcept { return size_; }
    std::size_t bytes() const noexcept { return cells_.capacity() * sizeof(Cell); }

  protected:
    // first: cells of a table once it holds more than one id. Until then it costs next to nothing,
    // since most are swapped for the table of an earlier search before.
    explicit SlotTable(std::size_t first) : first_(first), cells_(2) {}

    // The cell of an id, or the free one where it belongs.
    std::size_t place(SlotId id) const noexcept {
        std::size_t i = (id * 0x9E3779B1u) & (cells_.size() - 1);
        while (cells_[i].generation == generation_ && cells_[i].id != id)
            i = (i + 1) & (cells_.size() - 1);
        return i;
    }
    bool taken(std::size_t i) const noexcept { return cells_[i].generation == generation_; }
    // Makes room for one more id; moves cells, so it comes before place().
    void reserve_one() {
        if (size_ * 2 < cells_.size())
            return;
        std::vector<Cell> old(std::max(cells_.size() * 2, first_));
        old.swap(cells_);
        for (const Cell& c : old) {
            if (c.generation == generation_)
                cells_[place(c.id)] = c;
        }
    }

    std::size_t first_;
    std::vector<Cell> cells_;  // a power of two of them
    std::uint32_t generation_ = 1;
    std::size_t size_ = 0;
};

struct SlotCell {
    SlotId id;
    std::uint32_t generation;
};

class SlotSet : public SlotTable<SlotCell> {
  public:
    SlotSet() : SlotTable(2048) {}
    bool contains(SlotId id) const noexcept { return taken(place(id)); }
    // False when it was there.
    bool insert(SlotId id) {
        reserve_one();
        const std::size_t i = place(id);
        if (taken(i))
            return false;
        cells_[i] = {id, generation_};
        ++size_;
        return true;
    }
};

// Of Unread, which see.
struct UnreadCell {
    SlotId id;
    std::uint32_t generation;
    std::uint32_t at;
};

}  // namespace vg::hnsw
