#include "core/base/large_blocks.h"

#include <sys/mman.h>
#if __has_include(<malloc.h>)
#include <malloc.h>
#endif

#include <cstdint>

#include "core/no_postgres.h"

namespace vg {

void prefer_huge_pages(void* start, std::size_t bytes) noexcept {
#ifdef MADV_HUGEPAGE
    constexpr std::uintptr_t kHuge = std::uintptr_t{1} << 21;
    const auto first = reinterpret_cast<std::uintptr_t>(start);
    const std::uintptr_t begin = (first + kHuge - 1) / kHuge * kHuge;
    const std::uintptr_t end = (first + bytes) / kHuge * kHuge;
    if (begin < end)
        madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#else
    static_cast<void>(start);
    static_cast<void>(bytes);
#endif
}

void return_large_blocks() noexcept {
#ifdef M_MMAP_THRESHOLD
    constexpr int kLarge = 256 * 1024;
    mallopt(M_MMAP_THRESHOLD, kLarge);
#endif
}

}  // namespace vg
