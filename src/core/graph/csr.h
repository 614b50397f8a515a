// A whole graph in compressed rows, for functions that look at all of it. Vertices are 0 .. n-1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "core/base/poll.h"

namespace vg::graph {

struct WeightedArc {
    std::uint32_t from;
    std::uint32_t to;
    // Finite and > 0. Links weigh at most what a float holds, and parallel ones are added: in
    // double precision their sums cannot overflow.
    double weight;
};

class Csr {
  public:
    // Self-arcs are dropped and parallel ones merged, their weights added. symmetric: every arc
    // counts in both directions. Throws Error for a vertex number of n or more.
    Csr(std::uint32_t n, std::span<const WeightedArc> arcs, bool symmetric,
        std::pmr::memory_resource* memory, Poll poll);

    std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(begin_.size() - 1); }
    std::size_t arc_count() const noexcept { return targets_.size(); }
    // Ascending, without repetition.
    std::span<const std::uint32_t> targets(std::uint32_t v) const noexcept {
        return {targets_.data() + begin_[v], begin_[v + 1] - begin_[v]};
    }
    std::span<const double> weights(std::uint32_t v) const noexcept {
        return {weights_.data() + begin_[v], begin_[v + 1] - begin_[v]};
    }
    std::size_t begin(std::uint32_t v) const noexcept { return begin_[v]; }

    // Bytes at most, while building too.
    static std::size_t bytes(std::uint32_t n, std::size_t arcs, bool symmetric) noexcept;

  private:
    void sort_rows(std::uint32_t n, Poll poll);

    std::pmr::vector<std::size_t> begin_;  // n + 1
    std::pmr::vector<std::uint32_t> targets_;
    std::pmr::vector<double> weights_;
};

}  // namespace vg::graph
