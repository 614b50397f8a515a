// Gram matrix, eigenvalues, effective ranks, principal components and similarities: worked values,
// properties, stored values of an independent implementation (numpy).
#include "core/metric/spectrum.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>
#include <Eigen/Eigenvalues>

#include "core/base/random.h"
#include "core/metric/eigen.h"
#include "core/metric/gram.h"
#include "core/metric/similarity.h"

namespace vg::metric {
namespace {

struct Rows {
    std::size_t count;
    std::size_t dims;
    std::vector<float> x;
};

Rows rows_of(std::size_t dims, std::vector<float> x) {
    return {x.size() / dims, dims, std::move(x)};
}

// Rows drawn as the stored values' script drew them: falling variance and a common mean.
Rows drawn(std::uint64_t seed, std::size_t count, std::size_t dims) {
    Random random(seed);
    Rows rows{count, dims, std::vector<float>(count * dims)};
    for (std::size_t i = 0; i < count * dims; ++i)
        rows.x[i] = static_cast<float>(
            (random.uniform() - 0.5) / (1.0 + static_cast<double>(i % dims)) + 0.1);
    return rows;
}

Rows normalised(Rows rows) {
    for (std::size_t i = 0; i < rows.count; ++i)
        EXPECT_TRUE(unit_row(std::span(rows.x).subspan(i * rows.dims, rows.dims)));
    return rows;
}

std::vector<double> square_of(const Rows& rows) {
    std::vector<double> tiles(gram_size(rows.dims), 0.0);
    add_gram(tiles, rows.x.data(), rows.count, rows.dims, Poll{});
    std::vector<double> square(rows.dims * rows.dims);
    expand_gram(tiles, rows.dims, square, Poll{});
    return square;
}

std::vector<double> spectrum_of(const Rows& rows) {
    std::vector<double> square = square_of(rows);
    std::vector<double> values(rows.dims);
    eigenvalues(square, values, Poll{});
    clean_spectrum(values);
    return values;
}

std::vector<double> small_spectrum_of(const Rows& rows) {
    std::vector<double> square(rows.count * rows.count);
    row_gram(rows.x.data(), rows.count, rows.dims, square);
    std::vector<double> values(rows.count);
    eigenvalues(square, values, Poll{});
    clean_spectrum(values);
    return values;
}

TEST(Gram, TilesHoldTheSumOfProducts) {
    for (const std::size_t dims : {1, 3, 63, 64, 65, 130}) {
        const Rows rows = drawn(40 + dims, 150, dims);
        const std::vector<double> square = square_of(rows);
        for (std::size_t c = 0; c < dims; ++c) {
            for (std::size_t r = c; r < dims; ++r) {
                double sum = 0;
                for (std::size_t i = 0; i < rows.count; ++i)
                    sum += static_cast<double>(rows.x[i * dims + r]) *
                           static_cast<double>(rows.x[i * dims + c]);
                ASSERT_NEAR(square[c * dims + r], sum, 1e-12 * rows.count);
            }
        }
    }
}

TEST(Gram, PartsAddUp) {
    const Rows rows = drawn(5, 100, 70);
    std::vector<double> parts(gram_size(70), 0.0);
    add_gram(parts, rows.x.data(), 30, 70, Poll{});
    add_gram(parts, rows.x.data() + 30 * 70, 70, 70, Poll{});
    std::vector<double> square(70 * 70);
    expand_gram(parts, 70, square, Poll{});
    const std::vector<double> whole = square_of(rows);
    for (std::size_t c = 0; c < 70; ++c) {
        for (std::size_t r = c; r < 70; ++r)
            ASSERT_NEAR(square[c * 70 + r], whole[c * 70 + r], 1e-12);
    }
}

TEST(Eigen, AgreesWithTheLibrarysSolver) {
    for (const std::size_t n : {1, 2, 3, 10, 65, 140}) {
        for (const std::size_t rank : {n, n / 2 + 1}) {
            const Rows rows = drawn(60 + n, rank, n);
            std::vector<double> square = square_of(rows);
            const auto size = static_cast<Eigen::Index>(n);
            Eigen::MatrixXd full = Eigen::Map<Eigen::MatrixXd>(square.data(), size, size)
                                       .selfadjointView<Eigen::Lower>();
            Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> oracle(full);
            std::vector<double> copy = square;
            std::vector<double> values(n);
            eigenvalues(copy, values, Poll{});
            std::vector<double> again(n);
            eigenvectors(square, again, Poll{});
            const Eigen::Map<Eigen::MatrixXd> vectors(square.data(), size, size);
            const double scale = std::max(1e-300, oracle.eigenvalues().maxCoeff());
            for (Eigen::Index i = 0; i < size; ++i) {
                ASSERT_NEAR(values[i], oracle.eigenvalues()(size - 1 - i), 1e-13 * scale * n);
                ASSERT_NEAR(again[i], values[i], 1e-13 * scale * n);
                const Eigen::VectorXd v = vectors.col(i);
                ASSERT_LT((full * v - again[i] * v).norm(), 1e-13 * scale * n);
                Eigen::Index widest;
                v.cwiseAbs().maxCoeff(&widest);
                ASSERT_GT(v(widest), 0.0);
            }
            const Eigen::MatrixXd products = vectors.transpose() * vectors;
            ASSERT_LT((products - Eigen::MatrixXd::Identity(size, size)).norm(), 1e-12 * n);
        }
    }
}

TEST(Eigen, SpecialMatrices) {
    // Zero, identity, diagonal in the wrong order, one entry off the diagonal.
    const std::vector<std::vector<double>> matrices{{0, 0, 0, 0, 0, 0, 0, 0, 0},
                                                    {1, 0, 0, 0, 1, 0, 0, 0, 1},
                                                    {1, 0, 0, 0, 3, 0, 0, 0, 2},
                                                    {0, 0, 5, 0, 0, 0, 5, 0, 0}};
    const std::vector<std::vector<double>> expected{{0, 0, 0}, {1, 1, 1}, {3, 2, 1}, {5, 0, -5}};
    for (std::size_t m = 0; m < matrices.size(); ++m) {
        std::vector<double> a = matrices[m];
        std::vector<double> values(3);
        eigenvalues(a, values, Poll{});
        std::vector<double> b = matrices[m];
        std::vector<double> again(3);
        eigenvectors(b, again, Poll{});
        for (std::size_t i = 0; i < 3; ++i) {
            EXPECT_NEAR(values[i], expected[m][i], 1e-14);
            EXPECT_NEAR(again[i], expected[m][i], 1e-14);
        }
    }
    std::vector<double> none;
    eigenvalues(none, none, Poll{});
    eigenvectors(none, none, Poll{});
}

TEST(Eigen, ConvergesWhereTheRankIsLow) {
    // Hundreds of eigenvalues are nothing but rounding errors.
    for (const std::size_t rank : {1, 5, 50, 150}) {
        Random random(rank);
        Rows rows{rank, 300, {}};
        for (std::size_t i = 0; i < rank * 300; ++i)
            rows.x.push_back(i % 300 < 150 ? static_cast<float>(random.uniform() - 0.5)
                                           : rows.x[i - 150]);
        std::vector<double> square = square_of(rows);
        std::vector<double> again = square;
        std::vector<double> values(300);
        eigenvalues(square, values, Poll{});
        EXPECT_GT(values[rank - 1], 1e-9);
        EXPECT_NEAR(values[rank], 0.0, 1e-11);
        EXPECT_NEAR(values[299], 0.0, 1e-11);
        eigenvectors(again, values, Poll{});
        EXPECT_NEAR(values[rank], 0.0, 1e-11);
    }
}

TEST(Eigen, CanBeCancelled) {
    std::vector<double> square = square_of(drawn(1, 20, 100));
    std::vector<double> values(100);
    const Poll cancel{[](void*) { throw 1; }, nullptr};
    EXPECT_THROW(eigenvalues(square, values, cancel), int);
}

TEST(Spectrum, WorkedValues) {
    EXPECT_NEAR(rankme(spectrum_of(rows_of(2, {1, 0, 0, 1, 1, 1})), 3), 1.9286231292, 1e-9);
    EXPECT_NEAR(rankme(spectrum_of(rows_of(2, {1, 0, 2, 0, 3, 0})), 3), 1.0000015, 1e-7);
    EXPECT_NEAR(rankme(spectrum_of(rows_of(3, {1, 0, 0, 0, 1, 0, 0, 0, 1})), 3), 3.0000001, 1e-7);
    EXPECT_NEAR(rankme(spectrum_of(rows_of(2, {3, 0, 0, 4})), 2), 1.979626, 1e-6);
    const std::vector<double> values = spectrum_of(rows_of(2, {3, 0, 0, 4}));
    EXPECT_NEAR(stable_rank(values), 25.0 / 16.0, 1e-12);
    EXPECT_NEAR(participation_ratio(values), 625.0 / 337.0, 1e-12);
}

TEST(Spectrum, VendiOfThePublishedMatrix) {
    // Similarities 1, .9, 0 / .9, 1, 0 / 0, 0, 1.
    const auto other = static_cast<float>(std::sqrt(1 - 0.81));
    const Rows rows = normalised(rows_of(3, {1, 0, 0, .9f, other, 0, 0, 0, 1}));
    EXPECT_NEAR(vendi_score(spectrum_of(rows)), 2.1573, 5e-5);
    EXPECT_NEAR(vendi_score(small_spectrum_of(rows)), 2.1573, 5e-5);
}

TEST(Spectrum, StoredValues) {
    struct Stored {
        std::uint64_t seed;
        std::size_t count, dims;
        double rankme, stable, participation, vendi;
    };
    for (const Stored& s : {Stored{6, 40, 7, 5.368376039788917, 1.7045659882715911,
                                   2.4212388735743975, 3.802188889576882},
                            Stored{7, 5, 20, 3.714360058170941, 1.282977310181507,
                                   1.586054337790232, 2.1892611221308194},
                            Stored{8, 200, 70, 15.462062132366054, 1.190072261422484,
                                   1.3949397637632734, 1.9563499343176405},
                            Stored{9, 100, 130, 13.81618537854307, 1.1041219835643947,
                                   1.2135374836895287, 1.5620469812298527}}) {
        const Rows rows = drawn(s.seed, s.count, s.dims);
        const std::vector<double> values = spectrum_of(rows);
        // Rows and the mean row count in float.
        const std::size_t full = std::min(s.count, s.dims);
        EXPECT_NEAR(rankme(values, full), s.rankme, 1e-5);
        EXPECT_NEAR(stable_rank(values), s.stable, 1e-6);
        EXPECT_NEAR(participation_ratio(values), s.participation, 1e-6);
        EXPECT_NEAR(rankme(small_spectrum_of(rows), full), s.rankme, 2e-5);
        EXPECT_NEAR(vendi_score(spectrum_of(normalised(rows))), s.vendi, 1e-5);
        EXPECT_NEAR(vendi_score(small_spectrum_of(normalised(rows))), s.vendi, 1e-5);
    }
}

TEST(Spectrum, OfNothingAndOfZeros) {
    EXPECT_EQ(rankme({}, 0), 0.0);
    EXPECT_EQ(stable_rank({}), 0.0);
    EXPECT_EQ(participation_ratio({}), 0.0);
    EXPECT_EQ(vendi_score({}), 0.0);
    const std::vector<double> zeros(3, 0.0);
    EXPECT_EQ(rankme(zeros, 3), 0.0);
    EXPECT_EQ(stable_rank(zeros), 0.0);
}

TEST(Spectrum, CovarianceOfTheGram) {
    const Rows rows = drawn(8, 200, 70);
    std::vector<double> square = square_of(rows);
    std::vector<double> sums(70, 0.0);
    for (std::size_t i = 0; i < rows.x.size(); ++i)
        sums[i % 70] += static_cast<double>(rows.x[i]);
    centre_gram(square, sums, 200, Poll{});
    double trace = 0;
    for (std::size_t i = 0; i < 70; ++i)
        trace += square[i * 70 + i];
    std::vector<double> values(70);
    eigenvectors(square, values, Poll{});
    EXPECT_NEAR(values[0], 0.08662296409354575, 1e-8);
    EXPECT_NEAR(values[1], 0.0192461986130687, 1e-8);
    EXPECT_NEAR(values[2], 0.009248202124564214, 1e-8);
    EXPECT_NEAR(trace, 0.13745517777867367, 1e-8);
}

TEST(Similarity, StoredValues) {
    const Rows rows = normalised(drawn(8, 200, 70));
    std::vector<double> sums(70, 0.0);
    for (std::size_t i = 0; i < rows.x.size(); ++i)
        sums[i % 70] += static_cast<double>(rows.x[i]);
    EXPECT_NEAR(mean_similarity(sums, 200), 0.8420027972901145, 1e-6);
    const std::vector<double> fractions{0.1, 0.5, 0.9};
    const std::vector<double> q = similarity_quantiles(rows.x.data(), 200, 70, fractions, Poll{});
    EXPECT_NEAR(q[0], 0.6620831, 1e-6);
    EXPECT_NEAR(q[1], 0.87836038, 1e-6);
    EXPECT_NEAR(q[2], 0.95538912, 1e-6);
    const std::vector<std::size_t> selected{0, 1, 2, 3, 4};
    EXPECT_NEAR(coverage(rows.x.data(), 200, 70, selected, Poll{}), 0.9412077516795726, 1e-6);
}

TEST(Similarity, WorkedValues) {
    // Two equal rows and one at a right angle: similarities 1, 0, 0.
    const std::vector<float> x{1, 0, 1, 0, 0, 1};
    EXPECT_NEAR(mean_similarity(std::vector<double>{2, 1}, 3), 1.0 / 3.0, 1e-12);
    const std::vector<double> q =
        similarity_quantiles(x.data(), 3, 2, std::vector<double>{0, 0.5, 0.75, 1}, Poll{});
    EXPECT_EQ(q, (std::vector<double>{0, 0, 0.5, 1}));
    EXPECT_NEAR(coverage(x.data(), 3, 2, std::vector<std::size_t>{0}, Poll{}), 2.0 / 3.0, 1e-6);
    EXPECT_EQ(coverage(x.data(), 3, 2, std::vector<std::size_t>{}, Poll{}), 0.0);
    // Opposite rows are not covered at all, not less than that.
    const std::vector<float> opposite{1, 0, -1, 0};
    EXPECT_NEAR(coverage(opposite.data(), 2, 2, std::vector<std::size_t>{0}, Poll{}), 0.5, 1e-6);
    std::vector<float> zero{0, 0};
    EXPECT_FALSE(unit_row(zero));
}

}  // namespace
}  // namespace vg::metric
