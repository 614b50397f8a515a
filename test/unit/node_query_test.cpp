// The distances a node and a query have: in graph space for navigation, in operator space for
// order, and the estimates from codes.
#include "core/node/node_query.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "memory_index.h"

namespace vg::node {
namespace {

using test::operator_value;

constexpr Metric kMetrics[] = {Metric::kL2, Metric::kInnerProduct, Metric::kCosine, Metric::kL1};

Geometry geometry_with(std::uint32_t dims, Storage storage) {
    Geometry g;
    g.dims = dims;
    g.words = (dims + 63) / 64;
    g.capacity = 4;
    g.slots_per_page = 1;
    g.storage = storage;
    g.slot_bytes = (g.used_bytes() + 7) / 8 * 8;
    return g;
}

double length(const float* v, std::size_t dims) {
    return std::sqrt(-operator_value(Metric::kInnerProduct, v, v, dims));
}

// One live slot that holds a row as inserts store it.
class OneSlot {
  public:
    OneSlot(const Geometry& g, Metric metric) : g_(g), metric_(metric), bytes_(g.slot_bytes) {}

    SlotView store(const float* row) {
        std::vector<float> v(row, row + g_.dims);
        prepare_row(metric_, v.data(), g_.dims);
        std::fill(bytes_.begin(), bytes_.end(), std::byte{0});
        const SlotEdit slot(g_, bytes_.data());
        SlotHeader& h = slot.header();
        h.state = static_cast<std::uint8_t>(SlotState::kLive);
        if (g_.storage == Storage::kSq8) {
            const Encoding e =
                encode_sq8(v.data(), g_.dims, reinterpret_cast<std::uint8_t*>(slot.vector_bytes()));
            h.sq8_low = e.low;
            h.sq8_step = e.step;
            h.error = e.error;
        } else {
            std::memcpy(slot.vector_bytes(), v.data(), 4 * v.size());
        }
        return slot;
    }

  private:
    const Geometry& g_;
    Metric metric_;
    std::vector<std::byte> bytes_;
};

// An operator's value over the heap row with float sums in so many lanes, as compilers make them.
double float_operator(Metric metric, const float* a, const float* b, std::size_t n,
                      std::size_t lanes) {
    std::vector<float> sum(lanes), aa(lanes), bb(lanes);
    for (std::size_t i = 0; i < n; ++i) {
        const float gap = a[i] - b[i];
        float& s = sum[i % lanes];
        s += metric == Metric::kL2   ? gap * gap
             : metric == Metric::kL1 ? std::abs(gap)
                                     : a[i] * b[i];
        aa[i % lanes] += a[i] * a[i];
        bb[i % lanes] += b[i] * b[i];
    }
    const auto total = [](const std::vector<float>& v) {
        return std::accumulate(v.begin(), v.end(), 0.0f);
    };
    switch (metric) {
        case Metric::kL2:
            return std::sqrt(static_cast<double>(total(sum)));
        case Metric::kInnerProduct:
            return -static_cast<double>(total(sum));
        case Metric::kCosine:
            return 1.0 - std::clamp(static_cast<double>(total(sum)) /
                                        std::sqrt(static_cast<double>(total(aa)) * total(bb)),
                                    -1.0, 1.0);
        case Metric::kL1:
            return static_cast<double>(total(sum));
    }
    return 0;
}

class EveryMetric : public testing::TestWithParam<Metric> {};

// Near-copies of one row: the sums of index and operator differ by rounding alone, and so do the
// rows.
TEST_P(EveryMetric, TheRangeOfAFloatNodeHoldsEverySumOfTheOperator) {
    const Metric metric = GetParam();
    for (const std::uint32_t dims : {3u, 100u, 768u}) {
        const Geometry g = geometry_with(dims, Storage::kFloat32);
        const code::Rotation rotation(dims, 1);
        NodeQuery query(g, metric, rotation, nullptr);
        OneSlot slot(g, metric);
        for (const float width : {1e-6f, 1e-3f, 1.0f}) {
            test::Matrix rows = test::uniform_rows(300, dims, dims);
            for (std::size_t i = 0; i < rows.values.size(); ++i)
                rows.values[i] = std::sin(static_cast<float>(i % dims)) + width * rows.values[i];
            query.set_query(rows.row(0));
            std::vector<std::pair<float, double>> lows;
            for (std::size_t i = 0; i < rows.size(); ++i) {
                const NodeDistance d = query.distance(slot.store(rows.row(i)));
                const ValueRange range = query.value_range(d.order, d.scale);
                EXPECT_LE(range.low, range.value);
                EXPECT_LE(range.value, range.high);
                lows.emplace_back(d.order, range.low);
                for (const std::size_t lanes : {4u, 8u, 16u, 64u}) {
                    const double v = float_operator(metric, rows.row(i), rows.row(0), dims, lanes);
                    ASSERT_GE(v, range.low) << dims << " dims, width " << width;
                    ASSERT_LE(v, range.high) << dims << " dims, width " << width;
                }
            }
            std::sort(lows.begin(), lows.end());
            for (std::size_t i = 1; i < lows.size(); ++i)
                ASSERT_GE(lows[i].second, lows[i - 1].second);
        }
    }
}

// A page pass knows the largest scale only: the same order must come at the same place.
TEST_P(EveryMetric, TheLowEndOfARangeDependsOnTheOrderAlone) {
    const Geometry g = geometry_with(24, Storage::kFloat32);
    const code::Rotation rotation(24, 1);
    NodeQuery query(g, GetParam(), rotation, nullptr);
    query.set_query(test::uniform_rows(1, 24, 1).row(0));
    for (const float order : {0.0f, 1e-6f, 0.37f, 1.9f, 12345.678f}) {
        const double low = query.value_range(order, 0.1f).low;
        for (const float scale : {0.0f, 0.3f, 7.0f, 1e5f})
            EXPECT_EQ(query.value_range(order, scale).low, low) << order << ", " << scale;
    }
}

TEST_P(EveryMetric, FloatOrderRanksLikeTheOperator) {
    const Metric metric = GetParam();
    for (const std::uint32_t dims : {1u, 3u, 100u, 784u}) {
        const Geometry g = geometry_with(dims, Storage::kFloat32);
        const code::Rotation rotation(dims, 1);
        NodeQuery query(g, metric, rotation, nullptr);
        OneSlot slot(g, metric);
        const test::Matrix rows = test::clustered_rows(600, dims, 20, 0.5f, dims);
        const test::Matrix queries = test::clustered_rows(5, dims, 5, 1.0f, dims + 1);
        double longest = 0;
        for (std::size_t i = 0; i < rows.size(); ++i)
            longest = std::max(longest, length(rows.row(i), dims));
        for (std::size_t q = 0; q < queries.size(); ++q) {
            query.set_query(queries.row(q));
            std::vector<std::pair<double, double>> pairs;  // true value, order
            for (std::size_t i = 0; i < rows.size(); ++i)
                pairs.emplace_back(operator_value(metric, queries.row(q), rows.row(i), dims),
                                   query.distance(slot.store(rows.row(i))).order);
            std::sort(pairs.begin(), pairs.end());
            double slack = 1e-5 * std::max(std::abs(pairs.front().first), pairs.back().first);
            // The order of a product is the lower end of what the operator's sum may come to.
            if (metric == Metric::kInnerProduct)
                slack += 2.4e-7 * (dims / 4.0 + 8) * length(queries.row(q), dims) * longest;
            double top = pairs[0].second;
            double top_value = pairs[0].first;
            for (const auto& [value, order] : pairs) {
                // Out of order only where the true values differ by rounding.
                if (order < top) {
                    ASSERT_LE(value - top_value, slack) << "dims " << dims;
                } else {
                    top = order;
                    top_value = value;
                }
            }
            // And not constant.
            if (dims > 1 || metric != Metric::kCosine) {
                ASSERT_GT(top, pairs[0].second);
            }
        }
    }
}

TEST_P(EveryMetric, EightBitRangeHoldsTheOperatorsValue) {
    const Metric metric = GetParam();
    struct Shape {
        std::uint32_t dims;
        float scale, offset;
        int pairs;
    };
    const Shape shapes[] = {{1536, 1, 0, 20000}, {1536, 0.02f, 0, 10000}, {100, 1, 0, 30000},
                            {100, 1, 50, 10000}, {100, 1e4f, 0, 10000},   {100, 1e-3f, 1e3f, 5000},
                            {3, 1, 0, 10000},    {64, 1e-12f, 0, 5000}};
    Random rng(17);
    for (const Shape& s : shapes) {
        SCOPED_TRACE(testing::Message()
                     << s.dims << " scale " << s.scale << " offset " << s.offset);
        const Geometry g = geometry_with(s.dims, Storage::kSq8);
        const code::Rotation rotation(s.dims, 1);
        NodeQuery query(g, metric, rotation, nullptr);
        OneSlot slot(g, metric);
        std::vector<float> a(s.dims), b(s.dims);
        double gap = 0, size = 0;
        for (int pair = 0; pair < s.pairs; ++pair) {
            if (pair % 50 == 0) {
                for (float& x : a)
                    x = s.scale * test::gaussian(rng) + s.offset;
                query.set_query(a.data());
            }
            // Every fourth pair is close together: there the bound has the least room.
            for (std::size_t i = 0; i < b.size(); ++i)
                b[i] = pair % 4 == 0 ? a[i] + 0.01f * s.scale * test::gaussian(rng)
                                     : s.scale * test::gaussian(rng) + s.offset;
            const double value = operator_value(metric, a.data(), b.data(), s.dims);
            const NodeDistance d = query.distance(slot.store(b.data()));
            const ValueRange range = query.value_range(d.order, d.scale);
            ASSERT_LE(range.low, value) << "pair " << pair;
            ASSERT_GE(range.high, value) << "pair " << pair;
            gap += range.high - range.low;
            size += std::abs(value);
        }
        if (s.offset == 0 && s.dims > 3) {  // useful too, not merely true
            EXPECT_LT(gap, (metric == Metric::kInnerProduct ? 1.2 : 0.2) * size);
        }
    }
}

TEST_P(EveryMetric, GraphDistanceIsTheSquaredDistanceOrTheProduct) {
    const Metric metric = GetParam();
    const std::uint32_t dims = 100;
    for (const Storage storage : {Storage::kFloat32, Storage::kSq8}) {
        const Geometry g = geometry_with(dims, storage);
        const code::Rotation rotation(dims, 1);
        NodeQuery query(g, metric, rotation, nullptr);
        OneSlot slot(g, metric);
        const test::Matrix rows = test::clustered_rows(200, dims, 5, 1.0f, 4);
        std::vector<float> stored(dims), q(rows.row(0), rows.row(0) + dims);
        query.set_query(q.data());
        if (metric == Metric::kCosine)
            prepare_row(metric, q.data(), dims);
        for (std::size_t i = 1; i < rows.size(); ++i) {
            const SlotView view = slot.store(rows.row(i));
            view.read_vector(stored.data());
            const double l2 = operator_value(Metric::kL2, q.data(), stored.data(), dims);
            const double product =
                operator_value(Metric::kInnerProduct, q.data(), stored.data(), dims);
            const double expected = metric == Metric::kInnerProduct ? product : l2 * l2;
            ASSERT_NEAR(query.distance(view).graph, expected, 1e-5 * l2 * l2 + 1e-5 * dims);
        }
    }
}

TEST_P(EveryMetric, EstimatesAreCloseToTheTrueGraphDistance) {
    const Metric metric = GetParam();
    for (const std::uint32_t dims : {16u, 100u, 784u, 1536u}) {
        test::MemoryIndex index(dims, metric);
        const test::Matrix rows = test::clustered_rows(400, dims, 4, 1.0f, dims);
        index.build(rows);
        const test::Matrix queries = test::clustered_rows(4, dims, 4, 1.0f, dims);
        NodeQuery query(index.geometry(), metric, index.rotation(), index.centre());
        std::vector<float> estimates(index.geometry().capacity), p(dims), n(dims);
        double off = 0, bias = 0, total = 0;
        for (std::size_t q = 0; q < queries.size(); ++q) {
            query.set_query(queries.row(q));
            for (const SlotId id : index.base_slots()) {
                const SlotView slot = index.slot(id);
                query.estimate(slot, query.distance(slot).graph, estimates.data());
                slot.read_vector(p.data());
                for (std::size_t i = 0; i < slot.degree(); ++i) {
                    const double exact = query.distance(index.slot(slot.link(i))).graph;
                    off += std::abs(estimates[i] - exact);
                    bias += estimates[i] - exact;
                    // A product may be anything, 0 too: its error is seen beside the lengths.
                    index.slot(slot.link(i)).read_vector(n.data());
                    total += metric == Metric::kInnerProduct
                                 ? length(queries.row(q), dims) *
                                       operator_value(Metric::kL2, p.data(), n.data(), dims)
                                 : exact;
                }
            }
        }
        // One bit per padded dimension: the error of <o, u_q> falls with the square root of them.
        const bool products = metric == Metric::kInnerProduct;
        EXPECT_LT(off / total, (dims <= 64 ? 0.30 : 0.12) / (products ? 2 : 1)) << "dims " << dims;
        EXPECT_LT(std::abs(bias) / total, products ? 0.01 : 0.04) << "dims " << dims;
    }
}

INSTANTIATE_TEST_SUITE_P(Metrics, EveryMetric, testing::ValuesIn(kMetrics));

// However much rows differ in length: the estimate's error goes with the length of the link and the
// part of the query that the node itself does not explain.
// The squares of such rows are no floats, but their products with longer ones are.
TEST(InnerProduct, BoundsHoldWhereSquaresUnderflow) {
    constexpr std::uint32_t kDims = 1500;
    const std::vector<float> q(kDims, -1.0f);
    for (const Storage storage : {Storage::kFloat32, Storage::kSq8}) {
        const Geometry g = geometry_with(kDims, storage);
        const code::Rotation rotation(kDims, 1);
        NodeQuery query(g, Metric::kInnerProduct, rotation, nullptr);
        query.set_query(q.data());
        OneSlot slot(g, Metric::kInnerProduct);
        for (const float x : {2e-23f, -2e-23f, 3e-20f, 1e-18f, 1e18f}) {
            const std::vector<float> row(kDims, x);
            const NodeDistance d = query.distance(slot.store(row.data()));
            const ValueRange range = query.value_range(d.order, d.scale);
            for (const std::size_t lanes : {1u, 4u, 16u}) {
                const double v =
                    float_operator(Metric::kInnerProduct, row.data(), q.data(), kDims, lanes);
                EXPECT_GE(v, range.low) << x << ", " << lanes << " lanes";
                EXPECT_LE(v, range.high) << x << ", " << lanes << " lanes";
            }
        }
    }
}

TEST(InnerProduct, EstimatesNeedNoBoundOfTheLengths) {
    const std::uint32_t dims = 64;
    test::MemoryIndex index(dims, Metric::kInnerProduct);
    test::Matrix rows = test::clustered_rows(1000, dims, 20, 1.0f, 3);
    Random rng(6);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const float scale = static_cast<float>(std::exp(2.0 * test::gaussian(rng)));
        for (std::size_t j = 0; j < dims; ++j)
            rows.row(i)[j] *= scale;
    }
    index.build(rows);
    NodeQuery query(index.geometry(), Metric::kInnerProduct, index.rotation(), index.centre());
    const test::Matrix queries = test::clustered_rows(20, dims, 20, 1.0f, 3);
    std::vector<float> estimates(index.geometry().capacity), p(dims), n(dims);
    double squares = 0;
    std::size_t links = 0;
    for (std::size_t q = 0; q < queries.size(); ++q) {
        query.set_query(queries.row(q));
        const double query_length = length(queries.row(q), dims);
        for (const SlotId id : index.base_slots()) {
            const SlotView slot = index.slot(id);
            query.estimate(slot, query.distance(slot).graph, estimates.data());
            slot.read_vector(p.data());
            for (std::size_t i = 0; i < slot.degree(); ++i) {
                const SlotView end = index.slot(slot.link(i));
                end.read_vector(n.data());
                const double r = operator_value(Metric::kL2, p.data(), n.data(), dims);
                const double off = (estimates[i] - query.distance(end).graph) / (query_length * r);
                squares += off * off;
                ++links;
            }
        }
    }
    // sqrt((pi / 2 - 1) / (dims - 1)) = .095 where the query has nothing in common with the node.
    EXPECT_LT(std::sqrt(squares / static_cast<double>(links)), 0.1);
}

TEST(Cosine, RowsComeToUnitLengthAndZeroIsRefused) {
    for (const float scale : {1e-40f, 1e-20f, 1.0f, 1e20f, 1e37f}) {
        std::vector<float> v = {3 * scale, -4 * scale};
        ASSERT_TRUE(prepare_row(Metric::kCosine, v.data(), 2));
        EXPECT_NEAR(v[0], 0.6f, 1e-4f) << scale;
        EXPECT_NEAR(v[1], -0.8f, 1e-4f) << scale;
    }
    std::vector<float> zero = {0.0f, -0.0f, 0.0f};
    EXPECT_FALSE(prepare_row(Metric::kCosine, zero.data(), 3));
    for (const Metric other : {Metric::kL2, Metric::kInnerProduct, Metric::kL1}) {
        EXPECT_TRUE(prepare_row(other, zero.data(), 3));
        std::vector<float> v = {3, 4};
        prepare_row(other, v.data(), 2);
        EXPECT_EQ(v, (std::vector<float>{3, 4}));
    }
}

TEST(Cosine, AZeroQueryGivesFiniteDistances) {
    for (const Storage storage : {Storage::kFloat32, Storage::kSq8}) {
        const Geometry g = geometry_with(8, storage);
        const code::Rotation rotation(8, 1);
        NodeQuery query(g, Metric::kCosine, rotation, nullptr);
        OneSlot slot(g, Metric::kCosine);
        const std::vector<float> zero(8, 0.0f), row = {1, 2, 3, 4, 5, 6, 7, 8};
        query.set_query(zero.data());
        const NodeDistance d = query.distance(slot.store(row.data()));
        EXPECT_NEAR(d.graph, 1.0f, 0.02f);
        EXPECT_NEAR(d.order, 1.0f, 0.02f);
    }
}

}  // namespace
}  // namespace vg::node
