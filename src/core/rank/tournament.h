// A tournament: items and the weights of evidence between them, collected from rows (i, j, w) that
// each say "i belongs before j" with weight w >= 0. Repeated rows add up. The result does not
// depend on the order of the rows: items are numbered by ascending id, sums are compensated.
// Single-threaded; memory of the collected rows is the caller's (bounded_rows.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "core/base/poll.h"
#include "core/rank/bounded_rows.h"
#include "core/rank/sum.h"

namespace vg::rank {

// All that is known about two items, a < b: indexes into Tournament::items.
struct Pair {
    std::uint32_t a;
    std::uint32_t b;
    double ab;  // weight of "a before b"
    double ba;
};

struct Tournament {
    std::vector<std::int64_t> items;  // ascending
    std::vector<Pair> pairs;          // ascending by (a, b)
    std::size_t n() const noexcept { return items.size(); }
};

// Sums of weights that differ by less than this share of all that was added are equal but for
// rounding.
inline constexpr double kWeightNoise = 1e-14;

// Indexes 0..n-1 by descending score. Neighbours that differ by no more than their noise count as
// equal, and so do whole chains of them; equal ones stay in ascending order, so that rounding
// decides nothing. noise[i]: how much rounding may have moved score[i].
std::vector<std::uint32_t> order_by_score(std::span<const double> score,
                                          std::span<const double> noise);
// The same for scores of one magnitude: one part in 10^12 of the largest is noise.
std::vector<std::uint32_t> order_by_score(std::span<const double> score);

class Comparisons {
  public:
    Comparisons(std::pmr::memory_resource* memory, std::size_t budget_bytes);

    // i != j, weight finite and >= 0. False: the budget is exhausted. Throws std::bad_alloc.
    bool try_add(std::int64_t i, std::int64_t j, double weight, const Poll& poll);

    // What the rows and the tournament made of them take of the budget.
    std::size_t bytes() const noexcept { return rows_.bytes(); }

    // Merges rows; the collection stays as usable as before. Throws vg::Error (a sum of weights
    // that overflows), std::bad_alloc and what poll throws.
    Tournament tournament(const Poll& poll);

  private:
    struct Row {
        std::int64_t i;
        std::int64_t j;
        Sum weight;
    };
    void merge_rows(const Poll& poll);

    BoundedRows<Row> rows_;
};

}  // namespace vg::rank
