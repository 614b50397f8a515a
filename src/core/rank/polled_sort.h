// A stable sort that asks for interrupts: std::sort of millions of rows would not see a cancel.
#pragma once

#include <algorithm>
#include <cstddef>

#include "core/base/poll.h"

namespace vg::rank {

// Sorts short runs and merges them. Throws what poll throws, leaving a permutation of the input.
template <typename It, typename Less>
void polled_sort(It begin, It end, Less less, const Poll& poll) {
    constexpr std::ptrdiff_t kRun = 1 << 16;
    const std::ptrdiff_t n = end - begin;
    for (std::ptrdiff_t at = 0; at < n; at += kRun) {
        poll();
        std::stable_sort(begin + at, begin + std::min(n, at + kRun), less);
    }
    for (std::ptrdiff_t width = kRun; width < n; width *= 2) {
        for (std::ptrdiff_t at = 0; at + width < n; at += 2 * width) {
            poll();
            std::inplace_merge(begin + at, begin + at + width, begin + std::min(n, at + 2 * width),
                               less);
        }
    }
}

}  // namespace vg::rank
