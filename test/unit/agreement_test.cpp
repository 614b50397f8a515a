// Rank agreement, AUC, mutual information and significance: worked values, brute force, stored
// values of an independent implementation (numpy).
#include "core/metric/agreement.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.h"
#include "core/metric/significance.h"

namespace vg::metric {
namespace {

std::vector<Pair> zip(const std::vector<double>& x, const std::vector<double>& y) {
    std::vector<Pair> pairs;
    for (std::size_t i = 0; i < x.size(); ++i)
        pairs.push_back({x[i], y[i]});
    return pairs;
}

double tau(const std::vector<double>& x, const std::vector<double>& y) {
    std::vector<Pair> pairs = zip(x, y);
    return kendall_tau(pairs, Poll{}).value();
}

struct Drawn {
    std::vector<double> x;
    std::vector<double> y;
    std::vector<Codes> codes;
};

// Columns drawn as the stored values' script drew them.
Drawn drawn(std::uint64_t seed) {
    Random random(seed);
    Drawn d;
    for (int i = 0; i < 60; ++i) {
        const std::uint64_t x = random.below(12);
        const std::uint64_t y = random.below(9) + x / 2;
        d.x.push_back(static_cast<double>(x));
        d.y.push_back(static_cast<double>(y));
        d.codes.push_back({x, y});
    }
    return d;
}

TEST(Agreement, KendallTau) {
    EXPECT_NEAR(tau({1, 2, 3, 4, 5}, {1, 3, 2, 5, 4}), 0.6, 1e-12);
    EXPECT_NEAR(tau({1, 2, 2, 3}, {1, 2, 3, 3}), 0.8, 1e-12);
    EXPECT_NEAR(tau({1, 2, 3}, {3, 2, 1}), -1.0, 1e-12);
    EXPECT_NEAR(tau(drawn(4).x, drawn(4).y), 0.3466704165021608, 1e-12);
    EXPECT_NEAR(tau(drawn(5).x, drawn(5).y), 0.4192240594892144, 1e-12);
}

TEST(Agreement, KendallTauEqualsCountingPairs) {
    Random random(21);
    for (int round = 0; round < 200; ++round) {
        const std::size_t n = 2 + random.below(20);
        std::vector<Pair> pairs(n);
        for (Pair& pair : pairs)
            pair = {static_cast<double>(random.below(6)), static_cast<double>(random.below(6))};
        double score = 0;
        double untied_x = 0;
        double untied_y = 0;
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < i; ++j) {
                const double x = pairs[i].x - pairs[j].x;
                const double y = pairs[i].y - pairs[j].y;
                score += (x > 0) == (y > 0) ? (x != 0 && y != 0) : -(x != 0 && y != 0);
                untied_x += x != 0;
                untied_y += y != 0;
            }
        }
        const std::optional<double> t = kendall_tau(pairs, Poll{});
        ASSERT_EQ(t.has_value(), untied_x > 0 && untied_y > 0);
        if (t) {
            ASSERT_NEAR(*t, score / std::sqrt(untied_x * untied_y), 1e-12);
        }
    }
}

TEST(Agreement, UndefinedForConstantOrShortInput) {
    std::vector<Pair> none;
    std::vector<Pair> one{{1, 2}};
    std::vector<Pair> flat = zip({1, 2, 3}, {5, 5, 5});
    EXPECT_FALSE(kendall_tau(none, Poll{}));
    EXPECT_FALSE(kendall_tau(one, Poll{}));
    EXPECT_FALSE(kendall_tau(flat, Poll{}));
    std::vector<Pair> positives = zip({1, 2}, {1, 1});
    EXPECT_FALSE(auc(positives, Poll{}));
    EXPECT_FALSE(auc(none, Poll{}));
}

TEST(Agreement, Auc) {
    std::vector<Pair> perfect = zip({.1, .2, .8, .9}, {0, 0, 1, 1});
    EXPECT_EQ(auc(perfect, Poll{}), 1.0);
    std::vector<Pair> reversed = zip({.9, .8, .2, .1}, {0, 0, 1, 1});
    EXPECT_EQ(auc(reversed, Poll{}), 0.0);
    std::vector<Pair> tied = zip({1, 1, 1, 1}, {0, 1, 0, 1});
    EXPECT_EQ(auc(tied, Poll{}), 0.5);
    for (const auto& [seed, expected] :
         {std::pair{4, 0.6561111111111111}, std::pair{5, 0.8120089786756454}}) {
        const Drawn d = drawn(static_cast<std::uint64_t>(seed));
        std::vector<Pair> pairs;
        for (std::size_t i = 0; i < d.x.size(); ++i)
            pairs.push_back({d.x[i], d.y[i] > 6 ? 1.0 : 0.0});
        EXPECT_NEAR(auc(pairs, Poll{}).value(), expected, 1e-12);
    }
}

std::vector<Codes> codes(const std::vector<int>& x, const std::vector<int>& y) {
    std::vector<Codes> rows;
    for (std::size_t i = 0; i < x.size(); ++i)
        rows.push_back({static_cast<std::uint64_t>(x[i]), static_cast<std::uint64_t>(y[i])});
    return rows;
}

TEST(MutualInformation, WorkedValues) {
    const std::vector<int> x{1, 0, 0, 0, 1, 1, 1, 0};
    const std::vector<int> y1{1, 0, 0, 0, 1, 1, 1, 1};
    const std::vector<int> y2{1, 1, 0, 0, 1, 1, 1, 1};
    const std::vector<int> id{0, 1, 2, 3, 4, 5, 6, 7};
    EXPECT_NEAR(mutual_info(codes(x, y1), Poll{}), 0.380396, 1e-6);
    EXPECT_NEAR(mutual_info(codes(x, y2), Poll{}), 0.215762, 1e-6);
    EXPECT_NEAR(mutual_info_corrected(codes(x, y1), Poll{}), 0.346574, 1e-6);
    EXPECT_NEAR(mutual_info_corrected(codes(x, y2), Poll{}), 0.215762, 1e-6);
    EXPECT_NEAR(mutual_info(codes(id, y1), Poll{}), 0.661563, 1e-6);
    EXPECT_EQ(mutual_info_corrected(codes(id, y1), Poll{}), 0.0);
    EXPECT_EQ(mutual_info({}, Poll{}), 0.0);
    EXPECT_EQ(mutual_info_corrected({}, Poll{}), 0.0);
}

TEST(MutualInformation, StoredValues) {
    EXPECT_NEAR(mutual_info(drawn(4).codes, Poll{}), 0.9558768147628403, 1e-12);
    EXPECT_NEAR(mutual_info_corrected(drawn(4).codes, Poll{}), 0.05493061443340544, 1e-12);
    EXPECT_NEAR(mutual_info(drawn(5).codes, Poll{}), 0.9679613063293915, 1e-12);
    EXPECT_NEAR(mutual_info_corrected(drawn(5).codes, Poll{}), 0.037489009641253984, 1e-12);
}

TEST(MutualInformation, CorrectionRemovesWhatChanceGivesManyValues) {
    Random random(31);
    std::vector<Codes> noise(2000);
    std::vector<Codes> informative(2000);
    for (std::size_t i = 0; i < noise.size(); ++i) {
        const std::uint64_t y = random.below(2);
        noise[i] = {random.below(500), y};
        informative[i] = {random.below(10) == 0 ? 1 - y : y, y};
    }
    EXPECT_GT(mutual_info(noise, Poll{}), 0.1);
    EXPECT_LT(std::abs(mutual_info_corrected(noise, Poll{})), 0.04);
    EXPECT_NEAR(mutual_info(informative, Poll{}), mutual_info_corrected(informative, Poll{}), 0.02);
}

TEST(MutualInformation, ShuffleDependsOnSeedNotOnOrder) {
    std::vector<Codes> a = drawn(4).codes;
    std::vector<Codes> b = a;
    std::reverse(b.begin(), b.end());
    shuffle_codes(a, 7, Poll{});
    shuffle_codes(b, 7, Poll{});
    const auto equal = [](const Codes& l, const Codes& r) { return l.x == r.x && l.y == r.y; };
    EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin(), equal));
    shuffle_codes(b, 8, Poll{});
    EXPECT_FALSE(std::equal(a.begin(), a.end(), b.begin(), equal));
}

TEST(Significance, StudentsDistribution) {
    EXPECT_NEAR(student_p(1, 1), 0.5, 1e-12);
    EXPECT_NEAR(student_p(2, 10), 0.0733880347707, 1e-11);
    EXPECT_NEAR(student_p(0.5, 3), 0.6514479648482, 1e-11);
    EXPECT_NEAR(student_p(3.5, 30), 0.0014768074376, 1e-11);
    EXPECT_NEAR(student_p(1.96, 1000), 0.0502731849557, 1e-11);
    EXPECT_NEAR(student_p(12.706204736432095, 1), 0.05, 1e-11);
    EXPECT_NEAR(student_p(0.1, 200), 0.9204444925043, 1e-11);
    EXPECT_EQ(student_p(0, 5), 1.0);
    EXPECT_EQ(student_p(-2, 10), student_p(2, 10));
    EXPECT_NEAR(student_p(1.959963984540054, 1e7), 0.05, 1e-6);  // the normal distribution
}

TEST(Significance, WorkedValues) {
    const double a[] = {.50, .62, .41, .70, .55, .48};
    const double b[] = {.53, .60, .49, .74, .61, .50};
    std::vector<double> d;
    for (int i = 0; i < 6; ++i)
        d.push_back(b[i] - a[i]);
    const PairedT test = paired_t(d).value();
    EXPECT_NEAR(test.mean, 0.035, 1e-12);
    EXPECT_NEAR(test.t, 2.485251, 1e-6);
    EXPECT_NEAR(test.p, 0.055483, 1e-6);
    EXPECT_EQ(randomization_test(d, 1, 0, Poll{}), 6.0 / 64.0);
}

std::vector<double> differences(std::uint64_t seed, int n) {
    Random random(seed);
    std::vector<double> d;
    for (int i = 0; i < n; ++i)
        d.push_back(random.uniform() - 0.4);
    return d;
}

TEST(Significance, StoredValues) {
    std::vector<double> d = differences(10, 12);
    EXPECT_NEAR(paired_t(d).value().mean, 0.11591963786872261, 1e-12);
    EXPECT_NEAR(paired_t(d).value().t, 1.2211036206948354, 1e-12);
    EXPECT_EQ(randomization_test(d, 1, 0, Poll{}), 984.0 / 4096.0);
    EXPECT_NEAR(paired_t(differences(11, 50)).value().t, 2.3548258994348843, 1e-12);
}

TEST(Significance, RandomSignsComeNearStudentAndNeverGiveZero) {
    std::vector<double> d = differences(11, 50);
    const double p = paired_t(d).value().p;
    const double sampled = randomization_test(d, 20000, 3, Poll{}).value();
    EXPECT_NEAR(sampled, p, 0.01);
    std::reverse(d.begin(), d.end());
    EXPECT_EQ(randomization_test(d, 20000, 3, Poll{}), sampled);  // order does not matter
    EXPECT_NE(randomization_test(d, 20000, 4, Poll{}), sampled);
    std::vector<double> sure(100, 1.0);
    EXPECT_EQ(randomization_test(sure, 999, 0, Poll{}), 0.001);
}

TEST(Significance, DegenerateInput) {
    EXPECT_FALSE(paired_t({}));
    EXPECT_FALSE(paired_t(std::vector<double>{1.0}));
    EXPECT_FALSE(paired_t(std::vector<double>{0.1, 0.1, 0.1}));
    std::vector<double> none;
    EXPECT_FALSE(randomization_test(none, 10, 0, Poll{}));
    std::vector<double> zeros(4, 0.0);
    EXPECT_EQ(randomization_test(zeros, 10, 0, Poll{}), 1.0);
}

TEST(Significance, CanBeCancelled) {
    std::vector<double> d = differences(1, 100);
    const Poll cancel{[](void*) { throw 1; }, nullptr};
    EXPECT_THROW(randomization_test(d, 1000000, 0, cancel), int);
}

}  // namespace
}  // namespace vg::metric
