// The Gram matrix of many rows, sum x x^T, in one pass and half a matrix of memory. Everything the
// spectrum of an embedding column tells comes from it: effective rank, Vendi score, principal
// components.
//
// Ownership: all memory is the caller's, so that it can be charged to whatever the caller answers
// to.
#pragma once

#include <cstddef>
#include <span>

#include "core/base/poll.h"

namespace vg::metric {

// The lower triangle is stored as square tiles, row of tiles by row of tiles; the matrix is padded
// with zeros to a whole number of tiles.
inline constexpr std::size_t kTile = 64;
// Rows are best added this many at a time: a tile is then read once for all of them.
inline constexpr std::size_t kGramBatch = 64;

// Number of doubles in the tiles of a dims x dims Gram matrix.
constexpr std::size_t gram_size(std::size_t dims) {
    const std::size_t across = (dims + kTile - 1) / kTile;
    return across * (across + 1) / 2 * kTile * kTile;
}

// Adds the Gram matrix of `count` rows of `dims` floats to `tiles`, gram_size(dims) doubles that
// start as zeros. Throws std::bad_alloc and what the poll throws; the tiles are then useless.
void add_gram(std::span<double> tiles, const float* rows, std::size_t count, std::size_t dims,
              Poll poll);

// Writes the lower triangle of the matrix, with the diagonal, to `square`, dims x dims doubles by
// column. What is above the diagonal is left alone.
void expand_gram(std::span<const double> tiles, std::size_t dims, std::span<double> square,
                 Poll poll);

// The other Gram matrix, of inner products between rows: count x count, lower triangle by column.
// It has the same eigenvalues but for zeros, and is the smaller one when count < dims.
void row_gram(const float* rows, std::size_t count, std::size_t dims, std::span<double> square);

// Turns the lower triangle of a Gram matrix of `count` rows with these column sums into that of
// their covariance matrix (divisor count - 1; count >= 2).
void centre_gram(std::span<double> square, std::span<const double> sums, double count, Poll poll);

}  // namespace vg::metric
