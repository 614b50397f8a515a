// The order in which rows enter the graph: random permutation, random prefix, LID probe of the
// rest, LID-aware order if it pays, hubs last. Fills an empty HnswlibGraph. Threads: as
// params.threads says; single inserts where that matters. progress and poll are called by the
// caller's thread only.
#pragma once

#include <cstdint>
#include <vector>

#include "core/hnsw/bulk_builder.h"
#include "core/hnsw/graph.h"
#include "core/hnsw/hnswlib_graph.h"

namespace vg::hnsw {

struct Insertion {
    std::vector<float> lid;  // per row; 0 where not estimated
    BuildOrder order_used = BuildOrder::kRandom;
};

// Inserts all rows; `level` is the top level per row. Throws as bulk_build does.
Insertion insert_rows(const Rows& rows, const BuildParams& params,
                      const std::vector<std::uint8_t>& level, HnswlibGraph& index);

}  // namespace vg::hnsw
