#include "core/cur/model.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "core/base/status.h"
#include "core/distance/distance.h"
#include "core/metric/eigen.h"
#include "core/metric/gram.h"
#include "core/no_postgres.h"

namespace vg::cur {
namespace {

using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Directions that carry less than this share of the largest eigenvalue are rounding errors.
constexpr double kNegligible = 1e-10;
// Noise is a share of at least this much of the variance, so that a scorer whose queries all agree
// on the order of items leaves a system that can be solved.
constexpr double kLeastWithin = 1e-6;

float mean_of(const float* column, std::uint32_t n) {
    double sum = 0;
    for (std::uint32_t i = 0; i < n; ++i)
        sum += column[i];
    return static_cast<float>(sum / n);
}

}  // namespace

Gram::Gram(std::uint32_t anchors)
    : anchors_(anchors), tiles_(metric::gram_size(anchors), 0.0), sums_(anchors, 0.0) {}

void Gram::add(const float* columns, std::size_t count, const Poll& poll) {
    constexpr std::size_t kBatch = 256;
    centred_.resize(kBatch * anchors_);
    for (std::size_t first = 0; first < count; first += kBatch) {
        const std::size_t n = std::min(kBatch, count - first);
        for (std::size_t j = 0; j < n; ++j) {
            const float* column = columns + (first + j) * anchors_;
            const float mean = mean_of(column, anchors_);
            for (std::uint32_t i = 0; i < anchors_; ++i) {
                const float centred = column[i] - mean;
                centred_[j * anchors_ + i] = centred;
                sums_[i] += centred;
            }
        }
        metric::add_gram(tiles_, centred_.data(), n, anchors_, poll);
    }
    items_ += count;
}

double Gram::levels() const noexcept {
    double squares = 0;
    for (const double sum : sums_)
        squares += sum * sum;
    return items_ == 0 ? 0 : squares / static_cast<double>(items_);
}

Model fit(const Gram& gram, std::uint32_t dims, double ridge, const Poll& poll) {
    const std::uint32_t k = gram.anchors();
    if (k < 1 || k > kMaxAnchors)
        throw Error(StatusCode::kInvalidArgument, "number of anchor queries is out of range");
    Model model;
    model.anchors = k;
    if (gram.items() == 0)
        return model;
    std::vector<double> vectors(std::size_t{k} * k);
    std::vector<double> values(k);
    metric::expand_gram(gram.tiles(), k, vectors, poll);
    metric::eigenvectors(vectors, values, poll);

    double total = 0;
    for (double& v : values)
        total += v = std::max(v, 0.0);
    const double cells = static_cast<double>(gram.items()) * k;
    model.variance = total / cells;
    // Scores that differ by less than their own rounding do not vary.
    if (!(model.variance > 1e-30))
        return model;
    std::uint32_t d = dims == 0 ? k : std::min(dims, k);
    while (d > 0 && values[d - 1] <= kNegligible * values[0])
        --d;
    double kept = 0;
    for (std::uint32_t i = 0; i < d; ++i)
        kept += values[i];
    model.dims = d;
    model.energy = kept / total;
    const double within = std::max(total - gram.levels(), kLeastWithin * total);
    model.noise = (std::max(ridge, 1e-9) * within + (total - kept)) / cells;
    model.components.resize(std::size_t{k} * d);
    const double scale = 1.0 / std::sqrt(static_cast<double>(k));
    for (std::uint32_t row = 0; row < k; ++row) {
        for (std::uint32_t c = 0; c < d; ++c)
            model.components[std::size_t{row} * d + c] =
                static_cast<float>(vectors[std::size_t{c} * k + row] * scale);
    }
    return model;
}

void project(const Model& model, const float* columns, std::size_t count, float* means,
             float* latents) {
    const auto k = static_cast<Eigen::Index>(model.anchors);
    const auto d = static_cast<Eigen::Index>(model.dims);
    const Eigen::Map<const RowMajor> components(model.components.data(), k, d);
    constexpr std::size_t kBatch = 64;
    RowMajor centred(static_cast<Eigen::Index>(kBatch), k);
    for (std::size_t first = 0; first < count; first += kBatch) {
        const std::size_t n = std::min(kBatch, count - first);
        for (std::size_t j = 0; j < n; ++j) {
            const float* column = columns + (first + j) * model.anchors;
            const float mean = mean_of(column, model.anchors);
            means[first + j] = mean;
            for (Eigen::Index i = 0; i < k; ++i)
                centred(static_cast<Eigen::Index>(j), i) = column[i] - mean;
        }
        Eigen::Map<RowMajor>(latents + first * model.dims, static_cast<Eigen::Index>(n), d)
            .noalias() = centred.topRows(static_cast<Eigen::Index>(n)) * components;
    }
}

std::vector<std::uint32_t> pivot_rows(const float* latents, std::size_t count, std::uint32_t dims,
                                      std::size_t wanted, const Poll& poll) {
    std::vector<std::uint32_t> chosen;
    std::vector<double> left(count);  // squared length of what the chosen rows do not span
    double largest = 0;
    for (std::size_t j = 0; j < count; ++j) {
        const float* row = latents + j * dims;
        left[j] = distance::inner_product(row, row, dims);
        largest = std::max(largest, left[j]);
    }
    std::vector<std::vector<float>> factors;  // columns of the Cholesky factor
    while (chosen.size() < std::min(wanted, count)) {
        poll();
        const auto at =
            static_cast<std::size_t>(std::max_element(left.begin(), left.end()) - left.begin());
        if (!(left[at] > 1e-6 * largest))
            break;
        const double pivot = std::sqrt(left[at]);
        std::vector<float> factor(count);
        const float* row = latents + at * dims;
        for (std::size_t j = 0; j < count; ++j)
            factor[j] = distance::inner_product(row, latents + j * dims, dims);
        for (const std::vector<float>& earlier : factors) {
            const float along = earlier[at];
            for (std::size_t j = 0; j < count; ++j)
                factor[j] -= along * earlier[j];
        }
        for (std::size_t j = 0; j < count; ++j) {
            factor[j] = static_cast<float>(factor[j] / pivot);
            left[j] -= static_cast<double>(factor[j]) * factor[j];
        }
        left[at] = -1;
        chosen.push_back(static_cast<std::uint32_t>(at));
        factors.push_back(std::move(factor));
    }
    return chosen;
}

}  // namespace vg::cur
