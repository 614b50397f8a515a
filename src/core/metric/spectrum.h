// What the spectrum of an embedding matrix says about its health. The matrix has one row per
// embedding and is not centred; its squared singular values are the eigenvalues of its Gram matrix.
#pragma once

#include <cstddef>
#include <span>

namespace vg::metric {

// Rounding makes the eigenvalues that should be 0 tiny, of either sign. Sets to 0 those that are
// below what rounding can produce; the square roots of the others are good to about 1e-8 of the
// largest. values: largest first.
void clean_spectrum(std::span<double> values);

// All take cleaned eigenvalues, largest first, and return 0 where all are 0.

// RankMe (Garrido et al. 2023): exp of the entropy of the normalised singular values, each plus
// 1e-7. full_rank = min(rows, dims): that many singular values there are, zeros included.
double rankme(std::span<const double> values, std::size_t full_rank);
// sum s^2 / max s^2 (Rudelson & Vershynin 2007)
double stable_rank(std::span<const double> values);
// (sum s^2)^2 / sum s^4
double participation_ratio(std::span<const double> values);
// Vendi score (Friedman & Dieng 2023): exp of the entropy of the eigenvalues themselves, which for
// rows of length 1 are those of their cosine similarity matrix.
double vendi_score(std::span<const double> values);

}  // namespace vg::metric
