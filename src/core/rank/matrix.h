// Weights of all ordered pairs of a tournament, dense. Immutable once made.
#pragma once

#include <cstddef>
#include <vector>

#include "core/rank/tournament.h"

namespace vg::rank {

class Matrix {
  public:
    explicit Matrix(const Tournament& t) : n_(t.n()), weight_(n_ * n_, 0.0) {
        for (const Pair& p : t.pairs) {
            weight_[p.a * n_ + p.b] = p.ab;
            weight_[p.b * n_ + p.a] = p.ba;
        }
    }
    std::size_t n() const noexcept { return n_; }
    double operator()(std::size_t i, std::size_t j) const noexcept { return weight_[i * n_ + j]; }

    static constexpr std::size_t bytes(std::size_t n) noexcept { return n * n * sizeof(double); }

  private:
    std::size_t n_;
    std::vector<double> weight_;
};

}  // namespace vg::rank
