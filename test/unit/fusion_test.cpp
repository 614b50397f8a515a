// Fusion of lists, score normalisation and the compensated sum behind both.
#include "core/rank/fusion.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.h"
#include "core/rank/normalise.h"
#include "core/rank/sum.h"

namespace vg::rank {
namespace {

TEST(Sum, KeepsWhatPlainAdditionLoses) {
    Sum s;
    s.add(1e100);
    s.add(1.0);
    s.add(-1e100);
    EXPECT_EQ(s.value(), 1.0);
}

TEST(Sum, DoesNotDependOnTheOrder) {
    Random rng(1);
    std::vector<double> terms(1000);
    for (double& t : terms)
        t = std::exp(20.0 * rng.uniform()) * (rng.uniform() - 0.5);
    Sum first;
    for (const double t : terms)
        first.add(t);
    for (int round = 0; round < 20; ++round) {
        shuffle(terms, rng);
        Sum all;
        Sum half;
        for (std::size_t i = 0; i < terms.size(); ++i)
            (i % 2 == 0 ? all : half).add(terms[i]);
        all.add(half);
        EXPECT_EQ(all.value(), first.value());
    }
}

struct Hit {
    char document;
    std::int64_t rank;
    double weight;
};

double fused(const std::vector<Hit>& hits, char document, std::int32_t k, bool weighted) {
    FusedScore score;
    for (const Hit& h : hits) {
        if (h.document == document)
            score.add(rrf_share(h.rank, k, weighted ? h.weight : 1.0));
    }
    return score.total();
}

TEST(Fusion, ReciprocalRankGoldenValues) {
    // Three lists: bm25 1 2 3 4, vector 3 1 5 2, graph 5 3; weights 1, 2, .5.
    const std::vector<Hit> hits{{'1', 1, 1.0}, {'2', 2, 1.0}, {'3', 3, 1.0}, {'4', 4, 1.0},
                                {'3', 1, 2.0}, {'1', 2, 2.0}, {'5', 3, 2.0}, {'2', 4, 2.0},
                                {'5', 1, 0.5}, {'3', 2, 0.5}};
    EXPECT_NEAR(fused(hits, '3', 60, false), 0.04839549, 5e-9);
    EXPECT_NEAR(fused(hits, '1', 60, false), 0.03252247, 5e-9);
    EXPECT_NEAR(fused(hits, '5', 60, false), 0.03226646, 5e-9);
    EXPECT_NEAR(fused(hits, '2', 60, false), 0.03175403, 5e-9);
    EXPECT_NEAR(fused(hits, '4', 60, false), 0.01562500, 5e-9);
    EXPECT_NEAR(fused(hits, '3', 0, false), 1.833333, 5e-7);
    EXPECT_NEAR(fused(hits, '1', 0, false), 1.5, 5e-7);
    EXPECT_NEAR(fused(hits, '5', 0, false), 1.333333, 5e-7);
    EXPECT_NEAR(fused(hits, '2', 0, false), 0.75, 5e-7);
    EXPECT_NEAR(fused(hits, '4', 0, false), 0.25, 5e-7);
    EXPECT_NEAR(fused(hits, '3', 60, true), 0.05672442, 5e-9);
    EXPECT_NEAR(fused(hits, '1', 60, true), 0.04865151, 5e-9);
    EXPECT_NEAR(fused(hits, '2', 60, true), 0.04737903, 5e-9);
    EXPECT_NEAR(fused(hits, '5', 60, true), 0.03994275, 5e-9);
    EXPECT_NEAR(fused(hits, '4', 60, true), 0.015625, 5e-9);
}

TEST(Fusion, BordaGoldenValues) {
    // Five rankings of a..e; the released notebook of Mehrotra et al. has these upside down.
    const std::vector<std::string> rankings{"abcde", "abcde", "bacde", "decab", "decab"};
    const std::vector<double> expected{13, 10, 10, 11, 6};
    for (char item = 'a'; item <= 'e'; ++item) {
        FusedScore score;
        for (const std::string& r : rankings)
            score.add(borda_share(static_cast<std::int64_t>(r.find(item)) + 1, 5, 1.0));
        EXPECT_EQ(score.total(), expected[static_cast<std::size_t>(item - 'a')]);
    }
}

TEST(Fusion, CombMnzMultipliesByTheNumberOfLists) {
    FusedScore score;
    EXPECT_EQ(score.total_by_hits(), 0.0);
    score.add(0.5);
    score.add(0.25);
    FusedScore other;
    other.add(0.0);
    score.add(other);
    EXPECT_EQ(score.total(), 0.75);
    EXPECT_EQ(score.total_by_hits(), 2.25);
}

ScoreSummary summary_of(const std::vector<double>& scores) {
    ScoreSummary s;
    for (const double x : scores)
        s.add(x);
    for (const double x : scores)
        s.add_deviation(x);
    return s;
}

TEST(Normalise, GoldenValues) {
    const ScoreSummary a = summary_of({12, 9, 3});
    EXPECT_EQ(a.min_max(12), 1.0);
    EXPECT_NEAR(a.min_max(9), 2.0 / 3.0, 1e-15);
    EXPECT_EQ(a.min_max(3), 0.0);
    // mean 8, population variance (16 + 1 + 25) / 3 = 14
    EXPECT_NEAR(a.z_score(12), 4.0 / std::sqrt(14.0), 1e-15);
    EXPECT_NEAR(a.z_score(3), -5.0 / std::sqrt(14.0), 1e-15);
    // Linear fusion of two lists at one half each, as in Rank-R1: d1 .75, d3 .5, d2 1/3, d5 0.
    const ScoreSummary b = summary_of({0.9, 0.6, 0.3});
    EXPECT_NEAR(0.5 * a.min_max(12) + 0.5 * b.min_max(0.6), 0.75, 1e-15);
    EXPECT_NEAR(0.5 * a.min_max(3) + 0.5 * b.min_max(0.9), 0.5, 1e-15);
    EXPECT_NEAR(0.5 * a.min_max(9), 1.0 / 3.0, 1e-15);
    EXPECT_NEAR(0.5 * b.min_max(0.3), 0.0, 1e-15);
}

TEST(Normalise, EqualAndSingleScores) {
    for (const auto& scores : {std::vector<double>{5}, std::vector<double>{0.1, 0.1, 0.1}}) {
        const ScoreSummary s = summary_of(scores);
        EXPECT_EQ(s.min_max(scores[0]), 1.0);
        EXPECT_EQ(s.z_score(scores[0]), 0.0);
    }
}

TEST(Normalise, LargeOffsetsAndHugeRanges) {
    const ScoreSummary far = summary_of({1e9 + 1, 1e9 + 2, 1e9 + 3});
    EXPECT_NEAR(far.z_score(1e9 + 3), std::sqrt(1.5), 1e-12);
    const double max = std::numeric_limits<double>::max();
    const ScoreSummary huge = summary_of({-max, 0, max});
    EXPECT_EQ(huge.min_max(-max), 0.0);
    EXPECT_EQ(huge.min_max(0), 0.5);
    EXPECT_EQ(huge.min_max(max), 1.0);
}

TEST(Normalise, SigmoidIsSymmetricAndDoesNotOverflow) {
    EXPECT_EQ(sigmoid(0.0), 0.5);
    EXPECT_NEAR(sigmoid(2.0), 0.8807970779778823, 1e-15);
    EXPECT_NEAR(sigmoid(2.0) + sigmoid(-2.0), 1.0, 1e-15);
    EXPECT_EQ(sigmoid(1e308), 1.0);
    EXPECT_EQ(sigmoid(-1e308), 0.0);
}

}  // namespace
}  // namespace vg::rank
