// Local intrinsic dimensionality (LID): how fast the number of neighbours grows with the radius
// around a point. All estimators are pure functions of neighbour distances; see README.md for
// sources.
//
// Common rules. `distances` are the distances of one point to its k nearest neighbours, ascending,
// finite and >= 0; the point itself is not among them. They may be true or squared distances, said
// by `scale`. Zeros (duplicates of the point) carry no information and are dropped. A result of 0
// means unknown: fewer than two positive distances, or all of them equal (no growth seen). Known
// results lie in (0, kMaxLid].
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace vg::lid {

enum class Scale : std::uint8_t { kDistance, kSquared };

// Estimates above this are noise from nearly equal distances.
inline constexpr float kMaxLid = 10000.0f;

// Maximum likelihood (the Hill estimator; Levina & Bickel 2004, Amsaleg et al. 2015):
//   LID = -1 / ((1/k) sum_{i=1..k} ln(r_i / r_k))
// The term of r_k itself is 0 but counts in k, as Amsaleg et al. have it. Ratios near 1 go through
// log1p. The standard error is about LID / sqrt(k).
float mle(std::span<const float> distances, Scale scale) noexcept;

// Method of moments (Amsaleg et al. 2018):
//   LID = m / (r_k - m),  m = (1/k) sum_{i=1..k} r_i
// No logarithm; with squared distances it takes square roots first.
float method_of_moments(std::span<const float> distances, Scale scale) noexcept;

// TwoNN (Facco et al. 2017): one dimension for a whole data set, from the ratio mu = r_2 / r_1 of
// every point's two nearest neighbours. Sorted ascending, ln(1 - F(mu)) = -d ln mu with F(mu_i) = i
// / n; the slope through the origin is fitted to the lower 90 % of the points, because the last
// tenth is dominated by outliers.
//   first, second   r_1 and r_2 per point; pairs with r_1 <= 0 or r_2 < r_1 are skipped
// 0 when fewer than two pairs remain or all ratios are 1. Throws std::bad_alloc.
float two_nn(std::span<const float> first, std::span<const float> second, Scale scale);
// The same from ln mu of the pairs, which it sorts.
float two_nn(std::span<double> log_mu) noexcept;

}  // namespace vg::lid
