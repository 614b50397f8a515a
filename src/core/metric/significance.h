// Is system b better than system a, or is it luck of the queries? Tests on paired differences.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/base/poll.h"
#include "core/metric/agreement.h"

namespace vg::metric {

struct PairedT {
    double mean;  // of the differences
    double t;
    double p;  // two-sided
};

// y - x of pairs. Divided by 2^exponent, so that none is infinite; `noise` is how much the rounding
// of x and y may have moved one of them.
struct Differences {
    std::vector<double> values;
    int exponent = 0;
    double noise = 0.0;
};
Differences differences_of(std::span<const Pair> pairs);

// Student's paired t test on differences (Gosset 1908). Nothing where there are fewer than two, or
// all are equal but for their noise.
std::optional<PairedT> paired_t(std::span<const double> differences, double noise = 0.0);

// Two-sided p of Student's distribution with `df` > 0 degrees of freedom.
double student_p(double t, double df);

// Up to this many differences, all 2^n sign patterns are tried.
inline constexpr std::size_t kMaxExact = 16;

// Fisher's randomisation test (1935; for retrieval Smucker et al. 2007): the share of random signs
// for which the sum of the differences is at least as far from 0 as it is. Exact up to kMaxExact
// differences; beyond (1 + count) / (1 + iterations) of seeded patterns, which never is 0. Sorts
// and scales the differences, so that neither their order nor their unit matters. Nothing for no
// difference. Throws what the poll throws.
std::optional<double> randomization_test(std::span<double> differences, std::uint64_t iterations,
                                         std::uint64_t seed, Poll poll);

}  // namespace vg::metric
