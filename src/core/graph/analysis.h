// What a whole graph looks like: its components, and how central its vertices are. Components and
// betweenness by Boost.Graph; PageRank by our own iteration, because Boost's knows no weights and
// loses the rank of vertices without arcs.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "core/base/poll.h"
#include "core/graph/csr.h"

namespace vg::graph {

// By vertex, the smallest vertex of its component. The graph must be symmetric.
std::pmr::vector<std::uint32_t> components(const Csr& graph, std::pmr::memory_resource* memory,
                                           Poll poll);

// Sum of the weights of the arcs that leave a vertex.
std::pmr::vector<double> weighted_degree(const Csr& graph, std::pmr::memory_resource* memory);

struct PagerankOptions {
    double restart = 0.15;     // probability to go on anywhere
    double tolerance = 1e-10;  // sum of changes at which to stop
    unsigned iterations = 200;
};

// Sums to 1. Arcs are followed in proportion to their weights; from a vertex without arcs the walk
// goes on anywhere.
std::pmr::vector<double> pagerank(const Csr& graph, const PagerankOptions& options,
                                  std::pmr::memory_resource* memory, Poll poll);

// Share of shortest paths (in steps) between two other vertices that pass through a vertex
// (Freeman 1977, Brandes 2001), over unordered pairs. The graph must be symmetric. Time is vertices
// times arcs.
std::pmr::vector<double> betweenness(const Csr& graph, std::pmr::memory_resource* memory,
                                     Poll poll);

}  // namespace vg::graph
