// Passes of the random rotation, compiled once per instruction set. Stateless.
//
// Order of additions: butterflies of distance 1, 2, 4, ... as in the textbook loop; those shorter
// than a vector are done inside registers. Each butterfly is an addition and a subtraction of the
// same two values (a sign flip is exact) and each scaling multiplies a finished sum, so a compiler
// has nothing to fuse into a multiply-add and the bits do not depend on the vector length.
#include "core/distance/transform.h"

#include <cmath>
#include <cstdint>

#include "core/distance/targets.h"

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

// Of a butterfly of distance `half` inside a vector: where each lane's partner is, and which lanes
// are subtracted. Constants, because tables filled at run time are read back slower than the
// butterflies take.
struct ShortStage {
    std::int32_t partner[kMaxLanes];
    float sign[kMaxLanes];
};
constexpr ShortStage short_stage(std::size_t half) {
    ShortStage s{};
    for (std::size_t i = 0; i < kMaxLanes; ++i) {
        s.partner[i] = static_cast<std::int32_t>(i ^ half);
        s.sign[i] = (i & half) != 0 ? -0.0f : 0.0f;
    }
    return s;
}
alignas(64) constexpr ShortStage kShortStages[] = {short_stage(1), short_stage(2), short_stage(4),
                                                   short_stage(8)};

// Butterflies of distance 1, 2, ..., lanes / 2 within each vector.
HWY_INLINE void short_stages(float* x, std::size_t n) {
    const DF d;
    const std::size_t lanes = hn::Lanes(d);
    for (std::size_t i = 0; i < n; i += lanes) {
        VF v = hn::LoadU(d, x + i);
        for (std::size_t s = 0; (std::size_t{1} << s) < lanes; ++s) {
            const auto index = hn::SetTableIndices(d, kShortStages[s].partner);
            const VF flip = hn::LoadU(d, kShortStages[s].sign);
            v = hn::Add(hn::TableLookupLanes(v, index), hn::Xor(v, flip));
        }
        hn::StoreU(v, d, x + i);
    }
}

// Butterflies of distances `half` and 2 half on vectors at x, which takes half the memory accesses
// of one after the other.
HWY_INLINE void two_stages(float* x, std::size_t n, std::size_t half) {
    const DF d;
    for (std::size_t i = 0; i < n; i += 4 * half) {
        for (std::size_t j = i; j < i + half; j += hn::Lanes(d)) {
            const VF a = hn::LoadU(d, x + j);
            const VF b = hn::LoadU(d, x + j + half);
            const VF c = hn::LoadU(d, x + j + 2 * half);
            const VF e = hn::LoadU(d, x + j + 3 * half);
            const VF ab = hn::Add(a, b);
            const VF ba = hn::Sub(a, b);
            const VF ce = hn::Add(c, e);
            const VF ec = hn::Sub(c, e);
            hn::StoreU(hn::Add(ab, ce), d, x + j);
            hn::StoreU(hn::Add(ba, ec), d, x + j + half);
            hn::StoreU(hn::Sub(ab, ce), d, x + j + 2 * half);
            hn::StoreU(hn::Sub(ba, ec), d, x + j + 3 * half);
        }
    }
}

void Hadamard(float* x, std::size_t n) {
    const DF d;
    const std::size_t lanes = hn::Lanes(d);
    short_stages(x, n);
    std::size_t half = lanes;
    for (; 2 * half < n; half *= 4)
        two_stages(x, n, half);
    if (half < n) {
        for (std::size_t j = 0; j < half; j += lanes) {
            const VF a = hn::LoadU(d, x + j);
            const VF b = hn::LoadU(d, x + j + half);
            hn::StoreU(hn::Add(a, b), d, x + j);
            hn::StoreU(hn::Sub(a, b), d, x + j + half);
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
