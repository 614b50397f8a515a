#include "core/knn/weight.h"

#include <cmath>

#include "core/knn/similarity.h"
#include "core/no_postgres.h"

namespace vg::knn {
namespace {

double scale_of(node::Metric metric, const End& end) noexcept {
    return end.list.empty() ? 0.0 : distance_of_similarity(metric, end.list.back().similarity);
}

float local_scaling(node::Metric metric, const End& from, float similarity,
                    const End& to) noexcept {
    const double d = distance_of_similarity(metric, similarity);
    const double scale = scale_of(metric, from) * scale_of(metric, to);
    if (scale > 0)
        return static_cast<float>(std::exp(-d * d / scale));
    return d > 0 ? 0.0f : 1.0f;  // a list of nothing but equals
}

bool has(const End& end, SlotId node) noexcept {
    return end.node == node || contains(end.list, node);
}

float shared(std::size_t k, const End& from, const End& to) noexcept {
    std::size_t common = has(to, from.node) ? 1 : 0;
    for (const ListNeighbour& n : from.list)
        common += has(to, n.node) ? 1 : 0;
    return static_cast<float>(common) / static_cast<float>(k + 1);
}

}  // namespace

float edge_weight(EdgeWeight kind, node::Metric metric, std::size_t k, const End& from,
                  std::size_t position, const End& to) noexcept {
    const float similarity = from.list[position].similarity;
    const float plain = similarity > 0 ? similarity : 0.0f;
    switch (kind) {
        case EdgeWeight::kSimilarity:
            return plain;
        case EdgeWeight::kLocalScaling:
            return local_scaling(metric, from, similarity, to);
        case EdgeWeight::kShared:
            return shared(k, from, to);
        case EdgeWeight::kMutual:
            return position == 0 || contains(to.list, from.node) ? plain : 0.0f;
    }
    return 0;
}

}  // namespace vg::knn
