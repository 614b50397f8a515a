// Inner products of a vector of 16-bit weights with many rows of bytes, in integers: exact, and so
// the same on every machine. For scans that predict a score per row and keep few of them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vg::distance {

// Weights are padded with zeros to a multiple of this many.
inline constexpr std::size_t kByteDotBlock = 64;
inline constexpr std::size_t kMaxByteDot = 1024;
// The largest weight with which no sum of n products leaves 32 bits.
inline constexpr std::int32_t largest_byte_weight(std::size_t n) noexcept {
    const std::size_t most = n == 0 ? 32767 : 0x7FFFFFFFu / (255 * n);
    return most < 32767 ? static_cast<std::int32_t>(most) : 32767;
}

// out[r] = weights . (rows + r * n) for r < count; n bytes per row, n <= kMaxByteDot. weights has n
// entries of at most largest_byte_weight(n) and the padding. Pure, allocates nothing, accepts
// unaligned pointers, reads no byte outside the rows.
void byte_dots(const std::int16_t* weights, const std::uint8_t* rows, std::size_t count,
               std::size_t n, std::int32_t* out) noexcept;

}  // namespace vg::distance
