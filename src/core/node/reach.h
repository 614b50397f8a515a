// Which slots of a node store links lead to, in sweeps over the pages instead of random reads: each
// slot is expanded once, and a sweep reads only pages with slots that were reached since.
//
//   Reach reach(geometry, blocks); reach.seed(meta.entry); reach.seed(meta.root);
//   while (reach.open()) for every block: if (reach.wants(block)) reach.expand_page(block, ...)
//
// Memory: two bits per slot and four bytes per page.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/node/format.h"
#include "core/node/geometry.h"
#include "core/node/slot.h"

namespace vg::node {

class Reach {
  public:
    // Throws std::bad_alloc.
    Reach(const Geometry& geometry, std::uint32_t blocks)
        : geometry_(geometry),
          reached_(static_cast<std::size_t>(blocks) * geometry.slots_per_page),
          expanded_(reached_.size()),
          waiting_(blocks) {}

    // Ids past the end of the index, kNoSlot among them, are ignored.
    void seed(SlotId id) {
        if (id >= reached_.size() || reached_[id])
            return;
        reached_[id] = true;
        ++waiting_[geometry_.block_of(id)];
        ++open_;
    }
    bool reached(SlotId id) const { return id < reached_.size() && reached_[id]; }

    // Slots reached and not yet expanded: in all, and on one page.
    std::size_t open() const noexcept { return open_; }
    bool wants(std::uint32_t block) const noexcept { return waiting_[block] > 0; }

    // Expands the slots of a page that wait, including those that become so by it. slots: the
    // page's data area, of which `used` slots are initialised and sound (SlotView::check). A slot
    // leads to its links and, above the base layer, to the slot below.
    void expand_page(std::uint32_t block, std::uint32_t used, const std::byte* slots) {
        while (wants(block)) {
            for (std::uint32_t i = 0; i < geometry_.slots_per_page; ++i) {
                const SlotId id = geometry_.slot_id(block, i);
                if (!reached_[id] || expanded_[id])
                    continue;
                expanded_[id] = true;
                --waiting_[block];
                --open_;
                if (i < used)
                    expand({geometry_, slots + std::size_t{i} * geometry_.slot_bytes});
            }
        }
    }

  private:
    void expand(const SlotView& slot) {
        const SlotHeader& h = slot.header();
        if (h.state == static_cast<std::uint8_t>(SlotState::kFree))
            return;
        for (std::size_t i = 0; i < slot.degree(); ++i)
            seed(slot.link(i));
        if (h.level > 0)
            seed(h.other);
    }

    Geometry geometry_;
    std::vector<bool> reached_;
    std::vector<bool> expanded_;
    std::vector<std::uint32_t> waiting_;
    std::size_t open_ = 0;
};

}  // namespace vg::node
