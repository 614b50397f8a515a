// Strengths of the Bradley-Terry model: P(i before j) = 1 / (1 + e^(s_j - s_i)).
#pragma once

#include <vector>

#include "core/base/poll.h"
#include "core/rank/tournament.h"

namespace vg::rank {

// Log strengths s by item index. Beside the given weights every item has one virtual draw (half a
// win, half a loss) against an item of strength 0: so the estimate exists, is unique and finite for
// items that never lost and for tournaments in several parts, and 0 means average. Newton's method
// with conjugate gradients: O(pairs) memory and O(pairs) time per step.
// Throws std::bad_alloc and what poll throws.
std::vector<double> bradley_terry_scores(const Tournament& t, const Poll& poll);

}  // namespace vg::rank
