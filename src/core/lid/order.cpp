// Implements order.h: pure functions of their arguments and the seed.
#include "core/lid/order.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "core/base/random.h"

#include "core/no_postgres.h"

namespace vg::lid {
namespace {

constexpr std::size_t kMinKnown = 10;
constexpr double kPrefixShare = 0.10;
constexpr std::size_t kMinPrefix = 1000;
constexpr std::size_t kMaxPrefix = 200000;

std::vector<float> known(std::span<const float> lid) {
    std::vector<float> out;
    out.reserve(lid.size());
    std::copy_if(lid.begin(), lid.end(), std::back_inserter(out), [](float x) { return x > 0.0f; });
    return out;
}

// Upper limits of the buckets, ascending: kBuckets - 1 quantiles of the known estimates.
std::vector<float> bucket_limits(std::span<const float> lid) {
    std::vector<float> sorted = known(lid);
    std::sort(sorted.begin(), sorted.end());
    std::vector<float> limits;
    for (unsigned b = 1; b < kBuckets && !sorted.empty(); ++b)
        limits.push_back(sorted[sorted.size() * b / kBuckets]);
    return limits;
}

// Rank of the bucket in insertion order: 0 holds the largest LIDs, kBuckets the unknown ones.
std::uint32_t bucket_of(float lid, const std::vector<float>& limits) noexcept {
    if (!(lid > 0.0f))
        return kBuckets;
    const auto below = std::upper_bound(limits.begin(), limits.end(), lid) - limits.begin();
    return kBuckets - 1 - static_cast<std::uint32_t>(below);
}

}  // namespace

std::size_t prefix_rows(std::size_t n) noexcept {
    const auto share = static_cast<std::size_t>(kPrefixShare * static_cast<double>(n));
    return std::clamp(share, std::min(n, kMinPrefix), kMaxPrefix);
}

float quantile(std::span<float> values, double q) noexcept {
    const auto at =
        values.begin() + static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

double spread(std::span<const float> lid) {
    std::vector<float> values = known(lid);
    if (values.size() < kMinKnown)
        return 1.0;
    const double low = quantile(values, 0.1);
    return quantile(values, 0.9) / low;
}

double confounding(std::span<const float> lid, std::span<const std::uint32_t> cell,
                   std::uint32_t cells) {
    std::vector<double> sum(cells, 0.0);
    std::vector<double> count(cells, 0.0);
    double total = 0.0;
    double squares = 0.0;
    double n = 0.0;
    for (std::size_t i = 0; i < lid.size(); ++i) {
        if (!(lid[i] > 0.0f))
            continue;
        const double x = std::log(static_cast<double>(lid[i]));
        sum[cell[i]] += x;
        count[cell[i]] += 1.0;
        total += x;
        squares += x * x;
        n += 1.0;
    }
    double used = 0.0;
    double between = 0.0;
    for (std::uint32_t c = 0; c < cells; ++c) {
        if (count[c] == 0.0)
            continue;
        between += sum[c] * sum[c] / count[c];
        used += 1.0;
    }
    if (n <= used || used < 2.0)
        return 0.0;
    between -= total * total / n;
    const double all = squares - total * total / n;
    if (!(all > 1e-12 * squares))
        return 0.0;
    // Adjusted like R squared: `used` cells explain (used - 1) / (n - 1) by chance.
    const double adjusted = 1.0 - (all - between) / (n - used) / (all / (n - 1.0));
    return std::clamp(adjusted, 0.0, 1.0);
}

std::vector<std::uint32_t> lid_order(std::span<const float> lid, std::uint64_t seed) {
    const auto n = static_cast<std::uint32_t>(lid.size());
    std::vector<std::uint32_t> random(n);
    for (std::uint32_t i = 0; i < n; ++i)
        random[i] = i;
    Random rng(seed);
    shuffle(random, rng);

    // A stable counting sort by bucket keeps the random order within each.
    const std::vector<float> limits = bucket_limits(lid);
    std::vector<std::uint32_t> start(kBuckets + 2, 0);
    for (std::uint32_t i = 0; i < n; ++i)
        ++start[bucket_of(lid[i], limits) + 1];
    for (std::uint32_t b = 1; b < start.size(); ++b)
        start[b] += start[b - 1];
    std::vector<std::uint32_t> sorted(n);
    for (const std::uint32_t i : random)
        sorted[start[bucket_of(lid[i], limits)]++] = i;

    std::vector<std::uint8_t> taken(n, 0);
    std::vector<std::uint32_t> order;
    order.reserve(n);
    std::uint32_t next_sorted = 0;
    std::uint32_t next_random = n;  // from the back: the front of each bucket was filled from it
    while (order.size() < n) {
        const bool at_random = order.size() % kRandomEvery == kRandomEvery - 1;
        const std::uint32_t i = at_random ? random[--next_random] : sorted[next_sorted++];
        // Taken by the other source already: the next one of this source, in the next round.
        // Neither source can run out before all rows are placed.
        if (taken[i])
            continue;
        taken[i] = 1;
        order.push_back(i);
    }
    return order;
}

}  // namespace vg::lid
