// 1-bit code of a neighbour relative to the node that links to it (the residual form of RaBitQ used
// by SymphonyQG, arXiv 2411.12229), and the query side of the estimator.
//
// With u = rotation of a vector, p the node, n its neighbour, r = u_n - u_p and o = sign(r):
//   |q - n|^2 = |q - p|^2 + |r|^2 - 2 <u_q - u_p, r>,
//   <u_q - u_p, r>  is estimated by  (|r|^2 / <o, r>) * (<o, u_q> - <o, u_p>).
// Only <o, u_q> depends on the query, so a link stores the bits of o and two numbers:
//   scale B = 2 |r|^2 / <o, r>   (bfloat16)
//   bias  A = |r|^2 + B <o, u_p> (float)
// and the estimate is  |q - p|^2 + A - B <o, u_q>.
//
// An index by inner product is walked by -<q, n> itself, which falls as n fits the query better.
// With any weight t,  <q, r> = t <p, r> + <q - t p, r>,  and estimating the second part gives
//   -<q, n>  is estimated by  -<q, p> + t A - B <o, u_q>
//   scale B = |r|^2 / <o, r>,   bias A = B <o, u_p> - <p, r>
// The error scales with |q - t p|, so t = <q, p> / |p|^2, which a search knows, is the best weight.
// Nothing here bounds the lengths of the vectors.
//
// Short codes. A rotation has mixed all coordinates, so the signs of the first P' of P say
// something about all of r: o is zero in the others, |r|^2 stays that of all, and the formulas stay
// as they are. The error is that of P' dimensions and, by P' / P, of what the others would have
// told.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/code/rotation.h"
#include "core/distance/link_kernels.h"

namespace vg::code {

struct LinkFactors {
    float bias;            // A
    std::uint16_t scale;   // B, bfloat16
    std::uint16_t length;  // |r|, bfloat16
};

// How long rotated vectors are, and their codes: in words of 64 dimensions.
struct CodeShape {
    std::size_t rotated;
    std::size_t coded;  // 1 to `rotated`
};

// Codes neighbour u_n relative to u_p; both rotated. Writes shape.coded code words.
LinkFactors encode_link(const float* u_p, const float* u_n, CodeShape shape,
                        std::uint64_t* code) noexcept;
// The same for an index by inner product; both rotated without a centre.
LinkFactors encode_product_link(const float* u_p, const float* u_n, CodeShape shape,
                                std::uint64_t* code) noexcept;

// Cosine of the angle between two links whose codes of `words` words differ in that many bits (sign
// random projection).
float cosine_of(std::uint32_t differing, std::size_t words) noexcept;

// Squared distance between the ends of two links, from their lengths and the cosine of their angle.
inline float squared_between(float length_a, float length_b, float cosine) noexcept {
    const float squared =
        length_a * length_a + length_b * length_b - 2.0f * length_a * length_b * cosine;
    return std::max(squared, 0.0f);
}

// Squared distance between two neighbours of one node, from their codes alone: squared_between
// with the cosine_of their codes.
float estimate_between(const std::uint64_t* code_a, float length_a, const std::uint64_t* code_b,
                       float length_b, std::size_t words) noexcept;

// A query prepared for estimates: rotated, quantised to bit planes. Reusable.
//
// The error of a code scales with |q - p|, the rounding of the query with the largest coordinate of
// u_q, which is of the size of all data. So the nearer a node, the more planes: as many groups as
// keep the rounding small beside the error of the code.
class QueryTable {
  public:
    // Codes have `words` words, at most rotation.words().
    QueryTable(const Rotation& rotation, std::size_t words);
    // query: rotation.dims() floats; centre as in Rotation::apply.
    void set(const float* query, const float* centre) noexcept;
    // The same from an already rotated vector of padded_dims floats.
    void set_rotated(const float* rotated) noexcept;
    // For the links of a node at this squared distance, |q - p|^2.
    distance::QueryPlanes planes(float squared_distance) const noexcept {
        std::size_t groups = 1;
        while (groups < distance::kQueryGroups && squared_distance < enough_until_[groups - 1])
            ++groups;
        return planes_of(groups);
    }
    // Whether the links of a node at this squared distance lie so close that the rounding of all
    // planes together drowns them. Then a table of q - p tells them apart.
    bool too_coarse(float squared_distance) const noexcept {
        return squared_distance < enough_until_[distance::kQueryGroups - 1];
    }
    // With a given number of groups, 1 to kQueryGroups.
    distance::QueryPlanes planes_of(std::size_t groups) const noexcept {
        return {planes_.data(), words_, step_[groups - 1], groups};
    }

  private:
    const Rotation* rotation_;
    std::size_t words_;
    std::vector<float> rotated_;
    std::vector<std::uint64_t> planes_;
    float step_[distance::kQueryGroups] = {};          // by number of groups, less one
    float enough_until_[distance::kQueryGroups] = {};  // squared distances
};

}  // namespace vg::code
