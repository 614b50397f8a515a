// Hints to the system about large blocks of memory, those of bulk builds. Harmless where the system
// does not know them.
#pragma once

#include <cstddef>

namespace vg {

// Asks for huge pages in [start, start + bytes), as far as whole ones fit: random reads of a graph
// of hundreds of megabytes otherwise spend a good part of their time on address translation. The
// block must be one that is used as a whole: a huge page is resident or not.
void prefer_huge_pages(void* start, std::size_t bytes) noexcept;

// From here on, for the whole process, a large block goes back to the system when it is freed and
// grows without being copied. glibc does so only until the first such block is freed: from then on
// it takes blocks of up to that size from its heap, where holes stay resident, and a build of
// 60,000 rows x 100 holds half as much again as its arrays.
void return_large_blocks() noexcept;

}  // namespace vg
