// Half-precision (IEEE binary16) rows: conversion, and inner product with a float vector. Pure,
// allocates nothing, accepts unaligned pointers and any n >= 0.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vg::distance {

// Rounds to nearest. Values beyond the largest half, 65504, become infinite: callers scale first.
void to_half(const float* in, std::size_t n, std::uint16_t* out) noexcept;
void from_half(const std::uint16_t* in, std::size_t n, float* out) noexcept;

// sum a_i b_i
float inner_product(const float* a, const std::uint16_t* half, std::size_t n) noexcept;

}  // namespace vg::distance
