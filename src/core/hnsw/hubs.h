// Rows that would wreck a graph if they entered it early: a row that lies nearer to most other rows
// than those lie to each other (the zero vector among unit vectors, the mean of a high-dimensional
// cloud). Pruning by relative neighbourhood lets it shadow every other link, and the graph turns
// into a star around it. Inserted last, such a row does no harm.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/hnsw/bulk_builder.h"

namespace vg::hnsw {

// Moves hubs to the end of `order` (a random permutation of the rows), keeping the order otherwise,
// and returns how many there are. A row is a hub when for at least a quarter of 32 random pivots it
// is nearer than the pivot's third neighbour in a sample of 2,000 rows; for an ordinary row that is
// so with one pivot in 700. About 8 distances per row. Throws what poll throws, std::bad_alloc.
std::size_t defer_hubs(const Rows& rows, const BuildParams& params,
                       std::vector<std::uint32_t>& order);

}  // namespace vg::hnsw
