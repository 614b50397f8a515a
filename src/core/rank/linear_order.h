// The order of greatest agreement: maximises the sum of weight(i, j) over all i before j (Kemeny's
// rule on weights; the linear ordering problem, NP-hard).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/poll.h"
#include "core/rank/matrix.h"

namespace vg::rank {

// Exact up to this many items, and beyond it for every list that falls apart into blocks of at most
// this size, each of whose items beats all items of later blocks (any optimal order respects such
// blocks: Truchon 1998). A larger block is searched by moving single items, and so may miss the
// optimum.
inline constexpr std::size_t kExactLinearItems = 18;

// Upper bound of the bytes allocated beside the matrix.
std::size_t linear_order_bytes(std::size_t n) noexcept;

// Item indexes, best first; of several optimal orders of a block the lexicographically first. net
// and copeland: scores by index. Throws std::bad_alloc and what poll throws.
std::vector<std::uint32_t> linear_order(const Matrix& weight, const std::vector<double>& net,
                                        const std::vector<double>& copeland, const Poll& poll);

// The two ways to order one block, by themselves for tests: members in ascending order.
std::vector<std::uint32_t> exact_linear_block(const Matrix& weight,
                                              const std::vector<std::uint32_t>& members,
                                              const Poll& poll);
// Improves start until no move of one item to another place helps.
std::vector<std::uint32_t> improve_linear_block(const Matrix& weight,
                                                std::vector<std::uint32_t> start, const Poll& poll);

double linear_weight(const Matrix& weight, const std::vector<std::uint32_t>& order) noexcept;

}  // namespace vg::rank
