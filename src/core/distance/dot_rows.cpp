// One vector against many rows, compiled once per instruction set. Stateless.
//
// Sixteen partial sums per pair, whatever the vector length: a shorter vector takes several passes
// over the eight rows, which the first level of cache holds. Multiplication and addition stay apart
// because below AVX2 there is no fused one; the build says -ffp-contract=off, or the compiler would
// fuse them where there is.
#include "core/distance/dot_rows.h"

#include "core/distance/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/distance/dot_rows.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "hwy/highway.h"

#include "core/no_postgres.h"

HWY_BEFORE_NAMESPACE();
namespace vg::distance {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::CappedTag<float, kDotBlock>;
using VF = hn::Vec<DF>;

// Rows of one pass: eight chains of additions hide their latency.
constexpr std::size_t kRows = 8;

HWY_INLINE float tree_sum(float* lanes) {
    for (std::size_t half = kDotBlock / 2; half > 0; half /= 2) {
        for (std::size_t i = 0; i < half; ++i)
            lanes[i] += lanes[i + half];
    }
    return lanes[0];
}

HWY_INLINE VF add_product(DF d, VF sum, VF x, const float* row) {
    return hn::Add(sum, hn::Mul(x, hn::LoadU(d, row)));
}

HWY_INLINE void dot_eight(const float* a, const float* rows, std::size_t dims, float* out) {
    const DF d;
    HWY_ALIGN float lanes[kRows][kDotBlock];
    for (std::size_t at = 0; at < kDotBlock; at += hn::Lanes(d)) {
        VF s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
        for (std::size_t i = at; i < dims; i += kDotBlock) {
            const VF x = hn::LoadU(d, a + i);
            const float* row = rows + i;
            s0 = add_product(d, s0, x, row);
            s1 = add_product(d, s1, x, row + dims);
            s2 = add_product(d, s2, x, row + 2 * dims);
            s3 = add_product(d, s3, x, row + 3 * dims);
            s4 = add_product(d, s4, x, row + 4 * dims);
            s5 = add_product(d, s5, x, row + 5 * dims);
            s6 = add_product(d, s6, x, row + 6 * dims);
            s7 = add_product(d, s7, x, row + 7 * dims);
        }
        hn::Store(s0, d, lanes[0] + at);
        hn::Store(s1, d, lanes[1] + at);
        hn::Store(s2, d, lanes[2] + at);
        hn::Store(s3, d, lanes[3] + at);
        hn::Store(s4, d, lanes[4] + at);
        hn::Store(s5, d, lanes[5] + at);
        hn::Store(s6, d, lanes[6] + at);
        hn::Store(s7, d, lanes[7] + at);
    }
    for (std::size_t r = 0; r < kRows; ++r)
        out[r] = tree_sum(lanes[r]);
}

HWY_INLINE float dot_one(const float* a, const float* row, std::size_t dims) {
    const DF d;
    HWY_ALIGN float lanes[kDotBlock];
    for (std::size_t at = 0; at < kDotBlock; at += hn::Lanes(d)) {
        VF sum = hn::Zero(d);
        for (std::size_t i = at; i < dims; i += kDotBlock)
            sum = add_product(d, sum, hn::LoadU(d, a + i), row + i);
        hn::Store(sum, d, lanes + at);
    }
    return tree_sum(lanes);
}

void DotRows(const float* a, const float* rows, std::size_t count, std::size_t dims, float* out) {
    std::size_t r = 0;
    for (; r + kRows <= count; r += kRows)
        dot_eight(a, rows + r * dims, dims, out + r);
    for (; r < count; ++r)
        out[r] = dot_one(a, rows + r * dims, dims);
}

}  // namespace HWY_NAMESPACE
}  // namespace vg::distance
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vg::distance {

HWY_EXPORT(DotRows);

void dot_rows(const float* a, const float* rows, std::size_t count, std::size_t dims,
              float* out) noexcept {
    HWY_DYNAMIC_DISPATCH(DotRows)(a, rows, count, dims, out);
}

}  // namespace vg::distance
#endif  // HWY_ONCE
