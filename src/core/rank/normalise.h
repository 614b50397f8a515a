// Score normalisation: puts the scores of one result list on a scale that other lists share.
// Constant memory; the caller shows all scores once, and once more for the z-score.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "core/rank/sum.h"

namespace vg::rank {

class ScoreSummary {
  public:
    // First pass. The score must be finite.
    void add(double score) noexcept {
        least_ = std::min(least_, score);
        greatest_ = std::max(greatest_, score);
        sum_.add(score);
        ++count_;
    }

    // Second pass, over the same scores.
    void add_deviation(double score) noexcept {
        const double d = score - mean();
        squares_.add(d * d);
    }

    // 0 for the least score, 1 for the greatest; 1 for all where they are equal: a lone result is a
    // better one than no result. Halves, so that the difference of two huge scores is finite.
    double min_max(double score) const noexcept {
        const double range = greatest_ / 2 - least_ / 2;
        return range > 0.0 ? (score / 2 - least_ / 2) / range : 1.0;
    }

    // Distance from the mean in population standard deviations; 0 for all where they are equal.
    // Not finite when a sum has overflowed.
    double z_score(double score) const noexcept {
        if (!(greatest_ > least_))
            return 0.0;
        return (score - mean()) / std::sqrt(squares_.value() / static_cast<double>(count_));
    }

  private:
    double mean() const noexcept { return sum_.value() / static_cast<double>(count_); }

    double least_ = std::numeric_limits<double>::infinity();
    double greatest_ = -std::numeric_limits<double>::infinity();
    Sum sum_;
    Sum squares_;
    std::uint64_t count_ = 0;
};

// 1 / (1 + e^-x), without overflow at either end.
inline double sigmoid(double x) noexcept {
    const double e = std::exp(-std::abs(x));
    return (x >= 0.0 ? 1.0 : e) / (1.0 + e);
}

}  // namespace vg::rank
