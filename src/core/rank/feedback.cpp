// Implements feedback.h.
#include "core/rank/feedback.h"

#include <algorithm>
#include <cmath>

#include "core/no_postgres.h"

namespace vg::rank {

bool rocchio(std::span<const float> query, const FeedbackSum& relevant,
             const FeedbackSum& irrelevant, const RocchioWeights& weights, bool unit_length,
             std::span<float> out) noexcept {
    // Where only the direction counts the weights are divided by a power of two near the greatest:
    // squares of very large or small ones would overflow or vanish.
    const double greatest =
        std::max({std::abs(weights.alpha), std::abs(weights.beta), std::abs(weights.gamma)});
    const int exponent = unit_length && greatest > 0.0 ? std::ilogb(greatest) : 0;
    const double alpha = std::scalbn(weights.alpha, -exponent);
    const double beta = std::scalbn(weights.beta, -exponent);
    const double gamma = std::scalbn(weights.gamma, -exponent);
    const auto element = [&](std::size_t i) {
        return alpha * static_cast<double>(query[i]) + beta * relevant.mean(i) -
               gamma * irrelevant.mean(i);
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
