// Implements eigen.h by hand on Eigen's vectors and reflections, not by its SelfAdjointEigenSolver:
// that copies the matrix (2 GB at 16,000 rows) and cannot be left before it is done, which takes
// minutes from 4,000 rows on. It is the oracle of the tests.
#include "core/metric/eigen.h"

#include <Eigen/Core>
#include <Eigen/Householder>
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "core/base/pace.h"
#include "core/base/status.h"
#include "core/no_postgres.h"

namespace vg::metric {
namespace {

using Eigen::Index;
using Matrix = Eigen::Map<Eigen::MatrixXd>;
using Vector = Eigen::VectorXd;

// Columns that a loop passes between two polls: below 10 ms at 16,000 rows.
constexpr Index kPollColumns = 256;

struct Tridiagonal {
    Vector diagonal;  // n
    Vector below;     // n; element i couples i and i + 1, the last is 0
    Vector scale;     // n - 1 Householder factors; the vectors lie in the matrix
};

// y = A v over the lower triangle of the trailing block of m that starts at `first`. Each column is
// read once.
void multiply(const Matrix& a, Index first, const Vector& v, Vector& y, Poll poll) {
    const Index size = v.size();
    y.setZero();
    for (Index j = 0; j < size; ++j) {
        const auto column = a.col(first + j).tail(size - j - 1);
        y(j) += a(first + j, first + j) * v(j) + column.dot(v.tail(size - j - 1));
        y.tail(size - j - 1) += v(j) * column;
        if (j % kPollColumns == 0)
            poll();
    }
}

// A -= v w^T + w v^T on the same block.
void rank_two_update(Matrix& a, Index first, const Vector& v, const Vector& w, Poll poll) {
    const Index size = v.size();
    for (Index j = 0; j < size; ++j) {
        const Index rest = size - j;
        a.col(first + j).tail(rest) -= w(j) * v.tail(rest) + v(j) * w.tail(rest);
        if (j % kPollColumns == 0)
            poll();
    }
}

// Leaves the Householder vector of step i in column i below the diagonal, its leading 1 included.
Tridiagonal tridiagonalise(Matrix& a, Poll poll) {
    const Index n = a.rows();
    Tridiagonal t{Vector(n), Vector::Zero(n), Vector(std::max<Index>(n - 1, 0))};
    for (Index i = 0; i + 1 < n; ++i) {
        const Index size = n - i - 1;
        auto column = a.col(i).tail(size);
        double beta = 0.0;
        column.makeHouseholderInPlace(t.scale(i), beta);
        t.below(i) = beta;
        column(0) = 1.0;
        const Vector v = column;
        Vector w(size);
        multiply(a, i + 1, v, w, poll);
        w *= t.scale(i);
        w -= (0.5 * t.scale(i) * w.dot(v)) * v;
        rank_two_update(a, i + 1, v, w, poll);
    }
    t.diagonal = a.diagonal();
    return t;
}

// Overwrites the Householder vectors in m with the product of the reflections. Column i of the
// vectors acts on rows i + 1 and up, so the product is built in the trailing block, last first.
void form_product(Matrix& a, const Vector& scale, Poll poll) {
    const Index n = a.rows();
    Vector v(n);
    Vector w(n);
    a(n - 1, n - 1) = 1.0;
    for (Index i = n - 2; i >= 0; --i) {
        const Index size = n - i - 1;
        auto block = a.bottomRightCorner(size, size);
        v.head(size) = a.col(i).tail(size);
        for (Index j = 0; j < size; ++j) {
            const double along = scale(i) * block.col(j).dot(v.head(size));
            block.col(j) -= along * v.head(size);
            if (j % kPollColumns == 0)
                poll();
        }
        a.col(i).setZero();
        a.row(i).tail(size).setZero();
        a(i, i) = 1.0;
    }
}

// One QL sweep over rows low..high of the tridiagonal matrix; see Golub & Van Loan 8.3.5 for the
// shift. The rotations are applied to the columns of `vectors` where there are any.
void sweep(Tridiagonal& t, Index low, Index high, Matrix* vectors, Poll poll) {
    Vector& d = t.diagonal;
    Vector& e = t.below;
    const double half = (d(low + 1) - d(low)) / (2.0 * e(low));
    const double root = std::hypot(half, 1.0);
    double g = d(high) - d(low) + e(low) / (half + std::copysign(root, half));
    double sine = 1.0;
    double cosine = 1.0;
    double shift = 0.0;
    for (Index i = high - 1; i >= low; --i) {
        const double f = sine * e(i);
        const double b = cosine * e(i);
        const double r = std::hypot(f, g);
        e(i + 1) = r;
        if (r == 0.0) {  // the matrix falls apart here
            d(i + 1) -= shift;
            e(high) = 0.0;
            return;
        }
        sine = f / r;
        cosine = g / r;
        g = d(i + 1) - shift;
        const double s = (d(i) - g) * sine + 2.0 * cosine * b;
        shift = sine * s;
        d(i + 1) = g + shift;
        g = cosine * s - b;
        if (vectors != nullptr) {
            auto left = vectors->col(i);
            auto right = vectors->col(i + 1);
            for (Index row = 0; row < vectors->rows(); ++row) {
                const double x = left(row);
                const double y = right(row);
                right(row) = sine * x + cosine * y;
                left(row) = cosine * x - sine * y;
            }
            if (i % kPollColumns == 0)
                poll();
        }
    }
    d(low) -= shift;
    e(low) = g;
    e(high) = 0.0;
}

void diagonalise(Tridiagonal& t, Matrix* vectors, Poll poll) {
    constexpr int kMaxSweeps = 60;
    constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
    const Index n = t.diagonal.size();
    if (n == 0)
        return;
    // A coupling this far below the norm is dropped: the reduction made errors of that size
    // already. To compare it with its neighbours on the diagonal instead never ends where the rank
    // is low, because all of those are rounding errors themselves.
    const double negligible = kEpsilon * (t.diagonal.cwiseAbs() + t.below.cwiseAbs()).maxCoeff();
    Pace pace(poll);
    for (Index low = 0; low < n; ++low) {
        for (int sweeps = 0;; ++sweeps) {
            Index high = low;
            for (; high + 1 < n; ++high) {
                pace();
                if (std::abs(t.below(high)) <= negligible)
                    break;
            }
            if (high == low)
                break;
            if (sweeps == kMaxSweeps)
                throw Error(StatusCode::kInternal, "eigenvalues did not converge");
            sweep(t, low, high, vectors, poll);
        }
    }
}

// Largest value first; selection sort, which moves each vector at most once.
void sort_descending(Vector& values, Matrix& vectors, Poll poll) {
    const Index n = values.size();
    for (Index i = 0; i < n; ++i) {
        Index best = 0;
        values.tail(n - i).maxCoeff(&best);
        if (best != 0) {
            std::swap(values(i), values(i + best));
            vectors.col(i).swap(vectors.col(i + best));
        }
        Index widest = 0;
        vectors.col(i).cwiseAbs().maxCoeff(&widest);
        if (vectors(widest, i) < 0.0)
            vectors.col(i) = -vectors.col(i);
        if (i % kPollColumns == 0)
            poll();
    }
}

}  // namespace

void eigenvalues(std::span<double> matrix, std::span<double> values, Poll poll) {
    const auto n = static_cast<Index>(values.size());
    Matrix a(matrix.data(), n, n);
    Tridiagonal t = tridiagonalise(a, poll);
    diagonalise(t, nullptr, poll);
    std::copy(t.diagonal.begin(), t.diagonal.end(), values.begin());
    std::sort(values.begin(), values.end(), std::greater<double>());
}

void eigenvectors(std::span<double> matrix, std::span<double> values, Poll poll) {
    const auto n = static_cast<Index>(values.size());
    if (n == 0)
        return;
    Matrix a(matrix.data(), n, n);
    Tridiagonal t = tridiagonalise(a, poll);
    form_product(a, t.scale, poll);
    diagonalise(t, &a, poll);
    sort_descending(t.diagonal, a, poll);
    std::copy(t.diagonal.begin(), t.diagonal.end(), values.begin());
}

}  // namespace vg::metric
