#include "core/metric/significance.h"

#include <algorithm>
#include <boost/math/policies/policy.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <limits>

#include "core/base/pace.h"
#include "core/base/random.h"
#include "core/no_postgres.h"

namespace vg::metric {
namespace {

// No exception, no errno, no output: what an argument cannot have is a number too.
using Quiet = boost::math::policies::policy<
    boost::math::policies::domain_error<boost::math::policies::ignore_error>,
    boost::math::policies::pole_error<boost::math::policies::ignore_error>,
    boost::math::policies::overflow_error<boost::math::policies::ignore_error>,
    boost::math::policies::underflow_error<boost::math::policies::ignore_error>,
    boost::math::policies::denorm_error<boost::math::policies::ignore_error>,
    boost::math::policies::rounding_error<boost::math::policies::ignore_error>,
    boost::math::policies::evaluation_error<boost::math::policies::ignore_error>,
    boost::math::policies::indeterminate_result_error<boost::math::policies::ignore_error>,
    boost::math::policies::promote_double<false>>;

// Of the power of two that brings the greatest magnitude to between 1 and 2.
int exponent_of(std::span<const double> values) {
    double largest = 0.0;
    for (const double x : values)
        largest = std::max(largest, std::abs(x));
    return largest > 0.0 ? std::ilogb(largest) : 0;
}

}  // namespace

double student_p(double t, double df) {
    if (std::isinf(t))
        return 0.0;
    // Of the two arguments the smaller one keeps its digits.
    const double scale = df + t * t;
    return t * t < df ? boost::math::ibetac(0.5, 0.5 * df, t * t / scale, Quiet())
                      : boost::math::ibeta(0.5 * df, 0.5, df / scale, Quiet());
}

Differences differences_of(std::span<const Pair> pairs) {
    // Eight roundings of the larger side: two to make it, as in a and a + 0.1, and one of the
    // difference, twofold.
    constexpr double kRoundings = 8.0 * std::numeric_limits<double>::epsilon() / 2.0;
    double largest = 0.0;
    for (const Pair& pair : pairs)
        largest = std::max({largest, std::abs(pair.x), std::abs(pair.y)});
    Differences d;
    d.exponent = largest > std::numeric_limits<double>::max() / 4.0 ? 2 : 0;
    d.noise = kRoundings * std::scalbn(largest, -d.exponent);
    d.values.reserve(pairs.size());
    for (const Pair& pair : pairs)
        d.values.push_back(std::scalbn(pair.y, -d.exponent) - std::scalbn(pair.x, -d.exponent));
    return d;
}

std::optional<PairedT> paired_t(std::span<const double> differences, double noise) {
    if (differences.size() < 2)
        return std::nullopt;
    const auto n = static_cast<double>(differences.size());
    const int exponent = exponent_of(differences);
    double mean = 0.0;
    for (const double d : differences)
        mean += std::scalbn(d, -exponent) / n;
    double squares = 0.0;
    for (const double d : differences) {
        const double deviation = std::scalbn(d, -exponent) - mean;
        squares += deviation * deviation;
    }
    const auto [least, greatest] = std::minmax_element(differences.begin(), differences.end());
    if (std::scalbn(*greatest, -exponent) - std::scalbn(*least, -exponent) <=
            std::scalbn(noise, -exponent) ||
        !(squares > 0.0))
        return std::nullopt;
    const double t = mean / std::sqrt(squares / (n - 1.0) / n);
    return PairedT{std::scalbn(mean, exponent), t, student_p(t, n - 1.0)};
}

std::optional<double> randomization_test(std::span<double> differences, std::uint64_t iterations,
                                         std::uint64_t seed, Poll poll) {
    const std::size_t n = differences.size();
    if (n == 0)
        return std::nullopt;
    Pace pace(poll);
    const int exponent = exponent_of(differences);
    for (double& d : differences)
        d = std::scalbn(d, -exponent);
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
