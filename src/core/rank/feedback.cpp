// Implements feedback.h.
#include "core/rank/feedback.h"

#include <cmath>

#include "core/no_postgres.h"

namespace vg::rank {

bool rocchio(std::span<const float> query, const FeedbackSum& relevant,
             const FeedbackSum& irrelevant, const RocchioWeights& weights, bool unit_length,
             std::span<float> out) noexcept {
    const auto element = [&](std::size_t i) {
        return weights.alpha * static_cast<double>(query[i]) + weights.beta * relevant.mean(i) -
               weights.gamma * irrelevant.mean(i);
    };
    double length = 1.0;
    if (unit_length) {
        double squares = 0.0;
        for (std::size_t i = 0; i < out.size(); ++i)
            squares += element(i) * element(i);
        length = std::sqrt(squares);
        if (!(length > 0.0))
            return false;
    }
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<float>(element(i) / length);
    return true;
}

}  // namespace vg::rank
