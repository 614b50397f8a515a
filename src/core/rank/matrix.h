// Weights of all ordered pairs of a tournament, dense. Immutable once made.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
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

    // The weights between some items as whole numbers, the largest as 2^53: sums of up to 500 of
    // them are exact, whatever the unit, so that equal sums are equal. What is a 10^16th of the
    // largest is lost.
    std::vector<std::int64_t> whole(std::span<const std::uint32_t> members) const {
        double largest = 0.0;
        for (const std::uint32_t i : members) {
            for (const std::uint32_t j : members)
                largest = std::max(largest, (*this)(i, j));
        }
        std::vector<std::int64_t> out;
        out.reserve(members.size() * members.size());
        const int shift = largest > 0.0 ? 52 - std::ilogb(largest) : 0;
        for (const std::uint32_t i : members) {
            for (const std::uint32_t j : members)
                out.push_back(std::llrint(std::scalbn((*this)(i, j), shift)));
        }
        return out;
    }

  private:
    std::size_t n_;
    std::vector<double> weight_;
};

}  // namespace vg::rank
