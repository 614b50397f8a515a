// The point that codes are made around: of each coordinate the mean of its middle values in a
// sample of the rows. A few rows far away, which would drag a plain mean after them and take the
// precision of all codes with it, do not count.
#pragma once

#include <cstddef>
#include <vector>

namespace vg::code {

// rows: n rows of dims finite floats, `stride` floats apart. Zero without rows. Throws
// std::bad_alloc.
std::vector<float> robust_centre(const float* rows, std::size_t n, std::size_t stride,
                                 std::size_t dims);

}  // namespace vg::code
