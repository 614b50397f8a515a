// Implements lid.h: pure functions, sums in double.
#include "core/lid/lid.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/lid/sums.h"

#include "core/no_postgres.h"

namespace vg::lid {
namespace {

constexpr double kKeptShare = 0.9;

std::span<const float> positive(std::span<const float> sorted) noexcept {
    const auto begin = std::find_if(sorted.begin(), sorted.end(), [](float r) { return r > 0.0f; });
    return {begin, sorted.end()};
}

float capped(double lid) noexcept {
    return static_cast<float>(std::min(lid, static_cast<double>(kMaxLid)));
}

}  // namespace

float mle(std::span<const float> distances, Scale scale) noexcept {
    const std::span<const float> r = positive(distances);
    if (r.empty())
        return 0.0f;
    DistanceSums sums = DistanceSums::relative_to(r.back());
    for (const float x : r)
        sums.add(x);
    // ln of squared distances is twice as long.
    return capped((scale == Scale::kSquared ? 2.0 : 1.0) * sums.mle());
}

float method_of_moments(std::span<const float> distances, Scale scale) noexcept {
    const std::span<const float> r = positive(distances);
    if (r.empty())
        return 0.0f;
    const auto length = [&](double x) { return scale == Scale::kSquared ? std::sqrt(x) : x; };
    DistanceSums sums = DistanceSums::relative_to(length(r.back()));
    for (const float x : r)
        sums.add(length(x));
    return capped(sums.method_of_moments());
}

float two_nn(std::span<const float> first, std::span<const float> second, Scale scale) {
    std::vector<double> log_mu;
    const std::size_t pairs = std::min(first.size(), second.size());
    log_mu.reserve(pairs);
    const double factor = scale == Scale::kSquared ? 0.5 : 1.0;
    for (std::size_t i = 0; i < pairs; ++i)
        if (first[i] > 0.0f && second[i] >= first[i])
            log_mu.push_back(factor *
                             std::log1p((static_cast<double>(second[i]) - first[i]) / first[i]));
    return two_nn(log_mu);
}

float two_nn(std::span<double> log_mu) noexcept {
    if (log_mu.size() < 2)
        return 0.0f;
    std::sort(log_mu.begin(), log_mu.end());
    const auto n = static_cast<double>(log_mu.size());
    const auto kept = std::max<std::size_t>(1, static_cast<std::size_t>(kKeptShare * n));
    double xy = 0.0;
    double xx = 0.0;
    for (std::size_t i = 0; i < kept; ++i) {
        const double y = -std::log1p(-static_cast<double>(i + 1) / n);
        if (i + 1 == log_mu.size())
            break;
        xy += log_mu[i] * y;
        xx += log_mu[i] * log_mu[i];
    }
    return xx > 0.0 ? capped(xy / xx) : 0.0f;
}

}  // namespace vg::lid
