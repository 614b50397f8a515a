// Agreement between two rankings, between scores and labels, and between two discrete columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/base/poll.h"

namespace vg::metric {

struct Pair {
    double x;
    double y;
};

// Kendall's tau-b (Kendall 1945), by Knight's algorithm (1966) in O(n log n). Nothing where fewer
// than two pairs are given or one side is constant. Sorts `pairs`. Throws std::bad_alloc and what
// the poll throws; so do all functions below.
std::optional<double> kendall_tau(std::span<Pair> pairs, Poll poll);

// Area under the ROC curve: the probability that a positive (y != 0) has the higher score x of a
// random positive and negative, ties counting one half (Mann & Whitney 1947). Nothing where a class
// is empty. Sorts `pairs`.
std::optional<double> auc(std::span<Pair> pairs, Poll poll);

// Two discrete values of a row, as codes: equal values have equal codes.
struct Codes {
    std::uint64_t x;
    std::uint64_t y;
};

// Mutual information of x and y in nats, from their frequencies. 0 for no rows.
double mutual_info(std::span<const Codes> rows, Poll poll);

// Mutual information minus what chance alone gives a column of that cardinality (OutRank, Skrlj &
// Mramor 2023): sum over values v of x with c_v > 1 rows of p(v) (H(y' | v) - H(y | v)), where y'
// of row i is y of row (i + c_v) mod n. A column of unique values scores 0, a column of noise about
// 0. Depends on the order of the rows, which must not follow y: shuffle_codes makes one.
double mutual_info_corrected(std::span<const Codes> rows, Poll poll);

// A seeded order that does not depend on the order given.
void shuffle_codes(std::span<Codes> rows, std::uint64_t seed, Poll poll);

}  // namespace vg::metric
