#include "core/metric/gram.h"

#include <Eigen/Core>
#include <algorithm>
#include <vector>

#include "core/no_postgres.h"

namespace vg::metric {
namespace {

constexpr auto kSide = static_cast<Eigen::Index>(kTile);
using Tile = Eigen::Matrix<double, kSide, kSide>;
using Panel = Eigen::Matrix<double, Eigen::Dynamic, kSide>;

}  // namespace

void add_gram(std::span<double> tiles, const float* rows, std::size_t count, std::size_t dims,
              Poll poll) {
    const std::size_t across = (dims + kTile - 1) / kTile;
    for (std::size_t first = 0; first < count; first += kGramBatch) {
        const std::size_t batch = std::min(kGramBatch, count - first);
        // One panel of kTile columns per tile across, in double.
        std::vector<Panel> panels(
            across, Panel::Zero(static_cast<Eigen::Index>(batch), Panel::ColsAtCompileTime));
        for (std::size_t r = 0; r < batch; ++r) {
            const float* row = rows + (first + r) * dims;
            for (std::size_t c = 0; c < dims; ++c)
                panels[c / kTile](static_cast<Eigen::Index>(r),
                                  static_cast<Eigen::Index>(c % kTile)) = row[c];
        }
        double* tile = tiles.data();
        for (std::size_t i = 0; i < across; ++i) {
            for (std::size_t j = 0; j <= i; ++j) {
                Eigen::Map<Tile>(tile).noalias() += panels[i].transpose() * panels[j];
                tile += kTile * kTile;
            }
            poll();
        }
    }
}

void expand_gram(std::span<const double> tiles, std::size_t dims, std::span<double> square,
                 Poll poll) {
    const std::size_t across = (dims + kTile - 1) / kTile;
    const double* tile = tiles.data();
    for (std::size_t i = 0; i < across; ++i) {
        const std::size_t rows = std::min(kTile, dims - i * kTile);
        poll();
        for (std::size_t j = 0; j <= i; ++j, tile += kTile * kTile) {
            const std::size_t columns = std::min(kTile, dims - j * kTile);
            for (std::size_t c = 0; c < columns; ++c) {
                const std::size_t skip = i == j ? c : 0;  // above the diagonal
                std::copy(tile + c * kTile + skip, tile + c * kTile + rows,
                          square.data() + (j * kTile + c) * dims + i * kTile + skip);
            }
        }
    }
}

void row_gram(const float* rows, std::size_t count, std::size_t dims, std::span<double> square) {
    for (std::size_t j = 0; j < count; ++j) {
        for (std::size_t i = j; i < count; ++i) {
            const float* a = rows + i * dims;
            const float* b = rows + j * dims;
            double sum = 0.0;
            for (std::size_t c = 0; c < dims; ++c)
                sum += static_cast<double>(a[c]) * static_cast<double>(b[c]);
            square[j * count + i] = sum;
        }
    }
}

void centre_gram(std::span<double> square, std::span<const double> sums, double count, Poll poll) {
    const std::size_t dims = sums.size();
    for (std::size_t c = 0; c < dims; ++c) {
        const double mean = sums[c] / count;
        poll();
        for (std::size_t r = c; r < dims; ++r)
            square[c * dims + r] = (square[c * dims + r] - sums[r] * mean) / (count - 1.0);
    }
}

}  // namespace vg::metric
