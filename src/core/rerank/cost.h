// What a rerank will cost, before anybody is asked.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/rerank/rerank.h"

namespace vg::rerank {

struct Cost {
    std::uint64_t calls;
    std::uint64_t shown;  // documents in all calls
    bool exact;           // false: an upper bound; heaps depend on the answers
};

// For n documents without max_calls. k counts up to n. Constant memory; time O(k) for heaps and
// setwise_bubble. Exact numbers hold for n below 2^31.
Cost cost(const Shape& shape, std::size_t n) noexcept;

}  // namespace vg::rerank
