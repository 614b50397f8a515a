// Every kernel of src/core/distance against a plain reference in double, on every instruction set
// that is compiled in and that this CPU runs (one test instance each, named after it). Inputs lie
// against pages without access rights, so a single byte read outside an array crashes the test.
#include "core/distance/distance.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "core/distance/targets.h"

#include <hwy/targets.h>

#include "core/base/random.h"
#include "core/distance/byte_dot.h"
#include "core/distance/dot_rows.h"
#include "core/distance/half.h"
#include "core/distance/link_kernels.h"
#include "core/distance/transform.h"

namespace vg::distance {
namespace {

constexpr std::size_t kSizes[] = {0,  1,  2,  3,  7,  8,   9,   15,  16,   17,   31,
                                  32, 33, 63, 64, 65, 100, 128, 784, 1000, 1536, 2000};
constexpr double kUlp = 0x1.0p-24;  // largest relative error of one rounding to float

// Where an array lies relative to the inaccessible pages around it.
enum class Place { kAgainstEnd, kAgainstStart, kOneItemIn };
constexpr Place kPlaces[] = {Place::kAgainstEnd, Place::kAgainstStart, Place::kOneItemIn};

// A copy of an array between two pages without access rights.
template <class T>
class Guarded {
  public:
    Guarded(const std::vector<T>& v, Place place) {
        const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
        const std::size_t bytes = v.size() * sizeof(T);
        const std::size_t usable = (bytes + sizeof(T) + page - 1) / page * page;
        size_ = usable + 2 * page;
        base_ =
            static_cast<char*>(mmap(nullptr, size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        EXPECT_NE(base_, MAP_FAILED);
        EXPECT_EQ(mprotect(base_ + page, usable, PROT_READ | PROT_WRITE), 0);
        char* at = base_ + page;
        if (place == Place::kAgainstEnd)
            at += usable - bytes;
        else if (place == Place::kOneItemIn)
            at += sizeof(T);
        data_ = reinterpret_cast<T*>(at);
        if (bytes > 0)
            std::memcpy(data_, v.data(), bytes);
    }
    Guarded(const Guarded&) = delete;
    Guarded& operator=(const Guarded&) = delete;
    ~Guarded() { munmap(base_, size_); }

    T* data() const { return data_; }

  private:
    char* base_;
    std::size_t size_;
    T* data_;
};

std::vector<float> random_floats(std::size_t n, Random& rng) {
    std::vector<float> v(n);
    for (float& x : v)
        x = static_cast<float>(4.0 * rng.uniform() - 2.0);
    return v;
}

std::vector<std::uint64_t> random_words(std::size_t n, Random& rng) {
    std::vector<std::uint64_t> v(n);
    for (std::uint64_t& x : v)
        x = rng.next();
    return v;
}

class EveryTarget : public testing::TestWithParam<std::int64_t> {
  protected:
    void SetUp() override {
        hwy::SetSupportedTargetsForTest(GetParam());
        ASSERT_STREQ(target_name(), hwy::TargetName(GetParam()));
    }
    void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};

INSTANTIATE_TEST_SUITE_P(Kernels, EveryTarget,
                         testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const testing::TestParamInfo<std::int64_t>& info) {
                             return std::string(hwy::TargetName(info.param));
                         });

// A float sum of n terms, each with at most three roundings of its own, is off by at most
// (n + 3) ulp of the sum of magnitudes, whatever the order (Higham, Accuracy and Stability, 4.2).
struct Sum {
    double value = 0;
    double magnitude = 0;
    double input_error = 0;  // how far errors in the operands move the value
    void add(double term) {
        value += term;
        magnitude += std::fabs(term);
    }
    double tolerance(std::size_t n) const {
        return (static_cast<double>(n) + 3) * kUlp * magnitude + 1.01 * input_error;
    }
};

TEST_P(EveryTarget, FloatKernelsMatchDoubleReference) {
    Random rng(1);
    for (std::size_t n : kSizes) {
        const std::vector<float> va = random_floats(n, rng), vb = random_floats(n, rng);
        Sum l2, ip, abs, aa, bb;
        for (std::size_t i = 0; i < n; ++i) {
            const double a = va[i], b = vb[i];
            l2.add((a - b) * (a - b));
            ip.add(a * b);
            abs.add(std::fabs(a - b));
            aa.add(a * a);
            bb.add(b * b);
        }
        for (Place place : kPlaces) {
            SCOPED_TRACE(testing::Message() << "n " << n << " place " << static_cast<int>(place));
            const Guarded<float> a(va, place), b(vb, place);
            EXPECT_NEAR(l2_squared(a.data(), b.data(), n), l2.value, l2.tolerance(n));
            EXPECT_NEAR(inner_product(a.data(), b.data(), n), ip.value, ip.tolerance(n));
            EXPECT_NEAR(l1(a.data(), b.data(), n), abs.value, abs.tolerance(n));
            const CosineSums c = cosine_sums(a.data(), b.data(), n);
            EXPECT_NEAR(c.ab, ip.value, ip.tolerance(n));
            EXPECT_NEAR(c.aa, aa.value, aa.tolerance(n));
            EXPECT_NEAR(c.bb, bb.value, bb.tolerance(n));
        }
    }
}

// The sum as dot_rows defines it, in the plainest words.
float dot_in_order(const float* a, const float* b, std::size_t dims) {
    float sums[kDotBlock] = {};
    for (std::size_t i = 0; i < dims; ++i) {
        volatile float product = a[i] * b[i];  // rounded before it is added
        sums[i % kDotBlock] += product;
    }
    for (std::size_t half = kDotBlock / 2; half > 0; half /= 2) {
        for (std::size_t i = 0; i < half; ++i)
            sums[i] += sums[i + half];
    }
    return sums[0];
}

TEST_P(EveryTarget, DotRowsHaveTheSameBitsEverywhere) {
    Random rng(2);
    for (std::size_t dims :
         {std::size_t{16}, std::size_t{48}, std::size_t{112}, std::size_t{768}}) {
        for (std::size_t count : {0, 1, 7, 8, 9, 16, 21}) {
            const std::vector<float> va = random_floats(dims, rng);
            const std::vector<float> vrows = random_floats(count * dims, rng);
            for (Place place : kPlaces) {
                SCOPED_TRACE(testing::Message() << "dims " << dims << " count " << count);
                const Guarded<float> a(va, place), rows(vrows, place);
                std::vector<float> out(count);
                dot_rows(a.data(), rows.data(), count, dims, out.data());
                for (std::size_t r = 0; r < count; ++r)
                    EXPECT_EQ(out[r], dot_in_order(va.data(), vrows.data() + r * dims, dims));
            }
        }
    }
}

TEST_P(EveryTarget, ByteDistancesAreExact) {
    Random rng(12);
    for (std::size_t n : kSizes) {
        std::vector<std::uint8_t> va(n), vb(n);
        std::uint32_t expected = 0;
        for (std::size_t i = 0; i < n; ++i) {
            // The largest difference there is, both ways, among random ones.
            va[i] = i % 7 == 3 ? 255 : static_cast<std::uint8_t>(rng.below(256));
            vb[i] = i % 7 == 3 ? 0 : static_cast<std::uint8_t>(rng.below(256));
            if (i % 14 == 10)
                std::swap(va[i], vb[i]);
            const int gap = int{va[i]} - int{vb[i]};
            expected += static_cast<std::uint32_t>(gap * gap);
        }
        for (Place place : kPlaces) {
            SCOPED_TRACE(testing::Message() << "n " << n << " place " << static_cast<int>(place));
            const Guarded<std::uint8_t> a(va, place), b(vb, place);
            EXPECT_EQ(l2_squared(a.data(), b.data(), n), expected);
            EXPECT_EQ(code_kernel()(a.data(), b.data(), n), expected);
        }
    }
}

TEST_P(EveryTarget, ByteDotsAreExact) {
    Random rng(13);
    for (std::size_t n : kSizes) {
        if (n == 0 || n > kMaxByteDot)
            continue;
        const auto most = static_cast<std::uint64_t>(largest_byte_weight(n));
        std::vector<std::int16_t> vw((n + kByteDotBlock - 1) / kByteDotBlock * kByteDotBlock);
        for (std::size_t i = 0; i < n; ++i)
            vw[i] = static_cast<std::int16_t>(static_cast<std::int64_t>(rng.below(2 * most + 1)) -
                                              static_cast<std::int64_t>(most));
        constexpr std::size_t kCount = 5;
        std::vector<std::uint8_t> vrows(kCount * n);
        for (std::uint8_t& x : vrows)
            x = static_cast<std::uint8_t>(rng.below(256));
        for (Place place : kPlaces) {
            SCOPED_TRACE(testing::Message() << "n " << n << " place " << static_cast<int>(place));
            const Guarded<std::int16_t> w(vw, place);
            const Guarded<std::uint8_t> rows(vrows, place);
            std::int32_t out[kCount];
            byte_dots(w.data(), rows.data(), kCount, n, out);
            for (std::size_t r = 0; r < kCount; ++r) {
                std::int64_t expected = 0;
                for (std::size_t i = 0; i < n; ++i)
                    expected += std::int64_t{vw[i]} * vrows[r * n + i];
                EXPECT_EQ(out[r], expected);
            }
        }
    }
}

// Every finite half, there and back; and floats between two halves go to the nearer one.
TEST_P(EveryTarget, HalvesConvertExactlyAndRoundToNearest) {
    std::vector<std::uint16_t> halves;
    for (std::uint32_t bits = 0; bits < 0x7C00; ++bits)
        halves.insert(halves.end(), {static_cast<std::uint16_t>(bits),
                                     static_cast<std::uint16_t>(bits | 0x8000)});
    std::vector<float> floats(halves.size());
    from_half(halves.data(), halves.size(), floats.data());
    for (std::size_t i = 0; i < halves.size(); ++i) {
        const int exponent = (halves[i] >> 10) & 31, fraction = halves[i] & 1023;
        const double size =
            exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
        ASSERT_EQ(floats[i], (halves[i] & 0x8000) != 0 ? -size : size) << halves[i];
    }
    std::vector<std::uint16_t> back(halves.size());
    to_half(floats.data(), floats.size(), back.data());
    EXPECT_EQ(back, halves);

    for (const float share : {0.49f, 0.51f}) {
        std::vector<float> between;
        std::vector<std::uint16_t> nearest;
        for (std::uint16_t bits = 0; bits + 1 < 0x7C00; ++bits) {
            const float low = floats[2 * bits], high = floats[2 * (bits + 1)];
            between.push_back(low + share * (high - low));
            nearest.push_back(share < 0.5f ? bits : bits + 1);
        }
        std::vector<std::uint16_t> rounded(between.size());
        to_half(between.data(), between.size(), rounded.data());
        EXPECT_EQ(rounded, nearest) << share;
    }
}

TEST_P(EveryTarget, HalfInnerProductMatchesDoubleReference) {
    Random rng(14);
    for (std::size_t n : kSizes) {
        const std::vector<float> va = random_floats(n, rng), source = random_floats(n, rng);
        std::vector<std::uint16_t> vb(n);
        std::vector<float> wide(n);
        to_half(source.data(), n, vb.data());
        from_half(vb.data(), n, wide.data());
        Sum ip;
        for (std::size_t i = 0; i < n; ++i)
            ip.add(double{va[i]} * wide[i]);
        for (Place place : kPlaces) {
            SCOPED_TRACE(testing::Message() << "n " << n << " place " << static_cast<int>(place));
            const Guarded<float> a(va, place);
            const Guarded<std::uint16_t> b(vb, place);
            EXPECT_NEAR(inner_product(a.data(), b.data(), n), ip.value, ip.tolerance(n));
        }
    }
}

TEST_P(EveryTarget, Sq8KernelsMatchDoubleReference) {
    Random rng(2);
    const float low = -1.75f, step = 0.0131f;
    for (std::size_t n : kSizes) {
        const std::vector<float> va = random_floats(n, rng);
        std::vector<std::uint8_t> vc(n);
        for (std::uint8_t& c : vc)
            c = static_cast<std::uint8_t>(rng.below(256));
        Sum l2, ip, abs;
        for (std::size_t i = 0; i < n; ++i) {
            const double a = va[i], product = vc[i] * static_cast<double>(step);
            const double b = product + low;
            const double error = 2 * kUlp * (product + std::fabs(low));  // of dequantising
            l2.add((a - b) * (a - b));
            l2.input_error += 2 * std::fabs(a - b) * error;
            ip.add(a * b);
            ip.input_error += std::fabs(a) * error;
            abs.add(std::fabs(a - b));
            abs.input_error += error;
        }
        for (Place place : kPlaces) {
            SCOPED_TRACE(testing::Message() << "n " << n << " place " << static_cast<int>(place));
            const Guarded<float> a(va, place);
            const Guarded<std::uint8_t> c(vc, place);
            const Sq8 b{c.data(), low, step};
            EXPECT_NEAR(l2_squared(a.data(), b, n), l2.value, l2.tolerance(n));
            EXPECT_NEAR(inner_product(a.data(), b, n), ip.value, ip.tolerance(n));
            EXPECT_NEAR(l1(a.data(), b, n), abs.value, abs.tolerance(n));
        }
    }
}

TEST_P(EveryTarget, NotANumberReachesTheResult) {
    std::vector<float> a(100, 1.0f), b(100, 2.0f);
    for (std::size_t i : {0u, 63u, 64u, 95u, 99u}) {
        a[i] = std::numeric_limits<float>::quiet_NaN();
        EXPECT_TRUE(std::isnan(l2_squared(a.data(), b.data(), a.size())));
        EXPECT_TRUE(std::isnan(inner_product(a.data(), b.data(), a.size())));
        EXPECT_TRUE(std::isnan(l1(a.data(), b.data(), a.size())));
        a[i] = 1.0f;
    }
}

unsigned popcount(std::uint64_t x) {
    unsigned n = 0;
    for (; x != 0; x &= x - 1)
        ++n;
    return n;
}

void check_estimates(std::size_t words, std::size_t count, std::size_t groups, Random& rng) {
    SCOPED_TRACE(testing::Message()
                 << "words " << words << " count " << count << " groups " << groups);
    const float step = 0.037f, node = 3.25f;
    const std::vector<std::uint64_t> vp = random_words(groups * kQueryPlanes * words, rng);
    const std::vector<std::uint64_t> vc = random_words(count * words, rng);
    const std::vector<float> vb = random_floats(count, rng);
    std::vector<std::uint16_t> vs(count);
    for (std::uint16_t& s : vs)
        s = bf16_from_float(static_cast<float>(rng.uniform()));

    const Guarded<std::uint64_t> planes(vp, Place::kAgainstEnd), codes(vc, Place::kAgainstEnd);
    const Guarded<float> bias(vb, Place::kAgainstEnd);
    const Guarded<float> out(std::vector<float>(count, -77.0f), Place::kAgainstEnd);
    const Guarded<std::uint16_t> scale(vs, Place::kAgainstEnd);
    estimate_links({planes.data(), words, step, groups}, node,
                   {codes.data(), bias.data(), scale.data(), count}, out.data());
    for (std::size_t j = 0; j < count; ++j) {
        double s = 0;
        for (std::size_t p = 0; p < groups * kQueryPlanes; ++p) {
            const std::size_t weight =
                kQueryPlanes * (groups - 1 - p / kQueryPlanes) + p % kQueryPlanes;
            for (std::size_t w = 0; w < words; ++w)
                s += (64.0 - 2.0 * popcount(vc[j * words + w] ^ vp[p * words + w])) *
                     static_cast<double>(1u << weight);
        }
        const double product = static_cast<double>(bf16_to_float(vs[j])) * step * s;
        const double expected = node + static_cast<double>(vb[j]) - product;
        // The popcounts are exact; at most three roundings hit the product, two the sum.
        const double tolerance = 4 * kUlp * (node + std::fabs(vb[j]) + std::fabs(product));
        ASSERT_NEAR(out.data()[j], expected, tolerance) << "neighbour " << j;
    }
}

TEST_P(EveryTarget, EstimateLinksMatchesFormula) {
    Random rng(3);
    for (std::size_t words = 1; words <= 33; ++words)
        for (std::size_t count :
             {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 20, 31, 32, 33, 42, 63, 64, 65, 66, 72, 130})
            check_estimates(words, count, 1, rng);
    for (std::size_t groups = 2; groups <= kQueryGroups; ++groups)
        for (std::size_t words : {1, 2, 3, 4, 5, 8, 13, 32, 33})
            for (std::size_t count : {0, 1, 3, 8, 32, 42, 65})
                check_estimates(words, count, groups, rng);
}

TEST_P(EveryTarget, HammingCountsDifferingBits) {
    Random rng(4);
    for (std::size_t words = 0; words <= 40; ++words) {
        const std::vector<std::uint64_t> va = random_words(words, rng),
                                         vb = random_words(words, rng);
        std::uint32_t expected = 0;
        for (std::size_t w = 0; w < words; ++w)
            expected += popcount(va[w] ^ vb[w]);
        for (Place place : kPlaces) {
            const Guarded<std::uint64_t> a(va, place), b(vb, place);
            EXPECT_EQ(hamming(a.data(), b.data(), words), expected) << "words " << words;
        }
    }
}

TEST_P(EveryTarget, HammingRowsAreHammingOfEachRow) {
    Random rng(6);
    for (std::size_t words : {1, 2, 3, 4, 5, 8, 9, 13, 32}) {
        for (std::size_t count : {0, 1, 3, 8, 33, 42, 64, 65, 130}) {
            const std::vector<std::uint64_t> code = random_words(words, rng);
            const std::vector<std::uint64_t> rows = random_words(words * count, rng);
            for (Place place : kPlaces) {
                const Guarded<std::uint64_t> a(code, place), b(rows, place);
                std::vector<std::uint16_t> out(count + 1, 0xABCD);
                hamming_rows(a.data(), b.data(), count, words, out.data());
                for (std::size_t i = 0; i < count; ++i)
                    ASSERT_EQ(out[i], hamming(a.data(), b.data() + i * words, words))
                        << words << " words, row " << i << " of " << count;
                EXPECT_EQ(out[count], 0xABCD);
            }
        }
    }
}

TEST_P(EveryTarget, EncodeResidualMatchesReference) {
    Random rng(5);
    for (std::size_t words : {1, 2, 3, 12, 13, 24, 32}) {
        const std::size_t n = words * 64;
        std::vector<float> from = random_floats(n, rng), to = random_floats(n, rng);
        to[5] = from[5];  // a zero residual counts as positive
        Sum squared, absolute, dot;
        std::vector<std::uint64_t> expected(words);
        for (std::size_t i = 0; i < n; ++i) {
            const float r = to[i] - from[i];
            if (r >= 0)
                expected[i / 64] |= std::uint64_t{1} << (i % 64);
            squared.add(static_cast<double>(r) * r);
            absolute.add(std::fabs(r));
            dot.add(r >= 0 ? from[i] : -from[i]);
        }
        const Guarded<float> p(from, Place::kAgainstEnd), q(to, Place::kAgainstEnd);
        const Guarded<std::uint64_t> code(std::vector<std::uint64_t>(words), Place::kAgainstEnd);
        const ResidualSums s = encode_residual(p.data(), q.data(), words, code.data());
        EXPECT_EQ(std::vector<std::uint64_t>(code.data(), code.data() + words), expected);
        EXPECT_NEAR(s.squared, squared.value, squared.tolerance(n));
        EXPECT_NEAR(s.absolute, absolute.value, absolute.tolerance(n));
        EXPECT_NEAR(s.dot, dot.value, dot.tolerance(n));
    }
}

TEST_P(EveryTarget, QueryPlanesRestoreEveryCoordinateToOneStep) {
    Random rng(6);
    for (std::size_t words : {1, 2, 3, 13, 24, 32}) {
        std::vector<float> v = random_floats(words * 64, rng);
        v[words * 64 - 1] = -2.5f;  // the largest magnitude, at the very end
        const Guarded<float> in(v, Place::kAgainstEnd);
        const Guarded<std::uint64_t> planes(
            std::vector<std::uint64_t>(kQueryGroups * kQueryPlanes * words), Place::kAgainstEnd);
        const float step = quantise_query(in.data(), words, planes.data());
        EXPECT_FLOAT_EQ(step, 2.5f / 16);
        for (std::size_t i = 0; i < v.size(); ++i) {
            double value = 0;  // in steps of the groups so far
            double fine = step;
            for (std::size_t g = 0; g < kQueryGroups; ++g, fine /= 16) {
                value *= 16;
                for (std::size_t b = 0; b < kQueryPlanes; ++b) {
                    const std::size_t plane = g * kQueryPlanes + b;
                    const bool bit = (planes.data()[plane * words + i / 64] >> (i % 64)) & 1;
                    value += (bit ? 1.0 : -1.0) * (1u << b);
                }
                // Levels are two steps apart; cells are found in float.
                ASSERT_NEAR(value * fine, v[i], fine + 2.5 * 2 * kUlp)
                    << "coordinate " << i << " group " << g;
            }
        }
    }
}

TEST_P(EveryTarget, ZeroQueryHasStepZero) {
    std::vector<std::uint64_t> planes(2 * kQueryGroups * kQueryPlanes);
    for (const float tiny : {0.0f, 1e-45f, 1e-38f, 9e-34f}) {
        const std::vector<float> v(128, tiny);
        EXPECT_EQ(quantise_query(v.data(), 2, planes.data()), 0.0f) << tiny;
    }
}

TEST_P(EveryTarget, HadamardIsBitwiseTheTextbookLoop) {
    Random rng(7);
    for (std::size_t n = 64; n <= 2048; n *= 2) {
        std::vector<float> expected = random_floats(n, rng);
        const Guarded<float> x(expected, Place::kAgainstEnd);
        for (std::size_t half = 1; half < n; half *= 2)
            for (std::size_t i = 0; i < n; ++i)
                if ((i & half) == 0) {
                    const float a = expected[i], b = expected[i + half];
                    expected[i] = a + b;
                    expected[i + half] = a - b;
                }
        for (float& e : expected)
            e *= 1.0f / std::sqrt(static_cast<float>(n));
        hadamard(x.data(), n);
        EXPECT_EQ(std::memcmp(x.data(), expected.data(), n * sizeof(float)), 0) << "n " << n;
    }
}

TEST_P(EveryTarget, MixHalvesAndMultiplyAreBitwiseThePlainLoops) {
    Random rng(8);
    for (std::size_t half : {32, 96, 416, 768}) {
        std::vector<float> expected = random_floats(2 * half, rng);
        const std::vector<float> factor = random_floats(2 * half, rng);
        const Guarded<float> x(expected, Place::kAgainstEnd), f(factor, Place::kAgainstEnd);
        for (std::size_t i = 0; i < 2 * half; ++i)
            expected[i] *= factor[i];
        multiply(x.data(), f.data(), 2 * half);
        ASSERT_EQ(std::memcmp(x.data(), expected.data(), 2 * half * sizeof(float)), 0);
        for (std::size_t i = 0; i < half; ++i) {
            const float a = expected[i], b = expected[i + half];
            expected[i] = 0.70710678f * (a + b);
            expected[i + half] = 0.70710678f * (a - b);
        }
        mix_halves(x.data(), half);
        ASSERT_EQ(std::memcmp(x.data(), expected.data(), 2 * half * sizeof(float)), 0);
    }
}

TEST(Bf16, BoundAsAnIntegerIsThatOfTheFloat) {
    const float inf = std::numeric_limits<float>::infinity();
    for (const float bound :
         {0.0f, -0.0f, -3.0f, std::nanf(""), 1e-45f, 1e-30f, 0.2f, 1.0f, 1.0f + 0x1.0p-8f,
          std::nextafter(1.0f, 2.0f), std::nextafter(1.0f, 0.0f), 3e38f, inf}) {
        const std::uint16_t as_integer = bf16_bound(bound);
        for (std::uint32_t h = 0; h <= 0x7F80; ++h) {
            const auto length = static_cast<std::uint16_t>(h);
            ASSERT_EQ(length < as_integer, bf16_to_float(length) < bound) << bound << " " << h;
        }
        EXPECT_FALSE(0x7FC0 < as_integer) << "NaN is less than nothing";
    }
}

TEST(Bfloat16, RoundsToNearestEvenAndSaturates) {
    EXPECT_EQ(bf16_from_float(0.0f), 0);
    EXPECT_EQ(bf16_to_float(bf16_from_float(1.0f)), 1.0f);
    EXPECT_EQ(bf16_to_float(bf16_from_float(-2.5f)), -2.5f);
    EXPECT_EQ(bf16_to_float(bf16_from_float(1.0f + 0x1.0p-8f)), 1.0f);              // tie to even
    EXPECT_EQ(bf16_to_float(bf16_from_float(1.0f + 0x3.0p-8f)), 1.0f + 0x1.0p-6f);  // tie to even
    EXPECT_EQ(bf16_to_float(bf16_from_float(1.0f + 0x1.1p-8f)), 1.0f + 0x1.0p-7f);
    const float largest = bf16_to_float(0x7F7F);
    EXPECT_EQ(bf16_to_float(bf16_from_float(std::numeric_limits<float>::max())), largest);
    EXPECT_EQ(bf16_to_float(bf16_from_float(std::numeric_limits<float>::lowest())), -largest);
}

TEST(Dispatch, UsesTheBestTargetOfThisCpu) {
    EXPECT_STREQ(target_name(), hwy::TargetName(hwy::SupportedAndGeneratedTargets().front()));
}

}  // namespace
}  // namespace vg::distance
