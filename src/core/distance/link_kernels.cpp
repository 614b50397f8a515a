// Kernels over 1-bit link codes (estimates, Hamming) and over rotated vectors on their way to codes
// (residual encoding, query bit planes), compiled once per instruction set. Stateless. As in
// distance.cpp, no byte outside the given arrays is read.
//
// estimate_links goes in two steps per chunk of neighbours: integer sums of weighted popcounts,
// then the affine step in float. The integer step has two shapes. Where a row of `words` words
// divides a vector (1, 2 or 4 words), one vector holds several neighbours and the planes are
// repeated to match. Otherwise a row is walked in vectors. Both end with a pairwise-add tree that
// turns as many vectors as a neighbour has lanes into one vector with one neighbour per lane, in
// order.
#include "core/distance/link_kernels.h"

#include <algorithm>
#include <cstring>

#include "core/distance/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/distance/link_kernels.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "hwy/highway.h"

#include "core/no_postgres.h"

HWY_BEFORE_NAMESPACE();
namespace vg::distance {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The pairwise-add tree needs a lane count known at compile time.
#if HWY_HAVE_SCALABLE
using DW = hn::FixedTag<std::uint64_t, 2>;
#else
using DW = hn::ScalableTag<std::uint64_t>;
#endif
using VW = hn::Vec<DW>;
using DF = hn::ScalableTag<float>;
using VF = hn::Vec<DF>;
constexpr std::size_t kLanes = hn::MaxLanes(DW());

constexpr std::size_t kChunk = 64;         // neighbours whose integer sums are kept on the stack
constexpr std::size_t kMaxHammingRow = 8;  // words; longer rows fill vectors by themselves

// One row word by word: for chunks smaller than a vector and for the target without vectors.
HWY_INLINE std::uint32_t scalar_row(const std::uint64_t* planes, std::size_t words,
                                    const std::uint64_t* code) {
    std::uint32_t sum = 0;
    for (std::size_t b = 0; b < kQueryPlanes; ++b) {
        std::uint32_t differing = 0;
        for (std::size_t w = 0; w < words; ++w)
            differing +=
                static_cast<std::uint32_t>(__builtin_popcountll(code[w] ^ planes[b * words + w]));
        sum += differing << b;
    }
    return sum;
}

#if HWY_TARGET != HWY_SCALAR

// sum_b 2^b popcount(x_b) in each 64-bit lane
template <class V>
HWY_INLINE V weighted_popcount(V x0, V x1, V x2, V x3) {
#if HWY_TARGET == HWY_AVX3_DL
    const V c0 = hn::PopulationCount(x0);
    const V c1 = hn::PopulationCount(x1);
    const V c2 = hn::PopulationCount(x2);
    const V c3 = hn::PopulationCount(x3);
    const V low = hn::Add(hn::Add(c1, c1), c0);
    const V high = hn::Add(hn::Add(c3, c3), c2);
    return hn::Add(hn::ShiftLeft<2>(high), low);
#else
    // Without a popcount instruction: nibble tables that already carry the weight 2^b. One byte
    // collects at most 8 * 15 = 120.
    const hn::Repartition<std::uint8_t, hn::DFromV<V> > d8;
    using V8 = hn::Vec<decltype(d8)>;
    alignas(16) static constexpr std::uint8_t kCount[16] = {0, 1, 1, 2, 1, 2, 2, 3,
                                                            1, 2, 2, 3, 2, 3, 3, 4};
    const V8 t0 = hn::LoadDup128(d8, kCount);
    const V8 t1 = hn::Add(t0, t0);
    const V8 t2 = hn::Add(t1, t1);
    const V8 t3 = hn::Add(t2, t2);
    const V8 nibble = hn::Set(d8, 0x0F);
    const auto count = [&](V8 table, V x) VG_ATTR {
        const V8 bytes = hn::BitCast(d8, x);
        return hn::Add(hn::TableLookupBytes(table, hn::And(bytes, nibble)),
                       hn::TableLookupBytes(table, hn::ShiftRight<4>(bytes)));
    };
    return hn::SumsOf8(
        hn::Add(hn::Add(count(t0, x0), count(t1, x1)), hn::Add(count(t2, x2), count(t3, x3))));
#endif
}

// Sums of adjacent lanes: those of `a` in the lower half, those of `b` in the upper.
HWY_INLINE VW pair_sums(VW a, VW b) {
    const DW d;
    return hn::Add(hn::ConcatEven(d, b, a), hn::ConcatOdd(d, b, a));
}

HWY_INLINE void store_sums(VW sums, std::uint32_t* out) {
    const hn::Rebind<std::uint32_t, DW> d32;
    hn::StoreU(hn::TruncateTo(d32, sums), d32, out);
}

// The first `count` < kLanes words at p, zeros above.
HWY_INLINE VW load_rest(const std::uint64_t* p, std::size_t count) {
    const DW d;
    if constexpr (kLanes == 2) {
        (void)count;
        return hn::ZeroExtendVector(d, hn::LoadU(hn::Half<DW>(), p));
    } else {
        return hn::MaskedLoad(hn::FirstN(d, count), d, p);  // native: reads no masked lane
    }
}

// One plane repeated over a vector. Words divides kLanes.
template <std::size_t Words>
HWY_INLINE VW repeat_plane(const std::uint64_t* plane) {
    const DW d;
    if constexpr (Words == 1) {
        return hn::Set(d, plane[0]);
    } else if constexpr (Words == 2) {
        return hn::LoadDup128(d, plane);
    } else {
        const auto half = hn::LoadU(hn::Half<DW>(), plane);
        return hn::Combine(d, half, half);
    }
}

// Integer sums of kLanes rows of Words < kLanes words each, starting at `codes`.
template <std::size_t Words>
HWY_INLINE void short_rows(VW p0, VW p1, VW p2, VW p3, const std::uint64_t* codes,
                           std::uint32_t* out) {
    const DW d;
    const auto sums_at = [&](std::size_t k) VG_ATTR {
        const VW code = hn::LoadU(d, codes + k * kLanes);
        return weighted_popcount(hn::Xor(code, p0), hn::Xor(code, p1), hn::Xor(code, p2),
                                 hn::Xor(code, p3));
    };
    if constexpr (Words == 1) {
        store_sums(sums_at(0), out);
    } else if constexpr (Words == 2) {
        store_sums(pair_sums(sums_at(0), sums_at(1)), out);
    } else {
        static_assert(Words == 4);
        store_sums(pair_sums(pair_sums(sums_at(0), sums_at(1)), pair_sums(sums_at(2), sums_at(3))),
                   out);
    }
}

template <std::size_t Words>
HWY_INLINE void sum_short_rows(const std::uint64_t* planes, const std::uint64_t* codes,
                               std::size_t count, std::uint32_t* out) {
    if (count < kLanes) {
        for (std::size_t j = 0; j < count; ++j)
            out[j] = scalar_row(planes, Words, codes + j * Words);
        return;
    }
    const VW p0 = repeat_plane<Words>(planes);
    const VW p1 = repeat_plane<Words>(planes + Words);
    const VW p2 = repeat_plane<Words>(planes + 2 * Words);
    const VW p3 = repeat_plane<Words>(planes + 3 * Words);
    std::size_t j = 0;
    for (; j + kLanes <= count; j += kLanes)
        short_rows<Words>(p0, p1, p2, p3, codes + j * Words, out + j);
    if (j < count) {  // once more over the last kLanes rows: the overlap gets the same sums again
        j = count - kLanes;
        short_rows<Words>(p0, p1, p2, p3, codes + j * Words, out + j);
    }
}

// Per-lane sums of Rows rows of any length; a plane is loaded once for all of them.
template <std::size_t Rows>
HWY_INLINE void row_lanes(const std::uint64_t* plane, std::size_t words, const std::uint64_t* row,
                          VW* sums) {
    const DW d;
    for (std::size_t r = 0; r < Rows; ++r)
        sums[r] = hn::Zero(d);
    std::size_t w = 0;
    const auto add = [&](VW p0, VW p1, VW p2, VW p3, VW code, VW& sum) VG_ATTR {
        sum = hn::Add(sum, weighted_popcount(hn::Xor(code, p0), hn::Xor(code, p1),
                                             hn::Xor(code, p2), hn::Xor(code, p3)));
    };
    for (; w + kLanes <= words; w += kLanes) {
        const VW p0 = hn::LoadU(d, plane + w), p1 = hn::LoadU(d, plane + words + w);
        const VW p2 = hn::LoadU(d, plane + 2 * words + w), p3 = hn::LoadU(d, plane + 3 * words + w);
        for (std::size_t r = 0; r < Rows; ++r)
            add(p0, p1, p2, p3, hn::LoadU(d, row + r * words + w), sums[r]);
    }
    const std::size_t rest = words - w;
    if (rest == 0)
        return;
    const VW p0 = load_rest(plane + w, rest), p1 = load_rest(plane + words + w, rest);
    const VW p2 = load_rest(plane + 2 * words + w, rest);
    const VW p3 = load_rest(plane + 3 * words + w, rest);
    for (std::size_t r = 0; r < Rows; ++r)
        add(p0, p1, p2, p3, load_rest(row + r * words + w, rest), sums[r]);
}

void sum_long_rows(const std::uint64_t* planes, std::size_t words, const std::uint64_t* codes,
                   std::size_t count, std::uint32_t* out) {
    std::size_t j = 0;
    for (; j + kLanes <= count; j += kLanes) {
        const std::uint64_t* row = codes + j * words;
        if constexpr (kLanes == 2) {
            VW s[2];
            row_lanes<2>(planes, words, row, s);
            store_sums(pair_sums(s[0], s[1]), out + j);
        } else if constexpr (kLanes == 4) {
            VW s[4];
            row_lanes<4>(planes, words, row, s);
            store_sums(pair_sums(pair_sums(s[0], s[1]), pair_sums(s[2], s[3])), out + j);
        } else {
            VW s[4], t[4];
            row_lanes<4>(planes, words, row, s);
            row_lanes<4>(planes, words, row + 4 * words, t);
            const VW low = pair_sums(pair_sums(s[0], s[1]), pair_sums(s[2], s[3]));
            const VW high = pair_sums(pair_sums(t[0], t[1]), pair_sums(t[2], t[3]));
            store_sums(pair_sums(low, high), out + j);
        }
    }
    for (; j < count; ++j) {
        VW s[1];
        row_lanes<1>(planes, words, codes + j * words, s);
        out[j] = static_cast<std::uint32_t>(hn::GetLane(hn::SumOfLanes(DW(), s[0])));
    }
}

#endif  // HWY_TARGET != HWY_SCALAR

// Integer sums of `count` rows over one group of planes, by the shape that suits the row length.
HWY_INLINE void sum_rows(const std::uint64_t* planes, std::size_t words, const std::uint64_t* codes,
                         std::size_t count, std::uint32_t* out) {
#if HWY_TARGET == HWY_SCALAR
    for (std::size_t j = 0; j < count; ++j)
        out[j] = scalar_row(planes, words, codes + j * words);
#else
    if (words == 1)
        return sum_short_rows<1>(planes, codes, count, out);
    if constexpr (kLanes > 2) {
        if (words == 2)
            return sum_short_rows<2>(planes, codes, count, out);
    }
    if constexpr (kLanes > 4) {
        if (words == 4)
            return sum_short_rows<4>(planes, codes, count, out);
    }
    sum_long_rows(planes, words, codes, count, out);
#endif
}

// out = node + weight * bias - scale * step * (total - 2 sums) for one chunk.
HWY_INLINE void affine(float node, float weight, float step, std::int32_t total,
                       const std::uint32_t* sums, const float* bias, const std::uint16_t* scale,
                       std::size_t count, float* out) {
    const DF d;
    const hn::Rebind<std::int32_t, DF> di;
    const hn::Rebind<std::uint32_t, DF> du;
    const hn::Rebind<std::uint16_t, DF> du16;
    const std::size_t lanes = hn::Lanes(d);
    const auto at = [&](std::size_t j) VG_ATTR {
        const auto sum = hn::BitCast(di, hn::LoadU(du, sums + j));
        const VF s = hn::Mul(hn::Set(d, step),
                             hn::ConvertTo(d, hn::Sub(hn::Set(di, total), hn::Add(sum, sum))));
        const VF b =
            hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(du, hn::LoadU(du16, scale + j))));
        const VF base = hn::MulAdd(hn::Set(d, weight), hn::LoadU(d, bias + j), hn::Set(d, node));
        hn::StoreU(hn::NegMulAdd(b, s, base), d, out + j);
    };
    std::size_t j = 0;
    for (; j + lanes <= count; j += lanes)
        at(j);
    if (j == count)
        return;
    if (count >= lanes) {
        at(count - lanes);
        return;
    }
    for (; j < count; ++j) {
        const float s = step * static_cast<float>(total - 2 * static_cast<std::int32_t>(sums[j]));
        out[j] = node + weight * bias[j] - bf16_to_float(scale[j]) * s;
    }
}

void EstimateLinks(const QueryPlanes& q, float node_distance, const LinkCodes& links, float* out,
                   float bias_weight) {
    std::uint32_t sums[kChunk], finer[kChunk];
    // Below 2^27 with all groups and 2048 dimensions.
    const std::int32_t top = (1 << (kQueryPlanes * q.groups)) - 1;
    const std::int32_t total = top * static_cast<std::int32_t>(64 * q.words);
    for (std::size_t first = 0; first < links.count; first += kChunk) {
        const std::size_t count = std::min(kChunk, links.count - first);
        for (std::size_t g = 0; g < q.groups; ++g) {
            const std::uint64_t* const planes = q.planes + g * kQueryPlanes * q.words;
            sum_rows(planes, q.words, links.codes + first * q.words, count, g == 0 ? sums : finer);
            for (std::size_t j = 0; g > 0 && j < count; ++j)
                sums[j] = (sums[j] << kQueryPlanes) + finer[j];
        }
        affine(node_distance, bias_weight, q.step, total, sums, links.bias + first,
               links.scale + first, count, out + first);
    }
}

HWY_INLINE std::uint32_t Hamming(const std::uint64_t* a, const std::uint64_t* b,
                                 std::size_t words) {
    const DW d;
    std::size_t w = 0;
    std::uint64_t sum = 0;
    if (words >= kLanes) {
        VW lanes = hn::Zero(d);
        for (; w + kLanes <= words; w += kLanes)
            lanes = hn::Add(lanes,
                            hn::PopulationCount(hn::Xor(hn::LoadU(d, a + w), hn::LoadU(d, b + w))));
        sum = hn::GetLane(hn::SumOfLanes(d, lanes));
    }
    for (; w < words; ++w)
        sum += static_cast<std::uint64_t>(__builtin_popcountll(a[w] ^ b[w]));
    return static_cast<std::uint32_t>(sum);
}

// The sums of an estimate count each of four planes with its weight, 15 in all, so four times the
// same plane make 15 times the distance: one kernel less to get right.
void HammingRows(const std::uint64_t* code, const std::uint64_t* rows, std::size_t count,
                 std::size_t words, std::uint16_t* out) {
    if (words > kMaxHammingRow) {
        for (std::size_t i = 0; i < count; ++i)
            out[i] = static_cast<std::uint16_t>(Hamming(code, rows + i * words, words));
        return;
    }
    std::uint64_t planes[kQueryPlanes * kMaxHammingRow];
    for (std::size_t b = 0; b < kQueryPlanes; ++b)
        std::copy(code, code + words, planes + b * words);
    std::uint32_t sums[kChunk];
    for (std::size_t first = 0; first < count; first += kChunk) {
        const std::size_t n = std::min(kChunk, count - first);
        sum_rows(planes, words, rows + first * words, n, sums);
        for (std::size_t i = 0; i < n; ++i)
            out[first + i] = static_cast<std::uint16_t>(sums[i] / 15);
    }
}

// A mask as the low bits of a word.
template <class D>
HWY_INLINE std::uint64_t mask_bits(D d, hn::Mask<D> mask) {
    std::uint8_t bytes[8] = {};
    hn::StoreMaskBits(d, mask, bytes);
    std::uint64_t bits;
    std::memcpy(&bits, bytes, sizeof bits);
    return bits;
}

ResidualSums EncodeResidual(const float* p, const float* n, std::size_t words,
                            std::uint64_t* code) {
    const DF d;
    const std::size_t lanes = hn::Lanes(d);
    VF squared = hn::Zero(d), absolute = squared, dot = squared;
    for (std::size_t w = 0; w < words; ++w) {
        std::uint64_t bits = 0;
        for (std::size_t i = 0; i < 64; i += lanes) {
            const VF from = hn::LoadU(d, p + w * 64 + i);
            const VF r = hn::Sub(hn::LoadU(d, n + w * 64 + i), from);
            const auto positive = hn::Ge(r, hn::Zero(d));
            bits |= mask_bits(d, positive) << i;
            squared = hn::MulAdd(r, r, squared);
            absolute = hn::Add(absolute, hn::Abs(r));
            dot = hn::Add(dot, hn::IfThenElse(positive, from, hn::Neg(from)));
        }
        code[w] = bits;
    }
    return {hn::GetLane(hn::SumOfLanes(d, squared)), hn::GetLane(hn::SumOfLanes(d, absolute)),
            hn::GetLane(hn::SumOfLanes(d, dot))};
}

// Cells of 16 bits: t = 0 .. 65535 stands for the middle of the t-th of as many equal cells between
// -max and max, and so does, among 16 cells, its upper nibble alone.
float QuantiseQuery(const float* v, std::size_t words, std::uint64_t* planes) {
    static_assert(kQueryPlanes * kQueryGroups == 16);
    constexpr float kCells = 65536.0f;
    constexpr float kSmallest = 1e-33f;  // below, the inverse or the finest step is no normal float
    const DF d;
    const hn::Rebind<std::int32_t, DF> di;
    const hn::Rebind<std::uint8_t, DF> d8;
    const hn::CappedTag<std::uint8_t, 64> bytes;
    const std::size_t lanes = hn::Lanes(d);
    VF largest = hn::Zero(d);
    for (std::size_t i = 0; i < words * 64; i += lanes)
        largest = hn::Max(largest, hn::Abs(hn::LoadU(d, v + i)));
    const float max = hn::GetLane(hn::MaxOfLanes(d, largest));
    const VF inverse = hn::Set(d, max > kSmallest ? kCells / 2 / max : 0.0f);
    const VF shift = hn::Set(d, kCells / 2);
    const VF top = hn::Set(d, kCells - 1);
    std::uint8_t halves[2][64];  // upper and lower bytes of one word's cells
    for (std::size_t w = 0; w < words; ++w) {
        for (std::size_t i = 0; i < 64; i += lanes) {
            const VF scaled = hn::MulAdd(hn::LoadU(d, v + w * 64 + i), inverse, shift);
            const auto t = hn::ConvertTo(di, hn::Min(hn::Max(scaled, hn::Zero(d)), top));
            hn::StoreU(hn::DemoteTo(d8, hn::ShiftRight<8>(t)), d8, halves[0] + i);
            hn::StoreU(hn::DemoteTo(d8, hn::And(t, hn::Set(di, 255))), d8, halves[1] + i);
        }
        for (std::size_t p = 0; p < kQueryPlanes * kQueryGroups; ++p) {
            // Plane b of group g is bit 4 (3 - g) + b of the cell.
            const std::size_t bit = (kQueryPlanes * (1 - p / kQueryPlanes % 2)) + p % kQueryPlanes;
            const auto wanted = hn::Set(bytes, static_cast<std::uint8_t>(1u << bit));
            std::uint64_t word = 0;
            for (std::size_t i = 0; i < 64; i += hn::Lanes(bytes)) {
                const auto cell = hn::LoadU(bytes, halves[p / 8] + i);
                word |= mask_bits(bytes, hn::TestBit(cell, wanted)) << i;
            }
            planes[p * words + w] = word;
        }
    }
    return max > kSmallest ? max / 16 : 0.0f;
}

}  // namespace HWY_NAMESPACE
}  // namespace vg::distance
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vg::distance {

HWY_EXPORT(EstimateLinks);
HWY_EXPORT(Hamming);
HWY_EXPORT(HammingRows);
HWY_EXPORT(EncodeResidual);
HWY_EXPORT(QuantiseQuery);

void estimate_links(const QueryPlanes& query, float node_distance, const LinkCodes& links,
                    float* out, float bias_weight) noexcept {
    HWY_DYNAMIC_DISPATCH(EstimateLinks)(query, node_distance, links, out, bias_weight);
}
std::uint32_t hamming(const std::uint64_t* a, const std::uint64_t* b, std::size_t words) noexcept {
    return HWY_DYNAMIC_DISPATCH(Hamming)(a, b, words);
}
void hamming_rows(const std::uint64_t* code, const std::uint64_t* rows, std::size_t count,
                  std::size_t words, std::uint16_t* out) noexcept {
    HWY_DYNAMIC_DISPATCH(HammingRows)(code, rows, count, words, out);
}
ResidualSums encode_residual(const float* p, const float* n, std::size_t words,
                             std::uint64_t* code) noexcept {
    return HWY_DYNAMIC_DISPATCH(EncodeResidual)(p, n, words, code);
}
float quantise_query(const float* v, std::size_t words, std::uint64_t* planes) noexcept {
    return HWY_DYNAMIC_DISPATCH(QuantiseQuery)(v, words, planes);
}

}  // namespace vg::distance
#endif  // HWY_ONCE
