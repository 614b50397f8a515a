// Who may be chosen: groups, budgets, rows already shown, weights of coverage, and bad input.
#include "core/select/select.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/base/status.h"
#include "selection_cases.h"

namespace vg::select {
namespace {

using Positions = std::vector<std::size_t>;
const Request kTop{Method::kTopK, 0, {}};

bool within(const Case& c, const Limits& limits, const Positions& set) {
    std::vector<std::size_t> count(limits.groups.size());
    for (std::size_t i : set)
        ++count[static_cast<std::size_t>(c.rows[i].group)];
    for (std::size_t g = 0; g < count.size(); ++g) {
        if (count[g] > limits.groups[g].at_most || count[g] < limits.groups[g].at_least)
            return false;
    }
    return true;
}

TEST(SelectionLimits, QuotasGiveTheBestSetThereIs) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        const Case c = random_case(12, 0, seed);
        Limits limits = limit_k(5);
        limits.groups.resize(3);
        limits.groups[0] = {2, 1};
        limits.groups[1] = {kNoLimit, 2};
        limits.groups[2].at_most = 1;
        const auto value = [&](const Positions& set) {
            double sum = within(c, limits, set) ? 0 : -1e9;
            for (std::size_t i : set)
                sum += c.rows[i].relevance;
            return sum;
        };
        const Positions got = chosen(c, kTop, limits);
        const double best = best_of_all(12, 5, value);
        if (best < 0)
            continue;  // too few rows of a group
        ASSERT_EQ(got.size(), 5u) << seed;
        EXPECT_NEAR(value(got), best, 1e-9) << seed;
    }
}

TEST(SelectionLimits, MinimaOfSmallGroupsDoNotBlockPlaces) {
    Case c = random_case(6, 0, 1);
    for (std::size_t i = 0; i < 6; ++i) {
        c.rows[i].relevance = 6.0 - static_cast<double>(i);
        c.rows[i].group = i == 5 ? 1 : 0;
    }
    Limits limits = limit_k(4);
    limits.groups.resize(2);
    limits.groups[1].at_least = 3;  // has one row
    EXPECT_EQ(chosen(c, kTop, limits), (Positions{0, 1, 2, 5}));
    limits.groups[0].at_least = 4;
    EXPECT_THROW(chosen(c, kTop, limits), Error);
    limits.groups[0] = {0, 0};
    EXPECT_EQ(chosen(c, kTop, limits), Positions{5});
    // A row without group is free.
    c.rows[4].group = -1;
    EXPECT_EQ(chosen(c, kTop, limits), (Positions{4, 5}));
}

TEST(SelectionLimits, QuotasHoldForEveryMethod) {
    const Case c = random_case(30, 6, 2);
    Limits limits = limit_k(9);
    limits.groups.resize(3);
    limits.groups[0] = {3, 3};
    limits.groups[1] = {2, 1};
    limits.groups[2] = {kNoLimit, 4};
    for (int m = 0; m < 8; ++m) {
        const Request request{static_cast<Method>(m), 0.5, compression_weights(0.5)};
        const Positions got = chosen(c, request, limits);
        EXPECT_EQ(got.size(), 9u);
        EXPECT_TRUE(within(c, limits, got)) << m;
    }
}

TEST(SelectionLimits, BudgetPassesOverWhatDoesNotFit) {
    Case c = random_case(5, 0, 1);
    const double cost[] = {50, 60, 30, kAbsent, 20};
    for (std::size_t i = 0; i < 5; ++i) {
        c.rows[i].relevance = 5.0 - static_cast<double>(i);
        c.rows[i].cost = cost[i];
    }
    Limits limits = limit_k(kNoLimit);
    limits.budget = 100;
    EXPECT_EQ(chosen(c, kTop, limits), (Positions{0, 2, 4}));
    limits.k = 2;
    EXPECT_EQ(chosen(c, kTop, limits), (Positions{0, 2}));
    limits.budget = 0;
    EXPECT_TRUE(chosen(c, kTop, limits).empty());
    for (int m = 0; m < 8; ++m) {
        const Case big = random_case(40, 5, 7);
        limits = limit_k(kNoLimit);
        limits.budget = 60;
        double sum = 0;
        for (std::size_t i :
             chosen(big, {static_cast<Method>(m), 0.5, compression_weights(0.5)}, limits))
            sum += big.rows[i].cost;
        EXPECT_LE(sum, 60);
        EXPECT_GT(sum, 50);  // rows cost 1 to 10
    }
}

TEST(SelectionLimits, ShownRowsCountAsChosen) {
    // What was chosen first can be shown first: the rest comes out the same.
    for (const Method method : {Method::kMmr, Method::kDpp, Method::kFacilityLocation}) {
        Case c = random_case(30, 6, 4);
        const Request request{method, 0.7, {}};
        // Equal relevance: without rows that can be chosen, scaling changes.
        for (Row& row : c.rows)
            row.relevance = 1;
        for (Row& row : c.rows)
            row.weight = 1;
        const Positions whole = chosen(c, request, limit_k(10));
        for (std::size_t i = 0; i < 4; ++i)
            c.rows[whole[i]].shown = true;
        EXPECT_EQ(chosen(c, request, limit_k(6)), Positions(whole.begin() + 4, whole.end()));
    }
}

TEST(SelectionLimits, WeightsSayWhatIsToBeCovered) {
    // Two clusters; only the second one counts, and its rows cannot be chosen themselves.
    Case c{2, {{1, 0}, {1, 0.1f}, {0.6f, 0.8f}, {0, 1}, {0.1f, 1}}, {}};
    for (int i = 0; i < 5; ++i) {
        Row row;
        row.relevance = i < 3 ? 3.0 - i : kAbsent;
        row.weight = i < 3 ? 0.0 : 1.0;
        c.rows.push_back(row);
    }
    for (const Method method : {Method::kFacilityLocation, Method::kSaturated, Method::kGraphCut})
        EXPECT_EQ(chosen(c, {method, 0.9, {}}, limit_k(1)), Positions{2});
    EXPECT_EQ(chosen(c, {Method::kCompression, 0, {0.1, 0.9, 0}}, limit_k(1)), Positions{2});
    EXPECT_EQ(chosen(c, {Method::kCompression, 0, {0.9, 0.1, 0}}, limit_k(5)).size(), 3u);
}

TEST(SelectionLimits, BadRowsAreRefused) {
    Candidates c(heap());
    const std::vector<float> good{1, 2}, zero{0, 0}, longer{1, 2, 3};
    const std::vector<float> broken{1, std::numeric_limits<float>::quiet_NaN()};
    Row row;
    c.add(good, row);
    EXPECT_THROW(c.add(zero, row), Error);
    EXPECT_THROW(c.add(longer, row), Error);
    EXPECT_THROW(c.add(broken, row), Error);
    row.relevance = std::numeric_limits<double>::infinity();
    EXPECT_THROW(c.add(good, row), Error);
    row.relevance = 1;
    row.weight = -1;
    EXPECT_THROW(c.add(good, row), Error);
    row.weight = 1;
    row.cost = -1;
    EXPECT_THROW(c.add(good, row), Error);
}

}  // namespace
}  // namespace vg::select
