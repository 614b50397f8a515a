// Distance kernels over float vectors and 8-bit scalar-quantised vectors. This room is the only one
// that includes Highway: each call dispatches once to the best instruction set of the running CPU.
// All functions are pure, allocate nothing, accept unaligned pointers and any n >= 0 (n = 0 gives
// 0). Sums are accumulated in float, in an order that depends on the instruction set: the last bits
// of a result may differ between machines.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vg::distance {

// sum (a_i - b_i)^2
float l2_squared(const float* a, const float* b, std::size_t n) noexcept;
// sum a_i b_i
float inner_product(const float* a, const float* b, std::size_t n) noexcept;
// sum |a_i - b_i|
float l1(const float* a, const float* b, std::size_t n) noexcept;
// a.b, a.a and b.b in one pass; cosine similarity is ab / sqrt(aa * bb).
struct CosineSums {
    float ab, aa, bb;
};
CosineSums cosine_sums(const float* a, const float* b, std::size_t n) noexcept;

// 8-bit vectors: coordinate i is code[i] * step + low. Same sums with the first operand in float.
struct Sq8 {
    const std::uint8_t* codes;
    float low;
    float step;
};
float l2_squared(const float* a, const Sq8& b, std::size_t n) noexcept;
float inner_product(const float* a, const Sq8& b, std::size_t n) noexcept;
float l1(const float* a, const Sq8& b, std::size_t n) noexcept;

// sum (a_i - b_i)^2 over bytes; n at most 32,768, so that the sum fits. The pointer that
// code_kernel() returns is the running CPU's version itself: a caller in a tight loop saves the
// dispatch, which costs as much as a quarter of a short call.
std::uint32_t l2_squared(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) noexcept;
using CodeKernel = std::uint32_t (*)(const std::uint8_t* a, const std::uint8_t* b, std::size_t n);
CodeKernel code_kernel() noexcept;

// Name of the instruction set in use ("AVX3_DL", "AVX2", "SSE4", ...), for benchmarks and bug
// reports.
const char* target_name() noexcept;

}  // namespace vg::distance
