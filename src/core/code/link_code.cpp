#include "core/code/link_code.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/no_postgres.h"

namespace vg::code {

LinkFactors encode_link(const float* u_p, const float* u_n, std::size_t words, float tail_p,
                        float tail_n, std::uint64_t* code) noexcept {
    double r2 = 0;
    double r_abs = 0;   // <o, r> = sum |r_i|
    double o_dot_p = 0;
    for (std::size_t w = 0; w < words; ++w) {
        const float* p = u_p + w * 64;
        const float* n = u_n + w * 64;
        std::uint64_t bits = 0;
        float sum_sq = 0;
        float sum_abs = 0;
        float sum_op = 0;
        for (unsigned i = 0; i < 64; ++i) {
            const float r = n[i] - p[i];
            const bool positive = r >= 0;
            bits |= static_cast<std::uint64_t>(positive) << i;
            sum_sq += r * r;
            sum_abs += std::fabs(r);
            sum_op += positive ? p[i] : -p[i];
        }
        code[w] = bits;
        r2 += sum_sq;
        r_abs += sum_abs;
        o_dot_p += sum_op;
    }
    const double tail_r = static_cast<double>(tail_n) - tail_p;
    const double tail = tail_r * tail_r + 2.0 * tail_p * tail_r;

    LinkFactors f;
    f.scale = distance::bf16_from_float(r_abs > 0 ? static_cast<float>(2.0 * r2 / r_abs) : 0.0f);
    // The bias uses the rounded scale, so that rounding changes only the weight of the estimate and
    // never shifts it by <o, u_p>.
    f.bias = static_cast<float>(r2 + tail + distance::bf16_to_float(f.scale) * o_dot_p);
    f.length = distance::bf16_from_float(static_cast<float>(std::sqrt(r2 + tail_r * tail_r)));
    return f;
}

float estimate_between(const std::uint64_t* code_a, float length_a, const std::uint64_t* code_b,
                       float length_b, std::size_t words) noexcept {
    const float differing = static_cast<float>(distance::hamming(code_a, code_b, words));
    const float angle = std::numbers::pi_v<float> * differing / static_cast<float>(words * 64);
    const float squared = length_a * length_a + length_b * length_b -
                          2.0f * length_a * length_b * std::cos(angle);
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
    constexpr int kTop = (1 << distance::kQueryPlanes) - 1;  // values run over -15, -13, ..., 15
    const std::size_t dims = rotation_->padded_dims();
    float largest = 0;
    for (std::size_t i = 0; i < dims; ++i)
        largest = std::max(largest, std::fabs(rotated[i]));
    step_ = largest / kTop;
    const float inverse = step_ > 0 ? 1.0f / step_ : 0.0f;
    for (std::size_t w = 0; w < rotation_->words(); ++w) {
        std::uint64_t bits[distance::kQueryPlanes] = {};
        for (unsigned i = 0; i < 64; ++i) {
            // value = 2 t - 15 in units of step, t in [0, 15]
            const float scaled = (rotated[w * 64 + i] * inverse + kTop) * 0.5f + 0.5f;
            const unsigned t = static_cast<unsigned>(std::clamp(scaled, 0.0f, float{kTop}));
            for (std::size_t b = 0; b < distance::kQueryPlanes; ++b)
                bits[b] |= static_cast<std::uint64_t>((t >> b) & 1u) << i;
        }
        for (std::size_t b = 0; b < distance::kQueryPlanes; ++b)
            planes_[b * rotation_->words() + w] = bits[b];
    }
}

}  // namespace vg::code
