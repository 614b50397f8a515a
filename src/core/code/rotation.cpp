#include "core/code/rotation.h"

#include <algorithm>
#include <cmath>

#include "core/base/random.h"
#include "core/no_postgres.h"

namespace vg::code {
namespace {

// In-place orthonormal Walsh-Hadamard transform of n = 2^k values.
void hadamard(float* x, std::size_t n) noexcept {
    for (std::size_t half = 1; half < n; half *= 2) {
        for (std::size_t i = 0; i < n; i += 2 * half) {
            for (std::size_t j = i; j < i + half; ++j) {
                const float a = x[j];
                const float b = x[j + half];
                x[j] = a + b;
                x[j + half] = a - b;
            }
        }
    }
    const float norm = 1.0f / std::sqrt(static_cast<float>(n));
    for (std::size_t i = 0; i < n; ++i)
        x[i] *= norm;
}

}  // namespace

Rotation::Rotation(std::size_t dims, std::uint64_t seed)
    : dims_(dims), padded_((dims + 63) / 64 * 64), window_(64) {
    while (window_ * 2 <= padded_)
        window_ *= 2;
    signs_.resize(kRounds * padded_);
    Random rng(seed);
    for (float& s : signs_)
        s = (rng.next() >> 63) != 0 ? 1.0f : -1.0f;
}

void Rotation::apply(const float* in, const float* centre, float* out) const noexcept {
    if (centre != nullptr) {
        for (std::size_t i = 0; i < dims_; ++i)
            out[i] = in[i] - centre[i];
    } else {
        std::copy(in, in + dims_, out);
    }
    std::fill(out + dims_, out + padded_, 0.0f);

    const std::size_t half = padded_ / 2;
    for (int round = 0; round < kRounds; ++round) {
        const float* sign = signs_.data() + static_cast<std::size_t>(round) * padded_;
        for (std::size_t i = 0; i < padded_; ++i)
            out[i] *= sign[i];
        // The window covers the front in even rounds and the back in odd ones; where it is not the
        // whole vector, a rotation by 45 degrees between the halves mixes what it left out.
        hadamard((round & 1) != 0 ? out + padded_ - window_ : out, window_);
        if (window_ == padded_)
            continue;
        constexpr float kHalfSqrt2 = 0.70710678f;
        for (std::size_t i = 0; i < half; ++i) {
            const float a = out[i];
            const float b = out[i + half];
            out[i] = kHalfSqrt2 * (a + b);
            out[i + half] = kHalfSqrt2 * (a - b);
        }
    }
}

}  // namespace vg::code
