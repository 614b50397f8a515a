#include "core/base/huge_pages.h"

#include <sys/mman.h>

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

}  // namespace vg
