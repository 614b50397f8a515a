#include "core/code/link_code.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/no_postgres.h"

namespace vg::code {

LinkFactors encode_link(const float* u_p, const float* u_n, std::size_t words, float tail_p,
                        float tail_n, std::uint64_t* code) noexcept {
    const distance::ResidualSums sums = distance::encode_residual(u_p, u_n, words, code);
    const double r2 = sums.squared;
    const double tail_r = static_cast<double>(tail_n) - tail_p;
    const double tail = tail_r * tail_r + 2.0 * tail_p * tail_r;

    LinkFactors f;
    const double scale = sums.absolute > 0 ? 2.0 * r2 / sums.absolute : 0.0;
    f.scale = distance::bf16_from_float(static_cast<float>(scale));
    // The bias uses the rounded scale, so that rounding changes only the weight of the estimate and
    // never shifts it by <o, u_p>.
    f.bias = static_cast<float>(r2 + tail + distance::bf16_to_float(f.scale) * sums.dot);
    f.length = distance::bf16_from_float(static_cast<float>(std::sqrt(r2 + tail_r * tail_r)));
    return f;
}

float estimate_between(const std::uint64_t* code_a, float length_a, const std::uint64_t* code_b,
                       float length_b, std::size_t words) noexcept {
    const float differing = static_cast<float>(distance::hamming(code_a, code_b, words));
    const float angle = std::numbers::pi_v<float> * differing / static_cast<float>(words * 64);
    const float squared =
        length_a * length_a + length_b * length_b - 2.0f * length_a * length_b * std::cos(angle);
    return std::max(squared, 0.0f);
}

QueryTable::QueryTable(const Rotation& rotation)
    : rotation_(&rotation),
      rotated_(rotation.padded_dims()),
      planes_(distance::kQueryPlanes * rotation.words()) {}

void QueryTable::set(const float* query, const float* centre) noexcept {
    rotation_->apply(query, centre, rotated_.data());
    set_rotated(rotated_.data());
}

void QueryTable::set_rotated(const float* rotated) noexcept {
    step_ = distance::quantise_query(rotated, rotation_->words(), planes_.data());
}

}  // namespace vg::code
