// Implements permutation.h.
#include "core/rank/permutation.h"

#include "core/no_postgres.h"

namespace vg::rank {

std::size_t repair_permutation(std::span<const std::int32_t> given, std::span<std::int32_t> out) {
    std::vector<bool> seen(out.size(), false);
    std::size_t kept = 0;
    for (const std::int32_t position : given) {
        if (position < 1 || static_cast<std::size_t>(position) > out.size())
            continue;
        const auto at = static_cast<std::size_t>(position) - 1;
        if (seen[at])
            continue;
        seen[at] = true;
        out[kept++] = position;
    }
    const std::size_t dropped = given.size() - kept;
    for (std::size_t at = 0; at < out.size(); ++at) {
        if (!seen[at])
            out[kept++] = static_cast<std::int32_t>(at + 1);
    }
    return dropped;
}

}  // namespace vg::rank
