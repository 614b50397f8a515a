#include "core/metric/spectrum.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/no_postgres.h"

namespace vg::metric {
namespace {

double sum_of(std::span<const double> values) {
    double sum = 0.0;
    for (const double v : values)
        sum += v;
    return sum;
}

}  // namespace

void clean_spectrum(std::span<double> values) {
    if (values.empty())
        return;
    const double noise = std::max(values[0], 0.0) * static_cast<double>(values.size()) *
                         std::numeric_limits<double>::epsilon();
    for (double& v : values) {
        if (v <= noise)
            v = 0.0;
    }
}

double rankme(std::span<const double> values, std::size_t full_rank) {
    constexpr double kEpsilon = 1e-7;
    const std::span<const double> used = values.first(std::min(full_rank, values.size()));
    double sum = 0.0;
    for (const double v : used)
        sum += std::sqrt(v);
    if (!(sum > 0.0))
        return 0.0;
    double entropy = 0.0;
    for (const double v : used) {
        const double p = std::sqrt(v) / sum + kEpsilon;
        entropy -= p * std::log(p);
    }
    return std::exp(entropy);
}

double stable_rank(std::span<const double> values) {
    return values.empty() || !(values[0] > 0.0) ? 0.0 : sum_of(values) / values[0];
}

double participation_ratio(std::span<const double> values) {
    const double sum = sum_of(values);
    if (!(sum > 0.0))
        return 0.0;
    double squares = 0.0;
    for (const double v : values)
        squares += (v / sum) * (v / sum);
    return 1.0 / squares;
}

double vendi_score(std::span<const double> values) {
    const double sum = sum_of(values);
    if (!(sum > 0.0))
        return 0.0;
    double entropy = 0.0;
    for (const double v : values) {
        if (v > 0.0)
            entropy -= v / sum * std::log(v / sum);
    }
    return std::exp(entropy);
}

}  // namespace vg::metric
