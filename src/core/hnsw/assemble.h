// From a built graph to slots: gives every node and every upper-level entry its slot id, and writes
// the bytes of any slot. Page-shaped but I/O-free: the PostgreSQL side copies the bytes into
// buffers, tests keep them in an array.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/code/rotation.h"
#include "core/hnsw/graph.h"
#include "core/hnsw/row_codes.h"
#include "core/hnsw/row_store.h"
#include "core/node/geometry.h"
#include "core/node/slot.h"

namespace vg::hnsw {

// Which slot belongs to what. Base slots come first, in placement order; the upper levels follow
// from the next page on, lowest level first, so that descents stay within few pages.
class SlotPlan {
  public:
    SlotPlan(const Graph& graph, const node::Geometry& geometry, std::uint32_t first_block);

    struct Occupant {
        std::uint32_t node = kNoNode;  // kNoNode: slot stays unused
        unsigned level = 0;
        std::uint32_t member = 0;  // position in the layer's member list
    };
    std::uint32_t first_block() const noexcept { return first_block_; }
    std::uint32_t pages() const noexcept {
        return static_cast<std::uint32_t>(occupants_.size() / geometry_.slots_per_page);
    }
    std::uint32_t slots_per_page() const noexcept { return geometry_.slots_per_page; }
    const Occupant& occupant(std::uint32_t page, std::uint32_t index) const noexcept {
        return occupants_[static_cast<std::size_t>(page) * geometry_.slots_per_page + index];
    }
    node::SlotId base_slot(std::uint32_t node) const noexcept { return base_[node]; }
    // kNoSlot when the node does not reach that level.
    node::SlotId slot(std::uint32_t node, unsigned level) const noexcept;
    node::SlotId entry() const noexcept { return entry_; }
    unsigned entry_level() const noexcept { return entry_level_; }

  private:
    node::Geometry geometry_;
    std::uint32_t first_block_;
    std::vector<Occupant> occupants_;
    std::vector<node::SlotId> base_;
    const Graph* graph_;
    std::vector<node::SlotId> level_start_;  // first slot of each level >= 1
    node::SlotId entry_ = node::kNoSlot;
    unsigned entry_level_ = 0;
};

// Writes slots. A link's code is made of both rows rotated. The slot's own row is rotated as it is;
// of a neighbour the 8 bits of the build's codes are enough, unless it is so near that their
// rounding would show: then it is rotated too. So no rotated rows are kept.
class SlotWriter {
  public:
    // `codes` are those of bulk_build_with_codes for these rows, made with the rotation's seed.
    // They may be null: then every neighbour is rotated.
    SlotWriter(const Graph& graph, const RowStore& rows, const RowCodes* codes,
               const code::Rotation& rotation, const SlotPlan& plan, const node::Geometry& geometry)
        : graph_(graph),
          rows_(rows),
          codes_(codes),
          rotation_(rotation),
          plan_(plan),
          geometry_(geometry) {}

    // Working space of one thread.
    class Scratch {
      public:
        explicit Scratch(const code::Rotation& rotation)
            : own(rotation.padded_dims()), other(rotation.padded_dims()) {}
        std::vector<float> own;
        std::vector<float> other;
    };

    // Writes slot_bytes bytes for the occupant. At most kInlineTids heap TIDs go into the slot; the
    // caller stores further ones and sets header().chunk.
    void write(const SlotPlan::Occupant& who, std::byte* out, Scratch& scratch) const noexcept;

  private:
    void rotate_beside(std::uint32_t v, std::uint32_t w, float* out) const noexcept;

    const Graph& graph_;
    const RowStore& rows_;
    const RowCodes* codes_;
    const code::Rotation& rotation_;
    const SlotPlan& plan_;
    node::Geometry geometry_;
};

// LID as stored in a slot: steps of one half, 1..255; 0 stays "not estimated".
std::uint8_t lid_to_bin(float lid) noexcept;
inline float lid_from_bin(std::uint8_t bin) noexcept {
    return static_cast<float>(bin) * 0.5f;
}

}  // namespace vg::hnsw
