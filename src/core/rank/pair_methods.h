// From pairwise comparisons to one list. Five methods, each with its own idea of the best order:
//
//   net            weight for minus weight against (Borda's rule on weights); exact
//   bradley_terry  strengths of the Bradley-Terry model (1952), maximum a posteriori
//   kemeny         the order that agrees with most weight (linear ordering; Kemeny 1959)
//   copeland       pairs won, half a point for a draw (Copeland 1951); exact
//   tsp            the path of greatest weight from each item to the next (TSPRank, Yan et al.
//                  2025); for scores of "j comes right after i", not for preferences
//
// Ties go to the smaller index, everywhere. Nothing is random, nothing depends on the order of the
// input. Memory: ask scratch_bytes first. Throw std::bad_alloc and what poll throws.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/names.h"
#include "core/base/poll.h"
#include "core/rank/tournament.h"

namespace vg::rank {

enum class PairMethod : std::uint8_t { kNet, kBradleyTerry, kKemeny, kCopeland, kTsp };

inline constexpr std::array<std::string_view, 5> kPairMethodNames{"net", "bradley_terry", "kemeny",
                                                                  "copeland", "tsp"};
inline std::optional<PairMethod> pair_method(std::string_view name) noexcept {
    return find_name<PairMethod>(kPairMethodNames, name);
}

// kemeny and tsp search a dense matrix; they take no more items than this.
inline constexpr std::size_t kMaxDenseItems = 2000;
constexpr bool is_dense(PairMethod method) noexcept {
    return method == PairMethod::kKemeny || method == PairMethod::kTsp;
}

// Upper bound of what rank_tournament allocates beside the tournament.
std::size_t scratch_bytes(PairMethod method, std::size_t items, std::size_t pairs) noexcept;

struct RankedItem {
    std::int64_t item;
    // net, bradley_terry (log strength), copeland: what the list is sorted by. kemeny: weight of
    // the item over all that follow it; tsp: weight of the link to the next item. The sum is the
    // quantity that these two maximise.
    double score;
};

// Best first. out.size() == t.n(); is_dense(method) requires t.n() <= kMaxDenseItems.
void rank_tournament(const Tournament& t, PairMethod method, const Poll& poll,
                     std::span<RankedItem> out);

// Scores by item index.
std::vector<double> net_scores(const Tournament& t);
std::vector<double> copeland_scores(const Tournament& t);

}  // namespace vg::rank
