// Cosine similarity within a set of rows. All rows have length 1 (unit_row), so that the similarity
// of two is their inner product.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/poll.h"

namespace vg::metric {

// Scales a row to length 1; false, and the row unchanged, for a zero row.
bool unit_row(std::span<float> row) noexcept;

// Mean similarity of the count * (count - 1) / 2 pairs of unit rows that have these sums; count >=
// 2. No pair is looked at: the squared length of the sum holds them all.
double mean_similarity(std::span<const double> sums, double count);

// Mean over all rows of the similarity to the most similar selected one, 0 at least: the value of
// the facility location function per row. rows: count unit rows of dims floats; selected: indexes.
// Throws what the poll throws.
double coverage(const float* rows, std::size_t count, std::size_t dims,
                std::span<const std::size_t> selected, Poll poll);

// Quantiles of the similarity over all pairs, linear between order statistics (as percentile_cont);
// count >= 2, fractions in [0, 1]. Takes count^2 / 2 floats of memory. Throws std::bad_alloc and
// what the poll throws.
std::vector<double> similarity_quantiles(const float* rows, std::size_t count, std::size_t dims,
                                         std::span<const double> fractions, Poll poll);

}  // namespace vg::metric
