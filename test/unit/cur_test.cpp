// The model, its solve and the adaptive search of core/cur: worked values, properties, and the
// recall that the model is for.
#include "core/cur/calibrate.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <vector>

#include <gtest/gtest.h>
#include <Eigen/Dense>

#include "core/base/random.h"
#include "core/base/status.h"
#include "core/cur/latent.h"
#include "core/cur/model.h"
#include "core/cur/posterior.h"
#include "core/cur/search.h"
#include "core/distance/byte_dot.h"

namespace vg::cur {
namespace {

double normal(Random& r) {
    double sum = 0;
    for (int i = 0; i < 12; ++i)
        sum += r.uniform();
    return sum - 6.0;
}

// Scores of queries x items: item popularity, a few strong factors, a long tail of weak ones and a
// non-linear step that no low rank catches.
struct World {
    std::size_t items;
    std::size_t queries;
    std::vector<float> columns;  // items x queries

    World(std::size_t n, std::size_t q, std::size_t rank, double bend, std::uint64_t seed)
        : items(n), queries(q), columns(n * q) {
        Random random(seed);
        std::vector<double> a(n * rank), b(q * rank), popular(n);
        for (double& x : a)
            x = normal(random);
        for (double& x : b)
            x = normal(random);
        for (double& x : popular)
            x = normal(random);
        for (std::size_t j = 0; j < n; ++j) {
            for (std::size_t i = 0; i < q; ++i) {
                double s = 0;
                for (std::size_t f = 0; f < rank; ++f)
                    s += a[j * rank + f] * b[i * rank + f] / std::sqrt(1.0 + f);
                columns[j * q + i] =
                    static_cast<float>(5 + popular[j] + s + bend * std::sin(3 * s));
            }
        }
    }
    double score(std::size_t item, std::size_t query) const {
        return columns[item * queries + query];
    }
    // The scores of the first k queries only.
    std::vector<float> first(std::size_t k) const {
        std::vector<float> out(items * k);
        for (std::size_t j = 0; j < items; ++j)
            std::copy_n(columns.data() + j * queries, k, out.data() + j * k);
        return out;
    }
};

Model model_of(const std::vector<float>& columns, std::uint32_t k, std::uint32_t dims = 0,
               double ridge = 3e-3) {
    Gram gram(k);
    gram.add(columns.data(), columns.size() / k, Poll{});
    return fit(gram, dims, ridge, Poll{});
}

struct Asked {
    const World* world;
    std::size_t query;
    std::size_t calls = 0;
};
double ask(void* arg, std::uint32_t item) {
    auto* a = static_cast<Asked*>(arg);
    ++a->calls;
    return a->world->score(item, a->query);
}

double mean_recall(const World& w, const MemoryIndex& index, std::size_t first_query,
                   std::size_t budget, std::size_t k, std::size_t rounds = 5,
                   std::size_t shortlist = 10000) {
    double sum = 0;
    for (std::size_t q = first_query; q < w.queries; ++q) {
        Asked asked{&w, q};
        const SearchOutcome found =
            search_memory(index, {budget, rounds, shortlist}, {}, ask, &asked);
        EXPECT_EQ(asked.calls, found.scored.size());
        EXPECT_LE(asked.calls, budget);
        std::vector<double> exact(w.items);
        for (std::size_t j = 0; j < w.items; ++j)
            exact[j] = w.score(j, q);
        sum += recall_at(k, exact, found.scored);
    }
    return sum / static_cast<double>(w.queries - first_query);
}

TEST(CurModel, CovarianceOfColumnsByHand) {
    // Two queries, three items: columns (1, 3), (2, 2), (6, 2) with means 2, 2, 4.
    const std::vector<float> columns = {1, 3, 2, 2, 6, 2};
    const Model m = model_of(columns, 2);
    // Centred: (-1, 1), (0, 0), (2, -2): one direction, (1, -1) / sqrt 2, eigenvalue 10.
    EXPECT_EQ(m.dims, 1u);
    EXPECT_NEAR(m.variance, 10.0 / 6.0, 1e-12);
    EXPECT_NEAR(m.energy, 1.0, 1e-12);
    // The queries' levels are 1/3 and -1/3, for three items each: 10 - 6 / 9 is left.
    EXPECT_NEAR(m.noise, 3e-3 * (10.0 - 2.0 / 3.0) / 6.0, 1e-9);
    float means[3];
    float v[3];
    project(m, columns.data(), 3, means, v);
    EXPECT_FLOAT_EQ(means[0], 2);
    EXPECT_FLOAT_EQ(means[2], 4);
    // Covariance of items 0 and 2 over the queries: (-1 * 2 + 1 * -2) / 2 = -2.
    EXPECT_NEAR(v[0] * v[2], -2.0, 1e-5);
    EXPECT_NEAR(v[0] * v[0], 1.0, 1e-5);
    EXPECT_NEAR(v[1], 0.0, 1e-6);
}

TEST(CurModel, LatentVectorsReproduceTheCovariance) {
    const World w(60, 20, 30, 0.5, 1);
    const Model m = model_of(w.columns, 20);
    EXPECT_EQ(m.dims, 19u);  // centring costs one
    std::vector<float> means(60), v(60 * m.dims);
    project(m, w.columns.data(), 60, means.data(), v.data());
    for (std::size_t i = 0; i < 60; i += 7) {
        for (std::size_t j = 0; j < 60; j += 5) {
            double covariance = 0;
            double product = 0;
            for (std::size_t q = 0; q < 20; ++q)
                covariance += (w.score(i, q) - means[i]) * (w.score(j, q) - means[j]) / 20;
            for (std::size_t c = 0; c < m.dims; ++c)
                product += v[i * m.dims + c] * v[j * m.dims + c];
            EXPECT_NEAR(covariance, product, 1e-4);
        }
    }
}

TEST(CurModel, PiecesOfColumnsAddUp) {
    const World w(700, 12, 8, 0.1, 2);
    Gram pieces(12);
    pieces.add(w.columns.data(), 300, Poll{});
    pieces.add(w.columns.data() + 300 * 12, 400, Poll{});
    const Model a = fit(pieces, 0, 1e-3, Poll{});
    const Model b = model_of(w.columns, 12, 0, 1e-3);
    EXPECT_NEAR(a.variance, b.variance, 1e-9);
    EXPECT_EQ(a.dims, b.dims);
}

TEST(CurModel, FewerDimensionsMoveTheRestIntoTheNoise) {
    const World w(200, 40, 40, 0.3, 3);
    const Model full = model_of(w.columns, 40);
    const Model half = model_of(w.columns, 40, 10);
    EXPECT_EQ(half.dims, 10u);
    EXPECT_LT(half.energy, full.energy);
    EXPECT_NEAR(half.noise - full.noise, (1 - half.energy) * half.variance, 1e-9);
}

// Long queries score all items higher, which changes no order and must not pass for noise.
TEST(CurModel, LevelsOfQueriesAreNoNoise) {
    const World plain(2000, 120, 40, 0.5, 21);
    World levelled = plain;
    Random random(22);
    std::vector<double> levels(120);
    for (double& level : levels)
        level = 60 * normal(random);
    for (std::size_t j = 0; j < 2000; ++j) {
        for (std::size_t q = 0; q < 120; ++q)
            levelled.columns[j * 120 + q] += static_cast<float>(levels[q]);
    }
    const Model without = model_of(plain.first(80), 80, 0, 0.03);
    const Model with = model_of(levelled.first(80), 80, 0, 0.03);
    EXPECT_GT(with.variance, 100 * without.variance);
    EXPECT_NEAR(with.noise / without.noise, 1.0, 0.01);
    const auto recall = [](const World& w, const Model& m) {
        const MemoryIndex index = make_memory_index(m, Storage::kInt8, w.first(80), 80, Poll{});
        return mean_recall(w, index, 80, 100, 10);
    };
    EXPECT_NEAR(recall(levelled, with), recall(plain, without), 0.02);
}

// Nothing but levels and means: the order of items is the same for all queries.
TEST(CurModel, QueriesThatAgreeOnTheOrder) {
    std::vector<float> columns;
    for (int item = 0; item < 50; ++item) {
        for (int query = 0; query < 4; ++query)
            columns.push_back(static_cast<float>(item * item + 7 * query));
    }
    const Model m = model_of(columns, 4);
    EXPECT_EQ(m.dims, 1u);
    EXPECT_GT(m.noise, 0);
    EXPECT_LT(m.noise, 1e-6 * m.variance);
}

TEST(CurModel, NothingToLearnFrom) {
    EXPECT_TRUE(model_of({}, 4).empty());
    EXPECT_TRUE(model_of({2, 2, 2, 5, 5, 5}, 3).empty());  // constant columns
    EXPECT_THROW(fit(Gram(0), 0, 1e-3, Poll{}), Error);
}

TEST(CurModel, PivotsSpanTheRows) {
    // Rows 1 and 3 are along the axes, the rest in their span.
    const std::vector<float> rows = {1, 1, 5, 0, 2, 1, 0, 4, 0, 0};
    const std::vector<std::uint32_t> chosen = pivot_rows(rows.data(), 5, 2, 5, Poll{});
    EXPECT_EQ(chosen, (std::vector<std::uint32_t>{1, 3}));
    const World w(300, 30, 30, 0.2, 4);
    const Model m = model_of(w.columns, 30);
    std::vector<float> means(300), v(300 * m.dims);
    project(m, w.columns.data(), 300, means.data(), v.data());
    const auto picks = pivot_rows(v.data(), 300, m.dims, 20, Poll{});
    EXPECT_EQ(std::set<std::uint32_t>(picks.begin(), picks.end()).size(), 20u);
    // The same choice as Eigen's column-pivoted QR makes.
    Eigen::MatrixXd a(m.dims, 300);
    for (std::size_t j = 0; j < 300; ++j) {
        for (std::size_t c = 0; c < m.dims; ++c)
            a(static_cast<long>(c), static_cast<long>(j)) = v[j * m.dims + c];
    }
    const Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(a);
    for (std::size_t i = 0; i < 20; ++i)
        EXPECT_EQ(static_cast<int>(picks[i]), qr.colsPermutation().indices()(static_cast<long>(i)));
}

TEST(CurPosterior, OneObservationByHand) {
    // u ~ N(0, I), v = (3, 4), target 10, noise 5: gain 1 / (25 + 5).
    Posterior p(2, 5.0);
    const float v[] = {3, 4};
    p.observe(v, 1.0, 11.0);
    p.solve();
    EXPECT_NEAR(p.weights()[0], 1.0, 1e-12);
    EXPECT_NEAR(p.weights()[1], 4.0 / 3.0, 1e-12);
}

TEST(CurPosterior, BothFormsAgree) {
    // One more observation than dimensions switches forms; a repeated one changes both alike.
    Random random(5);
    for (std::size_t t : {3u, 7u, 8u, 9u, 30u}) {
        Posterior p(8, 0.1);
        Eigen::MatrixXd v(static_cast<long>(t), 8);
        Eigen::VectorXd a(static_cast<long>(t));
        for (std::size_t i = 0; i < t; ++i) {
            float row[8];
            for (int c = 0; c < 8; ++c) {
                row[c] = static_cast<float>(normal(random));
                v(static_cast<long>(i), c) = row[c];
            }
            a(static_cast<long>(i)) = normal(random);
            p.observe(row, 2.0, 2.0 + a(static_cast<long>(i)));
        }
        p.solve();
        const Eigen::VectorXd oracle = (v.transpose() * v + 0.1 * Eigen::MatrixXd::Identity(8, 8))
                                           .ldlt()
                                           .solve(v.transpose() * a);
        for (int c = 0; c < 8; ++c)
            EXPECT_NEAR(p.weights()[static_cast<std::size_t>(c)], oracle(c), 1e-9) << t;
    }
}

TEST(CurPosterior, WithoutNoiseItIsThePseudoInverse) {
    const World w(50, 20, 40, 0.4, 6);
    const Model m = model_of(w.first(18), 18);
    std::vector<float> means(50), v(50 * m.dims);
    const std::vector<float> columns = w.first(18);
    project(m, columns.data(), 50, means.data(), v.data());
    Posterior p(m.dims, 1e-10);
    Eigen::MatrixXd va(9, m.dims);
    Eigen::VectorXd a(9);
    for (std::size_t j = 0; j < 9; ++j) {
        p.observe(std::span(v).subspan(j * m.dims, m.dims), means[j], w.score(j, 19));
        for (std::size_t c = 0; c < m.dims; ++c)
            va(static_cast<long>(j), static_cast<long>(c)) = v[j * m.dims + c];
        a(static_cast<long>(j)) = w.score(j, 19) - means[j];
    }
    p.solve();
    const Eigen::VectorXd oracle = va.completeOrthogonalDecomposition().solve(a);
    for (std::size_t c = 0; c < m.dims; ++c)
        EXPECT_NEAR(p.weights()[c], oracle(static_cast<long>(c)), 1e-4);
}

TEST(CurPosterior, OddInputChangesNothing) {
    Posterior p(2, 1.0);
    p.solve();
    EXPECT_EQ(p.weights()[0], 0.0);
    const float v[] = {1, 0};
    const float bad[] = {NAN, 0};
    p.observe(v, 0, NAN);
    p.observe(v, 0, INFINITY);
    p.observe(bad, 0, 1);
    EXPECT_EQ(p.observed(), 0u);
    // Exactly dependent rows without any noise: the system is singular, the noise is raised.
    Posterior singular(2, 0.0);
    for (int i = 0; i < 3; ++i)
        singular.observe(v, 0, 1.0);
    singular.solve();
    EXPECT_TRUE(std::isfinite(singular.weights()[0]));
    EXPECT_EQ(singular.weights()[1], 0.0);
}

TEST(CurLatent, CodecsAreAsExactAsTheyPromise) {
    Random random(7);
    const std::uint32_t d = 19;
    std::vector<float> sample(50 * d);
    for (std::size_t i = 0; i < sample.size(); ++i)
        sample[i] = static_cast<float>(normal(random) * (1.0 + static_cast<double>(i % d)) + 3);
    for (std::size_t j = 0; j < 50; ++j)
        sample[j * d + 4] = 2.5f;  // a dimension that does not vary
    for (const Storage storage : {Storage::kInt8, Storage::kFloat16, Storage::kFloat32}) {
        const Codec codec = make_codec(storage, d, sample);
        std::vector<std::byte> row(codec.bytes());
        std::vector<float> back(d);
        std::vector<double> weights(d);
        for (double& w : weights)
            w = normal(random);
        const Predictor predict(codec, weights);
        for (std::size_t j = 0; j < 50; ++j) {
            codec.encode(sample.data() + j * d, row.data());
            codec.decode(row.data(), back.data());
            double exact = 1.5;
            for (std::uint32_t i = 0; i < d; ++i) {
                const double unit = storage == Storage::kInt8      ? codec.step[i] * 0.51
                                    : storage == Storage::kFloat16 ? codec.step[i] * 1e-3
                                                                   : 0;
                EXPECT_NEAR(back[i], sample[j * d + i], unit + 1e-6);
                exact += weights[i] * back[i];
            }
            const float mean = 1.5f;
            float predicted;
            predict.predict(1, &mean, row.data(), &predicted);
            EXPECT_NEAR(predicted, exact, storage == Storage::kInt8 ? 0.05 : 2e-3);
        }
    }
}

TEST(CurLatent, ByteProductsAreExact) {
    Random random(8);
    for (const std::size_t n : {1u, 7u, 31u, 32u, 63u, 64u, 65u, 255u, 256u, 999u, 1000u}) {
        const auto most = static_cast<std::uint64_t>(distance::largest_byte_weight(n));
        std::vector<std::int16_t> weights((n + 63) / 64 * 64, 0);
        std::vector<std::uint8_t> rows(n * 9);
        for (std::size_t i = 0; i < n; ++i)
            weights[i] = static_cast<std::int16_t>(static_cast<int>(random.below(2 * most + 1)) -
                                                   static_cast<int>(most));
        for (std::uint8_t& x : rows)
            x = static_cast<std::uint8_t>(random.below(256));
        std::int32_t out[9];
        distance::byte_dots(weights.data(), rows.data(), 9, n, out);
        for (std::size_t r = 0; r < 9; ++r) {
            std::int64_t sum = 0;
            for (std::size_t i = 0; i < n; ++i)
                sum += std::int64_t{weights[i]} * rows[r * n + i];
            EXPECT_EQ(out[r], sum) << n << ' ' << r;
        }
        // The largest sum there can be.
        std::fill_n(weights.begin(), n, static_cast<std::int16_t>(most));
        std::fill(rows.begin(), rows.end(), std::uint8_t{255});
        distance::byte_dots(weights.data(), rows.data(), 9, n, out);
        EXPECT_EQ(out[8], static_cast<std::int64_t>(n * 255 * most));
    }
}

TEST(CurLatent, OutsideTheRangeIsClamped) {
    const std::vector<float> sample = {0, 1};
    const Codec codec = make_codec(Storage::kInt8, 1, sample);
    std::byte row;
    float back;
    const float far = 50;
    codec.encode(&far, &row);
    codec.decode(&row, &back);
    EXPECT_NEAR(back, 1.05f, 0.01f);
}

TEST(CurSearch, WithinTheBudgetEverythingIsScored) {
    const World w(150, 60, 20, 0.5, 8);
    const MemoryIndex index =
        make_memory_index(model_of(w.first(40), 40), Storage::kInt8, w.first(40), 30, Poll{});
    for (const std::size_t rounds : {1u, 2u, 5u, 300u}) {
        for (const std::size_t shortlist : {1u, 7u, 1000u}) {
            Asked asked{&w, 50};
            SearchOutcome found = search_memory(index, {150, rounds, shortlist}, {}, ask, &asked);
            std::sort(found.scored.begin(), found.scored.end());
            std::vector<std::uint32_t> all(150);
            std::iota(all.begin(), all.end(), 0u);
            EXPECT_EQ(found.scored, all) << rounds << ' ' << shortlist;
        }
    }
}

TEST(CurSearch, ALowRankScorerIsFoundExactly) {
    const World w(3000, 90, 10, 0.0, 9);
    const MemoryIndex index =
        make_memory_index(model_of(w.first(60), 60), Storage::kInt8, w.first(60), 60, Poll{});
    EXPECT_GE(mean_recall(w, index, 60, 100, 10), 0.99);
}

TEST(CurSearch, RecallGrowsWithTheBudget) {
    const World w(3000, 130, 60, 0.8, 10);
    const MemoryIndex index =
        make_memory_index(model_of(w.first(90), 90), Storage::kInt8, w.first(90), 90, Poll{});
    double last = 0;
    for (const std::size_t budget : {25u, 50u, 100u, 200u, 400u, 800u}) {
        const double recall = mean_recall(w, index, 90, budget, 10);
        EXPECT_GE(recall, last - 0.01) << budget;
        last = recall;
    }
    EXPECT_GE(last, 0.9);
}

TEST(CurSearch, EightBitsAreAsGoodAsThirtyTwo) {
    const World w(3000, 130, 60, 0.8, 11);
    const Model model = model_of(w.first(90), 90);
    double recall[3];
    for (int s = 0; s < 3; ++s)
        recall[s] = mean_recall(
            w, make_memory_index(model, static_cast<Storage>(s), w.first(90), 90, Poll{}), 90, 200,
            10);
    EXPECT_NEAR(recall[0], recall[2], 0.01);
    EXPECT_NEAR(recall[1], recall[2], 0.01);
}

TEST(CurSearch, AsManyAnchorsAsCallsIsNoTrap) {
    // The pseudo-inverse blows up where scored items match the anchors in number.
    const World w(2000, 140, 60, 0.8, 12);
    const MemoryIndex index =
        make_memory_index(model_of(w.first(100), 100), Storage::kInt8, w.first(100), 100, Poll{});
    const double half = mean_recall(w, index, 100, 50, 10, 2);
    const double equal = mean_recall(w, index, 100, 100, 10, 2);
    const double twice = mean_recall(w, index, 100, 200, 10, 2);
    EXPECT_GE(equal, half - 0.01);
    EXPECT_GE(twice, equal - 0.01);
}

TEST(CurSearch, RoundsBeatASingleShot) {
    const World w(3000, 130, 60, 0.8, 13);
    const MemoryIndex index =
        make_memory_index(model_of(w.first(90), 90), Storage::kInt8, w.first(90), 90, Poll{});
    EXPECT_GT(mean_recall(w, index, 90, 150, 10, 5), mean_recall(w, index, 90, 150, 10, 2));
}

TEST(CurSearch, AShortShortlistIsFilledAgain) {
    const World w(500, 60, 20, 0.3, 14);
    const MemoryIndex index =
        make_memory_index(model_of(w.first(40), 40), Storage::kInt8, w.first(40), 20, Poll{});
    Asked asked{&w, 45};
    const SearchOutcome found = search_memory(index, {300, 5, 13}, {}, ask, &asked);
    EXPECT_EQ(found.scored.size(), 300u);
    EXPECT_EQ(std::set<std::uint32_t>(found.scored.begin(), found.scored.end()).size(), 300u);
}

TEST(CurSearch, SeedsAreScoredFirst) {
    const World w(500, 60, 20, 0.3, 15);
    const MemoryIndex index =
        make_memory_index(model_of(w.first(40), 40), Storage::kInt8, w.first(40), 20, Poll{});
    const std::uint32_t seeds[] = {7, 9, 7, 11};
    Asked asked{&w, 45};
    const SearchOutcome found = search_memory(index, {50, 5, 100}, seeds, ask, &asked);
    EXPECT_EQ(found.scored.size(), 50u);
    EXPECT_EQ(std::vector<std::uint32_t>(found.scored.begin(), found.scored.begin() + 3),
              (std::vector<std::uint32_t>{7, 9, 11}));
}

TEST(CurSearch, ScoresThatAreNotNumbersTeachNothing) {
    const World w(200, 30, 10, 0.1, 16);
    const MemoryIndex index =
        make_memory_index(model_of(w.first(20), 20), Storage::kInt8, w.first(20), 10, Poll{});
    const auto odd = [](void*, std::uint32_t item) {
        return item % 3 == 0 ? NAN : item % 3 == 1 ? INFINITY : 1.0;
    };
    const SearchOutcome found = search_memory(index, {100, 5, 50}, {}, odd, nullptr);
    EXPECT_EQ(found.scored.size(), 100u);
    EXPECT_TRUE(std::isfinite(found.residuals.squares));
}

TEST(CurSearch, RoundsShareTheBudget) {
    EXPECT_EQ(round_calls(200, 0, 5), 40u);
    EXPECT_EQ(round_calls(200, 40, 4), 40u);
    EXPECT_EQ(round_calls(10, 3, 1), 7u);
    EXPECT_EQ(round_calls(10, 10, 3), 0u);
    EXPECT_EQ(round_calls(3, 0, 5), 1u);
    // Anchor items leave at least half to rounds that know the query.
    EXPECT_EQ(anchor_calls(200, 0, 40), 40u);
    EXPECT_EQ(anchor_calls(200, 0, 200), 100u);
    EXPECT_EQ(anchor_calls(200, 150, 50), 25u);
    EXPECT_EQ(anchor_calls(3, 0, 2), 1u);
    EXPECT_EQ(anchor_calls(1, 0, 1), 0u);
    EXPECT_EQ(anchor_calls(10, 10, 1), 0u);
    EXPECT_EQ(anchor_calls(10, 12, 1), 0u);
}

TEST(CurCalibration, PredictsWhatASearchReaches) {
    const World w(3000, 140, 60, 0.8, 17);
    const Calibration c = calibrate(w.first(100), 100, 0, Storage::kInt8, 3e-3, 100, Poll{});
    EXPECT_EQ(c.items, 3000u);
    EXPECT_EQ(c.queries, 20u);
    const MemoryIndex index =
        make_memory_index(model_of(w.first(100), 100), Storage::kInt8, w.first(100), 100, Poll{});
    for (std::size_t b = 0; b < Calibration::kBudgets; ++b)
        EXPECT_NEAR(c.recall[b], mean_recall(w, index, 100, c.budgets[b], 10), 0.12) << b;
    EXPECT_GT(c.residual, 0);
    EXPECT_EQ(calibrate(w.first(10), 10, 0, Storage::kInt8, 3e-3, 10, Poll{}).queries, 0u);
}

}  // namespace
}  // namespace vg::cur
