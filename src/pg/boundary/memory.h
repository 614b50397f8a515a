// How much the state of one group, partition or list may take: what PostgreSQL grants a hash table,
// work_mem times hash_mem_multiplier. Raises PostgreSQL errors (R2).
#pragma once

#include "pg/boundary/pg.h"

#include <algorithm>
#include <cmath>

namespace vg::pg {

inline Size state_budget() {
    constexpr auto kMost = static_cast<double>(SIZE_MAX / 2);
    return static_cast<Size>(std::min(1024.0 * work_mem * hash_mem_multiplier, kMost));
}

// 53400. bytes: what it would take, 0 where that is not known; otherwise: what to do but raise
// work_mem.
[[noreturn]] inline void report_state_size(const char* who, double bytes, const char* otherwise) {
    const auto allowed_kb = static_cast<double>(state_budget()) / 1024.0;
    ereport(ERROR,
            (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
             errmsg("%s needs more memory than work_mem allows", who),
             bytes > 0.0 ? errdetail("It would take %.0f kB; work_mem times hash_mem_multiplier is "
                                     "%.0f kB.",
                                     std::ceil(bytes / 1024.0), allowed_kb)
                         : errdetail("work_mem times hash_mem_multiplier is %.0f kB.", allowed_kb),
             errhint("Raise work_mem, or %s.", otherwise)));
    pg_unreachable();
}

inline void check_state_size(const char* who, double bytes, const char* otherwise) {
    if (unlikely(bytes > static_cast<double>(state_budget())))
        report_state_size(who, bytes, otherwise);
}

}  // namespace vg::pg
