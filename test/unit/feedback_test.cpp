// Query refinement by feedback, repair of permutations, and the order for both ends.
#include "core/rank/feedback.h"

#include <algorithm>
#include <cstdint>
#include <memory_resource>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.h"
#include "core/rank/permutation.h"

namespace vg::rank {
namespace {

using Rows = std::vector<std::vector<float>>;

FeedbackSum sum_of(const Rows& rows, std::size_t dims) {
    FeedbackSum sum(dims, std::pmr::new_delete_resource());
    for (const auto& row : rows)
        sum.add(row);
    return sum;
}

void expect_vector(const std::vector<float>& v, const std::vector<double>& expected) {
    ASSERT_EQ(v.size(), expected.size());
    for (std::size_t i = 0; i < v.size(); ++i)
        EXPECT_NEAR(v[i], expected[i], 1e-6);
}

const std::vector<float> kQuery{1, 0, 0};
const Rows kRelevant{{0.8f, 0.6f, 0}, {0.6f, 0.8f, 0}};
const Rows kIrrelevant{{0, 0, 1}};

TEST(Rocchio, GoldenValues) {
    const FeedbackSum relevant = sum_of(kRelevant, 3);
    const FeedbackSum none = sum_of({}, 3);
    std::vector<float> q(3);
    ASSERT_TRUE(rocchio(kQuery, relevant, none, {}, false, q));
    expect_vector(q, {0.82, 0.42, 0});
    ASSERT_TRUE(rocchio(kQuery, relevant, none, {}, true, q));
    expect_vector(q, {0.890043, 0.455876, 0});
    ASSERT_TRUE(rocchio(kQuery, relevant, sum_of(kIrrelevant, 3), {0.4, 0.6, 0.1}, true, q));
    expect_vector(q, {0.884846, 0.453214, -0.107908});
    ASSERT_TRUE(rocchio(kQuery, relevant, none, average_weights(2), false, q));
    expect_vector(q, {0.8, 0.466667, 0});
}

TEST(Rocchio, WithoutFeedbackTheQueryKeepsItsDirection) {
    const FeedbackSum none = sum_of({}, 3);
    std::vector<float> q(3);
    ASSERT_TRUE(rocchio(std::vector<float>{3, 4, 0}, none, none, {}, true, q));
    expect_vector(q, {0.6, 0.8, 0});
    ASSERT_TRUE(rocchio(std::vector<float>{3, 4, 0}, none, none, average_weights(0), false, q));
    expect_vector(q, {3, 4, 0});
}

TEST(Rocchio, AZeroVectorHasNoDirection) {
    const FeedbackSum opposite = sum_of({{-1, 0, 0}}, 3);
    const FeedbackSum none = sum_of({}, 3);
    std::vector<float> q(3);
    EXPECT_FALSE(rocchio(kQuery, opposite, none, {0.5, 0.5, 0}, true, q));
    ASSERT_TRUE(rocchio(kQuery, opposite, none, {0.5, 0.5, 0}, false, q));
    expect_vector(q, {0, 0, 0});
}

struct Repaired {
    std::vector<std::int32_t> order;
    std::size_t dropped;
};

Repaired repaired(const std::vector<std::int32_t>& given, std::size_t n) {
    Repaired r{std::vector<std::int32_t>(n), 0};
    r.dropped = repair_permutation(given, r.order);
    return r;
}

TEST(Permutation, RepairGoldenValues) {
    const Repaired r = repaired({3, 3, 9, 1, 0}, 5);
    EXPECT_EQ(r.order, (std::vector<std::int32_t>{3, 1, 2, 4, 5}));
    EXPECT_EQ(r.dropped, 3u);
    EXPECT_EQ(repaired({}, 3).order, (std::vector<std::int32_t>{1, 2, 3}));
    EXPECT_TRUE(repaired({1, 2}, 0).order.empty());
}

TEST(Permutation, RepairAlwaysGivesAPermutationAndKeepsOne) {
    Random rng(4);
    for (int trial = 0; trial < 200; ++trial) {
        const std::size_t n = rng.below(12);
        std::vector<std::int32_t> given(rng.below(20));
        for (std::int32_t& g : given)
            g = static_cast<std::int32_t>(rng.below(16)) - 2;
        const Repaired once = repaired(given, n);
        std::vector<std::int32_t> sorted = once.order;
        std::sort(sorted.begin(), sorted.end());
        for (std::size_t i = 0; i < n; ++i)
            ASSERT_EQ(sorted[i], static_cast<std::int32_t>(i + 1));
        const Repaired twice = repaired(once.order, n);
        EXPECT_EQ(twice.order, once.order);
        EXPECT_EQ(twice.dropped, 0u);
    }
}

TEST(Permutation, EdgePositions) {
    std::vector<std::int64_t> five;
    for (std::int64_t rank = 1; rank <= 5; ++rank)
        five.push_back(edge_position(rank, 5));
    EXPECT_EQ(five, (std::vector<std::int64_t>{1, 5, 2, 4, 3}));
    for (std::int64_t n = 1; n < 40; ++n) {
        std::vector<std::int64_t> positions;
        for (std::int64_t rank = 1; rank <= n; ++rank)
            positions.push_back(edge_position(rank, n));
        std::sort(positions.begin(), positions.end());
        for (std::int64_t i = 0; i < n; ++i)
            ASSERT_EQ(positions[static_cast<std::size_t>(i)], i + 1);
    }
}

}  // namespace
}  // namespace vg::rank
