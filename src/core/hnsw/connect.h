// Reachability: a breadth-first spanning tree from the entry, and forced links to what it misses.
// Single-threaded and deterministic.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/poll.h"
#include "core/hnsw/graph.h"
#include "core/hnsw/layer_view.h"

namespace vg::hnsw {

struct ConnectResult {
    std::vector<std::uint32_t> parent;  // tree by local id; kNoNode for the root
    std::size_t forced = 0;             // nodes that needed a forced link
};

// Makes every node of `layer` (lists of local ids, nearest first, capacity >= 2) reachable from
// local id `root`. A forced link comes from a node near the unreachable one, into a free slot if
// there is one, else in place of that list's farthest link that is not a tree edge: replacing it
// cannot cut anything off. Lists stay sorted. Throws Error(kInternal) if no list has room, which a
// capacity >= 2 rules out, and what poll throws.
ConnectResult connect_layer(const LayerView& view, Layer& layer, std::uint32_t root,
                            const Poll& poll);

}  // namespace vg::hnsw
