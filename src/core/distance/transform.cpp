// Passes of the random rotation, compiled once per instruction set. Stateless.
//
// Order of additions: butterflies of distance 1, 2, 4, ... as in the textbook loop; those shorter
// than a vector are done inside registers. Each butterfly is an addition and a subtraction of the
// same two values (a sign flip is exact) and each scaling multiplies a finished sum, so a compiler
// has nothing to fuse into a multiply-add and the bits do not depend on the vector length.
#include "core/distance/transform.h"

#include <cmath>
#include <cstdint>

#define HWY_WANT_AVX3_DL
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/distance/transform.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "hwy/highway.h"

#include "core/no_postgres.h"

HWY_BEFORE_NAMESPACE();
namespace vg::distance {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::CappedTag<float, 16>;
using DI = hn::Rebind<std::int32_t, DF>;
using VF = hn::Vec<DF>;
constexpr std::size_t kMaxLanes = 16;

void Multiply(float* x, const float* factor, std::size_t n) {
    const DF d;
    const std::size_t lanes = hn::Lanes(d);
    std::size_t i = 0;
    for (; i + lanes <= n; i += lanes)
        hn::StoreU(hn::Mul(hn::LoadU(d, x + i), hn::LoadU(d, factor + i)), d, x + i);
    for (; i < n; ++i)
        x[i] *= factor[i];
}

// Butterflies of distance 1, 2, ..., lanes / 2 within each vector.
HWY_INLINE void short_stages(float* x, std::size_t n) {
    const DF d;
    const DI di;
    const std::size_t lanes = hn::Lanes(d);
    for (std::size_t half = 1; half < lanes; half *= 2) {
        HWY_ALIGN std::int32_t partner[kMaxLanes];
        HWY_ALIGN float sign[kMaxLanes];
        for (std::size_t i = 0; i < lanes; ++i) {
            partner[i] = static_cast<std::int32_t>(i ^ half);
            sign[i] = (i & half) != 0 ? -0.0f : 0.0f;
        }
        const auto index = hn::SetTableIndices(d, partner);
        const VF flip = hn::Load(d, sign);
        for (std::size_t i = 0; i < n; i += lanes) {
            const VF v = hn::LoadU(d, x + i);
            hn::StoreU(hn::Add(hn::TableLookupLanes(v, index), hn::Xor(v, flip)), d, x + i);
        }
    }
    (void)di;
}

void Hadamard(float* x, std::size_t n) {
    const DF d;
    const std::size_t lanes = hn::Lanes(d);
    short_stages(x, n);
    for (std::size_t half = lanes; half < n; half *= 2) {
        for (std::size_t i = 0; i < n; i += 2 * half) {
            for (std::size_t j = i; j < i + half; j += lanes) {
                const VF a = hn::LoadU(d, x + j);
                const VF b = hn::LoadU(d, x + j + half);
                hn::StoreU(hn::Add(a, b), d, x + j);
                hn::StoreU(hn::Sub(a, b), d, x + j + half);
            }
        }
    }
    const VF norm = hn::Set(d, 1.0f / std::sqrt(static_cast<float>(n)));
    for (std::size_t i = 0; i < n; i += lanes)
        hn::StoreU(hn::Mul(hn::LoadU(d, x + i), norm), d, x + i);
}

void MixHalves(float* x, std::size_t half) {
    const DF d;
    const VF scale = hn::Set(d, 0.70710678f);
    for (std::size_t i = 0; i < half; i += hn::Lanes(d)) {
        const VF a = hn::LoadU(d, x + i);
        const VF b = hn::LoadU(d, x + i + half);
        hn::StoreU(hn::Mul(scale, hn::Add(a, b)), d, x + i);
        hn::StoreU(hn::Mul(scale, hn::Sub(a, b)), d, x + i + half);
    }
}

}  // namespace HWY_NAMESPACE
}  // namespace vg::distance
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vg::distance {

HWY_EXPORT(Multiply);
HWY_EXPORT(Hadamard);
HWY_EXPORT(MixHalves);

void multiply(float* x, const float* factor, std::size_t n) noexcept {
    HWY_DYNAMIC_DISPATCH(Multiply)(x, factor, n);
}
void hadamard(float* x, std::size_t n) noexcept {
    HWY_DYNAMIC_DISPATCH(Hadamard)(x, n);
}
void mix_halves(float* x, std::size_t half) noexcept {
    HWY_DYNAMIC_DISPATCH(MixHalves)(x, half);
}

}  // namespace vg::distance
#endif  // HWY_ONCE
