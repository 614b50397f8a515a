// The rows of a bulk build: equal vectors become one, TIDs keep their order, memory is accounted
// for.
#include "core/hnsw/row_store.h"

#include <cmath>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include "memory_index.h"

namespace vg::hnsw {
namespace {

using node::Metric;
using test::tid_of;

node::Geometry geometry(std::uint32_t dims) {
    return node::plan_geometry(dims, 16, test::kUsable);
}

std::vector<std::size_t> tid_rows(const RowStore& store, std::size_t i) {
    std::vector<std::size_t> rows;
    store.for_each_tid(i, [&](node::Tid t) { rows.push_back(test::row_of(t)); });
    return rows;
}

TEST(RowStore, EqualRowsBecomeOneWithTheirTidsInOrder) {
    for (const std::uint32_t dims : {1u, 3u, 100u, 1536u}) {
        RowStore store(geometry(dims), Metric::kL2);
        const test::Matrix rows = test::uniform_rows(1500, dims, dims);
        std::vector<std::size_t> copies;
        // 1000 copies of row 7 among others, and a second one of every tenth row at the end.
        std::size_t tid = 0;
        for (std::size_t i = 0; i < 1500; ++i) {
            if (i == 7)
                copies.push_back(tid);
            ASSERT_TRUE(store.add(rows.row(i), tid_of(tid++)));
            if (i >= 100 && i < 1099) {
                copies.push_back(tid);
                ASSERT_TRUE(store.add(rows.row(7), tid_of(tid++)));
            }
        }
        for (std::size_t i = 0; i < 1500; i += 10)
            ASSERT_TRUE(store.add(rows.row(i), tid_of(tid++)));
        EXPECT_EQ(store.size(), 1500u);
        EXPECT_EQ(store.total(), 2649u);
        EXPECT_EQ(copies.size(), 1000u);
        store.finish();
        EXPECT_EQ(tid_rows(store, 7), copies);
        EXPECT_EQ(tid_rows(store, 0), (std::vector<std::size_t>{0, 2499}));
        EXPECT_EQ(tid_rows(store, 9), (std::vector<std::size_t>{9}));
        for (std::size_t i = 0; i < 1500; ++i) {
            for (std::uint32_t j = 0; j < dims; ++j)
                ASSERT_NEAR(store.row(i)[j], rows.row(i)[j], store.exact() ? 0.0 : 0.003);
        }
    }
}

TEST(RowStore, TheSignOfZeroAndTheLastBitTellRowsApart) {
    RowStore store(geometry(3), Metric::kL2);
    const float rows[][3] = {
        {0.0f, 1, 2}, {-0.0f, 1, 2}, {0.0f, std::nextafter(1.0f, 2.0f), 2}, {0.0f, 1, 2}};
    for (std::size_t i = 0; i < 4; ++i)
        store.add(rows[i], tid_of(i));
    EXPECT_EQ(store.size(), 3u);
    EXPECT_EQ(store.total(), 4u);
    EXPECT_EQ(tid_rows(store, 0), (std::vector<std::size_t>{0, 3}));
}

TEST(RowStore, CosineRowsAreUnitRowsAndScaledCopiesMerge) {
    RowStore store(geometry(64), Metric::kCosine);
    const test::Matrix rows = test::uniform_rows(50, 64, 3);
    std::vector<float> scaled(64);
    for (std::size_t i = 0; i < rows.size(); ++i)
        ASSERT_TRUE(store.add(rows.row(i), tid_of(i)));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        for (std::size_t j = 0; j < 64; ++j)
            scaled[j] = 8.0f * rows.row(i)[j];  // exact, so the unit vectors are equal bit for bit
        ASSERT_TRUE(store.add(scaled.data(), tid_of(100 + i)));
    }
    EXPECT_EQ(store.size(), 50u);
    for (std::size_t i = 0; i < 50; ++i) {
        EXPECT_NEAR(distance::inner_product(store.row(i), store.row(i), 64), 1.0f, 1e-5f);
        EXPECT_EQ(tid_rows(store, i), (std::vector<std::size_t>{i, 100 + i}));
    }
}

TEST(RowStore, ZeroUnderCosineLeavesNoTrace) {
    RowStore store(geometry(4), Metric::kCosine);
    const float zero[4] = {}, one[4] = {0, 1, 0, 0};
    EXPECT_FALSE(store.add(zero, tid_of(0)));
    const std::size_t empty = store.bytes();
    EXPECT_TRUE(store.add(one, tid_of(1)));
    EXPECT_FALSE(store.add(zero, tid_of(2)));
    EXPECT_EQ(store.size(), 1u);
    EXPECT_GT(store.bytes(), empty);
    RowStore other(geometry(4), Metric::kL2);
    EXPECT_TRUE(other.add(zero, tid_of(0)));
}

TEST(RowStore, CentreIsTheMeanOfTheDistinctRows) {
    RowStore store(geometry(2), Metric::kL2);
    const float rows[][2] = {{1, 10}, {2, 20}, {6, 0}, {6, 0}};
    for (std::size_t i = 0; i < 4; ++i)
        store.add(rows[i], tid_of(i));
    store.finish();
    EXPECT_FLOAT_EQ(store.centre()[0], 2);  // of three rows the middle value
    EXPECT_FLOAT_EQ(store.centre()[1], 10);
    RowStore none(geometry(2), Metric::kL2);
    none.finish();
    EXPECT_EQ(none.centre()[0], 0.0f);
    EXPECT_EQ(none.rows().n, 0u);
}

TEST(RowStore, AFewExtremeRowsDoNotMoveTheCentre) {
    const test::Matrix rows = test::uniform_rows(1000, 3, 1);
    for (const float extreme : {1e4f, 1e10f, 1e20f, 3e38f, -3e38f}) {
        RowStore store(geometry(3), Metric::kL2);
        for (std::size_t i = 0; i < rows.size(); ++i)
            store.add(rows.row(i), tid_of(i));
        for (std::size_t i = 0; i < 9; ++i) {  // just below one in a hundred
            const float far[] = {extreme, -extreme / static_cast<float>(i + 1), 0};
            store.add(far, tid_of(2000 + i));
        }
        store.finish();
        for (std::size_t i = 0; i < 3; ++i)
            EXPECT_NEAR(store.centre()[i], 0.5f, 0.05f) << extreme;
    }
}

TEST(RowStore, InnerProductsAreBuiltBySuchAndHaveNoCentre) {
    RowStore store(geometry(3), Metric::kInnerProduct);
    const float rows[][3] = {{3, 0, 0}, {0, 4, 3}, {0, 0, 0}};
    for (std::size_t i = 0; i < 3; ++i)
        store.add(rows[i], tid_of(i));
    store.finish();
    EXPECT_EQ(store.rows().space, Space::kInnerProduct);
    EXPECT_EQ(store.rows().dims, 3u);
    for (std::size_t i = 0; i < 3; ++i)
        EXPECT_EQ(store.centre()[i], 0.0f);
    EXPECT_EQ(space_distance(store.rows(), 1, 1), -25.0f);
    RowStore l2(geometry(3), Metric::kL2);
    l2.add(rows[0], tid_of(0));
    l2.finish();
    EXPECT_EQ(l2.rows().space, Space::kEuclidean);
}

TEST(RowStore, KeysAreTheFirstTids) {
    RowStore store(geometry(1), Metric::kL2);
    const float a = 1, b = 2;
    store.add(&a, {1, 2, 3});
    store.add(&b, {0, 0, 9});
    store.add(&a, {7, 7, 7});
    store.finish();
    EXPECT_EQ(store.rows().keys[0], 0x0000'0001'0002'0003ull);
    EXPECT_EQ(store.rows().keys[1], 9u);
}

TEST(RowStore, EightBitRowsAreTheDecodedOnesAndSlotsHoldExactlyThem) {
    const std::uint32_t dims = 1536;
    test::MemoryIndex index(dims, Metric::kL2);
    ASSERT_EQ(index.geometry().storage, node::Storage::kSq8);
    const test::Matrix rows = test::clustered_rows(120, dims, 3, 1.0f, 8);
    RowStore store(index.geometry(), Metric::kL2);
    for (std::size_t i = 0; i < rows.size(); ++i)
        store.add(rows.row(i), tid_of(i));
    store.finish();
    index.build(rows);
    std::vector<float> stored(dims);
    for (const node::SlotId id : index.base_slots()) {
        const node::SlotView slot = index.slot(id);
        const std::size_t row = test::row_of(slot.header().tids[0]);
        slot.read_vector(stored.data());
        ASSERT_EQ(std::memcmp(stored.data(), store.row(row), dims * sizeof(float)), 0);
        const double off = test::operator_value(Metric::kL2, stored.data(), rows.row(row), dims);
        EXPECT_LE(off, slot.header().error);
        EXPECT_GE(off, 0.9 * slot.header().error);
    }
}

// Equal after quantisation is equal to the index: the error must then cover the farther row.
TEST(RowStore, MergedEightBitRowsKeepTheLargestError) {
    const std::uint32_t dims = 1536;
    RowStore store(geometry(dims), Metric::kL2);
    std::vector<float> a(dims, 0.0f);
    a[0] = 255;  // the step is 1
    for (std::size_t i = 1; i < dims; ++i)
        a[i] = static_cast<float>(i % 200);
    store.add(a.data(), tid_of(0));
    const float small = store.encoding(0).error;
    std::vector<float> b = a;
    b[5] += 0.25f;
    store.add(b.data(), tid_of(1));
    EXPECT_EQ(store.size(), 1u);
    EXPECT_GE(store.encoding(0).error, 0.25f);
    EXPECT_LT(small, 0.01f);
    store.add(a.data(), tid_of(2));
    EXPECT_GE(store.encoding(0).error, 0.25f);
}

// Scans ask the operator once for all rows of a node only where they are equal to the last bit.
TEST(RowStore, EightBitRowsKnowWhetherTheyAreEqual) {
    const std::uint32_t dims = 1536;
    for (const Metric metric : {Metric::kL2, Metric::kCosine}) {
        RowStore store(geometry(dims), metric);
        std::vector<float> a(dims, 0.0f);
        for (std::size_t i = 0; i < dims; ++i)
            a[i] = static_cast<float>(i % 200);
        store.add(a.data(), tid_of(0));
        store.add(a.data(), tid_of(1));
        EXPECT_NE(store.encoding(0).hash, node::kUnequalRows);
        // Under cosine the index keeps twice the row as the same vector.
        std::vector<float> b = a;
        for (float& x : b)
            x *= metric == Metric::kCosine ? 2.0f : 1.0f;
        b[5] = std::nextafter(b[5], 1e6f);
        store.add(b.data(), tid_of(2));
        ASSERT_EQ(store.size(), 1u);
        EXPECT_EQ(store.encoding(0).hash, node::kUnequalRows);
        store.add(a.data(), tid_of(3));
        EXPECT_EQ(store.encoding(0).hash, node::kUnequalRows);
    }
}

TEST(RowStore, BytesGrowWithWhatIsHeld) {
    constexpr std::uint32_t kDims = 60;  // kept in full
    RowStore store(geometry(kDims), Metric::kL2);
    const test::Matrix rows = test::uniform_rows(5000, kDims, 1);
    for (std::size_t i = 0; i < rows.size(); ++i)
        store.add(rows.row(i), tid_of(i));
    // Vector, key, hash, first TID and list end, and two table cells per row at least.
    const std::size_t least = 5000 * (kDims * 4 + 8 + 4 + 12 + 4 + 8);
    EXPECT_GE(store.bytes(), least);
    EXPECT_LE(store.bytes(), least + 5000 * 16 + 8192);
    const std::size_t before = store.bytes();
    for (std::size_t i = 0; i < 1000; ++i)
        store.add(rows.row(0), tid_of(9000 + i));
    EXPECT_EQ(store.bytes(), before + 1000 * 12);
    store.finish();
    EXPECT_LT(store.bytes(), before + 1000 * 12);  // table and hashes are gone
    BuildParams p;
    EXPECT_GE(store.build_bytes(p), bulk_build_bytes(5000, kDims + 1, Space::kEuclidean, p));
    // The codes of the rows with room for a list of 2 m links before each.
    EXPECT_GE(store.build_bytes(p), 5000u * (64 + 4 + 4 + 2 * 16 * 4));
}

TEST(GrowArray, KeepsItsContentsWhileGrowing) {
    GrowArray<std::uint32_t> a;
    EXPECT_EQ(a.size(), 0u);
    EXPECT_EQ(a.bytes(), 0u);
    for (std::uint32_t i = 0; i < 100000; ++i)
        a.push_back(i);
    EXPECT_EQ(a.size(), 100000u);
    EXPECT_EQ(a.bytes(), 400000u);
    for (std::uint32_t i = 0; i < 100000; ++i)
        ASSERT_EQ(a[i], i);
    std::uint32_t* more = a.grow_by(3);
    EXPECT_EQ(more, a.data() + 100000);
    a.shrink_by(3);
    EXPECT_EQ(a.size(), 100000u);
    a.clear();
    EXPECT_EQ(a.size(), 0u);
    a.push_back(5);
    EXPECT_EQ(a[0], 5u);
}

TEST(GrowArray, ImpossibleSizesAreOutOfMemory) {
    GrowArray<std::uint64_t> a;
    a.push_back(1);
    EXPECT_THROW(a.grow_by(static_cast<std::size_t>(-1) / 8), std::bad_alloc);
    EXPECT_EQ(a.size(), 1u);
    EXPECT_EQ(a[0], 1u);
}

}  // namespace
}  // namespace vg::hnsw
