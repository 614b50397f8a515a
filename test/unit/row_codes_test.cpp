// RowCodes against the true distances: within the promised tolerance where codes decide, equal to
// them where rows are too near each other or lie outside the codes' range.
#include "core/hnsw/row_codes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "core/base/random.h"
#include "core/code/centre.h"
#include "core/code/rotation.h"
#include "memory_index.h"

namespace vg::hnsw {
namespace {

using test::gaussian;
using test::Matrix;

struct Coded {
    explicit Coded(Matrix m)
        : data(std::move(m)),
          keys(data.size(), 0),
          rows{data.values.data(), data.size(), data.dims, data.dims, keys.data()},
          codes(rows, 7, 2, {}) {}
    float exact(std::uint32_t a, std::uint32_t b) const {
        return distance::l2_squared(data.row(a), data.row(b), data.dims);
    }
    Matrix data;
    std::vector<std::uint64_t> keys;
    Rows rows;
    RowCodes codes;
};

Matrix gaussian_rows(std::size_t n, std::size_t dims) {
    Matrix m{dims, std::vector<float>(n * dims)};
    Random rng(dims);
    for (float& x : m.values)
        x = gaussian(rng);
    return m;
}

TEST(RowCodes, AreWithinTolerance) {
    for (const std::size_t dims : {1, 3, 64, 100, 784}) {
        SCOPED_TRACE(dims);
        const Coded c(gaussian_rows(500, dims));
        double squares = 0;
        double bias = 0;
        std::size_t count = 0;
        for (std::uint32_t a = 0; a < 500; a += 3) {
            for (std::uint32_t b = a + 1; b < 500; b += 7) {
                const double error = c.codes.distance(a, b) / c.exact(a, b) - 1.0;
                squares += error * error;
                bias += error;
                ++count;
            }
        }
        EXPECT_LT(std::sqrt(squares / static_cast<double>(count)), RowCodes::kTolerance);
        EXPECT_LT(std::abs(bias / static_cast<double>(count)), RowCodes::kTolerance / 4);
    }
}

TEST(RowCodes, NearDuplicatesKeepTheirDistances) {
    Matrix m = gaussian_rows(300, 100);
    Random rng(5);
    for (std::size_t i = 100; i < 200; ++i)  // a clump around row 0
        for (std::size_t j = 0; j < m.dims; ++j)
            m.row(i)[j] = m.row(0)[j] + 1e-4f * gaussian(rng);
    const Coded c(std::move(m));
    for (std::uint32_t a = 100; a < 200; ++a) {
        EXPECT_EQ(c.codes.distance(a, 0), c.exact(a, 0));
        EXPECT_EQ(c.codes.distance(a, 299 - a), c.exact(a, 299 - a));
    }
    EXPECT_EQ(c.codes.distance(5, 5), 0.0f);
}

TEST(RowCodes, OutliersKeepTheirDistances) {
    Matrix m = gaussian_rows(1000, 100);
    for (std::size_t j = 0; j < m.dims; ++j) {
        m.row(17)[j] *= 100.0f;
        m.row(18)[j] *= 1e15f;
    }
    const Coded c(std::move(m));
    for (std::uint32_t i = 0; i < 1000; i += 9) {
        EXPECT_EQ(c.codes.distance(17, i), c.exact(17, i));
        EXPECT_EQ(c.codes.distance(i, 18), c.exact(i, 18));
    }
}

TEST(RowCodes, RowsAllEqualAreAtZero) {
    const Coded c(Matrix{8, std::vector<float>(8 * 20, 3.0f)});
    EXPECT_EQ(c.codes.distance(0, 19), 0.0f);
}

TEST(RowCodes, DecodedRowsAreTheRotatedOnesToHalfAStep) {
    constexpr std::size_t kDims = 100;
    Matrix m = gaussian_rows(400, kDims);
    // Row 1 is a near-copy of row 0, and row 2 far outside.
    for (std::size_t i = 0; i < kDims; ++i) {
        m.values[kDims + i] = m.values[i] + 0.001f;
        m.values[2 * kDims + i] *= 50;
    }
    const Coded c(std::move(m));
    const code::Rotation rotation(kDims, 7);
    const std::vector<float> centre =
        code::robust_centre(c.rows.data, c.rows.n, c.rows.stride, kDims);
    std::vector<float> turned(rotation.padded_dims());
    std::vector<float> decoded(rotation.padded_dims());
    EXPECT_FALSE(c.codes.decode_beside(0, 1, decoded.data()));
    EXPECT_FALSE(c.codes.decode_beside(0, 2, decoded.data()));
    EXPECT_FALSE(c.codes.decode_beside(2, 0, decoded.data()));
    for (std::uint32_t r = 3; r < 30; ++r) {
        if (!c.codes.decode_beside(0, r, decoded.data()))
            continue;  // one of the few outside
        rotation.apply(c.data.row(r), centre.data(), turned.data());
        // Half a step: of 254 over twice the largest coordinate, which is about 4 deviations of 1.
        for (std::size_t i = 0; i < turned.size(); ++i)
            EXPECT_NEAR(decoded[i], turned[i], 0.02f) << r;
    }
    ASSERT_TRUE(c.codes.decode_beside(0, 4, decoded.data()));

    Rows products = c.rows;
    products.space = Space::kInnerProduct;
    const RowCodes none(products, 7, 1, {});
    EXPECT_FALSE(none.decode_beside(0, 4, decoded.data()));
    EXPECT_EQ(none.distance(0, 4), space_distance(products, 0, 4));
    EXPECT_EQ(none.record_bytes(), 4u);
}

TEST(RowCodes, RoomBeforeRecordsIsZeroAndChangesNothing) {
    const Coded c(gaussian_rows(300, 70));
    RowCodes roomy(c.rows, 7, 2, {}, 132);
    for (std::uint32_t r = 0; r < 300; ++r) {
        const std::byte* room = roomy.blocks() + r * roomy.block_bytes();
        for (std::size_t i = 0; i < 132; ++i)
            ASSERT_EQ(room[i], std::byte{0});
        ASSERT_EQ(roomy.record(r), room + 132);
        EXPECT_EQ(roomy.distance(r, 7), c.codes.distance(r, 7));
    }
}

TEST(RowCodes, RecordsMayBeCopied) {
    const Coded c(gaussian_rows(50, 20));
    std::vector<std::byte> a(c.codes.record(3), c.codes.record(3) + c.codes.record_bytes());
    std::vector<std::byte> b(c.codes.record(4), c.codes.record(4) + c.codes.record_bytes());
    EXPECT_EQ(c.codes.between(a.data(), b.data()), c.codes.distance(3, 4));
}

}  // namespace
}  // namespace vg::hnsw
