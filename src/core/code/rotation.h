// Random orthogonal rotation of vectors into a padded space, so that the signs of a rotated
// residual are an unbiased code of its direction (Gao & Long 2024, arXiv 2405.12497). Fast: four
// rounds of random sign flips and a Walsh-Hadamard transform over a power-of-two window, O(P log
// P).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace vg::code {

class Rotation {
  public:
    // dims >= 1. Two rotations with equal dims and seed are identical on every machine.
    Rotation(std::size_t dims, std::uint64_t seed);

    std::size_t dims() const noexcept { return dims_; }
    // dims rounded up to a multiple of 64: one code bit per padded dimension.
    std::size_t padded_dims() const noexcept { return padded_; }
    std::size_t words() const noexcept { return padded_ / 64; }

    // Coordinates farther from the centre count as this far: squares of rotated vectors, and the
    // factors of codes, stay within the range of floats whatever the vectors are.
    static constexpr float kFarthest = 1e16f;

    // out[0, padded_dims) = rotation of (in[0, dims) - centre), zero-padded. centre may be null.
    // in and out may not overlap. Preserves Euclidean distances up to float rounding.
    void apply(const float* in, const float* centre, float* out) const noexcept;

  private:
    static constexpr int kRounds = 4;
    std::size_t dims_;
    std::size_t padded_;
    std::size_t window_;        // largest power of two <= padded_
    std::vector<float> signs_;  // kRounds x padded_, each +1 or -1
};

}  // namespace vg::code
