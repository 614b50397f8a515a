// Random vectors for tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/random.h"

namespace vg::test {

// n vectors of `dims` uniform coordinates in [-1/2, 1/2), one after another.
inline std::vector<float> points(std::size_t n, std::size_t dims, std::uint64_t seed) {
    Random rng(seed);
    std::vector<float> x(n * dims);
    for (float& v : x)
        v = static_cast<float>(rng.uniform() - 0.5);
    return x;
}

}  // namespace vg::test
