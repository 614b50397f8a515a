// Implements sums.h.
#include "core/lid/sums.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/no_postgres.h"

namespace vg::lid {
namespace {

// ln(r / reference), accurate where the two are close.
double log_ratio(double r, double reference) noexcept {
    return r > 0.5 * reference && r < 2.0 * reference ? std::log1p((r - reference) / reference)
                                                      : std::log(r) - std::log(reference);
}

// Sums of ratios below this stay finite.
constexpr double kGreatestRatio = 0x1p512;

bool grows(const DistanceSums& s) noexcept {
    return s.n >= 2 && s.min < s.max;
}

// Sums of distances that are equal but for rounding may come out on the wrong side.
double positive_quotient(double a, double b) noexcept {
    return b > 0 ? a / b : std::numeric_limits<double>::infinity();
}

}  // namespace

DistanceSums DistanceSums::relative_to(double reference) noexcept {
    DistanceSums s;
    s.reference = reference;
    return s;
}

void DistanceSums::add(double distance) noexcept {
    if (!(distance > 0))
        return;
    if (reference == 0)
        reference = distance;
    if (distance / reference > kGreatestRatio)
        refer_to(distance);
    logs += log_ratio(distance, reference);
    ratios += distance / reference;
    min = n > 0 ? std::min(min, distance) : distance;
    max = std::max(max, distance);
    n += 1;
}

void DistanceSums::refer_to(double other) noexcept {
    logs += n * log_ratio(reference, other);
    ratios *= reference / other;
    reference = other;
}

void DistanceSums::merge(const DistanceSums& other) noexcept {
    if (other.n == 0)
        return;
    if (n == 0) {
        *this = other;
        return;
    }
    if (other.reference / reference > kGreatestRatio)
        refer_to(other.reference);
    logs += other.logs + other.n * log_ratio(other.reference, reference);
    ratios += other.ratios * (other.reference / reference);
    min = std::min(min, other.min);
    max = std::max(max, other.max);
    n += other.n;
}

double DistanceSums::mle() const noexcept {
    if (!grows(*this))
        return 0;
    return positive_quotient(n, n * log_ratio(max, reference) - logs);
}

double DistanceSums::method_of_moments() const noexcept {
    if (!grows(*this))
        return 0;
    const double mean = ratios / n;
    return positive_quotient(mean, max / reference - mean);
}

}  // namespace vg::lid
