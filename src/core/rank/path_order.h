// The path of greatest weight: maximises the sum of weight(i, next of i) over all orders (an open,
// directed travelling-salesman path; NP-hard).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/poll.h"
#include "core/rank/matrix.h"

namespace vg::rank {

// Exact up to this many items (Held & Karp 1962), beyond it nearest-neighbour paths improved by
// moving segments (Or 1976), which may miss the optimum.
inline constexpr std::size_t kExactPathItems = 15;

// Upper bound of the bytes allocated beside the matrix.
std::size_t path_order_bytes(std::size_t n) noexcept;

// Item indexes along the path; of several optimal paths the lexicographically first, where the
// search is exact. by_net: all indexes, a start for the heuristic. Throws std::bad_alloc and what
// poll throws.
std::vector<std::uint32_t> path_order(const Matrix& weight,
                                      const std::vector<std::uint32_t>& by_net, const Poll& poll);

// The two ways by themselves, for tests.
std::vector<std::uint32_t> exact_path(const Matrix& weight, const Poll& poll);
std::vector<std::uint32_t> heuristic_path(const Matrix& weight,
                                          const std::vector<std::uint32_t>& by_net,
                                          const Poll& poll);

double path_weight(const Matrix& weight, const std::vector<std::uint32_t>& order) noexcept;

}  // namespace vg::rank
