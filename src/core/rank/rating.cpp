// Implements rating.h.
#include "core/rank/rating.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <tuple>

#include "core/base/status.h"
#include "core/rank/polled_sort.h"

#include "core/no_postgres.h"

namespace vg::rank {
namespace {

// Per row at the end: its place in the order of play, its player, its item before duplicates go.
constexpr std::size_t kScratchBytes =
    2 * sizeof(std::uint32_t) + sizeof(Player) + sizeof(RatedItem) + 2 * sizeof(std::int64_t);
constexpr std::size_t kPollEvery = 1024;
constexpr double kDisplayedSigmas = 3.0;

// All spreads are divided by one power of two, so that their squares neither overflow nor vanish.
struct Team {
    std::int32_t rank;
    double mu = 0.0;  // not divided
    double variance = 0.0;
    double shift = 0.0;   // of mu, in units of this team's variance over c
    double shrink = 0.0;  // of the variance
    double power = 0.0;   // of the soft-max, scratch
};

// Indexes of players by (team, rank): the members of a team are adjacent.
std::vector<std::uint32_t> by_team(std::span<const Player> players) {
    std::vector<std::uint32_t> order(players.size());
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return players[a].team < players[b].team;
    });
    return order;
}

// The places of one tied group, [begin, end) of `order`; whoever ranks behind follows. The members
// took their places in an order that nobody knows, and all orders are as likely (rating.h). At the
// l-th place each of the d members is still there with the chance 1 - l / d; where it is, the other
// members still there are taken for what they are on average, which is exact for two, and for
// members of one strength.
void play_group(std::vector<Team>& teams, std::span<const std::uint32_t> order, std::size_t tied,
                double c, int exponent, const Poll& poll) {
    // A soft-max, with its greatest exponent taken out so that nothing overflows.
    double top = -std::numeric_limits<double>::infinity();
    for (const std::uint32_t i : order)
        top = std::max(top, teams[i].mu);
    double members = 0.0;
    double behind = 0.0;
    for (std::size_t at = 0; at < order.size(); ++at) {
        Team& team = teams[order[at]];
        team.power = std::exp(std::scalbn(team.mu - top, -exponent) / c);
        (at < tied ? members : behind) += team.power;
    }
    const auto d = static_cast<double>(tied);
    std::vector<double> chance(tied);  // to take the place, for a member that is there
    for (std::size_t place = 0; place < tied; ++place) {
        poll();
        const double there = 1.0 - static_cast<double>(place) / d;
        const double others = tied > 1 ? (d - static_cast<double>(place) - 1.0) / (d - 1.0) : 0.0;
        double sum = 0.0;     // of all chances: 1, but for what the average leaves out
        double mean = 0.0;    // over the members: the chance that one from behind takes the place
        double square = 0.0;  // and of its square
        for (std::size_t at = 0; at < tied; ++at) {
            const double power = teams[order[at]].power;
            const double left = behind + power + others * (members - power);
            // Only who is infinitely weaker than another member can find nobody left.
            chance[at] = left > 0.0 ? power / left : 1.0;
            sum += there * chance[at];
            const double rest = left > 0.0 ? behind / left : 0.0;
            mean += rest / d;
            square += rest * rest / d;
        }
        sum += mean;
        for (std::size_t at = 0; at < order.size(); ++at) {
            Team& team = teams[order[at]];
            if (at < tied) {
                team.shift -= there * chance[at] / sum;
                team.shrink += there * chance[at] * (1.0 - chance[at]);
            } else if (behind > 0.0) {
                const double share = team.power / behind;
                team.shift -= share * mean / sum;
                team.shrink += share * (mean - share * square);
            }
        }
    }
    for (std::size_t at = 0; at < tied; ++at)
        teams[order[at]].shift += 1.0;
}

void play(std::vector<Team>& teams, double beta, int exponent, const Poll& poll) {
    double c_squared = 0.0;
    for (const Team& t : teams)
        c_squared += t.variance + beta * beta;
    const double c = std::sqrt(c_squared);
    std::vector<std::uint32_t> order(teams.size());
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return teams[a].rank < teams[b].rank;
    });
    for (std::size_t begin = 0; begin < order.size();) {
        std::size_t end = begin + 1;
        while (end < order.size() && teams[order[end]].rank == teams[order[begin]].rank)
            ++end;
        play_group(teams, std::span(order).subspan(begin), end - begin, c, exponent, poll);
        begin = end;
    }
    for (Team& t : teams) {
        const double gamma = std::sqrt(t.variance) / c;
        t.shift /= c;
        t.shrink *= gamma / c_squared;
    }
}

}  // namespace

void rate_match(std::span<Player> players, const RatingModel& model, const Poll& poll) {
    const std::vector<std::uint32_t> order = by_team(players);
    double widest = model.beta;
    for (const Player& player : players)
        widest = std::max(widest, player.rating.sigma);
    const int exponent = std::ilogb(widest);
    const auto variance_of = [exponent](const Player& player) {
        const double sigma = std::scalbn(player.rating.sigma, -exponent);
        return sigma * sigma;
    };
    std::vector<Team> teams;
    std::vector<std::uint32_t> team_of(players.size());
    for (std::size_t at = 0; at < order.size(); ++at) {
        const Player& player = players[order[at]];
        const bool first = at == 0 || players[order[at - 1]].team != player.team;
        if (first)
            teams.push_back(Team{player.rank});
        Team& team = teams.back();
        if (team.rank != player.rank)
            throw Error(StatusCode::kInvalidArgument,
                        "players of team " + std::to_string(player.team) + " have different ranks");
        team.mu += player.rating.mu;
        team.variance += variance_of(player);
        team_of[order[at]] = static_cast<std::uint32_t>(teams.size() - 1);
    }
    if (teams.size() < 2)
        return;
    play(teams, std::scalbn(model.beta, -exponent), exponent, poll);
    for (std::size_t p = 0; p < players.size(); ++p) {
        Rating& rating = players[p].rating;
        const Team& team = teams[team_of[p]];
        const double variance = variance_of(players[p]);
        rating.mu += std::scalbn(variance * team.shift, exponent);
        rating.sigma *= std::sqrt(std::max(1.0 - variance * team.shrink, model.kappa));
    }
}

MatchHistory::MatchHistory(std::pmr::memory_resource* memory, std::size_t budget_bytes)
    : rows_(memory, budget_bytes, kScratchBytes) {}

bool MatchHistory::try_add(std::int64_t match, std::int64_t item, std::int32_t rank) {
    if (rows_.full() && !rows_.try_grow())
        return false;
    rows_.push(Row{match, item, rank});
    return true;
}

// The order in which rows arrived does not matter but for that of the matches.
MatchHistory::Matches MatchHistory::matches(const Poll& poll) const {
    const std::pmr::vector<Row>& rows = rows_.rows();
    const auto n = static_cast<std::uint32_t>(rows.size());
    Matches m;
    std::vector<std::uint32_t>& order = m.order;
    std::vector<std::uint32_t>& first = m.opened_by;
    order.resize(n);
    first.resize(n);
    std::iota(order.begin(), order.end(), 0u);
    polled_sort(
        order.begin(), order.end(),
        [&](std::uint32_t a, std::uint32_t b) { return rows[a].match < rows[b].match; }, poll);
    for (std::uint32_t at = 0; at < n; ++at) {
        const bool opens = at == 0 || rows[order[at - 1]].match != rows[order[at]].match;
        first[order[at]] = opens ? order[at] : first[order[at - 1]];
    }
    polled_sort(
        order.begin(), order.end(),
        [&](std::uint32_t a, std::uint32_t b) {
            return std::tie(first[a], rows[a].item) < std::tie(first[b], rows[b].item);
        },
        poll);
    return m;
}

// Every item once, by its number, without a match.
std::vector<RatedItem> MatchHistory::newcomers(const Poll& poll) const {
    std::vector<std::int64_t> ids;
    ids.reserve(rows_.rows().size());
    for (const Row& row : rows_.rows())
        ids.push_back(row.item);
    polled_sort(ids.begin(), ids.end(), std::less<>(), poll);
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    std::vector<RatedItem> items;
    items.reserve(ids.size());
    for (const std::int64_t id : ids)
        items.push_back(RatedItem{id, Rating{}, 0});
    return items;
}

std::vector<RatedItem> MatchHistory::rate(const RatingModel& model, const Poll& poll) const {
    const std::pmr::vector<Row>& rows = rows_.rows();
    const auto n = static_cast<std::uint32_t>(rows.size());
    const auto [order, first] = matches(poll);
    std::vector<RatedItem> rated = newcomers(poll);
    const auto of = [&](std::int64_t item) -> RatedItem& {
        return *std::lower_bound(
            rated.begin(), rated.end(), item,
            [](const RatedItem& r, std::int64_t wanted) { return r.item < wanted; });
    };

    std::vector<Player> players;
    for (std::uint32_t begin = 0; begin < n;) {
        std::uint32_t end = begin;
        players.clear();
        while (end < n && first[order[end]] == first[order[begin]]) {
            const Row& row = rows[order[end]];
            if (end > begin && rows[order[end - 1]].item == row.item)
                throw Error(StatusCode::kInvalidArgument, "item " + std::to_string(row.item) +
                                                              " appears twice in match " +
                                                              std::to_string(row.match));
            players.push_back(
                Player{of(row.item).rating, row.rank, static_cast<std::int32_t>(players.size())});
            ++end;
        }
        if (begin % kPollEvery == 0)
            poll();
        rate_match(players, model, poll);
        for (std::uint32_t at = begin; at < end; ++at) {
            RatedItem& item = of(rows[order[at]].item);
            item.rating = players[at - begin].rating;
            ++item.matches;
        }
        begin = end;
    }
    const auto displayed = [](const RatedItem& r) {
        return r.rating.mu - kDisplayedSigmas * r.rating.sigma;
    };
    polled_sort(
        rated.begin(), rated.end(),
        [&](const RatedItem& a, const RatedItem& b) { return displayed(a) > displayed(b); }, poll);
    return rated;
}

}  // namespace vg::rank
