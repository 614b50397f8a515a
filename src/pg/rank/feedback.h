// What functions that refine a query share.
#pragma once

#include "pg/boundary/pg.h"

#include <span>

#include "core/rank/feedback.h"
#include "pg/types/vector.h"

namespace vg::pg::rank {

inline std::span<const float> elements(const Vector* vector) {
    return {vector->x, static_cast<std::size_t>(vector->dim)};
}

// 22023 for a refined query without direction, 22000 for one that has overflowed.
void check_refined(const Vector* result, bool has_direction);

}  // namespace vg::pg::rank
