// Orders as lists of 1-based positions: repair of a list that should be a permutation, and the
// order for readers who attend to both ends. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace vg::rank {

// Makes a permutation of 1..out.size() of what a model returned as one: keeps the first occurrence
// of each position, drops the rest, appends the missing ones in ascending order. Returns the number
// of entries dropped. Throws std::bad_alloc.
std::size_t repair_permutation(std::span<const std::int32_t> given, std::span<std::int32_t> out);

// Where the item of 1-based rank `rank` among n goes so that the best stand at both ends and the
// weakest in the middle: ranks 1, 2, 3, 4, 5 go to 1, 5, 2, 4, 3.
constexpr std::int64_t edge_position(std::int64_t rank, std::int64_t n) noexcept {
    return rank % 2 == 1 ? (rank + 1) / 2 : n + 1 - rank / 2;
}

}  // namespace vg::rank
