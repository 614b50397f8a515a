#include "core/node/drift.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/no_postgres.h"

namespace vg::node {
namespace {

// Floats of equal vectors differ from their double mean by rounding only; such a spread is none.
constexpr double kNoSpread = 1e-6;

// Squared distances from the centre, of floats, are between 2^-300 and 2^300.
constexpr int kLeastExponent = -300;
constexpr std::size_t kExponents = 601;
// An outlier's squared distance is over 2^14 times the median's: the distance 128 times, give or
// take what a bin is wide.
constexpr std::size_t kFarOut = 14;

}  // namespace

Drift::Drift(const Geometry& geometry, Metric metric, const float* centre)
    : geometry_(geometry),
      has_distances_(metric == Metric::kL2 || metric == Metric::kL1),
      centre_(centre, centre + geometry.dims),
      row_(geometry.dims),
      sum_(geometry.dims),
      by_size_(kExponents) {}

void Drift::add(const SlotView& slot) noexcept {
    slot.read_vector(row_.data());
    double squared = 0;
    for (std::uint32_t i = 0; i < geometry_.dims; ++i) {
        const double x = row_[i];
        const double off = x - centre_[i];
        sum_[i] += off;
        squared += off * off;
    }
    squares_ += squared;
    ++rows_;
    const int exponent = squared > 0 ? std::ilogb(squared) : kLeastExponent;
    ++by_size_[static_cast<std::size_t>(std::clamp(exponent, kLeastExponent, -kLeastExponent) -
                                        kLeastExponent)];
}

std::uint64_t Drift::outliers() const noexcept {
    if (!has_distances_)
        return 0;
    std::size_t median = 0;
    for (std::uint64_t seen = 0; median + 1 < kExponents; ++median) {
        seen += by_size_[median];
        if (2 * seen >= rows_)
            break;
    }
    std::uint64_t far = 0;
    // Where most rows are one point there is no scale to go by.
    for (std::size_t e = median + kFarOut; median > 0 && e < kExponents; ++e)
        far += by_size_[e];
    return far;
}

double Drift::centre_shift() const noexcept {
    if (rows_ == 0)
        return 0;
    const double n = static_cast<double>(rows_);
    double shift2 = 0;
    for (const double s : sum_)
        shift2 += (s / n) * (s / n);
    const double spread2 = squares_ / n - shift2;
    if (spread2 > kNoSpread * shift2)
        return std::sqrt(shift2 / spread2);
    return shift2 > 0 ? std::numeric_limits<double>::infinity() : 0;
}

const char* advise(const Upkeep& facts) noexcept {
    if (facts.unreachable > 0)
        return "REINDEX: links lead to fewer nodes than there are";
    if (facts.live_nodes > 1 && facts.centre_shift > kShiftLimit)
        return "REINDEX: the rows lie far from the centre of the codes";
    if (facts.dead_nodes > 0)
        return "VACUUM: an earlier vacuum was interrupted";
    if (facts.free_slots > facts.live_nodes)
        return "REINDEX: over half of the index is free space";
    if (2 * facts.inserted > facts.live_nodes)
        return "REINDEX: over half of the rows came after the build";
    if (facts.outliers > 0)
        return "CHECK: some rows lie over 100 times as far out as most";
    return nullptr;
}

}  // namespace vg::node
