#include "core/code/rotation.h"

#include <algorithm>

#include "core/base/random.h"
#include "core/distance/transform.h"
#include "core/no_postgres.h"

namespace vg::code {

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
    for (std::size_t i = 0; i < dims_; ++i) {
        const float x = centre != nullptr ? in[i] - centre[i] : in[i];
        out[i] = std::clamp(x, -kFarthest, kFarthest);
    }
    std::fill(out + dims_, out + padded_, 0.0f);

    for (int round = 0; round < kRounds; ++round) {
        const float* sign = signs_.data() + static_cast<std::size_t>(round) * padded_;
        distance::multiply(out, sign, padded_);
        // The window covers the front in even rounds and the back in odd ones; where it is not the
        // whole vector, a rotation by 45 degrees between the halves mixes what it left out.
        distance::hadamard((round & 1) != 0 ? out + padded_ - window_ : out, window_);
        if (window_ != padded_)
            distance::mix_halves(out, padded_ / 2);
    }
}

}  // namespace vg::code
