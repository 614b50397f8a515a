// Eigenvalues and eigenvectors of a symmetric matrix, in place and cancellable: Eigen's own solver
// copies the matrix and cannot be stopped, and at 1536 dimensions it runs for seconds.
#pragma once

#include <cstddef>
#include <span>

#include "core/base/poll.h"

namespace vg::metric {

// matrix: n x n doubles by column; only the lower triangle with the diagonal is read. values: n
// doubles, filled with the eigenvalues, largest first. The matrix is destroyed by eigenvalues and
// replaced by the eigenvectors, one per column in the order of the values, by eigenvectors. The
// sign of a vector is such that its component of largest magnitude is positive.
//
// Householder reduction to tridiagonal form, then implicit QL with Wilkinson shifts (Golub & Van
// Loan 8.3). O(n^3). Throws std::bad_alloc, what the poll throws, and kInternal where QL does not
// converge, which a finite matrix does not do.
void eigenvalues(std::span<double> matrix, std::span<double> values, Poll poll);
void eigenvectors(std::span<double> matrix, std::span<double> values, Poll poll);

}  // namespace vg::metric
