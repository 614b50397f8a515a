// From LID estimates to an insertion order, and whether LID order is worth having at all. Rows are
// positions in the given arrays. Deterministic for a given seed; single-threaded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace vg::lid {

// Quantile buckets that rows are sorted into: ranks are too noisy (about LID / sqrt(12) with 12
// neighbours) for a finer sort to mean anything.
inline constexpr unsigned kBuckets = 32;
// One row in five comes at random from all that remain, so that no part of the data is missing from
// the graph for long.
inline constexpr unsigned kRandomEvery = 5;

// LID order pays only where LID differs, say by 1.5 between p10 and p90. The estimate itself, from
// 12 neighbours, spreads by 2.2 where LID is the same everywhere (1/LID is then Gamma-distributed
// with shape 11); on the log scale the two add as squares: exp(sqrt(ln(1.5)^2 + ln(2.2)^2)) = 2.4.
inline constexpr double kMinSpread = 2.4;
// Share of the variance of ln LID that lies between coarse cells above which a LID sort is mostly a
// sort by cluster, which costs recall instead of gaining it.
inline constexpr double kMaxConfounding = 0.3;
// Cells of the confounding test, and rows that suffice to run it.
inline constexpr unsigned kPivots = 64;
inline constexpr unsigned kConfoundingRows = 20000;

// A build inserts a random prefix first and estimates the LID of every other row from this many
// nearest rows in it. The prefix is a 10 % sample, so that they lie about where the 100 to 120
// nearest rows of all lie: the scale at which the LID literature measures.
inline constexpr std::size_t kProbeNeighbours = 12;
// Rows of that prefix, of n. All n: there is nothing left to order.
std::size_t prefix_rows(std::size_t n) noexcept;

// The value below which a share q in [0, 1] of the values lies (the sample's own, no
// interpolation). Reorders the values, of which there must be one.
float quantile(std::span<float> values, double q) noexcept;

// p90 / p10 of the known (> 0) estimates; 1 when fewer than ten are known. Throws std::bad_alloc.
double spread(std::span<const float> lid);

// eta squared of ln LID by cell: between-cell over total sum of squares, adjusted for what `cells`
// random cells would explain (0 = LID is independent of the cell, 1 = explained by it). Rows of
// unknown LID are skipped; 0 when too few rows or no variance. cell[i] < cells.
// Throws std::bad_alloc.
double confounding(std::span<const float> lid, std::span<const std::uint32_t> cell,
                   std::uint32_t cells);

// Whether `auto` takes the LID order.
inline bool worth_ordering(double spread, double confounding) noexcept {
    return spread >= kMinSpread && confounding <= kMaxConfounding;
}

// Positions 0..n-1: descending LID by bucket, random within a bucket, every kRandomEvery-th drawn
// at random from all remaining ones. Unknown LIDs come last. Throws std::bad_alloc.
std::vector<std::uint32_t> lid_order(std::span<const float> lid, std::uint64_t seed);

}  // namespace vg::lid
