// Inner products of one vector with many rows, in one fixed order of additions: the bits of a
// result do not depend on the instruction set, on the number of rows in a call or on their places
// in it. For code whose decisions compare sums, and must fall alike on every machine.
#pragma once

#include <cstddef>

namespace vg::distance {

// Vectors and rows are padded with zeros to a multiple of this many floats.
inline constexpr std::size_t kDotBlock = 16;

// out[r] = a . (rows + r * dims) for r < count. dims is a multiple of kDotBlock. Neither products
// nor sums are fused; sixteen partial sums (one per i mod 16) are added as a tree. Pure, allocates
// nothing, accepts unaligned pointers. Fastest with eight rows or more.
void dot_rows(const float* a, const float* rows, std::size_t count, std::size_t dims,
              float* out) noexcept;

}  // namespace vg::distance
