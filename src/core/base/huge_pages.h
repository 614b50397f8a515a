// Asks the kernel to back a large block with huge pages: random reads of a graph of hundreds of
// megabytes otherwise spend a good part of their time on address translation. A hint; harmless
// where there are none. The block must be one that is used as a whole: a huge page is resident or
// not.
#pragma once

#include <cstddef>

namespace vg {

// Affects the whole huge pages inside [start, start + bytes).
void prefer_huge_pages(void* start, std::size_t bytes) noexcept;

}  // namespace vg
