// How near two stored rows are, as one number: what lists are ordered by.
//   cosine         the cosine
//   l2, l1         1 / (1 + distance), in (0, 1]
//   inner product  the inner product
// Both directions of a pair get the same number on one machine.
#pragma once

#include <cstddef>

#include "core/node/format.h"

namespace vg::knn {

class Similarity {
  public:
    // unit: rows have unit length exactly (cosine on exact storage).
    Similarity(node::Metric metric, std::size_t dims, bool unit) noexcept
        : metric_(metric), dims_(dims), unit_(unit) {}

    // Smaller is nearer; of what kind depends on the metric. Never NaN.
    float gap(const float* a, const float* b) const noexcept;
    // Of a gap; falls strictly as the gap rises, but for rounding.
    float of_gap(float gap) const noexcept;
    float operator()(const float* a, const float* b) const noexcept { return of_gap(gap(a, b)); }

  private:
    node::Metric metric_;
    std::size_t dims_;
    bool unit_;
};

// Similarity of a node to a query whose operator's value is `distance`.
float similarity_of_distance(node::Metric metric, double distance) noexcept;
// The distance between two rows of that similarity; cosine: of the unit vectors. Not for inner
// products, which are none.
double distance_of_similarity(node::Metric metric, float similarity) noexcept;

}  // namespace vg::knn
