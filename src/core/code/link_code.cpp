#include "core/code/link_code.h"

#include <algorithm>
#include <cmath>

#include "core/distance/distance.h"
#include "core/no_postgres.h"

namespace vg::code {
namespace {

// The variance of a link's estimate, over 4 |r|^2 / c^2, is |q - p|^2 (1 - c^2 P' / P) / (P - 1)
// for a code of P' of the P dimensions (q - p orthogonal to r, the usual case) and step^2 / 3 for
// the query's rounding, with c^2 = 2 / pi. The rounding may be this part of the code's.
constexpr float kRoundingShare = 1.0f;

// As distance::encode_residual, with |r|^2 of all dimensions.
distance::ResidualSums encode(const float* u_p, const float* u_n, CodeShape shape,
                              std::uint64_t* code) noexcept {
    distance::ResidualSums sums = distance::encode_residual(u_p, u_n, shape.coded, code);
    const std::size_t first = shape.coded * 64;
    const std::size_t rest = (shape.rotated - shape.coded) * 64;
    if (rest > 0)
        sums.squared += distance::l2_squared(u_p + first, u_n + first, rest);
    return sums;
}

}  // namespace

LinkFactors encode_link(const float* u_p, const float* u_n, CodeShape shape,
                        std::uint64_t* code) noexcept {
    const distance::ResidualSums sums = encode(u_p, u_n, shape, code);
    const double r2 = sums.squared;
    LinkFactors f;
    const double scale = sums.absolute > 0 ? 2.0 * r2 / sums.absolute : 0.0;
    f.scale = distance::bf16_from_float(static_cast<float>(scale));
    // The bias uses the rounded scale, so that rounding changes only the weight of the estimate and
    // never shifts it by <o, u_p>.
    f.bias = static_cast<float>(r2 + distance::bf16_to_float(f.scale) * sums.dot);
    f.length = distance::bf16_from_float(static_cast<float>(std::sqrt(r2)));
    return f;
}

LinkFactors encode_product_link(const float* u_p, const float* u_n, CodeShape shape,
                                std::uint64_t* code) noexcept {
    const distance::ResidualSums sums = encode(u_p, u_n, shape, code);
    const std::size_t dims = shape.rotated * 64;
    const double r2 = sums.squared;
    LinkFactors f;
    f.scale =
        distance::bf16_from_float(static_cast<float>(sums.absolute > 0 ? r2 / sums.absolute : 0.0));
    const double along = static_cast<double>(distance::inner_product(u_p, u_n, dims)) -
                         distance::inner_product(u_p, u_p, dims);
    f.bias = static_cast<float>(distance::bf16_to_float(f.scale) * sums.dot - along);
    f.length = distance::bf16_from_float(static_cast<float>(std::sqrt(r2)));
    return f;
}

// cos(pi x) for x in [0, 1], to 4e-6: far below what the codes resolve, and the same on every
// machine.
static float cos_half_turns(float x) noexcept {
    const float y = 0.5f - x;  // sin(pi y)
    const float z = y * y;
    return y * (3.14159265f -
                z * (5.16771278f - z * (2.55016404f - z * (0.59926453f - z * 0.08214589f))));
}

float cosine_of(std::uint32_t differing, std::size_t words) noexcept {
    return cos_half_turns(static_cast<float>(differing) / static_cast<float>(words * 64));
}

float estimate_between(const std::uint64_t* code_a, float length_a, const std::uint64_t* code_b,
                       float length_b, std::size_t words) noexcept {
    return squared_between(length_a, length_b,
                           cosine_of(distance::hamming(code_a, code_b, words), words));
}

QueryTable::QueryTable(const Rotation& rotation, std::size_t words)
    : rotation_(&rotation),
      words_(words),
      rotated_(rotation.padded_dims()),
      planes_(distance::kQueryGroups * distance::kQueryPlanes * words) {}

void QueryTable::set(const float* query, const float* centre) noexcept {
    rotation_->apply(query, centre, rotated_.data());
    set_rotated(rotated_.data());
}

void QueryTable::set_rotated(const float* rotated) noexcept {
    const float coded = static_cast<float>(words_) / static_cast<float>(rotation_->words());
    const float unknown = 1.0f - 2.0f / std::numbers::pi_v<float> * coded;
    const float dims = static_cast<float>(rotation_->padded_dims() - 1);
    float step = distance::quantise_query(rotated, words_, planes_.data());
    for (std::size_t g = 0; g < distance::kQueryGroups; ++g) {
        step_[g] = step;
        enough_until_[g] = step * step * dims / (3.0f * unknown * kRoundingShare);
        step /= 1 << distance::kQueryPlanes;
    }
}

}  // namespace vg::code
