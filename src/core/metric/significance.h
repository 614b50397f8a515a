// Is system b better than system a, or is it luck of the queries? Tests on paired differences.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/base/poll.h"

namespace vg::metric {

struct PairedT {
    double mean;  // of the differences
    double t;
    double p;  // two-sided
};

// Student's paired t test on differences (Gosset 1908). Nothing where there are fewer than two, or
// all are equal.
std::optional<PairedT> paired_t(std::span<const double> differences);

// Two-sided p of Student's distribution with `df` > 0 degrees of freedom.
double student_p(double t, double df);

// Up to this many differences, all 2^n sign patterns are tried.
inline constexpr std::size_t kMaxExact = 16;

// Fisher's randomisation test (1935; for retrieval Smucker et al. 2007): the share of random signs
// for which the sum of the differences is at least as far from 0 as it is. Exact up to kMaxExact
// differences; beyond (1 + count) / (1 + iterations) of seeded patterns, which never is 0. Sorts
// the differences, so that their order does not matter. Nothing for no difference. Throws what the
// poll throws.
std::optional<double> randomization_test(std::span<double> differences, std::uint64_t iterations,
                                         std::uint64_t seed, Poll poll);

}  // namespace vg::metric
