// Consistency of a whole node store, without I/O: the caller walks the pages twice and hands over
// every slot; the audit keeps what is needed to hold slots against each other. Finds the first
// fault and says where it is.
//
//   Audit audit(meta, blocks, poll);
//   for every slots page: audit.add_page(block, used); for its slots: audit.add_slot(id, view)
//   audit.finish_slots()
//   for every slots page, for its slots: audit.add_links(id, view)
//   audit.finish_links(reach)          with the reachability of reach.h
//
// The store must not change in between. A VACUUM that was interrupted leaves dead slots behind
// whose own links and upper slots may already be stale: those are legal, and only live nodes are
// held to the rules. Memory: 16 bytes per slot.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/poll.h"
#include "core/node/format.h"
#include "core/node/geometry.h"
#include "core/node/slot.h"

namespace vg::node {

// What is wrong and where; `what` is null when nothing is. No capital, no full stop.
struct Fault {
    const char* what = nullptr;
    SlotId slot = kNoSlot;    // the slot at fault; kNoSlot: the metapage
    SlotId target = kNoSlot;  // the slot it refers to, if that matters
    explicit operator bool() const noexcept { return what != nullptr; }
};

// A heap TID and the base slot that holds it, itself or in its overflow chunks.
struct HeldTid {
    SlotId slot;
    Tid tid;
    std::uint16_t reserved;
};
static_assert(sizeof(HeldTid) == 12);

// Where `tid` (a Tid::key()) is among TIDs sorted by it; null when it is not.
inline const HeldTid* find_tid(std::span<const HeldTid> tids, std::uint64_t tid) noexcept {
    const auto at = std::lower_bound(
        tids.begin(), tids.end(), tid,
        [](const HeldTid& held, std::uint64_t key) { return held.tid.key() < key; });
    return at == tids.end() || at->tid.key() != tid ? nullptr : &*at;
}

class Reach;

class Audit {
  public:
    // Requires: check_meta(meta) is null. blocks: size of the index. Throws std::bad_alloc.
    Audit(const MetaData& meta, std::uint32_t blocks, Poll poll);

    // A slots page: its first `used` slots are initialised.
    Fault add_page(std::uint32_t block, std::uint32_t used);
    Fault add_slot(SlotId id, const SlotView& slot);
    Fault finish_slots();
    Fault add_links(SlotId id, const SlotView& slot);
    Fault finish_links(const Reach& reach);

    std::uint64_t live_nodes() const noexcept { return live_nodes_; }
    std::uint64_t dead_nodes() const noexcept { return dead_nodes_; }
    // Whether the slot is a base slot that is in use, live or dead: what an overflow chunk may
    // belong to.
    bool is_base(SlotId id) const noexcept;
    bool is_live_base(SlotId id) const noexcept { return is_live(id) && entries_[id].level == 0; }

  private:
    // Per slot. For a free slot `other` is the next free slot.
    struct Entry {
        SlotId other = kNoSlot;
        SlotId base = kNoSlot;
        SlotId parent = kNoSlot;
        std::uint8_t state = kUnused;
        std::uint8_t level = 0;
        std::uint8_t flags = 0;
    };
    static constexpr std::uint8_t kUnused = 0xFF;
    static constexpr std::uint8_t kListed = 1;    // on the free list
    static constexpr std::uint8_t kCovered = 2;   // has a slot one level up
    static constexpr std::uint8_t kHeld = 4;      // its parent holds a protected link to it
    static constexpr std::uint8_t kRooted = 8;    // parents lead to the root
    static constexpr std::uint8_t kPending = 16;  // parents lead to a dead slot
    static constexpr std::uint8_t kOnPath = 32;

    bool known(SlotId id) const noexcept {
        return id < entries_.size() && entries_[id].state != kUnused;
    }
    bool in_use(SlotId id) const noexcept {
        return known(id) && entries_[id].state != static_cast<std::uint8_t>(SlotState::kFree);
    }
    bool is_live(SlotId id) const noexcept {
        return known(id) && entries_[id].state == static_cast<std::uint8_t>(SlotState::kLive);
    }
    // Whether the slot belongs to a live node, and so to the rules.
    bool bound(SlotId id) const noexcept {
        return is_live(id) && (entries_[id].level == 0 || is_live(entries_[id].base));
    }
    Fault check_values(SlotId id, const SlotView& slot) const noexcept;
    Fault check_meta_slots() const noexcept;
    Fault check_base(SlotId id) const noexcept;
    Fault check_upper(SlotId id) noexcept;
    Fault check_free_list();
    Fault check_parents();
    Fault follow_parents(SlotId from);

    MetaData meta_;
    Geometry geometry_;
    Poll poll_;
    std::vector<Entry> entries_;
    std::vector<SlotId> sorted_;  // scratch: links of one slot
    std::vector<SlotId> path_;    // scratch: parents on the way up
    std::uint64_t live_nodes_ = 0;
    std::uint64_t dead_nodes_ = 0;
    std::uint64_t free_slots_ = 0;
};

}  // namespace vg::node
