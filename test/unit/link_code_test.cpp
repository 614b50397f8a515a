// The rotation and the link codes: exactness where the formulas are exact, statistics where they
// are estimates. All data are seeded, so every bound below either always holds or never does.
#include "core/code/link_code.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "core/distance/targets.h"

#include <hwy/targets.h>

#include "core/base/random.h"
#include "core/code/rotation.h"
#include "core/distance/distance.h"

namespace vg::code {
namespace {

double gaussian(Random& rng) {
    const double u = 1.0 - rng.uniform();  // in (0, 1]
    return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * rng.uniform());
}

std::vector<float> gaussians(std::size_t n, Random& rng, double scale = 1.0, double offset = 0.0) {
    std::vector<float> v(n);
    for (float& x : v)
        x = static_cast<float>(offset + scale * gaussian(rng));
    return v;
}

double squared_distance(const std::vector<float>& a, const std::vector<float>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        sum += (static_cast<double>(a[i]) - b[i]) * (static_cast<double>(a[i]) - b[i]);
    return sum;
}

std::vector<float> rotate(const Rotation& rotation, const std::vector<float>& v,
                          const float* centre = nullptr) {
    std::vector<float> out(rotation.padded_dims());
    rotation.apply(v.data(), centre, out.data());
    return out;
}

constexpr std::size_t kDims[] = {1, 2, 3, 64, 65, 100, 128, 192, 784, 1536, 2000};

TEST(Rotation, PreservesDistancesWithAndWithoutCentre) {
    Random rng(11);
    for (std::size_t dims : kDims) {
        const Rotation rotation(dims, 5);
        EXPECT_EQ(rotation.padded_dims() % 64, 0u);
        EXPECT_GE(rotation.padded_dims(), dims);
        EXPECT_LT(rotation.padded_dims(), dims + 64);
        const std::vector<float> centre = gaussians(dims, rng, 0.5);
        for (int pair = 0; pair < 10; ++pair) {
            const std::vector<float> a = gaussians(dims, rng), b = gaussians(dims, rng);
            const double expected = squared_distance(a, b);
            // About 40 roundings per coordinate (4 rounds of log2 P + 3), which add like a random
            // walk.
            const double tolerance =
                1e-5 * (expected + squared_distance(a, centre) + squared_distance(b, centre));
            EXPECT_NEAR(squared_distance(rotate(rotation, a), rotate(rotation, b)), expected,
                        tolerance);
            EXPECT_NEAR(squared_distance(rotate(rotation, a, centre.data()),
                                         rotate(rotation, b, centre.data())),
                        expected, tolerance);
        }
    }
}

TEST(Rotation, SpreadsOneCoordinateOverAll) {
    for (std::size_t dims : {64u, 100u, 784u, 1536u, 2000u}) {
        const Rotation rotation(dims, 5);
        std::vector<float> v(dims, 0.0f);
        v[dims / 2] = 1.0f;
        double largest = 0;
        for (float x : rotate(rotation, v))
            largest = std::max(largest, std::fabs(static_cast<double>(x)));
        // A uniformly random unit vector of P coordinates exceeds 6 / sqrt(P) with odds of 2e-9
        // each.
        EXPECT_LT(largest, 6.0 / std::sqrt(static_cast<double>(rotation.padded_dims()))) << dims;
    }
}

// The precision of a code is set by c = sum |u_i| / (sqrt(P) |u|), which is sqrt(2 / pi) for an
// evenly spread vector. Where the transform's window is not the whole vector (31 words is the
// extreme), the worst inputs, single coordinates at the edges, must still come within 2 % of that.
TEST(Rotation, SpreadsTheEdgesWhereTheWindowDoesNotFit) {
    for (std::size_t dims : {192u, 768u, 832u, 1536u, 1984u}) {
        for (std::size_t coordinate : {std::size_t{0}, dims / 2, dims - 1}) {
            std::vector<float> v(dims, 0.0f);
            v[coordinate] = 1.0f;
            double sum = 0;
            constexpr int kSeeds = 100;
            for (int seed = 0; seed < kSeeds; ++seed)
                for (float u : rotate(Rotation(dims, seed), v))
                    sum += std::fabs(static_cast<double>(u));
            const double c = sum / kSeeds / std::sqrt(static_cast<double>(dims));
            EXPECT_GT(c, 0.98 * std::sqrt(2.0 / std::numbers::pi))
                << dims << " from " << coordinate;
        }
    }
}

TEST(Rotation, EqualSeedsEqualBitsOnEveryTarget) {
    Random rng(12);
    for (std::size_t dims : kDims) {
        const std::vector<float> v = gaussians(dims, rng);
        const std::vector<float> expected = rotate(Rotation(dims, 77), v);
        for (std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
            hwy::SetSupportedTargetsForTest(target);
            EXPECT_EQ(rotate(Rotation(dims, 77), v), expected)
                << dims << " on " << hwy::TargetName(target);
        }
        hwy::SetSupportedTargetsForTest(0);
        EXPECT_NE(rotate(Rotation(dims, 78), v), expected) << dims;
    }
}

// The links of one node, as a node tuple keeps them.
struct Node {
    std::vector<std::uint64_t> codes;
    std::vector<float> bias;
    std::vector<std::uint16_t> scale;
    std::vector<float> length;
    std::size_t words = 0;  // of a code, 0 for all that the rotation has

    void add(const Rotation& r, const std::vector<float>& u_p, const std::vector<float>& u_n) {
        const CodeShape shape{r.words(), words == 0 ? r.words() : words};
        codes.resize(codes.size() + shape.coded);
        const LinkFactors f =
            encode_link(u_p.data(), u_n.data(), shape, codes.data() + codes.size() - shape.coded);
        bias.push_back(f.bias);
        scale.push_back(f.scale);
        length.push_back(distance::bf16_to_float(f.length));
    }
    std::vector<float> estimate(const QueryTable& table, float node_distance) const {
        std::vector<float> out(bias.size());
        distance::estimate_links(table.planes_of(1), node_distance,
                                 {codes.data(), bias.data(), scale.data(), bias.size()},
                                 out.data());
        return out;
    }
};

TEST(EncodeLink, FactorsFollowTheFormulas) {
    Random rng(18);
    for (const CodeShape shape : {CodeShape{2, 2}, {13, 13}, {24, 24}, {24, 8}, {94, 8}, {3, 1}}) {
        const std::size_t dims = shape.rotated * 64;
        const std::vector<float> p = gaussians(dims, rng), n = gaussians(dims, rng);
        std::vector<std::uint64_t> code(shape.coded);
        const LinkFactors f = encode_link(p.data(), n.data(), shape, code.data());
        double squared = 0, o_r = 0, o_p = 0;
        for (std::size_t i = 0; i < dims; ++i) {
            const double r = static_cast<double>(n[i]) - p[i];
            squared += r * r;
            if (i >= shape.coded * 64)
                continue;
            EXPECT_EQ((code[i / 64] >> (i % 64)) & 1, r >= 0 ? 1u : 0u);
            o_r += std::fabs(r);
            o_p += r >= 0 ? p[i] : -p[i];
        }
        const double scale = distance::bf16_to_float(f.scale);
        EXPECT_NEAR(scale, 2 * squared / o_r, scale / 256);  // bfloat16: 8 bits of significand
        EXPECT_NEAR(f.bias, squared + scale * o_p, 1e-5 * (squared + scale * o_r));
        const double length = distance::bf16_to_float(f.length);
        EXPECT_NEAR(length, std::sqrt(squared), length / 256);
    }
}

struct ErrorStatistics {
    double mean;
    double deviation;
};

// Errors of the estimate in units of the standard deviation that theory gives. With c = <o, r> /
// (|o| |r|) (about sqrt(2 / pi)), the part of q - p orthogonal to r meets the orthogonal part of
// the code o at random:   2 |r| |(q-p)_orth| sqrt((1 - c^2) / (c^2 (P - 1))), and the query's
// rounding, uniform in +-step, adds   2 |r| step / (c sqrt(3)).
// A code of the first P' of the P dimensions has c^2 P' / P in place of c^2.
ErrorStatistics estimate_errors(std::size_t dims, double offset, bool use_centre,
                                std::size_t words = 0) {
    Random rng(13 + dims);
    const Rotation rotation(dims, 99);
    const std::vector<float> common = gaussians(dims, rng, offset);
    const auto vector_near = [&](double scale) {
        std::vector<float> v = gaussians(dims, rng, scale);
        for (std::size_t i = 0; i < dims; ++i)
            v[i] += common[i];
        return v;
    };
    const float* centre = use_centre ? common.data() : nullptr;
    const double padded = static_cast<double>(rotation.padded_dims());
    if (words == 0)
        words = rotation.words();
    const double c2 = 2.0 / std::numbers::pi;
    const double coded_c2 = c2 * static_cast<double>(64 * words) / padded;
    QueryTable table(rotation, words);
    double sum = 0, sum_sq = 0;
    constexpr int kNodes = 150, kLinks = 32;
    for (int i = 0; i < kNodes; ++i) {
        const std::vector<float> q = vector_near(1.0), p = vector_near(1.0);
        const std::vector<float> u_p = rotate(rotation, p, centre);
        table.set(q.data(), centre);
        Node node;
        node.words = words;
        std::vector<std::vector<float>> neighbours;
        for (int j = 0; j < kLinks; ++j) {
            neighbours.push_back(p);
            const std::vector<float> step = gaussians(dims, rng, 0.1 + 0.04 * j);
            for (std::size_t k = 0; k < dims; ++k)
                neighbours.back()[k] += step[k];
            node.add(rotation, u_p, rotate(rotation, neighbours.back(), centre));
        }
        const double d_p = squared_distance(q, p);
        const std::vector<float> estimates = node.estimate(table, static_cast<float>(d_p));
        for (int j = 0; j < kLinks; ++j) {
            const double r2 = squared_distance(p, neighbours[j]);
            const double d_n = squared_distance(q, neighbours[j]);
            const double along = (d_p + r2 - d_n) / 2 / std::sqrt(r2);
            const double orthogonal = std::max(d_p - along * along, 0.0);
            const double variance =
                4 * r2 * orthogonal * (1 - coded_c2) / coded_c2 / (padded - 1) +
                4 * r2 * table.planes_of(1).step * table.planes_of(1).step / (3 * c2);
            const double error = (estimates[j] - d_n) / std::sqrt(variance);
            sum += error;
            sum_sq += error * error;
        }
    }
    const double n = kNodes * kLinks;
    return {sum / n, std::sqrt(sum_sq / n)};
}

TEST(Estimate, UnbiasedAndAsPreciseAsTheorySays) {
    for (std::size_t dims : {100u, 128u, 784u, 1536u}) {
        const ErrorStatistics e = estimate_errors(dims, 0.0, false);
        EXPECT_LT(std::fabs(e.mean), 0.08) << dims;  // 5 standard errors of 4,800 samples
        EXPECT_GT(e.deviation, 0.7) << dims;
        EXPECT_LT(e.deviation, 1.1) << dims;
    }
}

TEST(Estimate, ShortCodesAreUnbiasedAndAsPreciseAsTheorySays) {
    for (const auto& [dims, words] :
         {std::pair<std::size_t, std::size_t>{128, 1}, {784, 8}, {1536, 10}, {4000, 8}}) {
        const ErrorStatistics e = estimate_errors(dims, 0.0, false, words);
        EXPECT_LT(std::fabs(e.mean), 0.08) << dims;
        EXPECT_GT(e.deviation, 0.7) << dims;
        EXPECT_LT(e.deviation, 1.1) << dims;
    }
}

TEST(Estimate, CommonOffsetDoesNoHarmWithACentre) {
    for (std::size_t dims : {100u, 784u}) {
        const ErrorStatistics e = estimate_errors(dims, 20.0, true);
        EXPECT_LT(std::fabs(e.mean), 0.08) << dims;
        EXPECT_GT(e.deviation, 0.7) << dims;
        EXPECT_LT(e.deviation, 1.1) << dims;
    }
}

// However near the node, the planes that the table chooses keep the error of an estimate in
// proportion to the local distances.
TEST(Estimate, NearNodesGetTheirPrecisionBack) {
    for (std::size_t dims : {100u, 784u}) {
        const Rotation rotation(dims, 99);
        QueryTable table(rotation, rotation.words());
        Random rng(19);
        const double c2 = 2.0 / std::numbers::pi;
        std::size_t most = 0;
        for (double local : {1.0, 0.1, 0.01, 0.001}) {
            double sum_sq = 0;
            constexpr int kPairs = 1000;
            for (int i = 0; i < kPairs; ++i) {
                const std::vector<float> q = gaussians(dims, rng);
                std::vector<float> p = q, n = q;
                for (std::size_t k = 0; k < dims; ++k) {
                    p[k] += static_cast<float>(local * gaussian(rng));
                    n[k] += static_cast<float>(local * gaussian(rng));
                }
                table.set(q.data(), nullptr);
                Node node;
                node.add(rotation, rotate(rotation, p), rotate(rotation, n));
                const double d_p = squared_distance(q, p), d_n = squared_distance(q, n);
                const double r2 = squared_distance(p, n);
                const distance::QueryPlanes planes = table.planes(static_cast<float>(d_p));
                most = std::max(most, planes.groups);
                float estimate = 0;
                distance::estimate_links(
                    planes, static_cast<float>(d_p),
                    {node.codes.data(), node.bias.data(), node.scale.data(), 1}, &estimate);
                const double along = (d_p + r2 - d_n) / 2 / std::sqrt(r2);
                const double variance = 4 * r2 * std::max(d_p - along * along, 0.0) * (1 - c2) /
                                        c2 / static_cast<double>(rotation.padded_dims() - 1);
                sum_sq += (estimate - d_n) * (estimate - d_n) / variance;
            }
            EXPECT_LT(std::sqrt(sum_sq / kPairs), 1.5) << dims << " local " << local;
        }
        EXPECT_GE(most, 3u);
    }
}

// Along the node's own vector nothing is estimated, however long the vectors are; across it the
// error is that of the code.
TEST(Estimate, ProductsAreExactAlongTheNode) {
    for (const double longer : {1.0, 30.0}) {
        for (const auto& [dims, words] : {std::pair<std::size_t, std::size_t>{64, 1},
                                          {100, 2},
                                          {784, 13},
                                          {784, 8},
                                          {1536, 8}}) {
            Random rng(14);
            const Rotation rotation(dims, 3);
            QueryTable table(rotation, words);
            const double c2 = 2.0 / std::numbers::pi * static_cast<double>(words) /
                              static_cast<double>(rotation.words());
            double sum = 0, sum_sq = 0;
            constexpr int kPairs = 1000;
            for (int i = 0; i < kPairs; ++i) {
                std::vector<float> p = gaussians(dims, rng), n = gaussians(dims, rng);
                for (float& x : n)
                    x *= static_cast<float>(longer);
                const std::vector<float> across = gaussians(dims, rng);
                std::vector<std::uint64_t> code(words);
                const LinkFactors f =
                    encode_product_link(rotate(rotation, p).data(), rotate(rotation, n).data(),
                                        {rotation.words(), words}, code.data());
                const auto estimate = [&](const std::vector<float>& q) {
                    table.set(q.data(), nullptr);
                    const float product = distance::inner_product(q.data(), p.data(), dims);
                    const float p2 = distance::inner_product(p.data(), p.data(), dims);
                    float out = 0;
                    distance::estimate_links(table.planes_of(4), -product,
                                             {code.data(), &f.bias, &f.scale, 1}, &out,
                                             product / p2);
                    return static_cast<double>(out);
                };
                std::vector<float> q = p;
                for (float& x : q)
                    x *= 0.5f;
                const double r2 = squared_distance(p, n);
                const double q2 = distance::inner_product(q.data(), q.data(), dims);
                EXPECT_NEAR(estimate(q), -distance::inner_product(q.data(), n.data(), dims),
                            2e-3 * std::sqrt(r2 * q2));
                q = across;
                const double exact = -distance::inner_product(q.data(), n.data(), dims);
                const double size = std::sqrt(r2 * static_cast<double>(dims) * (1 - c2) / c2 /
                                              static_cast<double>(rotation.padded_dims() - 1));
                sum += (estimate(q) - exact) / size;
                sum_sq += (estimate(q) - exact) * (estimate(q) - exact) / size / size;
            }
            EXPECT_LT(std::fabs(sum / kPairs), 0.15) << dims;
            EXPECT_LT(std::sqrt(sum_sq / kPairs), 1.1) << dims;
            EXPECT_GT(std::sqrt(sum_sq / kPairs), 0.7) << dims;
        }
    }
}

TEST(Estimate, ZeroResidualGivesTheNodeDistance) {
    Random rng(15);
    const Rotation rotation(100, 3);
    QueryTable table(rotation, rotation.words());
    const std::vector<float> u = rotate(rotation, gaussians(100, rng));
    table.set(gaussians(100, rng).data(), nullptr);
    Node node;
    node.add(rotation, u, u);
    EXPECT_EQ(node.bias[0], 0.0f);
    EXPECT_EQ(node.scale[0], 0);
    EXPECT_EQ(node.length[0], 0.0f);
    EXPECT_EQ(node.estimate(table, 17.5f)[0], 17.5f);
}

TEST(Estimate, ZeroQueryGivesTheExactDistance) {
    Random rng(16);
    const Rotation rotation(128, 3);
    QueryTable table(rotation, rotation.words());
    const std::vector<float> zero(128, 0.0f), p(128, 0.0f), n = gaussians(128, rng);
    table.set(zero.data(), nullptr);
    Node node;
    node.add(rotation, rotate(rotation, p), rotate(rotation, n));
    const double expected = squared_distance(zero, n);
    EXPECT_NEAR(node.estimate(table, 0.0f)[0], expected, 1e-5 * expected);
}

TEST(EstimateBetween, TracksTrueDistances) {
    Random rng(17);
    for (std::size_t dims : {100u, 784u}) {
        const Rotation rotation(dims, 21);
        const std::vector<float> p = gaussians(dims, rng), u_p = rotate(rotation, p);
        const std::vector<float> common = gaussians(dims, rng);
        Node node;
        std::vector<std::vector<float>> neighbours;
        for (int j = 0; j < 60; ++j) {  // from independent directions to nearly one direction
            neighbours.push_back(gaussians(dims, rng, 0.2 + 0.01 * j));
            for (std::size_t k = 0; k < dims; ++k)
                neighbours.back()[k] += p[k] + 0.01f * static_cast<float>(j) * common[k];
            node.add(rotation, u_p, rotate(rotation, neighbours.back()));
        }
        double sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0, n = 0;
        for (std::size_t a = 0; a < neighbours.size(); ++a) {
            for (std::size_t b = 0; b < a; ++b) {
                const std::size_t words = rotation.words();
                const double x = squared_distance(neighbours[a], neighbours[b]);
                const double y =
                    estimate_between(node.codes.data() + a * words, node.length[a],
                                     node.codes.data() + b * words, node.length[b], words);
                sx += x, sy += y, sxx += x * x, syy += y * y, sxy += x * y, n += 1;
            }
        }
        const double correlation =
            (n * sxy - sx * sy) / std::sqrt((n * sxx - sx * sx) * (n * syy - sy * sy));
        EXPECT_GT(correlation, dims == 100 ? 0.95 : 0.99);
        EXPECT_NEAR(sy / sx, 1.0, 0.03);  // right on average, not only in rank
    }
}

TEST(EstimateBetween, EqualCodesAndLengthsAreAtDistanceZero) {
    const std::uint64_t code[2] = {0x0123456789ABCDEFull, 42};
    EXPECT_EQ(estimate_between(code, 2.0f, code, 2.0f, 2), 0.0f);
}

}  // namespace
}  // namespace vg::code
