// One layer under construction: lists of local ids (positions in the layer) and the vectors behind
// them. At level 0 a local id is the row; above, it is a position in `members`. Non-owning.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/distance/distance.h"
#include "core/hnsw/bulk_builder.h"
#include "core/hnsw/graph.h"

namespace vg::hnsw {

struct LayerView {
    const Rows* rows = nullptr;
    const std::uint32_t* members = nullptr;  // null: local id = row
    std::size_t size = 0;

    LayerView() = default;
    LayerView(const Rows& r, const Layer& layer) noexcept
        : rows(&r),
          members(layer.members.empty() ? nullptr : layer.members.data()),
          size(layer.size()) {}

    const float* vector(std::uint32_t local) const noexcept {
        return rows->data + (members == nullptr ? local : members[local]) * rows->stride;
    }
    // Squared L2.
    float distance(std::uint32_t a, std::uint32_t b) const noexcept {
        return distance::l2_squared(vector(a), vector(b), rows->dims);
    }
};

}  // namespace vg::hnsw
