// LID estimators and the insertion order made from them.
#include "core/lid/lid.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.h"
#include "core/lid/order.h"
#include "core/lid/sums.h"

namespace vg::lid {
namespace {

std::vector<float> squared(std::vector<float> r) {
    for (float& x : r)
        x *= x;
    return r;
}

// Distances to the k nearest of `count` points uniform in a ball of dimension d around the point:
// the radius has the distribution U^(1/d).
std::vector<float> ball_distances(unsigned d, std::size_t count, std::size_t k, Random& rng) {
    std::vector<float> r(count);
    for (float& x : r)
        x = static_cast<float>(std::pow(rng.uniform(), 1.0 / d));
    std::sort(r.begin(), r.end());
    r.resize(k);
    return r;
}

TEST(Lid, WorkedValues) {
    // ln(1/4) + ln(2/4) + ln 1 = -3 ln 2; mean over 3: -ln 2.
    const std::vector<float> r{1.0f, 2.0f, 4.0f};
    EXPECT_NEAR(mle(r, Scale::kDistance), 1.0 / std::log(2.0), 1e-6);
    // Mean 7/3 over 4 - 7/3.
    EXPECT_NEAR(method_of_moments(r, Scale::kDistance), 7.0 / 5.0, 1e-6);
    EXPECT_NEAR(mle(squared(r), Scale::kSquared), 1.0 / std::log(2.0), 1e-6);
    EXPECT_NEAR(method_of_moments(squared(r), Scale::kSquared), 7.0 / 5.0, 1e-6);
    // Read as plain distances, squares have half the dimension.
    EXPECT_NEAR(mle(squared(r), Scale::kDistance), 0.5 / std::log(2.0), 1e-6);
}

TEST(Lid, ScaleOfTheDataDoesNotMatter) {
    const std::vector<float> r{0.3f, 0.5f, 0.6f, 0.9f};
    std::vector<float> large = r;
    for (float& x : large)
        x *= 1024.0f;
    EXPECT_FLOAT_EQ(mle(r, Scale::kDistance), mle(large, Scale::kDistance));
    EXPECT_FLOAT_EQ(method_of_moments(r, Scale::kDistance),
                    method_of_moments(large, Scale::kDistance));
}

TEST(Lid, DegenerateInputIsUnknown) {
    const std::vector<std::vector<float>> cases{
        {}, {1.0f}, {0.0f, 0.0f, 0.0f}, {0.0f, 0.0f, 2.0f}, {3.0f, 3.0f, 3.0f}};
    for (const std::vector<float>& r : cases) {
        for (const Scale scale : {Scale::kDistance, Scale::kSquared}) {
            EXPECT_EQ(mle(r, scale), 0.0f);
            EXPECT_EQ(method_of_moments(r, scale), 0.0f);
        }
    }
}

TEST(Lid, ZerosAreDropped) {
    EXPECT_FLOAT_EQ(mle(std::vector<float>{0.0f, 0.0f, 1.0f, 2.0f, 4.0f}, Scale::kDistance),
                    mle(std::vector<float>{1.0f, 2.0f, 4.0f}, Scale::kDistance));
    EXPECT_FLOAT_EQ(method_of_moments(std::vector<float>{0.0f, 1.0f, 2.0f, 4.0f}, Scale::kDistance),
                    1.4f);
}

TEST(Lid, NearlyEqualDistancesAreCapped) {
    const float next = std::nextafter(1.0f, 2.0f);
    for (const Scale scale : {Scale::kDistance, Scale::kSquared}) {
        EXPECT_EQ(mle(std::vector<float>{1.0f, next}, scale), kMaxLid);
        EXPECT_EQ(method_of_moments(std::vector<float>{1.0f, next}, scale), kMaxLid);
    }
    // Just below the cap the value is exact although ln is evaluated next to 1.
    const double eps = 0x1.0p-10;
    EXPECT_NEAR(mle(std::vector<float>{1.0f, static_cast<float>(1.0 + eps)}, Scale::kDistance),
                2.0 / std::log1p(eps), 0.01);
}

TEST(Lid, FindsTheDimensionOfBalls) {
    Random rng(11);
    for (const unsigned d : {1u, 2u, 5u, 12u, 30u}) {
        constexpr int kPoints = 200;
        double by_mle = 0.0;
        double by_moments = 0.0;
        for (int i = 0; i < kPoints; ++i) {
            const std::vector<float> r = ball_distances(d, 5000, 100, rng);
            // Averages of 1/LID, because that is what is unbiased.
            by_mle += 1.0 / mle(r, Scale::kDistance);
            by_moments += 1.0 / method_of_moments(squared(r), Scale::kSquared);
        }
        EXPECT_NEAR(kPoints / by_mle, d, 0.04 * d);
        EXPECT_NEAR(kPoints / by_moments, d, 0.04 * d);
    }
}

TEST(Lid, FindsTheDimensionOfASampledPlane) {
    // Points of a 3-dimensional cube embedded in 10 dimensions; brute-force neighbours.
    constexpr std::size_t kPoints = 1500;
    Random rng(5);
    std::vector<float> x(kPoints * 3);
    for (float& v : x)
        v = static_cast<float>(rng.uniform());
    std::vector<float> first(kPoints);
    std::vector<float> second(kPoints);
    double inverse = 0.0;
    for (std::size_t i = 0; i < kPoints; ++i) {
        std::vector<float> d;
        for (std::size_t j = 0; j < kPoints; ++j) {
            float s = 0.0f;
            for (std::size_t c = 0; c < 3; ++c)
                s += (x[i * 3 + c] - x[j * 3 + c]) * (x[i * 3 + c] - x[j * 3 + c]);
            if (i != j)
                d.push_back(s);
        }
        std::partial_sort(d.begin(), d.begin() + 20, d.end());
        first[i] = d[0];
        second[i] = d[1];
        inverse += 1.0 / mle(std::span(d).first(20), Scale::kSquared);
    }
    EXPECT_NEAR(kPoints / inverse, 3.0, 0.3);
    EXPECT_NEAR(two_nn(first, second, Scale::kSquared), 3.0, 0.3);
}

TEST(Lid, TwoNnWorkedValueAndDegenerateInput) {
    // Ratios mu = 2 and 4 of two points: only mu = 2 is kept, F = 1/2, so d = ln 2 / ln 2.
    EXPECT_NEAR(
        two_nn(std::vector<float>{1.0f, 1.0f}, std::vector<float>{4.0f, 2.0f}, Scale::kDistance),
        1.0, 1e-6);
    EXPECT_NEAR(
        two_nn(std::vector<float>{1.0f, 1.0f}, std::vector<float>{16.0f, 4.0f}, Scale::kSquared),
        1.0, 1e-6);
    EXPECT_EQ(two_nn({}, {}, Scale::kDistance), 0.0f);
    EXPECT_EQ(two_nn(std::vector<float>{1.0f}, std::vector<float>{2.0f}, Scale::kDistance), 0.0f);
    EXPECT_EQ(two_nn(std::vector<float>{0.0f, 0.0f, 1.0f}, std::vector<float>{1.0f, 2.0f, 3.0f},
                     Scale::kDistance),
              0.0f);
    EXPECT_EQ(two_nn(std::vector<float>{1.0f, 1.0f, 2.0f}, std::vector<float>{1.0f, 1.0f, 2.0f},
                     Scale::kDistance),
              0.0f);
}

// ---- sums -------------------------------------------------------------------------------------

DistanceSums sums_of(const std::vector<float>& distances) {
    DistanceSums s;
    for (const float x : distances)
        s.add(x);
    return s;
}

TEST(LidSums, AgreeWithTheEstimatorsInAnyOrderAndInParts) {
    Random rng(21);
    for (const unsigned d : {1u, 3u, 20u, 300u}) {
        std::vector<float> r = ball_distances(d, 1000, 40, rng);
        r.insert(r.begin(), 2, 0.0f);  // duplicates
        const double by_mle = mle(r, Scale::kDistance);
        const double by_moments = method_of_moments(r, Scale::kDistance);
        std::vector<float> mixed = r;
        shuffle(mixed, rng);
        EXPECT_NEAR(sums_of(mixed).mle(), by_mle, 1e-6 * by_mle);
        EXPECT_NEAR(sums_of(mixed).method_of_moments(), by_moments, 1e-6 * by_moments);

        DistanceSums whole;
        for (std::size_t begin = 0; begin < mixed.size(); begin += 7) {
            const std::size_t end = std::min(begin + 7, mixed.size());
            whole.merge(sums_of({mixed.begin() + static_cast<std::ptrdiff_t>(begin),
                                 mixed.begin() + static_cast<std::ptrdiff_t>(end)}));
        }
        whole.merge({});
        EXPECT_EQ(whole.n, 40);
        EXPECT_NEAR(whole.mle(), by_mle, 1e-6 * by_mle);
        EXPECT_NEAR(whole.method_of_moments(), by_moments, 1e-6 * by_moments);
    }
}

TEST(LidSums, UnknownAndExtremeInput) {
    for (const std::vector<float>& r : std::vector<std::vector<float>>{
             {}, {1.0f}, {0.0f, 0.0f}, {0.0f, 2.0f}, {3.0f, 3.0f, 3.0f}}) {
        EXPECT_EQ(sums_of(r).mle(), 0);
        EXPECT_EQ(sums_of(r).method_of_moments(), 0);
    }
    DistanceSums s;
    for (const double x : {4e300, 1e300, 2e300})
        s.add(x);
    EXPECT_NEAR(s.mle(), 1.0 / std::log(2.0), 1e-12);
    EXPECT_NEAR(s.method_of_moments(), 1.4, 1e-12);
    DistanceSums close;
    close.add(1.0);
    close.add(std::nextafter(1.0, 2.0));
    EXPECT_GT(close.mle(), kMaxLid);
    EXPECT_GT(close.method_of_moments(), kMaxLid);
}

TEST(LidOrder, PrefixAndQuantiles) {
    EXPECT_EQ(prefix_rows(0), 0u);
    EXPECT_EQ(prefix_rows(999), 999u);
    EXPECT_EQ(prefix_rows(5000), 1000u);
    EXPECT_EQ(prefix_rows(50000), 5000u);
    EXPECT_EQ(prefix_rows(10'000'000), 200000u);
    std::vector<float> values{5, 1, 4, 2, 3};
    EXPECT_EQ(quantile(values, 0), 1);
    EXPECT_EQ(quantile(values, 0.5), 3);
    EXPECT_EQ(quantile(values, 0.9), 4);
    EXPECT_EQ(quantile(values, 1), 5);
}

TEST(LidOrder, IsAPermutationAndDescendsByBucket) {
    constexpr std::size_t kRows = 3200;
    std::vector<float> lid(kRows);
    for (std::size_t i = 0; i < kRows; ++i)
        lid[i] = static_cast<float>(1 + (i * 1237) % kRows);
    const std::vector<std::uint32_t> order = lid_order(lid, 3);
    std::vector<std::uint32_t> sorted = order;
    std::sort(sorted.begin(), sorted.end());
    for (std::uint32_t i = 0; i < kRows; ++i)
        ASSERT_EQ(sorted[i], i);

    // Four of five rows follow the buckets, which hold 100 rows each.
    float previous = static_cast<float>(kRows);
    std::size_t out_of_order = 0;
    for (std::size_t p = 0; p < kRows / 2; ++p) {
        if (p % kRandomEvery == kRandomEvery - 1)
            continue;
        out_of_order += lid[order[p]] > previous + 100.0f;
        previous = std::min(previous, lid[order[p]]);
    }
    EXPECT_EQ(out_of_order, 0u);
    double early = 0.0;
    double drawn = 0.0;
    for (std::size_t p = 0; p < 500; ++p)
        (p % kRandomEvery == kRandomEvery - 1 ? drawn : early) += lid[order[p]];
    EXPECT_GT(early / 400, 0.9 * kRows);
    EXPECT_NEAR(drawn / 100, 0.5 * kRows, 0.1 * kRows);

    EXPECT_EQ(order, lid_order(lid, 3));
    EXPECT_NE(order, lid_order(lid, 4));
}

TEST(LidOrder, UnknownRowsComeLastAndSmallInputWorks) {
    std::vector<float> lid(1000, 0.0f);
    for (std::size_t i = 0; i < 100; ++i)
        lid[i * 10] = 5.0f;
    const std::vector<std::uint32_t> order = lid_order(lid, 1);
    for (std::size_t p = 0; p < 100; ++p) {
        if (p % kRandomEvery == kRandomEvery - 1)
            continue;
        EXPECT_GT(lid[order[p]], 0.0f);
    }
    EXPECT_TRUE(lid_order({}, 1).empty());
    EXPECT_EQ(lid_order(std::vector<float>{2.0f}, 1), std::vector<std::uint32_t>{0});
    EXPECT_EQ(lid_order(std::vector<float>(7, 3.0f), 1).size(), 7u);
}

TEST(LidOrder, SpreadAndConfounding) {
    std::vector<float> lid(1001);
    std::iota(lid.begin(), lid.end(), 1.0f);
    EXPECT_NEAR(spread(lid), 901.0 / 101.0, 1e-6);
    EXPECT_EQ(spread(std::vector<float>(500, 4.0f)), 1.0);
    EXPECT_EQ(spread(std::vector<float>(500, 0.0f)), 1.0);

    constexpr std::size_t kRows = 8000;
    Random rng(9);
    std::vector<float> by_cell(kRows);
    std::vector<float> independent(kRows);
    std::vector<std::uint32_t> cell(kRows);
    for (std::size_t i = 0; i < kRows; ++i) {
        cell[i] = static_cast<std::uint32_t>(rng.below(kPivots));
        const double noise = rng.uniform();
        by_cell[i] = static_cast<float>(std::exp(0.05 * cell[i] + 0.1 * noise));
        independent[i] = static_cast<float>(std::exp(2.0 * noise));
    }
    EXPECT_GT(confounding(by_cell, cell, kPivots), 0.98);
    EXPECT_LT(confounding(independent, cell, kPivots), 0.01);
    EXPECT_EQ(confounding(std::vector<float>(kRows, 2.0f), cell, kPivots), 0.0);
    EXPECT_EQ(confounding({}, {}, kPivots), 0.0);
    EXPECT_TRUE(worth_ordering(kMinSpread, kMaxConfounding));
    EXPECT_FALSE(worth_ordering(kMinSpread * 0.99, 0.0));
    EXPECT_FALSE(worth_ordering(10.0, kMaxConfounding * 1.01));
}

}  // namespace
}  // namespace vg::lid
