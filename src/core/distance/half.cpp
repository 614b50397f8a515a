// Half-precision kernels, compiled once per instruction set. Stateless. What is left over by the
// main loop goes through a zero-filled copy on the stack: no byte outside the rows is touched.
#include "core/distance/half.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/distance/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/distance/half.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "hwy/highway.h"

#include "core/no_postgres.h"

HWY_BEFORE_NAMESPACE();
namespace vg::distance {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::ScalableTag<float>;
using VF = hn::Vec<DF>;
using DH = hn::Rebind<hwy::float16_t, DF>;

// Rounds to nearest, ties to even, in integers.
[[maybe_unused]] HWY_INLINE std::uint16_t half_of(float value) {
    constexpr std::uint32_t kInfinity = 0x7F800000, kBeyondHalf = 0x47800000;
    constexpr std::uint32_t kSmallestNormal = 0x38800000;  // as a half: 2^-14
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    const std::uint32_t sign = (bits >> 16) & 0x8000;
    bits &= 0x7FFFFFFF;
    if (bits > kInfinity)
        return static_cast<std::uint16_t>(sign | 0x7E00);
    if (bits >= kBeyondHalf)
        return static_cast<std::uint16_t>(sign | 0x7C00);
    if (bits < kSmallestNormal) {
        // The last place of a float near 1/2 is that of a subnormal half, so the addition rounds.
        const float shifted = std::fabs(value) + 0.5f;
        std::memcpy(&bits, &shifted, sizeof bits);
        return static_cast<std::uint16_t>(sign | (bits - 0x3F000000));
    }
    bits += 0x0FFF + ((bits >> 13) & 1);  // may carry into the exponent, up to infinity
    return static_cast<std::uint16_t>(sign | ((bits - ((127u - 15u) << 23)) >> 13));
}

HWY_INLINE VF widen(DF d, const std::uint16_t* p) {
    return hn::PromoteTo(d, hn::LoadU(DH(), reinterpret_cast<const hwy::float16_t*>(p)));
}

#if HWY_ARCH_X86 && HWY_TARGET > HWY_AVX2
// Before F16C. What Highway does there in place of the instruction cuts off where it should round,
// and drops the sign of a zero.
void ToHalf(const float* in, std::size_t n, std::uint16_t* out) {
    for (std::size_t i = 0; i < n; ++i)
        out[i] = half_of(in[i]);
}
#else
void ToHalf(const float* in, std::size_t n, std::uint16_t* out) {
    const DF d;
    const DH dh;
    const std::size_t lanes = hn::Lanes(d);
    HWY_ALIGN float rest[HWY_MAX_BYTES / sizeof(float)] = {};
    HWY_ALIGN std::uint16_t halves[HWY_MAX_BYTES / sizeof(float)];
    for (std::size_t i = 0; i < n; i += lanes) {
        const std::size_t count = std::min(lanes, n - i);
        std::memcpy(rest, in + i, count * sizeof(float));
        hn::Store(hn::DemoteTo(dh, hn::Load(d, rest)), dh,
                  reinterpret_cast<hwy::float16_t*>(halves));
        std::memcpy(out + i, halves, count * sizeof(std::uint16_t));
    }
}
#endif

void FromHalf(const std::uint16_t* in, std::size_t n, float* out) {
    const DF d;
    const std::size_t lanes = hn::Lanes(d);
    HWY_ALIGN std::uint16_t halves[HWY_MAX_BYTES / sizeof(float)] = {};
    HWY_ALIGN float floats[HWY_MAX_BYTES / sizeof(float)];
    for (std::size_t i = 0; i < n; i += lanes) {
        const std::size_t count = std::min(lanes, n - i);
        std::memcpy(halves, in + i, count * sizeof(std::uint16_t));
        hn::Store(widen(d, halves), d, floats);
        std::memcpy(out + i, floats, count * sizeof(float));
    }
}

float HalfInnerProduct(const float* a, const std::uint16_t* b, std::size_t n) {
    const DF d;
    const std::size_t lanes = hn::Lanes(d);
    VF s0 = hn::Zero(d);
    VF s1 = s0;
    std::size_t i = 0;
    for (; i + 2 * lanes <= n; i += 2 * lanes) {
        s0 = hn::MulAdd(hn::LoadU(d, a + i), widen(d, b + i), s0);
        s1 = hn::MulAdd(hn::LoadU(d, a + i + lanes), widen(d, b + i + lanes), s1);
    }
    if (i + lanes <= n) {
        s0 = hn::MulAdd(hn::LoadU(d, a + i), widen(d, b + i), s0);
        i += lanes;
    }
    if (i < n) {
        HWY_ALIGN float rest_a[HWY_MAX_BYTES / sizeof(float)] = {};
        HWY_ALIGN std::uint16_t rest_b[HWY_MAX_BYTES / sizeof(float)] = {};
        std::memcpy(rest_a, a + i, (n - i) * sizeof(float));
        std::memcpy(rest_b, b + i, (n - i) * sizeof(std::uint16_t));
        s1 = hn::MulAdd(hn::Load(d, rest_a), widen(d, rest_b), s1);
    }
    return hn::GetLane(hn::SumOfLanes(d, hn::Add(s0, s1)));
}

}  // namespace HWY_NAMESPACE
}  // namespace vg::distance
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vg::distance {

HWY_EXPORT(ToHalf);
HWY_EXPORT(FromHalf);
HWY_EXPORT(HalfInnerProduct);

void to_half(const float* in, std::size_t n, std::uint16_t* out) noexcept {
    HWY_DYNAMIC_DISPATCH(ToHalf)(in, n, out);
}
void from_half(const std::uint16_t* in, std::size_t n, float* out) noexcept {
    HWY_DYNAMIC_DISPATCH(FromHalf)(in, n, out);
}
float inner_product(const float* a, const std::uint16_t* half, std::size_t n) noexcept {
    return HWY_DYNAMIC_DISPATCH(HalfInnerProduct)(a, half, n);
}

}  // namespace vg::distance
#endif  // HWY_ONCE
