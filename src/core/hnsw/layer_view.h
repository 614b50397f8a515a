// One layer under construction: lists of local ids (positions in the layer) and the vectors behind
// them. At level 0 a local id is the row; above, it is a position in `members`. Non-owning.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/distance/distance.h"
#include "core/hnsw/bulk_builder.h"
#include "core/hnsw/graph.h"
#include "core/hnsw/row_codes.h"

namespace vg::hnsw {

struct LayerView {
    const Rows* rows = nullptr;
    const std::uint32_t* members = nullptr;  // null: local id = row
    std::size_t size = 0;
    const RowCodes* codes = nullptr;  // makes estimate() quick; null: estimate() is exact

    LayerView() = default;
    LayerView(const Rows& r, const Layer& layer, const RowCodes* c = nullptr) noexcept
        : rows(&r),
          members(layer.members.empty() ? nullptr : layer.members.data()),
          size(layer.size()),
          codes(c) {}

    std::uint32_t row(std::uint32_t local) const noexcept {
        return members == nullptr ? local : members[local];
    }
    const float* vector(std::uint32_t local) const noexcept {
        return rows->data + row(local) * rows->stride;
    }
    // By rows->space.
    float distance(std::uint32_t a, std::uint32_t b) const noexcept {
        return space_distance(*rows, row(a), row(b));
    }
    // The same to within RowCodes::kTolerance.
    float estimate(std::uint32_t a, std::uint32_t b) const noexcept {
        return codes == nullptr ? distance(a, b) : codes->distance(row(a), row(b));
    }
    // Ask for the memory that an estimate, a distance of this member will read.
    void prefetch(std::uint32_t local) const noexcept {
        if (codes == nullptr)
            prefetch_vector(local);
        else
            codes->prefetch(row(local));
    }
    void prefetch_vector(std::uint32_t local) const noexcept {
        prefetch_bytes(vector(local), rows->dims * sizeof(float));
    }

  private:
    static void prefetch_bytes(const void* start, std::size_t bytes) noexcept {
        for (std::size_t at = 0; at < bytes; at += 64)
            __builtin_prefetch(static_cast<const char*>(start) + at);
    }
};

}  // namespace vg::hnsw
