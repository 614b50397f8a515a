// Small deterministic generators. Everything random in the product is seeded and reproducible
// across platforms, so nothing here uses <random>'s distributions (their output is
// implementation-defined).
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace vg {

// One step of SplitMix64 (Steele, Lea, Flood 2014): a bijective 64-bit mixer, good as a hash.
inline std::uint64_t mix64(std::uint64_t x) noexcept {
    x += 0x9E3779B97F4A7C15ull;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
    return x ^ (x >> 31);
}

// Counter-based generator over mix64: state is one word, streams are independent for distinct
// seeds.
class Random {
  public:
    explicit Random(std::uint64_t seed) noexcept : state_(mix64(seed)) {}

    std::uint64_t next() noexcept { return mix64(state_ += 0x9E3779B97F4A7C15ull); }

    // Uniform in [0, 1), 53 bits.
    double uniform() noexcept { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

    // Uniform in [0, n). Requires n > 0. The modulo bias is below 2^-32 for every n < 2^32.
    std::uint64_t below(std::uint64_t n) noexcept { return next() % n; }

  private:
    std::uint64_t state_;
};

// Reservoir sampling (Vitter 1985, Algorithm R): where in a sample of `size` the next element of a
// stream goes, `seen` of which came before it; `size` for one that is passed over. The first `size`
// elements go to the end.
inline std::uint64_t reservoir_place(Random& random, std::uint64_t seen,
                                     std::uint64_t size) noexcept {
    if (seen < size)
        return seen;
    const std::uint64_t at = random.below(seen + 1);
    return at < size ? at : size;
}

// Fisher-Yates shuffle.
template <typename T, typename Allocator>
void shuffle(std::vector<T, Allocator>& v, Random& rng) noexcept {
    for (std::size_t i = v.size(); i > 1; --i)
        std::swap(v[i - 1], v[rng.below(i)]);
}

}  // namespace vg
