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

struct Team {
    std::int32_t rank;
    double mu = 0.0;
    double variance = 0.0;
    double shift = 0.0;   // of mu, in units of this team's variance over c
    double shrink = 0.0;  // of the variance
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

// Chance that the team of mean mu comes first among those that the round q is between: a soft-max,
// with its greatest exponent taken out so that nothing overflows.
struct Round {
    double top;
    double sum;
    double ties;
    double chance(double mu, double c) const { return std::exp((mu - top) / c) / sum; }
};

Round round_of(const std::vector<Team>& teams, const Team& q, double c) {
    Round r{-std::numeric_limits<double>::infinity(), 0.0, 0.0};
    for (const Team& s : teams) {
        if (s.rank >= q.rank)
            r.top = std::max(r.top, s.mu);
        r.ties += s.rank == q.rank ? 1.0 : 0.0;
    }
    for (const Team& s : teams) {
        if (s.rank >= q.rank)
            r.sum += std::exp((s.mu - r.top) / c);
    }
    return r;
}

void play(std::vector<Team>& teams, const RatingModel& model, const Poll& poll) {
    double c_squared = 0.0;
    for (const Team& t : teams)
        c_squared += t.variance + model.beta * model.beta;
    const double c = std::sqrt(c_squared);
    for (std::size_t q = 0; q < teams.size(); ++q) {
        poll();
        const Round round = round_of(teams, teams[q], c);
        for (std::size_t i = 0; i < teams.size(); ++i) {
            if (teams[q].rank > teams[i].rank)
                continue;
            const double chance = round.chance(teams[i].mu, c);
            teams[i].shift += ((i == q ? 1.0 : 0.0) - chance) / round.ties;
            teams[i].shrink += chance * (1.0 - chance) / round.ties;
        }
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
        team.variance += player.rating.sigma * player.rating.sigma;
        team_of[order[at]] = static_cast<std::uint32_t>(teams.size() - 1);
    }
    if (teams.size() < 2)
        return;
    play(teams, model, poll);
    for (std::size_t p = 0; p < players.size(); ++p) {
        Rating& rating = players[p].rating;
        const Team& team = teams[team_of[p]];
        const double variance = rating.sigma * rating.sigma;
        rating.mu += variance * team.shift;
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

std::vector<RatedItem> MatchHistory::rate(const RatingModel& model, const Poll& poll) const {
    const std::pmr::vector<Row>& rows = rows_.rows();
    const auto n = static_cast<std::uint32_t>(rows.size());

    // Rows by match, and within a match by item, so that their order of arrival does not matter.
    std::vector<std::uint32_t> order(n);
    std::iota(order.begin(), order.end(), 0u);
    std::vector<std::int64_t> ids(n);
    for (std::uint32_t r = 0; r < n; ++r)
        ids[r] = rows[r].match;
    polled_sort(
        order.begin(), order.end(),
        [&](std::uint32_t a, std::uint32_t b) { return rows[a].match < rows[b].match; }, poll);
    // first[r]: the row that opened the match of row r.
    std::vector<std::uint32_t> first(n);
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

    for (std::uint32_t r = 0; r < n; ++r)
        ids[r] = rows[r].item;
    polled_sort(ids.begin(), ids.end(), std::less<>(), poll);
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    std::vector<RatedItem> rated;
    rated.reserve(ids.size());
    for (const std::int64_t id : ids)
        rated.push_back(RatedItem{id, Rating{}, 0});
    const auto of = [&](std::int64_t item) -> RatedItem& {
        return rated[static_cast<std::size_t>(std::lower_bound(ids.begin(), ids.end(), item) -
                                              ids.begin())];
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
