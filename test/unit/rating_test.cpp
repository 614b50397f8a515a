// Weng-Lin ratings: published values, properties, histories of matches.
#include "core/rank/rating.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory_resource>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.h"
#include "core/base/status.h"
#include "core/rank/normalise.h"

namespace vg::rank {
namespace {

constexpr std::size_t kPlenty = std::size_t{1} << 30;

std::vector<Player> played(std::vector<Player> players) {
    rate_match(players, RatingModel{}, Poll{});
    return players;
}

void expect_rating(const Player& player, double mu, double sigma, double tolerance) {
    EXPECT_NEAR(player.rating.mu, mu, tolerance);
    EXPECT_NEAR(player.rating.sigma, sigma, tolerance);
}

TEST(Rating, ReproducesTheOpenskillExample) {
    // Two against two, from the README of openskill: the first team won.
    const auto p = played({{{25.0, 25.0 / 3.0}, 1, 1},
                           {{32.444, 5.123}, 1, 1},
                           {{43.381, 2.421}, 2, 2},
                           {{25.188, 6.211}, 2, 2}});
    expect_rating(p[0], 28.669648436582808, 8.071520788025197, 1e-12);
    expect_rating(p[1], 33.83086971107981, 5.062772998705765, 1e-12);
    expect_rating(p[2], 43.071274808241974, 2.4166900452721256, 1e-12);
    expect_rating(p[3], 23.149503312339064, 6.1378606973362135, 1e-12);
}

TEST(Rating, GoldenValues) {
    const auto four = played({{{}, 1, 1}, {{}, 2, 2}, {{}, 3, 3}, {{}, 4, 4}});
    expect_rating(four[0], 27.795085, 8.263161, 1e-6);
    expect_rating(four[1], 26.552825, 8.179214, 1e-6);
    expect_rating(four[2], 24.689435, 8.083731, 1e-6);
    expect_rating(four[3], 20.962655, 8.083731, 1e-6);
    const auto two = played({{{}, 1, 1}, {{}, 2, 2}});
    expect_rating(two[0], 27.635231, 8.065506, 1e-6);
    expect_rating(two[1], 22.364769, 8.065506, 1e-6);
    const auto upset = played({{{30, 2}, 2, 1}, {{25, 8.3333}, 1, 2}, {{22, 5}, 3, 3}});
    expect_rating(upset[0], 29.962548, 1.997948, 1e-6);
    expect_rating(upset[1], 28.937730, 8.052154, 1e-6);
    expect_rating(upset[2], 20.816480, 4.930700, 1e-6);
    // The mean of first and second place of three, and what the third of three gets.
    const auto draw = played({{{}, 1, 1}, {{}, 1, 2}, {{}, 2, 3}});
    expect_rating(draw[0], 26.793047, 8.131666, 1e-6);
    expect_rating(draw[1], 26.793047, 8.131666, 1e-6);
    expect_rating(draw[2], 21.413905, 8.057830, 1e-6);
}

// Newcomers of these ranks.
std::vector<Player> newcomers(const std::vector<std::int32_t>& ranks) {
    std::vector<Player> players;
    for (const std::int32_t rank : ranks)
        players.push_back({{}, rank, static_cast<std::int32_t>(players.size())});
    return players;
}

TEST(Rating, AWorseRankNeverGivesMore) {
    const auto five = played(newcomers({1, 1, 3, 4, 5}));
    EXPECT_GT(five[0].rating.mu, five[2].rating.mu);
    const auto two = played(newcomers({1, 1}));
    EXPECT_EQ(two[0].rating.mu, 25.0);
    EXPECT_EQ(two[1].rating.mu, 25.0);
    Random random(7);
    std::vector<std::vector<std::int32_t>> matches{{1, 2, 2, 4, 5, 5, 7, 8, 9, 9, 11, 12}};
    for (int trial = 0; trial < 500; ++trial) {
        std::vector<std::int32_t> ranks(2 + random.below(11));
        for (std::int32_t& rank : ranks)
            rank = static_cast<std::int32_t>(random.below(ranks.size())) + 1;
        matches.push_back(ranks);
    }
    for (std::vector<std::int32_t>& ranks : matches) {
        std::sort(ranks.begin(), ranks.end());
        const auto p = played(newcomers(ranks));
        double sum = 0.0;
        for (std::size_t i = 0; i < p.size(); ++i) {
            sum += p[i].rating.mu - 25.0;
            if (i == 0)
                continue;
            if (ranks[i] == ranks[i - 1])
                EXPECT_NEAR(p[i].rating.mu, p[i - 1].rating.mu, 1e-12);
            else
                EXPECT_LT(p[i].rating.mu, p[i - 1].rating.mu);
        }
        EXPECT_NEAR(sum, 0.0, 1e-10);
    }
}

// Of sides of any strengths: the mean over both orders.
TEST(Rating, ADrawIsHalfAWinAndHalfALoss) {
    const std::vector<Player> first{{{31, 2}, 1, 1}, {{22, 5}, 2, 2}, {{27, 4}, 3, 3}};
    auto second = first;
    second[0].rank = 2;
    second[1].rank = 1;
    auto tied = first;
    tied[1].rank = 1;
    const auto a = played(first);
    const auto b = played(second);
    const auto draw = played(tied);
    for (std::size_t i = 0; i < 3; ++i) {
        const double variance =
            (a[i].rating.sigma * a[i].rating.sigma + b[i].rating.sigma * b[i].rating.sigma) / 2.0;
        expect_rating(draw[i], (a[i].rating.mu + b[i].rating.mu) / 2.0, std::sqrt(variance), 1e-12);
    }
    // Three unequal sides share one place: what one wins another loses.
    const auto three = played({{{31, 4}, 1, 1}, {{22, 4}, 1, 2}, {{27, 4}, 1, 3}});
    EXPECT_NEAR(three[0].rating.mu + three[1].rating.mu + three[2].rating.mu, 80.0, 1e-12);
    EXPECT_LT(three[0].rating.mu, 31.0);
    EXPECT_GT(three[1].rating.mu, 22.0);
}

// Whoever ties took the places of the group in some order: for equals the update is the mean over
// all orders.
TEST(Rating, TiesAreTheMeanOverAllOrders) {
    const std::vector<std::int32_t> ranks{1, 2, 2, 2, 5, 5, 7};
    std::vector<double> mu(ranks.size(), 0.0);
    std::vector<double> variance(ranks.size(), 0.0);
    std::vector<std::int32_t> order{1, 2, 3, 4, 5, 6, 7};
    double orders = 0.0;
    do {
        bool fits = true;
        for (std::size_t i = 1; i < ranks.size(); ++i)
            fits = fits && (ranks[i] == ranks[i - 1] || order[i] > order[i - 1]);
        fits = fits && order[0] == 1 && order[6] == 7 &&
               *std::max_element(order.data() + 1, order.data() + 4) == 4;
        if (!fits)
            continue;
        const auto p = played(newcomers(order));
        orders += 1.0;
        for (std::size_t i = 0; i < p.size(); ++i) {
            mu[i] += p[i].rating.mu;
            variance[i] += p[i].rating.sigma * p[i].rating.sigma;
        }
    } while (std::next_permutation(order.begin(), order.end()));
    ASSERT_EQ(orders, 12.0);
    const auto tied = played(newcomers(ranks));
    for (std::size_t i = 0; i < tied.size(); ++i)
        expect_rating(tied[i], mu[i] / orders, std::sqrt(variance[i] / orders), 1e-12);
}

TEST(Rating, OrderOfPlayersAndNumbersOfTeamsDoNotMatter) {
    const auto a = played({{{30, 4}, 2, 5}, {{20, 3}, 1, 9}, {{25, 6}, 2, 5}, {{28, 2}, 3, -4}});
    const auto b = played({{{28, 2}, 30, 1}, {{25, 6}, 20, 2}, {{20, 3}, 10, 3}, {{30, 4}, 20, 2}});
    const std::size_t place[] = {3, 2, 1, 0};
    for (std::size_t i = 0; i < 4; ++i)
        expect_rating(a[i], b[place[i]].rating.mu, b[place[i]].rating.sigma, 1e-12);
}

TEST(Rating, OneSideChangesNothing) {
    const auto p = played({{{30, 4}, 1, 1}, {{20, 3}, 1, 1}});
    expect_rating(p[0], 30, 4, 0);
    expect_rating(p[1], 20, 3, 0);
    EXPECT_TRUE(played({}).empty());
}

TEST(Rating, ExtremeSkillsStayFinite) {
    const auto p = played({{{1e6, 1}, 2, 1}, {{-1e6, 1}, 1, 2}, {{0, 1e-3}, 3, 3}});
    for (const Player& player : p) {
        EXPECT_TRUE(std::isfinite(player.rating.mu));
        EXPECT_GT(player.rating.sigma, 0.0);
    }
    EXPECT_LT(p[0].rating.mu, 1e6);
    EXPECT_GT(p[1].rating.mu, -1e6);
    for (const Player& player : played({{{1e6, 1}, 1, 1}, {{-1e6, 1}, 1, 2}, {{-9e5, 1}, 2, 3}})) {
        EXPECT_TRUE(std::isfinite(player.rating.mu));
        EXPECT_GT(player.rating.sigma, 0.0);
    }
}

TEST(Rating, TheUnitOfSkillsDoesNotMatter) {
    const std::vector<Player> players{{{30, 4}, 2, 1}, {{20, 3}, 1, 2}, {{25, 6}, 2, 3}};
    const auto expected = played(players);
    for (const double unit : {1e-300, 1e-200, 1e150, 1e300}) {
        auto scaled = players;
        for (Player& player : scaled)
            player.rating = {player.rating.mu * unit, player.rating.sigma * unit};
        RatingModel model;
        model.beta *= unit;
        rate_match(scaled, model, Poll{});
        for (std::size_t i = 0; i < scaled.size(); ++i) {
            EXPECT_NEAR(scaled[i].rating.mu / unit, expected[i].rating.mu, 1e-12) << unit;
            EXPECT_NEAR(scaled[i].rating.sigma / unit, expected[i].rating.sigma, 1e-12) << unit;
        }
    }
}

TEST(Rating, TeamOfTwoRanksIsAnError) {
    EXPECT_THROW(played({{{}, 1, 1}, {{}, 2, 1}, {{}, 3, 2}}), Error);
}

TEST(MatchHistory, PlaysMatchesOneAfterTheOther) {
    MatchHistory history(std::pmr::new_delete_resource(), kPlenty);
    // Match 7 first, its rows not adjacent; then match 3 between the winners and a newcomer.
    history.try_add(7, 100, 1);
    history.try_add(3, 300, 2);
    history.try_add(7, 200, 2);
    history.try_add(3, 100, 1);
    auto first = played({{{}, 1, 1}, {{}, 2, 2}});
    auto second = played({{first[0].rating, 1, 1}, {{}, 2, 2}});
    const auto rated = history.rate(RatingModel{}, Poll{});
    ASSERT_EQ(rated.size(), 3u);
    EXPECT_EQ(rated[0].item, 100);
    EXPECT_EQ(rated[0].matches, 2);
    EXPECT_NEAR(rated[0].rating.mu, second[0].rating.mu, 1e-12);
    EXPECT_EQ(rated[1].item, 300);
    EXPECT_EQ(rated[1].matches, 1);
    EXPECT_NEAR(rated[1].rating.mu, second[1].rating.mu, 1e-12);
    EXPECT_EQ(rated[2].item, 200);
    EXPECT_NEAR(rated[2].rating.sigma, first[1].rating.sigma, 1e-12);
}

TEST(MatchHistory, OrderWithinAMatchDoesNotMatter) {
    struct Entry {
        std::int64_t match;
        std::int64_t item;
        std::int32_t rank;
    };
    Random rng(3);
    std::vector<std::vector<Entry>> matches;
    for (std::int64_t m = 0; m < 50; ++m) {
        std::vector<std::int64_t> items{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
        shuffle(items, rng);
        std::vector<Entry> match;
        for (std::int32_t place = 0; place < 4; ++place)
            match.push_back({m, items[static_cast<std::size_t>(place)], place + 1});
        matches.push_back(match);
    }
    const auto rate_all = [&] {
        MatchHistory history(std::pmr::new_delete_resource(), kPlenty);
        for (const auto& match : matches) {
            for (const Entry& e : match)
                history.try_add(e.match, e.item, e.rank);
        }
        return history.rate(RatingModel{}, Poll{});
    };
    const auto expected = rate_all();
    for (auto& match : matches)
        shuffle(match, rng);
    const auto again = rate_all();
    ASSERT_EQ(again.size(), expected.size());
    for (std::size_t r = 0; r < again.size(); ++r) {
        EXPECT_EQ(again[r].item, expected[r].item);
        EXPECT_EQ(again[r].rating.mu, expected[r].rating.mu);
        EXPECT_EQ(again[r].rating.sigma, expected[r].rating.sigma);
    }
}

TEST(MatchHistory, FindsTheOrderOfSkills) {
    Random rng(9);
    MatchHistory history(std::pmr::new_delete_resource(), kPlenty);
    for (std::int64_t m = 0; m < 2000; ++m) {
        const auto a = static_cast<std::int64_t>(rng.below(12));
        const auto b = static_cast<std::int64_t>(rng.below(12));
        if (a == b)
            continue;
        const bool a_wins = rng.uniform() < sigmoid(1.0 * static_cast<double>(b - a));
        history.try_add(m, a, a_wins ? 1 : 2);
        history.try_add(m, b, a_wins ? 2 : 1);
    }
    const auto rated = history.rate(RatingModel{}, Poll{});
    ASSERT_EQ(rated.size(), 12u);
    for (std::size_t r = 0; r < rated.size(); ++r)
        EXPECT_LE(std::abs(rated[r].item - static_cast<std::int64_t>(r)), 1);
}

TEST(MatchHistory, AnItemTwiceInAMatchAndAFullBudget) {
    MatchHistory twice(std::pmr::new_delete_resource(), kPlenty);
    twice.try_add(1, 5, 1);
    twice.try_add(1, 6, 2);
    twice.try_add(1, 5, 3);
    EXPECT_THROW(twice.rate(RatingModel{}, Poll{}), Error);

    MatchHistory full(std::pmr::new_delete_resource(), 1 << 16);
    std::int64_t added = 0;
    while (added < 100000 && full.try_add(added, added, 1))
        ++added;
    EXPECT_GT(added, 300);
    EXPECT_LT(added, (1 << 16) / 24);
    EXPECT_TRUE(
        MatchHistory(std::pmr::new_delete_resource(), 0).rate(RatingModel{}, Poll{}).empty());
}

}  // namespace
}  // namespace vg::rank
