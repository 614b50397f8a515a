// The greedy loop all selections share: again and again the row of the largest marginal gain among
// those that may still be chosen, the first in canonical order where gains are equal.
#pragma once

#include <cstddef>
#include <limits>
#include <memory_resource>
#include <vector>

#include "core/base/poll.h"
#include "core/select/candidates.h"
#include "core/select/objective.h"
#include "core/select/similarity.h"

namespace vg::select {

inline constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

// How many rows of a group are to be chosen, shown ones included.
struct GroupLimit {
    std::size_t at_most = kNoLimit;
    std::size_t at_least = 0;
};

struct Limits {
    explicit Limits(std::pmr::memory_resource* memory) : groups(memory) {}

    std::size_t k = kNoLimit;
    // Sum of costs allowed; absent: costs do not matter.
    double budget = kAbsent;
    // A row is dropped when it is this similar to a chosen or shown one; absent: never. Values of 1
    // and just below, down to kIdentical, mean equal direction.
    double dedupe = kAbsent;
    std::pmr::vector<GroupLimit> groups;  // by group number
};

// Cosine from which two directions are equal, up to rounding.
inline constexpr double kIdentical = 1.0 - 1e-6;

struct Pick {
    std::size_t row;  // canonical index
    double gain;      // marginal gain of the objective
};

// Chooses at most limits.k rows, in order of choice. Shown rows are in the set from the start. A
// minimum of a group is met as far as its rows, k and the budget allow; it reserves places, it does
// not change the order of choice before the places run short. With a budget, rows that no longer
// fit are passed over. Throws Error if the minima exceed k, and whatever poll throws.
//
// similarities may be null when the objective has no terms that need it and dedupe is absent.
std::pmr::vector<Pick> greedy(const Candidates& candidates, Similarities* similarities,
                              const Objective& objective, const Limits& limits,
                              std::pmr::memory_resource* memory, Poll poll);

}  // namespace vg::select
