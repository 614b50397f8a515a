// Kernels over the 1-bit residual codes that a node keeps of its neighbours (src/core/code explains
// the estimator). They see plain arrays, never pages.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vg::distance {

// A query is quantised to kQueryGroups groups of kQueryPlanes bit planes. The first group alone is
// a quantisation to 4 bits; every further one makes it 16 times as fine.
inline constexpr std::size_t kQueryPlanes = 4;
inline constexpr std::size_t kQueryGroups = 4;

// A rotated query in bit planes: coordinate i is
//   step * sum_g 16^(groups - 1 - g) sum_b 2^b t_gbi
// with t_gbi = +1 where bit i of plane b in group g is set and -1 where it is not.
struct QueryPlanes {
    const std::uint64_t* planes;  // groups x kQueryPlanes x words, the coarsest group first
    std::size_t words;            // 64-bit words per plane = padded dimensions / 64
    float step;                   // of these groups together
    std::size_t groups;           // 1 .. kQueryGroups
};

// One node's neighbour codes, `count` of them.
struct LinkCodes {
    const std::uint64_t* codes;  // count x words, row-major; 8-byte aligned
    const float* bias;           // additive factor A of each link
    const std::uint16_t* scale;  // bfloat16 factor B of each link
    std::size_t count;
};

// out[j] = node_distance + bias_weight * bias[j] - scale[j] * S_j
//   S_j = step * ((16^groups - 1) * 64 * words
//                 - 2 * sum_g 16^(groups - 1 - g) sum_b 2^b popcount(code_j ^ plane_gb))
// i.e. the estimated distance from the query to neighbour j, given the exact distance of the node
// itself (core/code says which). `out` has `count` floats and overlaps none of the inputs. The time
// is about proportional to `groups`.
void estimate_links(const QueryPlanes& query, float node_distance, const LinkCodes& links,
                    float* out, float bias_weight = 1.0f) noexcept;

// Hamming distance between two codes of `words` words.
std::uint32_t hamming(const std::uint64_t* a, const std::uint64_t* b, std::size_t words) noexcept;

// out[i] = hamming(code, rows + i * words, words) for `count` rows; words < 1024.
void hamming_rows(const std::uint64_t* code, const std::uint64_t* rows, std::size_t count,
                  std::size_t words, std::uint16_t* out) noexcept;

// Code of the residual r = n - p over words * 64 floats: bit i of `code` is set where r_i >= 0.
// With o_i = +1 there and -1 elsewhere, returns |r|^2, <o, r> = sum |r_i| and <o, p>.
struct ResidualSums {
    float squared, absolute, dot;
};
ResidualSums encode_residual(const float* p, const float* n, std::size_t words,
                             std::uint64_t* code) noexcept;

// Quantises words * 64 finite floats to kQueryGroups x kQueryPlanes x words plane words (layout of
// QueryPlanes) and returns the step of the first group, the largest |v_i| over 16; that of g groups
// is smaller by 16^(g - 1). With any number of groups, every coordinate is off by one step at most.
// Input without a magnitude above 1e-33 gives step 0.
float quantise_query(const float* v, std::size_t words, std::uint64_t* planes) noexcept;

// bfloat16: the upper half of an IEEE float; conversion rounds to nearest even. Finite in, finite
// out except that values above the largest bfloat16 saturate to it.
inline float bf16_to_float(std::uint16_t h) noexcept {
    const std::uint32_t bits = static_cast<std::uint32_t>(h) << 16;
    float f;
    __builtin_memcpy(&f, &bits, sizeof f);
    return f;
}
// A bfloat16 h of no negative value is less than that float exactly if h, as an integer, is less
// than this: 0 for a float that is not above zero or NaN.
inline std::uint16_t bf16_bound(float f) noexcept {
    if (!(f > 0))
        return 0;
    std::uint32_t bits;
    __builtin_memcpy(&bits, &f, sizeof bits);
    return static_cast<std::uint16_t>((bits + 0xFFFFu) >> 16);
}
inline std::uint16_t bf16_from_float(float f) noexcept {
    std::uint32_t bits;
    __builtin_memcpy(&bits, &f, sizeof bits);
    const std::uint32_t rounded = bits + 0x7FFFu + ((bits >> 16) & 1u);
    const std::uint32_t sign = bits & 0x80000000u;
    return static_cast<std::uint16_t>(
        ((rounded & 0x7FFFFFFFu) >= 0x7F800000u ? (sign | 0x7F7F0000u) : rounded) >> 16);
}

}  // namespace vg::distance
