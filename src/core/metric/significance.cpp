#include "core/metric/significance.h"

#include <algorithm>
#include <cmath>

#include "core/base/pace.h"
#include "core/base/random.h"
#include "core/no_postgres.h"

namespace vg::metric {
namespace {

// The continued fraction of the incomplete beta function, by Lentz's method. Converges for
// x < (a + 1) / (a + b + 2); the number of terms grows with sqrt(max(a, b)).
double beta_fraction(double a, double b, double x) {
    constexpr double kTiny = 1e-300;
    constexpr int kMaxTerms = 1000000;
    const auto away_from_zero = [](double v) { return std::abs(v) < kTiny ? kTiny : v; };
    double c = 1.0;
    double d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    double fraction = d;
    for (int i = 1; i < kMaxTerms; ++i) {
        const double m = i;
        const double even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away_from_zero(1.0 + even * d);
        c = away_from_zero(1.0 + even / c);
        fraction *= c * d;
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away_from_zero(1.0 + odd * d);
        c = away_from_zero(1.0 + odd / c);
        const double step = c * d;
        fraction *= step;
        if (std::abs(step - 1.0) < 1e-15)
            break;
    }
    return fraction;
}

// Regularised incomplete beta function I_x(a, b); y = 1 - x, given so that neither end loses
// digits.
double incomplete_beta(double a, double b, double x, double y) {
    if (x <= 0.0)
        return 0.0;
    if (y <= 0.0)
        return 1.0;
    const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                  a * std::log(x) + b * std::log(y));
    if (x < (a + 1.0) / (a + b + 2.0))
        return front * beta_fraction(a, b, x) / a;
    return 1.0 - front * beta_fraction(b, a, y) / b;
}

}  // namespace

double student_p(double t, double df) {
    const double scale = df + t * t;
    return incomplete_beta(0.5 * df, 0.5, df / scale, t * t / scale);
}

std::optional<PairedT> paired_t(std::span<const double> differences) {
    if (differences.size() < 2)
        return std::nullopt;
    const auto n = static_cast<double>(differences.size());
    double mean = 0.0;
    for (const double d : differences)
        mean += d / n;
    double squares = 0.0;
    bool equal = true;
    for (const double d : differences) {
        squares += (d - mean) * (d - mean);
        equal = equal && d == differences[0];
    }
    if (equal || !(squares > 0.0))
        return std::nullopt;
    const double t = mean / std::sqrt(squares / (n - 1.0) / n);
    return PairedT{mean, t, student_p(t, n - 1.0)};
}

std::optional<double> randomization_test(std::span<double> differences, std::uint64_t iterations,
                                         std::uint64_t seed, Poll poll) {
    const std::size_t n = differences.size();
    if (n == 0)
        return std::nullopt;
    Pace pace(poll);
    sort_paced(differences.begin(), differences.end(), pace);
    double sum = 0.0;
    double size = 0.0;
    for (const double d : differences) {
        sum += d;
        size += std::abs(d);
    }
    // Patterns that tie with the observed one differ by rounding alone.
    const double limit = std::abs(sum) - 1e-12 * size;

    const bool exact = n <= kMaxExact;
    const std::uint64_t patterns = exact ? std::uint64_t{1} << n : iterations;
    Random random(seed);
    std::uint64_t count = 0;
    for (std::uint64_t pattern = 0; pattern < patterns; ++pattern) {
        std::uint64_t signs = pattern;
        double s = 0.0;
        for (std::size_t i = 0; i < n; ++i) {
            if (!exact && i % 64 == 0)
                signs = random.next();
            s += (signs & 1) != 0 ? differences[i] : -differences[i];
            signs >>= 1;
            pace();
        }
        count += std::abs(s) >= limit;
    }
    if (exact)
        return static_cast<double>(count) / static_cast<double>(patterns);
    return (static_cast<double>(count) + 1.0) / (static_cast<double>(patterns) + 1.0);
}

}  // namespace vg::metric
