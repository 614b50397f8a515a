#include "core/node/drift.h"

#include <cmath>
#include <limits>

#include "core/no_postgres.h"

namespace vg::node {
namespace {

// Floats of equal vectors differ from their double mean by rounding only; such a spread is none.
constexpr double kNoSpread = 1e-6;

// The largest norm is a float sum of squares, and so are the rows' that it was taken from.
constexpr double kNormSlack = 1e-4;

}  // namespace

Drift::Drift(const Geometry& geometry, Metric metric, const float* centre, float max_norm2)
    : geometry_(geometry),
      has_norm_(metric == Metric::kInnerProduct),
      norm2_limit_(max_norm2 * (1 + kNormSlack)),
      centre_(centre, centre + geometry.dims),
      row_(geometry.dims),
      sum_(geometry.dims) {}

void Drift::add(const SlotView& slot) noexcept {
    slot.read_vector(row_.data());
    double norm2 = 0;
    for (std::uint32_t i = 0; i < geometry_.dims; ++i) {
        const double x = row_[i];
        const double off = x - centre_[i];
        norm2 += x * x;
        sum_[i] += off;
        squares_ += off * off;
    }
    ++rows_;
    if (has_norm_ && norm2 > norm2_limit_)
        ++beyond_norm_;
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
    if (100 * facts.beyond_norm > facts.live_nodes)
        return "REINDEX: over 1 % of the rows are longer than the index can place";
    if (facts.live_nodes > 1 && facts.centre_shift > kShiftLimit)
        return "REINDEX: the rows lie far from the centre of the codes";
    if (facts.dead_nodes > 0)
        return "VACUUM: an earlier vacuum was interrupted";
    if (facts.free_slots > facts.live_nodes)
        return "REINDEX: over half of the index is free space";
    if (2 * facts.inserted > facts.live_nodes)
        return "REINDEX: over half of the rows came after the build";
    return nullptr;
}

}  // namespace vg::node
