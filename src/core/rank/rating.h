// Ratings from matches of two or more sides: the Plackett-Luce model of Weng & Lin, "A Bayesian
// Approximation Method for Online Ranking", JMLR 12 (2011), algorithm 4, in closed form. A rating
// is a belief about a skill: mean mu, standard deviation sigma.
//
// Ties are not theirs: they divide what a tied team wins by the number of ties, so that the only
// third of five gains more than the two who share the first place. Here the tied took their places
// in an order that nobody knows, and the update is the mean over all orders, as a draw is half a
// win and half a loss for Elo (1978), and as Kalbfleisch & Prentice (Biometrika 60, 1973) treat
// ties in the same likelihood. For two sides that is the published formula.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "core/base/poll.h"
#include "core/rank/bounded_rows.h"

namespace vg::rank {

struct Rating {
    double mu = 25.0;
    double sigma = 25.0 / 3.0;
};

struct RatingModel {
    double beta = 25.0 / 6.0;  // spread of a performance around the skill
    double kappa = 1e-4;       // least factor by which one match may shrink a variance
};

struct Player {
    Rating rating;
    std::int32_t rank;  // 1 is best; equal ranks are draws
    std::int32_t team;  // players of one team add up; any numbers
};

// Updates the ratings of all players by one match. Players of one team must have one rank. Changes
// nothing where there are fewer than two teams. O(teams^2).
// Throws vg::Error, std::bad_alloc and what poll throws.
void rate_match(std::span<Player> players, const RatingModel& model, const Poll& poll);

struct RatedItem {
    std::int64_t item;
    Rating rating;
    std::int64_t matches;
};

// Rates all items of a history of matches, each item a side of its own. Rows of a match need not be
// adjacent: a match is played when its first row appears. Within a match the order of the rows does
// not matter.
class MatchHistory {
  public:
    MatchHistory(std::pmr::memory_resource* memory, std::size_t budget_bytes);

    // False: the budget is exhausted. Throws std::bad_alloc.
    bool try_add(std::int64_t match, std::int64_t item, std::int32_t rank);

    // Everybody, by mu - 3 sigma descending, then by item. Throws vg::Error (an item twice in a
    // match), std::bad_alloc and what poll throws.
    std::vector<RatedItem> rate(const RatingModel& model, const Poll& poll) const;

  private:
    struct Row {
        std::int64_t match;
        std::int64_t item;
        std::int32_t rank;
    };
    // Row numbers by match, and within a match by item. opened_by: the row that opened the match of
    // a row, by row number.
    struct Matches {
        std::vector<std::uint32_t> order;
        std::vector<std::uint32_t> opened_by;
    };
    Matches matches(const Poll& poll) const;
    std::vector<RatedItem> newcomers(const Poll& poll) const;

    BoundedRows<Row> rows_;
};

}  // namespace vg::rank
