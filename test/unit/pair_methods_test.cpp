// From pairwise comparisons to a list: golden values, brute force over all orders, properties.
#include "core/rank/pair_methods.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory_resource>
#include <numeric>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.h"
#include "core/base/status.h"
#include "core/rank/bradley_terry.h"
#include "core/rank/linear_order.h"
#include "core/rank/matrix.h"
#include "core/rank/normalise.h"
#include "core/rank/path_order.h"

namespace vg::rank {
namespace {

using Order = std::vector<std::uint32_t>;
using Ids = std::vector<std::int64_t>;
using Weights = std::vector<std::vector<double>>;
using Row = std::tuple<std::int64_t, std::int64_t, double>;

constexpr std::size_t kPlenty = std::size_t{1} << 30;

Tournament tournament_of(const std::vector<Row>& rows) {
    Comparisons comparisons(std::pmr::new_delete_resource(), kPlenty);
    for (const auto& [i, j, w] : rows)
        EXPECT_TRUE(comparisons.try_add(i, j, w, Poll{}));
    return comparisons.tournament(Poll{});
}

std::vector<Row> rows_of(const Weights& a) {
    std::vector<Row> rows;
    for (std::size_t i = 0; i < a.size(); ++i) {
        for (std::size_t j = 0; j < a.size(); ++j) {
            if (i != j)
                rows.emplace_back(static_cast<std::int64_t>(i), static_cast<std::int64_t>(j),
                                  a[i][j]);
        }
    }
    return rows;
}

std::vector<RankedItem> ranked(const Tournament& t, PairMethod method) {
    std::vector<RankedItem> out(t.n());
    rank_tournament(t, method, Poll{}, out);
    return out;
}

Ids ids(const std::vector<RankedItem>& list) {
    Ids out;
    for (const RankedItem& r : list)
        out.push_back(r.item);
    return out;
}

double total(const std::vector<RankedItem>& list) {
    double sum = 0.0;
    for (const RankedItem& r : list)
        sum += r.score;
    return sum;
}

Weights random_weights(std::size_t n, Random& rng) {
    Weights a(n, std::vector<double>(n, 0.0));
    for (auto& row : a) {
        for (double& w : row)
            w = rng.uniform();
    }
    return a;
}

// Every method has a known answer here, and no two of them agree in everything.
const Weights kFour{{0, .9, .2, .3}, {.1, 0, .8, .4}, {.6, .2, 0, .9}, {.5, .3, .1, 0}};

TEST(PairMethods, GoldenValues) {
    const Tournament t = tournament_of(rows_of(kFour));
    const auto net = ranked(t, PairMethod::kNet);
    EXPECT_EQ(ids(net), (Ids{2, 0, 1, 3}));
    EXPECT_NEAR(net[0].score, 0.6, 1e-15);
    EXPECT_NEAR(net[1].score, 0.2, 1e-15);
    EXPECT_NEAR(net[2].score, -0.1, 1e-15);
    EXPECT_NEAR(net[3].score, -0.7, 1e-15);

    const auto kemeny = ranked(t, PairMethod::kKemeny);
    EXPECT_EQ(ids(kemeny), (Ids{0, 1, 2, 3}));
    EXPECT_NEAR(total(kemeny), 3.5, 1e-12);
    const auto tsp = ranked(t, PairMethod::kTsp);
    EXPECT_EQ(ids(tsp), (Ids{0, 1, 2, 3}));
    EXPECT_NEAR(total(tsp), 2.6, 1e-12);
    EXPECT_EQ(tsp.back().score, 0.0);

    const auto copeland = ranked(t, PairMethod::kCopeland);
    EXPECT_EQ(ids(copeland), (Ids{1, 2, 0, 3}));
    EXPECT_EQ(copeland[0].score, 2.0);
    EXPECT_EQ(copeland[1].score, 2.0);
    EXPECT_EQ(copeland[2].score, 1.0);
    EXPECT_EQ(copeland[3].score, 1.0);

    // From a dense Newton solver in numpy with the same virtual draw.
    const auto bt = bradley_terry_scores(t, Poll{});
    EXPECT_NEAR(bt[0], 0.09064955, 1e-8);
    EXPECT_NEAR(bt[1], -0.02252367, 1e-8);
    EXPECT_NEAR(bt[2], 0.24971382, 1e-8);
    EXPECT_NEAR(bt[3], -0.31917123, 1e-8);
    EXPECT_EQ(ids(ranked(t, PairMethod::kBradleyTerry)), (Ids{2, 0, 1, 3}));
}

TEST(PairMethods, NamesMapBothWays) {
    for (std::size_t m = 0; m < kPairMethodNames.size(); ++m)
        EXPECT_EQ(pair_method(kPairMethodNames[m]), static_cast<PairMethod>(m));
    EXPECT_FALSE(pair_method("NET").has_value());
    EXPECT_FALSE(pair_method("").has_value());
}

TEST(PairMethods, OrderOfRowsAndIdsOfItemsDoNotMatter) {
    Random rng(21);
    std::vector<Row> rows;
    for (int r = 0; r < 600; ++r) {
        const auto i = static_cast<std::int64_t>(rng.below(20));
        const auto j = static_cast<std::int64_t>(rng.below(20));
        if (i != j)
            rows.emplace_back(i * 1000 - 7000, j * 1000 - 7000,
                              static_cast<double>(rng.below(10)) / 10.0);
    }
    const Tournament t = tournament_of(rows);
    for (std::size_t m = 0; m < kPairMethodNames.size(); ++m) {
        const auto method = static_cast<PairMethod>(m);
        const auto expected = ranked(t, method);
        for (int round = 0; round < 5; ++round) {
            shuffle(rows, rng);
            const auto list = ranked(tournament_of(rows), method);
            EXPECT_EQ(ids(list), ids(expected)) << kPairMethodNames[m];
            for (std::size_t r = 0; r < list.size(); ++r)
                EXPECT_EQ(list[r].score, expected[r].score) << kPairMethodNames[m];
        }
    }
}

TEST(PairMethods, TiesGoToTheSmallerId) {
    std::vector<Row> rows;
    for (std::int64_t i = 0; i < 12; ++i) {
        for (std::int64_t j = 0; j < 12; ++j) {
            if (i != j)
                rows.emplace_back(i, j, 0.1 + 0.2);  // not a number that binary holds exactly
        }
    }
    Ids ascending(12);
    std::iota(ascending.begin(), ascending.end(), 0);
    const Tournament t = tournament_of(rows);
    for (std::size_t m = 0; m < kPairMethodNames.size(); ++m)
        EXPECT_EQ(ids(ranked(t, static_cast<PairMethod>(m))), ascending) << kPairMethodNames[m];
}

TEST(OrderByScore, RoundingBreaksNoTie) {
    EXPECT_EQ(order_by_score(std::vector<double>{0.3, 0.1 + 0.2, 1.0, -2.0}), (Order{2, 0, 1, 3}));
    EXPECT_EQ(order_by_score(std::vector<double>{0.3, 0.300001}), (Order{1, 0}));
    EXPECT_EQ(order_by_score(std::vector<double>{0.0, 0.0}), (Order{0, 1}));
    EXPECT_TRUE(order_by_score({}).empty());
}

// Whatever the largest weight, small ones still count among the items that have no others, and no
// list contradicts its scores.
TEST(PairMethods, WeightsOfAnyRatio) {
    for (const double huge : {1.0, 1e9, 1e12, 1e100}) {
        const Tournament t = tournament_of({{1, 2, huge}, {4, 3, 1.0}});
        for (std::size_t m = 0; m < kPairMethodNames.size(); ++m) {
            const auto method = static_cast<PairMethod>(m);
            const auto list = ranked(t, method);
            const Ids order = ids(list);
            const auto place = [&order](std::int64_t item) {
                return std::find(order.begin(), order.end(), item) - order.begin();
            };
            EXPECT_LT(place(1), place(2)) << kPairMethodNames[m] << " " << huge;
            if (huge < 1e100 || method == PairMethod::kNet || method == PairMethod::kCopeland) {
                EXPECT_LT(place(4), place(3)) << kPairMethodNames[m] << " " << huge;
            }
            if (method == PairMethod::kKemeny || method == PairMethod::kTsp)
                continue;  // not ordered by their scores
            for (std::size_t r = 1; r < list.size(); ++r)
                EXPECT_LE(list[r].score, list[r - 1].score) << kPairMethodNames[m] << " " << huge;
        }
    }
}

// What rounding makes of tenths decides nothing.
TEST(PairMethods, SumsOfTenthsAreTies) {
    const Tournament t = tournament_of(
        {{2, 1, 0.1}, {2, 1, 0.2}, {1, 2, 0.3}, {3, 1, 0.7}, {1, 3, 0.1}, {1, 3, 0.6}});
    for (const PairMethod method : {PairMethod::kNet, PairMethod::kCopeland, PairMethod::kKemeny})
        EXPECT_EQ(ids(ranked(t, method)), (Ids{1, 2, 3}));
}

TEST(PairMethods, TheUnitOfWeightsDoesNotMatter) {
    Random rng(77);
    const Weights a = random_weights(9, rng);
    for (const double unit : {1e-300, 1e-200, 1e90}) {
        Weights b = a;
        for (auto& row : b) {
            for (double& w : row)
                w *= unit;
        }
        for (const PairMethod method :
             {PairMethod::kNet, PairMethod::kCopeland, PairMethod::kKemeny, PairMethod::kTsp})
            EXPECT_EQ(ids(ranked(tournament_of(rows_of(b)), method)),
                      ids(ranked(tournament_of(rows_of(a)), method)));
    }
}

TEST(PairMethods, AConsistentTournamentHasOneOrder) {
    // A bubble-sorted world: everyone beats all that follow, 45 items, ids in another order.
    Random rng(5);
    Ids world(45);
    std::iota(world.begin(), world.end(), 100);
    shuffle(world, rng);
    std::vector<Row> rows;
    for (std::size_t a = 0; a < world.size(); ++a) {
        for (std::size_t b = a + 1; b < world.size(); ++b) {
            rows.emplace_back(world[a], world[b], 2.0);
            rows.emplace_back(world[b], world[a], 1.0);
        }
    }
    const Tournament t = tournament_of(rows);
    for (const PairMethod m :
         {PairMethod::kNet, PairMethod::kBradleyTerry, PairMethod::kKemeny, PairMethod::kCopeland})
        EXPECT_EQ(ids(ranked(t, m)), world);
}

TEST(PairMethods, SmallAndEmptyTournaments) {
    for (std::size_t m = 0; m < kPairMethodNames.size(); ++m) {
        const auto method = static_cast<PairMethod>(m);
        EXPECT_TRUE(ranked(Tournament{}, method).empty());
        EXPECT_EQ(ids(ranked(tournament_of({{7, 3, 1.0}}), method)), (Ids{7, 3}));
        EXPECT_EQ(ids(ranked(tournament_of({{7, 3, 0.0}}), method)), (Ids{3, 7}));
    }
}

TEST(Comparisons, RepeatedRowsAddUpWithoutRoundingThemAway) {
    std::vector<Row> rows{{1, 2, 1e16}};
    for (int r = 0; r < 1000; ++r)
        rows.emplace_back(1, 2, 1.0);
    rows.emplace_back(2, 1, 4.0);
    const Tournament t = tournament_of(rows);
    ASSERT_EQ(t.pairs.size(), 1u);
    EXPECT_EQ(t.pairs[0].ab, 1e16 + 1000.0);
    EXPECT_EQ(t.pairs[0].ba, 4.0);
    EXPECT_EQ(t.items, (Ids{1, 2}));
}

TEST(Comparisons, TheBudgetCountsPairsNotRows) {
    Comparisons few(std::pmr::new_delete_resource(), 1 << 16);
    Random rng(3);
    for (int r = 0; r < 100000; ++r) {
        const auto i = static_cast<std::int64_t>(rng.below(10));
        ASSERT_TRUE(few.try_add(i, (i + 1) % 10, 1.0, Poll{}));
    }
    EXPECT_EQ(few.tournament(Poll{}).pairs.size(), 10u);

    Comparisons many(std::pmr::new_delete_resource(), 1 << 16);
    std::int64_t added = 0;
    while (added < 100000 && many.try_add(added, added + 1, 1.0, Poll{}))
        ++added;
    EXPECT_GT(added, 300);
    EXPECT_LT(added, (1 << 16) / 32);
    EXPECT_FALSE(many.try_add(-1, -2, 1.0, Poll{}));
    EXPECT_LE(many.bytes(), std::size_t{1} << 16);
    EXPECT_GT(many.bytes(), std::size_t{1} << 15);
    EXPECT_EQ(many.tournament(Poll{}).n(), static_cast<std::size_t>(added) + 1);
}

TEST(Comparisons, AnOverflowingSumIsAnError) {
    Comparisons c(std::pmr::new_delete_resource(), kPlenty);
    for (int r = 0; r < 2; ++r)
        c.try_add(1, 2, std::numeric_limits<double>::max(), Poll{});
    EXPECT_THROW(c.tournament(Poll{}), Error);
}

TEST(BradleyTerry, FindsTheStationaryPoint) {
    // Gradient of the log posterior, computed the plain way, is zero; with one item undefeated, one
    // that never won, two parts that never met, and weights over six orders of magnitude.
    const std::vector<std::vector<Row>> cases{
        {{1, 2, 30}, {1, 3, 20}, {2, 3, 7}, {3, 2, 5}},
        {{1, 2, 3}, {2, 1, 1}, {8, 9, 1}, {9, 8, 2}},
        {{1, 2, 1e6}, {2, 3, 1e-3}, {3, 1, 12}},
    };
    for (const auto& rows : cases) {
        const Tournament t = tournament_of(rows);
        const std::vector<double> s = bradley_terry_scores(t, Poll{});
        std::vector<double> gradient(t.n());
        std::vector<double> scale(t.n(), 1.0);
        for (std::size_t i = 0; i < t.n(); ++i)
            gradient[i] = 0.5 - sigmoid(s[i]);
        for (const Pair& p : t.pairs) {
            const double chance = sigmoid(s[p.a] - s[p.b]);
            const double g = p.ab * (1.0 - chance) - p.ba * chance;
            gradient[p.a] += g;
            gradient[p.b] -= g;
            scale[p.a] += p.ab + p.ba;
            scale[p.b] += p.ab + p.ba;
        }
        for (std::size_t i = 0; i < t.n(); ++i)
            EXPECT_NEAR(gradient[i] / scale[i], 0.0, 1e-11);
    }
}

TEST(BradleyTerry, HeavyWeightsAreSolvedToo) {
    // One pair alone: the win of weight w balances the virtual draw, w sigmoid(-2 s) = sigmoid(s) -
    // 1/2.
    const auto s = bradley_terry_scores(tournament_of({{1, 2, 1e12}}), Poll{});
    EXPECT_NEAR(s[0], -s[1], 1e-9);
    EXPECT_NEAR(1e12 * sigmoid(-2.0 * s[0]), sigmoid(s[0]) - 0.5, 1e-9);
}

TEST(BradleyTerry, AgreesWithNetWhereEverybodyMetEverybodyOnce) {
    Random rng(17);
    for (int trial = 0; trial < 20; ++trial) {
        Weights a = random_weights(15, rng);
        for (std::size_t i = 0; i < 15; ++i) {
            for (std::size_t j = 0; j < i; ++j)
                a[i][j] = 1.0 - a[j][i];
        }
        const Tournament t = tournament_of(rows_of(a));
        EXPECT_EQ(ids(ranked(t, PairMethod::kBradleyTerry)), ids(ranked(t, PairMethod::kNet)));
    }
}

TEST(BradleyTerry, RecoversStrengthsFromSparseMatches) {
    // 400 items, each compared with few others: net scores know nothing of the opponents' strength.
    Random rng(8);
    constexpr std::size_t kItems = 400;
    std::vector<double> strength(kItems);
    for (double& s : strength)
        s = 8.0 * rng.uniform();
    std::vector<Row> rows;
    for (int r = 0; r < 8000; ++r) {
        const auto i = rng.below(kItems);
        const auto j = rng.below(kItems);
        if (i == j)
            continue;
        const bool wins = rng.uniform() < sigmoid(strength[i] - strength[j]);
        rows.emplace_back(wins ? i : j, wins ? j : i, 1.0);
    }
    const Tournament t = tournament_of(rows);
    ASSERT_EQ(t.n(), kItems);
    const std::vector<double> s = bradley_terry_scores(t, Poll{});
    const double mean = std::accumulate(strength.begin(), strength.end(), 0.0) / kItems;
    double error = 0.0;
    for (std::size_t i = 0; i < kItems; ++i)
        error += std::abs(s[i] - (strength[i] - mean));
    EXPECT_LT(error / kItems, 0.5);
}

// The best of all orders by `value`, lexicographically first among equals.
template <typename Value>
Order best_of_all_orders(std::size_t n, Value value) {
    Order order(n);
    std::iota(order.begin(), order.end(), 0u);
    Order best = order;
    double most = value(order);
    while (std::next_permutation(order.begin(), order.end())) {
        if (value(order) > most + 1e-12) {
            most = value(order);
            best = order;
        }
    }
    return best;
}

TEST(ExactOrders, EqualBruteForce) {
    Random rng(33);
    for (int trial = 0; trial < 60; ++trial) {
        const std::size_t n = 2 + rng.below(6);
        Weights a = random_weights(n, rng);
        if (trial % 2 == 0) {  // many ties
            for (auto& row : a) {
                for (double& w : row)
                    w = std::floor(3.0 * w) / 10.0;
            }
        }
        const Tournament t = tournament_of(rows_of(a));
        const Matrix m(t);
        Order members(n);
        std::iota(members.begin(), members.end(), 0u);
        const Order linear =
            best_of_all_orders(n, [&](const Order& o) { return linear_weight(m, o); });
        EXPECT_EQ(exact_linear_block(m, members, Poll{}), linear);
        // Cutting into blocks keeps the weight; with ties it may choose another optimal order.
        const Order cut = linear_order(m, net_scores(t), copeland_scores(t), Poll{});
        EXPECT_NEAR(linear_weight(m, cut), linear_weight(m, linear), 1e-12);
        const Order path = best_of_all_orders(n, [&](const Order& o) { return path_weight(m, o); });
        EXPECT_EQ(exact_path(m, Poll{}), path);
    }
}

TEST(ExactOrders, BlocksMakeLongListsExact) {
    // Ten rings of five items: within a ring a cycle, between rings the lower ring wins.
    constexpr std::size_t kRing = 5;
    constexpr std::size_t kItems = 50;
    Random rng(2);
    Weights a = random_weights(kItems, rng);
    for (std::size_t i = 0; i < kItems; ++i) {
        for (std::size_t j = 0; j < kItems; ++j) {
            if (i / kRing < j / kRing)
                a[i][j] += 1.0;
            else if (i / kRing == j / kRing && j % kRing == (i + 1) % kRing)
                a[i][j] += 2.0;
        }
    }
    const Tournament t = tournament_of(rows_of(a));
    const Matrix m(t);
    const Order order = linear_order(m, net_scores(t), copeland_scores(t), Poll{});
    double expected = 0.0;
    Order rings;
    for (std::uint32_t ring = 0; ring < kItems / kRing; ++ring) {
        Order members(kRing);
        std::iota(members.begin(), members.end(), ring * static_cast<std::uint32_t>(kRing));
        const Order block = exact_linear_block(m, members, Poll{});
        rings.insert(rings.end(), block.begin(), block.end());
    }
    expected = linear_weight(m, rings);
    EXPECT_NEAR(linear_weight(m, order), expected, 1e-9);
    EXPECT_EQ(order, rings);
}

TEST(Heuristics, ComeNearTheOptimum) {
    // Uniformly random weights are the worst case: there is no order to be found in them.
    Random rng(44);
    constexpr int kTrials = 40;
    double path_share = 0.0;
    double linear_share = 0.0;
    for (int trial = 0; trial < kTrials; ++trial) {
        const std::size_t n = 10 + rng.below(5);
        const Tournament t = tournament_of(rows_of(random_weights(n, rng)));
        const Matrix m(t);
        Order members(n);
        std::iota(members.begin(), members.end(), 0u);
        const Order by_net = order_by_score(net_scores(t));
        const Order path = heuristic_path(m, by_net, Poll{});
        EXPECT_TRUE(std::is_permutation(path.begin(), path.end(), members.begin(), members.end()));
        path_share += path_weight(m, path) / path_weight(m, exact_path(m, Poll{}));
        const Order linear = improve_linear_block(m, by_net, Poll{});
        EXPECT_TRUE(
            std::is_permutation(linear.begin(), linear.end(), members.begin(), members.end()));
        linear_share +=
            linear_weight(m, linear) / linear_weight(m, exact_linear_block(m, members, Poll{}));
    }
    RecordProperty("path_share", std::to_string(path_share / kTrials));
    RecordProperty("linear_share", std::to_string(linear_share / kTrials));
    EXPECT_GT(path_share / kTrials, 0.96);
    EXPECT_GT(linear_share / kTrials, 0.99);
}

// The order after taking out `length` items at `from` and putting them back at place `to` of the
// rest.
Order moved(const Order& order, std::size_t from, std::size_t length, std::size_t to) {
    const auto at = [](auto& v, std::size_t i) { return v.begin() + static_cast<long>(i); };
    Order rest = order;
    rest.erase(at(rest, from), at(rest, from + length));
    rest.insert(at(rest, to), at(order, from), at(order, from + length));
    return rest;
}

TEST(Heuristics, EndWhereNoMoveHelps) {
    Random rng(71);
    for (int trial = 0; trial < 20; ++trial) {
        const Tournament t = tournament_of(rows_of(random_weights(9 + rng.below(8), rng)));
        const Matrix m(t);
        const Order by_net = order_by_score(net_scores(t));
        const Order linear = improve_linear_block(m, by_net, Poll{});
        const Order path = heuristic_path(m, by_net, Poll{});
        for (std::size_t from = 0; from < t.n(); ++from) {
            for (std::size_t to = 0; to < t.n(); ++to)
                EXPECT_LE(linear_weight(m, moved(linear, from, 1, to)),
                          linear_weight(m, linear) + 1e-9);
            for (std::size_t length = 1; length <= 3 && from + length <= t.n(); ++length) {
                for (std::size_t to = 0; to + length <= t.n(); ++to)
                    EXPECT_LE(path_weight(m, moved(path, from, length, to)),
                              path_weight(m, path) + 1e-9);
            }
        }
    }
}

TEST(Heuristics, FindAHiddenPathAmongManyItems) {
    Random rng(12);
    constexpr std::size_t kItems = 120;
    Order hidden(kItems);
    std::iota(hidden.begin(), hidden.end(), 0u);
    shuffle(hidden, rng);
    Weights a = random_weights(kItems, rng);
    for (std::size_t r = 0; r + 1 < kItems; ++r)
        a[hidden[r]][hidden[r + 1]] = 1.5;
    const auto list = ranked(tournament_of(rows_of(a)), PairMethod::kTsp);
    EXPECT_EQ(ids(list), Ids(hidden.begin(), hidden.end()));
}

struct Cancelled {};

TEST(PairMethods, EveryMethodCanBeCancelled) {
    Random rng(6);
    const Tournament t = tournament_of(rows_of(random_weights(60, rng)));
    const Poll poll{[](void*) { throw Cancelled{}; }, nullptr};
    std::vector<RankedItem> out(t.n());
    for (const PairMethod m : {PairMethod::kBradleyTerry, PairMethod::kKemeny, PairMethod::kTsp})
        EXPECT_THROW(rank_tournament(t, m, poll, out), Cancelled);
    const Tournament small = tournament_of(rows_of(random_weights(10, rng)));
    out.resize(small.n());
    for (const PairMethod m : {PairMethod::kKemeny, PairMethod::kTsp})
        EXPECT_THROW(rank_tournament(small, m, poll, out), Cancelled);
}

}  // namespace
}  // namespace vg::rank
