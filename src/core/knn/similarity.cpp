#include "core/knn/similarity.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/distance/distance.h"
#include "core/no_postgres.h"

namespace vg::knn {

float Similarity::gap(const float* a, const float* b) const noexcept {
    float g = 0;
    switch (metric_) {
        case node::Metric::kCosine: {
            if (unit_) {
                g = 1.0f - distance::inner_product(a, b, dims_);
            } else {
                const distance::CosineSums s = distance::cosine_sums(a, b, dims_);
                g = 1.0f - s.ab / std::sqrt(s.aa * s.bb);
            }
            g = std::clamp(g, 0.0f, 2.0f);
            break;
        }
        case node::Metric::kL2:
            g = distance::l2_squared(a, b, dims_);
            break;
        case node::Metric::kInnerProduct:
            g = -distance::inner_product(a, b, dims_);
            break;
        case node::Metric::kL1:
            g = distance::l1(a, b, dims_);
            break;
    }
    // Coordinates near the float limit overflow.
    constexpr float kFar = std::numeric_limits<float>::max();
    return g == g ? std::clamp(g, -kFar, kFar) : kFar;
}

float Similarity::of_gap(float gap) const noexcept {
    switch (metric_) {
        case node::Metric::kCosine:
            return 1.0f - gap;
        case node::Metric::kL2:
            return 1.0f / (1.0f + std::sqrt(gap));
        case node::Metric::kInnerProduct:
            return -gap;
        case node::Metric::kL1:
            return 1.0f / (1.0f + gap);
    }
    return 0;
}

float similarity_of_distance(node::Metric metric, double distance) noexcept {
    switch (metric) {
        case node::Metric::kCosine:
            return static_cast<float>(std::clamp(1.0 - distance, -1.0, 1.0));
        case node::Metric::kInnerProduct:
            return static_cast<float>(-distance);
        case node::Metric::kL2:
        case node::Metric::kL1:
            break;
    }
    return static_cast<float>(1.0 / (1.0 + std::max(distance, 0.0)));
}

double distance_of_similarity(node::Metric metric, float similarity) noexcept {
    if (metric == node::Metric::kCosine)
        return std::sqrt(std::max(0.0, 2.0 * (1.0 - static_cast<double>(similarity))));
    return similarity > 0 ? std::max(0.0, 1.0 / static_cast<double>(similarity) - 1.0)
                          : std::numeric_limits<double>::max();
}

}  // namespace vg::knn
