// Committees from many rankings: worked examples, brute force, quotas, bad ballots.
#include "core/select/multiwinner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "selection_cases.h"

namespace vg::select {
namespace {

std::vector<Ballot> ballots_of(const std::vector<std::string>& rankings) {
    std::vector<Ballot> ballots;
    for (std::size_t r = 0; r < rankings.size(); ++r) {
        for (std::size_t p = 0; p < rankings[r].size(); ++p)
            ballots.push_back({static_cast<std::uint32_t>(r),
                               static_cast<std::uint32_t>(rankings[r][p] - 'a'),
                               static_cast<std::int64_t>(p)});
    }
    return ballots;
}

// The chosen items as letters. groups[i] of item i; at least so many of group 1.
std::string elected(const std::vector<std::string>& rankings, Rule rule, std::size_t k,
                    const std::vector<int>& groups = {0, 0, 0, 1, 1}, std::size_t least = 0) {
    Limits limits = limit_k(k);
    limits.groups.resize(2);
    limits.groups[1].at_least = least;
    std::string letters;
    for (std::uint32_t item : elect(ballots_of(rankings), rule, groups, limits, heap(), {}))
        letters.push_back(static_cast<char>('a' + item));
    return letters;
}

const std::vector<std::string> kFive{"abcde", "abcde", "bacde", "decab", "decab"};

TEST(Multiwinner, WorkedExamples) {
    EXPECT_EQ(elected(kFive, Rule::kBorda, 2), "ad");  // 13, 10, 10, 11, 6
    EXPECT_EQ(elected(kFive, Rule::kSntv, 2), "ad");   // 2, 1, 0, 2, 0
    EXPECT_EQ(elected(kFive, Rule::kBloc, 2), "ab");   // 3, 3, 0, 2, 2
    EXPECT_EQ(elected(kFive, Rule::kBloc, 2, {0, 0, 0, 1, 1}, 1), "ad");
    EXPECT_EQ(elected(kFive, Rule::kChamberlinCourant, 3), "adb");  // 13, 19, 20
    EXPECT_EQ(elected(kFive, Rule::kPav, 2), "ad");
    const std::vector<std::string> four{"abcde", "bacde", "acbed", "dacbe"};
    EXPECT_EQ(elected(four, Rule::kBorda, 2), "ab");  // 14, 10, 9, 6, 1
    EXPECT_EQ(elected(four, Rule::kBorda, 2, {0, 0, 0, 1, 1}, 1), "ad");
}

double borda_or_representation(const std::vector<std::string>& rankings,
                               const std::vector<std::size_t>& set, bool represent) {
    double sum = 0;
    for (const std::string& r : rankings) {
        double best = 0;
        for (std::size_t item : set) {
            const auto place = r.find(static_cast<char>('a' + item));
            const double points = static_cast<double>(r.size() - 1 - place);
            best = represent ? std::max(best, points) : best + points;
        }
        sum += best;
    }
    return sum;
}

TEST(Multiwinner, AgainstBruteForce) {
    Random rng(1);
    for (int trial = 0; trial < 20; ++trial) {
        std::vector<std::string> rankings;
        for (int r = 0; r < 5; ++r) {
            std::vector<char> items{'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'};
            shuffle(items, rng);
            rankings.emplace_back(items.begin(), items.end());
        }
        const std::vector<int> groups{0, 0, 0, 0, 0, 1, 1, 1};
        for (const bool represent : {false, true}) {
            const auto value = [&](const std::vector<std::size_t>& set) {
                const auto ones =
                    std::count_if(set.begin(), set.end(), [](std::size_t i) { return i >= 5; });
                return ones < 2 && !represent ? -1.0
                                              : borda_or_representation(rankings, set, represent);
            };
            const std::string letters =
                elected(rankings, represent ? Rule::kChamberlinCourant : Rule::kBorda, 4, groups,
                        represent ? 0 : 2);
            std::vector<std::size_t> set;
            for (char letter : letters)
                set.push_back(static_cast<std::size_t>(letter - 'a'));
            const double best = best_of_all(8, 4, value);
            if (represent)
                EXPECT_GE(value(set), (1 - std::exp(-1)) * best);
            else
                EXPECT_DOUBLE_EQ(value(set), best);
        }
    }
}

TEST(Multiwinner, IncompleteRankingsAndGaps) {
    // b is second of two, although it says place 7.
    const std::vector<Ballot> ballots{{0, 0, 3}, {0, 1, 7}, {1, 1, 1}};
    const std::vector<int> groups{-1, -1};
    const auto items = elect(ballots, Rule::kBorda, groups, limit_k(5), heap(), {});
    EXPECT_EQ(std::vector<std::uint32_t>(items.begin(), items.end()),
              (std::vector<std::uint32_t>{0, 1}));
    EXPECT_TRUE(elect({}, Rule::kPav, {}, limit_k(2), heap(), {}).empty());
}

TEST(Multiwinner, BadBallotsAreRefused) {
    const std::vector<int> groups{-1, -1};
    const std::vector<Ballot> same_place{{0, 0, 1}, {0, 1, 1}};
    const std::vector<Ballot> same_item{{0, 0, 1}, {0, 0, 2}};
    EXPECT_THROW(elect(same_place, Rule::kBorda, groups, limit_k(1), heap(), {}), Error);
    EXPECT_THROW(elect(same_item, Rule::kBorda, groups, limit_k(1), heap(), {}), Error);
}

}  // namespace
}  // namespace vg::select
