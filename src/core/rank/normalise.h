// Score normalisation: puts the scores of one result list on a scale that other lists share.
// Constant memory; the caller shows all scores once, and once more for the z-score.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "core/rank/sum.h"

namespace vg::rank {

// All scores are divided by a power of two, the least above the greatest magnitude seen so far, so
// that no sum, difference or square overflows or vanishes; such a division loses nothing.
class ScoreSummary {
  public:
    // First pass. The score must be finite.
    void add(double score) noexcept {
        if (score != 0.0 && std::ilogb(score) + 1 > exponent_)
            rescale(std::ilogb(score) + 1);
        least_ = std::min(least_, score);
        greatest_ = std::max(greatest_, score);
        sum_.add(scaled(score));
        ++count_;
    }

    // Second pass, over the same scores.
    void add_deviation(double score) noexcept {
        const double d = scaled(score) - mean();
        squares_.add(d * d);
    }

    // 0 for the least score, 1 for the greatest; 1 for all where they are equal: a lone result is a
    // better one than no result.
    double min_max(double score) const noexcept {
        const double range = scaled(greatest_) - scaled(least_);
        return range > 0.0 ? (scaled(score) - scaled(least_)) / range : 1.0;
    }

    // Distance from the mean in population standard deviations; 0 for all where they are equal,
    // also where rounding alone makes the deviations.
    double z_score(double score) const noexcept {
        const double deviation = std::sqrt(squares_.value() / static_cast<double>(count_));
        if (!(greatest_ > least_) || !(deviation > 0.0))
            return 0.0;
        return (scaled(score) - mean()) / deviation;
    }

  private:
    double scaled(double score) const noexcept { return std::scalbn(score, -exponent_); }
    double mean() const noexcept { return sum_.value() / static_cast<double>(count_); }
    void rescale(int exponent) noexcept {
        sum_.high = std::scalbn(sum_.high, exponent_ - exponent);
        sum_.low = std::scalbn(sum_.low, exponent_ - exponent);
        exponent_ = exponent;
    }

    double least_ = std::numeric_limits<double>::infinity();
    double greatest_ = -std::numeric_limits<double>::infinity();
    Sum sum_;      // scaled
    Sum squares_;  // scaled twice
    std::uint64_t count_ = 0;
    int exponent_ = kLeastExponent;

    // Of the smallest number there is.
    static constexpr int kLeastExponent = -1074;
};

// 1 / (1 + e^-x), without overflow at either end.
inline double sigmoid(double x) noexcept {
    const double e = std::exp(-std::abs(x));
    return (x >= 0.0 ? 1.0 : e) / (1.0 + e);
}

}  // namespace vg::rank
