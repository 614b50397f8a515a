// Page placement: an order of the nodes in which graph neighbours come to lie in the same page.
// Single-threaded and deterministic.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/poll.h"
#include "core/hnsw/graph.h"

namespace vg::hnsw {

// A permutation of the nodes of `layer` (level 0, lists nearest first); each run of `group` nodes
// is meant for one page. Seeds are taken in breadth-first order from `root`, so that consecutive
// pages are near each other too; each is joined by the unplaced nodes most strongly linked to its
// group.
std::vector<std::uint32_t> place_nodes(const Layer& layer, std::uint32_t root, std::uint32_t group,
                                       const Poll& poll);

}  // namespace vg::hnsw
