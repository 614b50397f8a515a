// Walsh-Hadamard transform and the other passes of the random rotation (src/core/code). The
// additions are done in one fixed order and never fused, so every instruction set gives the same
// bits: a vector rotated on one machine equals the same vector rotated on another.
#pragma once

#include <cstddef>

namespace vg::distance {

// x_i *= factor_i
void multiply(float* x, const float* factor, std::size_t n) noexcept;

// In-place orthonormal Walsh-Hadamard transform of n values; n is a power of two, n >= 64.
void hadamard(float* x, std::size_t n) noexcept;

// Rotates the pairs (x_i, x_{i + half}), i < half, by 45 degrees: ((a + b), (a - b)) / sqrt(2).
// half is a multiple of 32.
void mix_halves(float* x, std::size_t half) noexcept;

}  // namespace vg::distance
