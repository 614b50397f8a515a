// Compiled once per instruction set. Stateless. A row is read in whole vectors; the last ones of a
// row reach into the rows behind it, where the weights are zero, and the last rows of all go
// through a padded copy instead.
#include "core/distance/byte_dot.h"

#include <cstring>

#include "core/distance/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/distance/byte_dot.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "hwy/highway.h"

#include "core/no_postgres.h"

HWY_BEFORE_NAMESPACE();
namespace vg::distance {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The row may be read up to the next multiple of kByteDotBlock.
HWY_INLINE std::int32_t dot_padded(const std::int16_t* w, const std::uint8_t* row, std::size_t n) {
#if HWY_TARGET == HWY_SCALAR  // which has no pairwise products
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < n; ++i)
        sum += std::int32_t{w[i]} * row[i];
    return sum;
#else
    const hn::CappedTag<std::int16_t, kByteDotBlock / 2> dw;
    const hn::RepartitionToWide<decltype(dw)> di;
    const hn::Rebind<std::uint8_t, decltype(dw)> db;
    const std::size_t lanes = hn::Lanes(dw);
    auto s0 = hn::Zero(di), s1 = s0, s2 = s0, s3 = s0;
    for (std::size_t i = 0; i < n; i += 2 * lanes) {
        const auto a = hn::PromoteTo(dw, hn::LoadU(db, row + i));
        const auto b = hn::PromoteTo(dw, hn::LoadU(db, row + i + lanes));
        s0 = hn::ReorderWidenMulAccumulate(di, a, hn::LoadU(dw, w + i), s0, s2);
        s1 = hn::ReorderWidenMulAccumulate(di, b, hn::LoadU(dw, w + i + lanes), s1, s3);
    }
    return hn::GetLane(hn::SumOfLanes(di, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3))));
#endif
}

void ByteDots(const std::int16_t* w, const std::uint8_t* rows, std::size_t count, std::size_t n,
              std::int32_t* out) {
    const std::size_t padded = (n + kByteDotBlock - 1) / kByteDotBlock * kByteDotBlock;
    std::size_t r = 0;
    for (; r < count && (count - r) * n >= padded; ++r)
        out[r] = dot_padded(w, rows + r * n, n);
    HWY_ALIGN std::uint8_t last[(kMaxByteDot + kByteDotBlock - 1) / kByteDotBlock * kByteDotBlock] =
        {};
    for (; r < count; ++r) {
        std::memcpy(last, rows + r * n, n);
        out[r] = dot_padded(w, last, n);
    }
}

}  // namespace HWY_NAMESPACE
}  // namespace vg::distance
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vg::distance {

HWY_EXPORT(ByteDots);

void byte_dots(const std::int16_t* weights, const std::uint8_t* rows, std::size_t count,
               std::size_t n, std::int32_t* out) noexcept {
    HWY_DYNAMIC_DISPATCH(ByteDots)(weights, rows, count, n, out);
}

}  // namespace vg::distance
#endif  // HWY_ONCE
