// Fusion of result lists: what one list adds to the score of a document. A document that a list
// does not hold gets nothing from it. Arguments are checked by the caller.
#pragma once

#include <cstdint>

#include "core/rank/sum.h"

namespace vg::rank {

// The constant of reciprocal rank fusion in the paper and in nearly all software since.
inline constexpr std::int32_t kRrfConstant = 60;

// Reciprocal rank fusion (Cormack, Clarke & Buettcher 2009). rank >= 1, k >= 0.
inline double rrf_share(std::int64_t rank, std::int32_t k, double weight) noexcept {
    return weight / (static_cast<double>(k) + static_cast<double>(rank));
}

// Borda's points: the number of items behind this one. 1 <= rank <= n.
inline double borda_share(std::int64_t rank, std::int64_t n, double weight) noexcept {
    return weight * static_cast<double>(n - rank);
}

// The score of one document over all lists.
struct FusedScore {
    Sum sum;
    double hits = 0.0;  // lists that hold the document

    void add(double share) noexcept {
        sum.add(share);
        hits += 1.0;
    }
    void add(const FusedScore& other) noexcept {
        sum.add(other.sum);
        hits += other.hits;
    }
    double total() const noexcept { return sum.value(); }
    // CombMNZ (Fox & Shaw 1994): agreement between lists counts.
    double total_by_hits() const noexcept { return hits * sum.value(); }
};

}  // namespace vg::rank
