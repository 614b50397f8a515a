#include "core/code/centre.h"

#include <algorithm>
#include <numeric>

#include "core/no_postgres.h"

namespace vg::code {
namespace {

constexpr std::size_t kSample = 4096;
// Share of the sample that is left out at either end of each coordinate.
constexpr std::size_t kCutOneIn = 20;

}  // namespace

std::vector<float> robust_centre(const float* rows, std::size_t n, std::size_t stride,
                                 std::size_t dims) {
    std::vector<float> centre(dims, 0.0f);
    const std::size_t step = std::max<std::size_t>(1, n / kSample);
    std::vector<float> values;
    for (std::size_t i = 0; n > 0 && i < dims; ++i) {
        values.clear();
        for (std::size_t r = 0; r < n; r += step)
            values.push_back(rows[r * stride + i]);
        // Of three or more, one at either end at least.
        const std::size_t cut =
            values.size() < 3 ? 0 : std::max<std::size_t>(1, values.size() / kCutOneIn);
        const auto first = values.begin() + static_cast<std::ptrdiff_t>(cut);
        const auto last = values.end() - static_cast<std::ptrdiff_t>(cut);
        if (cut > 0) {
            std::nth_element(values.begin(), first, values.end());
            std::nth_element(first, last - 1, values.end());
        }
        centre[i] = static_cast<float>(std::accumulate(first, last, 0.0) /
                                       static_cast<double>(last - first));
    }
    return centre;
}

}  // namespace vg::code
