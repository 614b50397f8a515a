#include "core/metric/similarity.h"

#include <algorithm>
#include <cmath>

#include "core/base/pace.h"
#include "core/distance/distance.h"
#include "core/no_postgres.h"

namespace vg::metric {
namespace {

// Rounding takes the product of two unit rows slightly out of [-1, 1].
float similarity(const float* a, const float* b, std::size_t dims) {
    return std::clamp(distance::inner_product(a, b, dims), -1.0f, 1.0f);
}

}  // namespace

bool unit_row(std::span<float> row) noexcept {
    double squares = 0.0;
    for (const float x : row)
        squares += static_cast<double>(x) * static_cast<double>(x);
    if (squares == 0.0)
        return false;
    const double scale = 1.0 / std::sqrt(squares);
    for (float& x : row)
        x = static_cast<float>(static_cast<double>(x) * scale);
    return true;
}

double mean_similarity(std::span<const double> sums, double count) {
    double squares = 0.0;
    for (const double s : sums)
        squares += s * s;
    return std::clamp((squares - count) / (count * (count - 1.0)), -1.0, 1.0);
}

double coverage(const float* rows, std::size_t count, std::size_t dims,
                std::span<const std::size_t> selected, Poll poll) {
    double sum = 0.0;
    for (std::size_t i = 0; i < count; ++i) {
        float best = 0.0f;
        for (std::size_t j = 0; j < selected.size(); ++j) {
            best = std::max(best, similarity(rows + i * dims, rows + selected[j] * dims, dims));
            if (j % 256 == 255)
                poll();
        }
        sum += static_cast<double>(best);
        poll();
    }
    return count == 0 ? 0.0 : sum / static_cast<double>(count);
}

std::vector<double> similarity_quantiles(const float* rows, std::size_t count, std::size_t dims,
                                         std::span<const double> fractions, Poll poll) {
    std::vector<float> pairs;
    pairs.reserve(count * (count - 1) / 2);
    for (std::size_t i = 1; i < count; ++i) {
        for (std::size_t j = 0; j < i; ++j)
            pairs.push_back(similarity(rows + i * dims, rows + j * dims, dims));
        poll();
    }
    Pace pace(poll);
    sort_paced(pairs.begin(), pairs.end(), pace);
    std::vector<double> quantiles;
    for (const double fraction : fractions) {
        const double at = fraction * static_cast<double>(pairs.size() - 1);
        const auto below = static_cast<std::size_t>(at);
        const std::size_t above = std::min(below + 1, pairs.size() - 1);
        const double part = at - static_cast<double>(below);
        quantiles.push_back(static_cast<double>(pairs[below]) * (1.0 - part) +
                            static_cast<double>(pairs[above]) * part);
    }
    return quantiles;
}

}  // namespace vg::metric
