// Float and Sq8 distance kernels, compiled once per instruction set by Highway's foreach_target and
// picked at run time. Stateless; the only shared datum is Highway's atomic record of the chosen
// instruction set, so calls from any number of threads are safe.
//
// Reading rule: no kernel touches a byte outside [p, p + n). The part of a vector left over by the
// main loop is read as the last full vector of the array with the lanes already summed set to zero;
// arrays shorter than one vector are copied to the stack first. (Masked loads would do on AVX2 and
// above only: below, Highway reads the whole vector and blends.)
#include "core/distance/distance.h"

#include <cstring>

#include "core/distance/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/distance/distance.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "hwy/highway.h"

#include "core/no_postgres.h"

HWY_BEFORE_NAMESPACE();
namespace vg::distance {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::ScalableTag<float>;
using VF = hn::Vec<DF>;

// The second operand of a kernel: N coordinates from index i on, as floats.
struct FloatSource {
    const float* p;

    HWY_INLINE VF load(DF d, std::size_t i) const { return hn::LoadU(d, p + i); }

    static constexpr std::size_t kItemBytes = sizeof(float);
    const void* bytes() const { return p; }
    FloatSource moved_to(const void* copy) const { return {static_cast<const float*>(copy)}; }
};

struct Sq8Source {
    Sq8 q;

    HWY_INLINE VF load(DF d, std::size_t i) const {
        const hn::Rebind<std::int32_t, DF> di;
        const hn::Rebind<std::uint8_t, DF> du8;
        const VF codes = hn::ConvertTo(d, hn::PromoteTo(di, hn::LoadU(du8, q.codes + i)));
        return hn::MulAdd(codes, hn::Set(d, q.step), hn::Set(d, q.low));
    }

    static constexpr std::size_t kItemBytes = 1;
    const void* bytes() const { return q.codes; }
    Sq8Source moved_to(const void* copy) const {
        return {{static_cast<const std::uint8_t*>(copy), q.low, q.step}};
    }
};

// One term of a sum; zero operands add nothing, which the masked tail relies on.
struct SquaredDifference {
    HWY_INLINE VF operator()(VF a, VF b, VF sum) const {
        const VF diff = hn::Sub(a, b);
        return hn::MulAdd(diff, diff, sum);
    }
};
struct Product {
    HWY_INLINE VF operator()(VF a, VF b, VF sum) const { return hn::MulAdd(a, b, sum); }
};
struct AbsoluteDifference {
    HWY_INLINE VF operator()(VF a, VF b, VF sum) const {
        return hn::Add(sum, hn::Abs(hn::Sub(a, b)));
    }
};

// True for the lanes that the last full vector of an array has in common with the main loop, when
// `rest` items are left.
HWY_INLINE hn::Mask<DF> summed_lanes(DF d, std::size_t rest) {
    return hn::FirstN(d, hn::Lanes(d) - rest);
}

template <class Term, class Source>
HWY_INLINE float sum_terms(const float* a, const Source b, std::size_t n) {
    const DF d;
    const Term term;
    const std::size_t lanes = hn::Lanes(d);
    if (n < lanes) {
        HWY_ALIGN float small_a[HWY_MAX_BYTES / sizeof(float)] = {};
        HWY_ALIGN unsigned char small_b[HWY_MAX_BYTES / sizeof(float) * Source::kItemBytes] = {};
        if (n == 0)
            return 0.0f;
        std::memcpy(small_a, a, n * sizeof(float));
        std::memcpy(small_b, b.bytes(), n * Source::kItemBytes);
        const hn::Mask<DF> used = hn::FirstN(d, n);  // an Sq8 code of 0 is not the value 0
        const VF vb = hn::IfThenElseZero(used, b.moved_to(small_b).load(d, 0));
        return hn::GetLane(hn::SumOfLanes(d, term(hn::Load(d, small_a), vb, hn::Zero(d))));
    }
    VF s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
    std::size_t i = 0;
    for (; i + 4 * lanes <= n; i += 4 * lanes) {
        s0 = term(hn::LoadU(d, a + i), b.load(d, i), s0);
        s1 = term(hn::LoadU(d, a + i + lanes), b.load(d, i + lanes), s1);
        s2 = term(hn::LoadU(d, a + i + 2 * lanes), b.load(d, i + 2 * lanes), s2);
        s3 = term(hn::LoadU(d, a + i + 3 * lanes), b.load(d, i + 3 * lanes), s3);
    }
    if (i + 2 * lanes <= n) {
        s0 = term(hn::LoadU(d, a + i), b.load(d, i), s0);
        s1 = term(hn::LoadU(d, a + i + lanes), b.load(d, i + lanes), s1);
        i += 2 * lanes;
    }
    if (i + lanes <= n) {
        s2 = term(hn::LoadU(d, a + i), b.load(d, i), s2);
        i += lanes;
    }
    if (i < n) {
        const hn::Mask<DF> summed = summed_lanes(d, n - i);
        s3 = term(hn::IfThenZeroElse(summed, hn::LoadU(d, a + n - lanes)),
                  hn::IfThenZeroElse(summed, b.load(d, n - lanes)), s3);
    }
    return hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3))));
}

float L2Squared(const float* a, const float* b, std::size_t n) {
    return sum_terms<SquaredDifference>(a, FloatSource{b}, n);
}
float InnerProduct(const float* a, const float* b, std::size_t n) {
    return sum_terms<Product>(a, FloatSource{b}, n);
}
float L1(const float* a, const float* b, std::size_t n) {
    return sum_terms<AbsoluteDifference>(a, FloatSource{b}, n);
}
float Sq8L2Squared(const float* a, const Sq8& b, std::size_t n) {
    return sum_terms<SquaredDifference>(a, Sq8Source{b}, n);
}
float Sq8InnerProduct(const float* a, const Sq8& b, std::size_t n) {
    return sum_terms<Product>(a, Sq8Source{b}, n);
}
float Sq8L1(const float* a, const Sq8& b, std::size_t n) {
    return sum_terms<AbsoluteDifference>(a, Sq8Source{b}, n);
}

// Differences are taken in bytes, whose absolute value fits a byte, and squared in 16 bits, adding
// pairs to 32.
std::uint32_t CodeL2Squared(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) {
    std::size_t i = 0;
    std::uint32_t total = 0;
#if HWY_TARGET != HWY_SCALAR  // which cannot interleave
    const hn::ScalableTag<std::uint8_t> d8;
    const hn::Repartition<std::int16_t, decltype(d8)> d16;
    const hn::Repartition<std::int32_t, decltype(d8)> d32;
    const std::size_t lanes = hn::Lanes(d8);
    const auto zero8 = hn::Zero(d8);
    auto s0 = hn::Zero(d32), s1 = s0, s2 = s0, s3 = s0;
    for (; i + lanes <= n; i += lanes) {
        const auto x = hn::LoadU(d8, a + i);
        const auto y = hn::LoadU(d8, b + i);
        const auto gap = hn::Sub(hn::Max(x, y), hn::Min(x, y));
        const auto low = hn::BitCast(d16, hn::InterleaveLower(d8, gap, zero8));
        const auto high = hn::BitCast(d16, hn::InterleaveUpper(d8, gap, zero8));
        s0 = hn::ReorderWidenMulAccumulate(d32, low, low, s0, s2);
        s1 = hn::ReorderWidenMulAccumulate(d32, high, high, s1, s3);
    }
    const auto sum = hn::Add(hn::Add(s0, s1), hn::Add(s2, s3));
    total = static_cast<std::uint32_t>(hn::GetLane(hn::SumOfLanes(d32, sum)));
#endif
    for (; i < n; ++i) {
        const int gap = int{a[i]} - int{b[i]};
        total += static_cast<std::uint32_t>(gap * gap);
    }
    return total;
}

// Two steps of each of the three sums: six chains of MulAdd hide its latency.
CosineSums Cosine(const float* a, const float* b, std::size_t n) {
    const DF d;
    const std::size_t lanes = hn::Lanes(d);
    HWY_ALIGN float small[2][HWY_MAX_BYTES / sizeof(float)] = {};
    if (n < lanes) {
        if (n == 0)
            return {0.0f, 0.0f, 0.0f};
        std::memcpy(small[0], a, n * sizeof(float));
        std::memcpy(small[1], b, n * sizeof(float));
        a = small[0];
        b = small[1];
        n = lanes;
    }
    VF ab0 = hn::Zero(d), ab1 = ab0, aa0 = ab0, aa1 = ab0, bb0 = ab0, bb1 = ab0;
    std::size_t i = 0;
    for (; i + 2 * lanes <= n; i += 2 * lanes) {
        const VF x0 = hn::LoadU(d, a + i), y0 = hn::LoadU(d, b + i);
        const VF x1 = hn::LoadU(d, a + i + lanes), y1 = hn::LoadU(d, b + i + lanes);
        ab0 = hn::MulAdd(x0, y0, ab0);
        aa0 = hn::MulAdd(x0, x0, aa0);
        bb0 = hn::MulAdd(y0, y0, bb0);
        ab1 = hn::MulAdd(x1, y1, ab1);
        aa1 = hn::MulAdd(x1, x1, aa1);
        bb1 = hn::MulAdd(y1, y1, bb1);
    }
    if (i + lanes <= n) {
        const VF x = hn::LoadU(d, a + i), y = hn::LoadU(d, b + i);
        ab0 = hn::MulAdd(x, y, ab0);
        aa0 = hn::MulAdd(x, x, aa0);
        bb0 = hn::MulAdd(y, y, bb0);
        i += lanes;
    }
    if (i < n) {
        const hn::Mask<DF> summed = summed_lanes(d, n - i);
        const VF x = hn::IfThenZeroElse(summed, hn::LoadU(d, a + n - lanes));
        const VF y = hn::IfThenZeroElse(summed, hn::LoadU(d, b + n - lanes));
        ab1 = hn::MulAdd(x, y, ab1);
        aa1 = hn::MulAdd(x, x, aa1);
        bb1 = hn::MulAdd(y, y, bb1);
    }
    return {hn::GetLane(hn::SumOfLanes(d, hn::Add(ab0, ab1))),
            hn::GetLane(hn::SumOfLanes(d, hn::Add(aa0, aa1))),
            hn::GetLane(hn::SumOfLanes(d, hn::Add(bb0, bb1)))};
}

const char* TargetName() {
    return hwy::TargetName(HWY_TARGET);
}

}  // namespace HWY_NAMESPACE
}  // namespace vg::distance
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vg::distance {

HWY_EXPORT(L2Squared);
HWY_EXPORT(InnerProduct);
HWY_EXPORT(L1);
HWY_EXPORT(Sq8L2Squared);
HWY_EXPORT(Sq8InnerProduct);
HWY_EXPORT(Sq8L1);
HWY_EXPORT(CodeL2Squared);
HWY_EXPORT(Cosine);
HWY_EXPORT(TargetName);

float l2_squared(const float* a, const float* b, std::size_t n) noexcept {
    return HWY_DYNAMIC_DISPATCH(L2Squared)(a, b, n);
}
float inner_product(const float* a, const float* b, std::size_t n) noexcept {
    return HWY_DYNAMIC_DISPATCH(InnerProduct)(a, b, n);
}
float l1(const float* a, const float* b, std::size_t n) noexcept {
    return HWY_DYNAMIC_DISPATCH(L1)(a, b, n);
}
CosineSums cosine_sums(const float* a, const float* b, std::size_t n) noexcept {
    return HWY_DYNAMIC_DISPATCH(Cosine)(a, b, n);
}
float l2_squared(const float* a, const Sq8& b, std::size_t n) noexcept {
    return HWY_DYNAMIC_DISPATCH(Sq8L2Squared)(a, b, n);
}
float inner_product(const float* a, const Sq8& b, std::size_t n) noexcept {
    return HWY_DYNAMIC_DISPATCH(Sq8InnerProduct)(a, b, n);
}
float l1(const float* a, const Sq8& b, std::size_t n) noexcept {
    return HWY_DYNAMIC_DISPATCH(Sq8L1)(a, b, n);
}
std::uint32_t l2_squared(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) noexcept {
    return HWY_DYNAMIC_DISPATCH(CodeL2Squared)(a, b, n);
}
CodeKernel code_kernel() noexcept {
    // The first call ever makes Highway look at the CPU; before, the pointer is that of the look.
    target_name();
#ifdef HWY_DYNAMIC_POINTER  // newer Highway: what HWY_DYNAMIC_DISPATCH stands for has no address
    return HWY_DYNAMIC_POINTER(CodeL2Squared);
#else
    return &HWY_DYNAMIC_DISPATCH(CodeL2Squared);
#endif
}
const char* target_name() noexcept {
    return HWY_DYNAMIC_DISPATCH(TargetName)();
}

}  // namespace vg::distance
#endif  // HWY_ONCE
