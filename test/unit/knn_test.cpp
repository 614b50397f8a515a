// Lists of nearest neighbours: order, similarities, weights, lists of a bulk build against brute
// force, and the panel that measures them.
#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.h"
#include "core/hnsw/bulk_builder.h"
#include "core/hnsw/row_store.h"
#include "core/knn/bulk_lists.h"
#include "core/knn/list.h"
#include "core/knn/list_panel.h"
#include "core/knn/similarity.h"
#include "core/knn/weight.h"
#include "random_points.h"

namespace vg::knn {
namespace {

using node::Metric;
using test::points;

TEST(List, KeepsTheNearestInOrder) {
    Random rng(1);
    for (int round = 0; round < 200; ++round) {
        const std::size_t k = 1 + rng.below(8);
        std::vector<ListNeighbour> list(k);
        std::size_t count = 0;
        std::vector<ListNeighbour> all;
        for (std::uint32_t node = 0; node < 30; ++node) {
            // Few distinct values, so that ties are common.
            const ListNeighbour n{node, static_cast<float>(rng.below(6))};
            all.push_back(n);
            if (wants({list.data(), count}, k, n))
                count = put(list.data(), count, k, n);
        }
        std::sort(all.begin(), all.end(), nearer);
        ASSERT_EQ(count, k);
        for (std::size_t i = 0; i < k; ++i) {
            EXPECT_EQ(list[i].node, all[i].node);
            EXPECT_EQ(list[i].similarity, all[i].similarity);
        }
    }
}

TEST(List, WantsNoNodeTwiceAndNoneThatIsFarther) {
    ListNeighbour list[3] = {{4, .9f}, {7, .5f}};
    EXPECT_FALSE(wants({list, 2}, 3, {7, .95f}));
    EXPECT_TRUE(wants({list, 2}, 3, {8, .1f}));
    EXPECT_FALSE(wants({list, 2}, 2, {8, .1f}));
    EXPECT_FALSE(wants({list, 2}, 2, {8, .5f}));  // a tie goes to the lower number
    EXPECT_TRUE(wants({list, 2}, 2, {6, .5f}));
}

TEST(List, DropKeepsTheOrderOfTheRest) {
    ListNeighbour list[5] = {{1, .9f}, {2, .8f}, {3, .7f}, {4, .6f}, {5, .5f}};
    const std::size_t left = drop(list, 5, [](SlotId node) { return node % 2 == 0; });
    ASSERT_EQ(left, 3u);
    EXPECT_EQ(list[0].node, 1u);
    EXPECT_EQ(list[1].node, 3u);
    EXPECT_EQ(list[2].node, 5u);
    EXPECT_EQ(drop(list, 3, [](SlotId) { return true; }), 0u);
}

TEST(SimilarityOf, MatchesItsDefinition) {
    const float a[] = {0.6f, 0.8f, 0.0f};
    const float b[] = {0.0f, 0.6f, 0.8f};
    EXPECT_NEAR(Similarity(Metric::kCosine, 3, true)(a, b), 0.48, 1e-6);
    EXPECT_NEAR(Similarity(Metric::kCosine, 3, false)(a, b), 0.48, 1e-6);
    EXPECT_NEAR(Similarity(Metric::kInnerProduct, 3, true)(a, b), 0.48, 1e-6);
    const double l2 = std::sqrt(0.36 + 0.04 + 0.64);
    EXPECT_NEAR(Similarity(Metric::kL2, 3, true)(a, b), 1 / (1 + l2), 1e-6);
    EXPECT_NEAR(Similarity(Metric::kL1, 3, true)(a, b), 1 / (1 + 0.6 + 0.2 + 0.8), 1e-6);
    // Rows that 8-bit storage has made a little longer or shorter.
    const float c[] = {0.606f, 0.808f, 0.0f};
    EXPECT_NEAR(Similarity(Metric::kCosine, 3, false)(c, b), 0.48, 1e-6);
}

TEST(SimilarityOf, IsTheSameBothWaysAndNeverNan) {
    const std::vector<float> x = points(20, 33, 2);
    const float huge = std::numeric_limits<float>::max();
    const std::vector<float> far(33, huge);
    const std::vector<float> opposite(33, -huge);
    for (const Metric metric : {Metric::kL2, Metric::kInnerProduct, Metric::kCosine, Metric::kL1}) {
        const Similarity s(metric, 33, false);
        for (std::size_t i = 0; i < 20; ++i) {
            for (std::size_t j = 0; j < 20; ++j)
                EXPECT_EQ(s(&x[i * 33], &x[j * 33]), s(&x[j * 33], &x[i * 33]));
        }
        EXPECT_TRUE(std::isfinite(s(far.data(), opposite.data())));
        EXPECT_TRUE(std::isfinite(s(far.data(), far.data())));
    }
}

TEST(SimilarityOf, DistanceAndSimilarityAreInverse) {
    for (const double d : {0.0, 0.1, 1.0, 1.9}) {
        EXPECT_NEAR(distance_of_similarity(Metric::kL2, similarity_of_distance(Metric::kL2, d)), d,
                    1e-5);
        EXPECT_NEAR(distance_of_similarity(Metric::kL1, similarity_of_distance(Metric::kL1, d)), d,
                    1e-5);
    }
    // Cosine distance 0.5: unit vectors at an angle of 60 degrees lie 1 apart.
    EXPECT_NEAR(
        distance_of_similarity(Metric::kCosine, similarity_of_distance(Metric::kCosine, 0.5)), 1.0,
        1e-6);
    EXPECT_EQ(similarity_of_distance(Metric::kInnerProduct, -3.0), 3.0f);
}

TEST(Weight, OfEachKind) {
    const std::vector<ListNeighbour> a{{2, .9f}, {3, .8f}, {4, .5f}};
    const std::vector<ListNeighbour> b{{1, .9f}, {4, .7f}, {9, .5f}};  // of node 2
    const std::vector<ListNeighbour> c{{4, .9f}, {9, .8f}, {8, .7f}};  // of node 3
    const auto weight = [&](EdgeWeight kind, std::size_t at, SlotId to,
                            const std::vector<ListNeighbour>& list) {
        return edge_weight(kind, Metric::kCosine, 3, {1, a}, at, {to, list});
    };
    EXPECT_FLOAT_EQ(weight(EdgeWeight::kSimilarity, 0, 2, {}), .9f);
    // d^2 = 2 (1 - .9); both scales are those of similarity .5, so that their product is 1.
    EXPECT_NEAR(weight(EdgeWeight::kLocalScaling, 0, 2, b), std::exp(-0.2), 1e-5);
    // {1; 2, 3, 4} and {2; 1, 4, 9} share 1, 2 and 4 of k + 1 = 4.
    EXPECT_FLOAT_EQ(weight(EdgeWeight::kShared, 0, 2, b), .75f);
    EXPECT_FLOAT_EQ(weight(EdgeWeight::kShared, 1, 3, c), .5f);
    EXPECT_FLOAT_EQ(weight(EdgeWeight::kMutual, 0, 2, b), .9f);
    EXPECT_FLOAT_EQ(weight(EdgeWeight::kMutual, 1, 3, c), 0.0f);
    // The nearest keeps its weight though it does not list the node.
    EXPECT_FLOAT_EQ(weight(EdgeWeight::kMutual, 0, 3, c), .9f);
    const std::vector<ListNeighbour> negative{{5, -.2f}};
    for (const EdgeWeight kind : {EdgeWeight::kSimilarity, EdgeWeight::kMutual})
        EXPECT_EQ(edge_weight(kind, Metric::kCosine, 3, {1, negative}, 0, {5, {}}), 0.0f);
}

TEST(Weight, OfEqualsUnderLocalScaling) {
    const std::vector<ListNeighbour> a{{2, 1.0f}};
    const std::vector<ListNeighbour> b{{1, 1.0f}};
    EXPECT_EQ(edge_weight(EdgeWeight::kLocalScaling, Metric::kL2, 1, {1, a}, 0, {2, b}), 1.0f);
    EXPECT_EQ(edge_weight(EdgeWeight::kLocalScaling, Metric::kL2, 1, {1, a}, 0, {2, {}}), 1.0f);
}

class Built : public ::testing::TestWithParam<Metric> {};

TEST_P(Built, ListsHaveTheNearestRows) {
    constexpr std::size_t kDims = 12;
    constexpr std::size_t kRows = 3000;
    constexpr std::size_t kK = 10;
    const Metric metric = GetParam();
    const std::vector<float> data = points(kRows, kDims, 3);
    const node::Geometry g = node::plan_geometry(kDims, 16, 8152);
    hnsw::RowStore rows(g, metric);
    for (std::uint32_t i = 0; i < kRows; ++i)
        ASSERT_TRUE(rows.add(&data[i * kDims], {0, static_cast<std::uint16_t>(i), 1}));
    rows.finish();
    hnsw::BuildParams build;
    build.capacity = build.upper_capacity = g.capacity;
    build.threads = 2;
    const hnsw::Graph graph = hnsw::bulk_build(rows.rows(), build);
    const Similarity similarity(metric, kDims, true);
    BulkParams params;
    params.k = kK;
    params.beam = 80;
    params.threads = 2;
    std::size_t done = 0;
    params.progress = [&](std::size_t n) { done = std::max(done, n); };
    const BulkLists lists(rows, graph, similarity, params);

    ListPanel panel(similarity, kDims, kK);
    for (std::uint32_t i = 0; i < kRows; i += 30) {
        ASSERT_EQ(lists.of(i).size(), kK);
        std::set<std::uint32_t> distinct;
        for (std::size_t j = 0; j < kK; ++j) {
            distinct.insert(lists.of(i)[j].node);
            if (j > 0) {
                EXPECT_TRUE(nearer(lists.of(i)[j - 1], lists.of(i)[j]));
            }
        }
        EXPECT_EQ(distinct.size(), kK);
        EXPECT_EQ(distinct.count(i), 0u);
        panel.add_sample(i, rows.row(i), lists.of(i));
    }
    for (std::uint32_t i = 0; i < kRows; ++i)
        panel.add_node(i, rows.row(i));
    double recall = 0;
    for (std::size_t i = 0; i < panel.samples(); ++i) {
        recall += panel.recall(i) / static_cast<double>(panel.samples());
        EXPECT_EQ(panel.wrong(i), 0u);
    }
    EXPECT_GE(recall, 0.98);
}

INSTANTIATE_TEST_SUITE_P(Metrics, Built,
                         ::testing::Values(Metric::kL2, Metric::kInnerProduct, Metric::kCosine,
                                           Metric::kL1));

TEST(BulkListsOf, FewRows) {
    const node::Geometry g = node::plan_geometry(4, 16, 8152);
    for (const std::uint32_t n : {0u, 1u, 5u}) {
        hnsw::RowStore rows(g, Metric::kL2);
        const std::vector<float> data = points(n, 4, 4);
        for (std::uint32_t i = 0; i < n; ++i)
            rows.add(&data[i * 4], {0, static_cast<std::uint16_t>(i), 1});
        rows.finish();
        hnsw::BuildParams build;
        build.capacity = build.upper_capacity = g.capacity;
        const hnsw::Graph graph = hnsw::bulk_build(rows.rows(), build);
        BulkParams params;
        params.k = 16;
        const BulkLists lists(rows, graph, Similarity(Metric::kL2, 4, true), params);
        for (std::uint32_t i = 0; i < n; ++i)
            EXPECT_EQ(lists.of(i).size(), n - 1);
    }
}

TEST(Panel, CountsWhatIsThereAndTrue) {
    // Points on a line at 0, 1, 2, 4, 8.
    const float x[] = {0, 1, 2, 4, 8};
    const Similarity similarity(Metric::kL2, 1, true);
    const auto entry = [&](std::uint32_t from, std::uint32_t to) {
        return ListNeighbour{to, similarity(&x[from], &x[to])};
    };
    ListPanel panel(similarity, 1, 2);
    panel.add_sample(0, &x[0], std::vector{entry(0, 1), entry(0, 2)});  // right
    panel.add_sample(0, &x[0], std::vector{entry(0, 1), entry(0, 3)});  // one is too far
    panel.add_sample(0, &x[0], std::vector{entry(0, 1), {2, 0.9f}});    // one is not true
    panel.add_sample(0, &x[0], std::vector{entry(0, 1), {77, 0.9f}});   // one does not exist
    panel.add_sample(1, &x[1], std::vector{entry(1, 0), entry(1, 2)});
    panel.add_sample(4, &x[4], std::vector<ListNeighbour>{});
    for (std::uint32_t i = 0; i < 5; ++i)
        panel.add_node(i, &x[i]);
    const float recall[] = {1.0f, 0.5f, 0.5f, 0.5f, 1.0f, 0.0f};
    const std::size_t wrong[] = {0, 0, 1, 1, 0, 0};
    for (std::size_t i = 0; i < 6; ++i) {
        EXPECT_FLOAT_EQ(panel.recall(i), recall[i]) << i;
        EXPECT_EQ(panel.wrong(i), wrong[i]) << i;
    }
}

TEST(Panel, TiesCountWhicheverTheListTook) {
    const float x[] = {0, 1, -1, 5};
    const Similarity similarity(Metric::kL2, 1, true);
    ListPanel panel(similarity, 1, 1);
    panel.add_sample(0, &x[0], std::vector{ListNeighbour{2, similarity(&x[0], &x[2])}});
    for (std::uint32_t i = 0; i < 4; ++i)
        panel.add_node(i, &x[i]);
    EXPECT_FLOAT_EQ(panel.recall(0), 1.0f);
}

}  // namespace
}  // namespace vg::knn
