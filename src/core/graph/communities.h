// Groups of vertices with more arcs among themselves than to others. Both methods look at vertices
// in an order drawn from the seed, so the same graph and seed give the same groups.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "core/base/poll.h"
#include "core/graph/csr.h"

namespace vg::graph {

struct CommunityOptions {
    double resolution = 1.0;  // Louvain: larger gives more and smaller groups; > 0
    unsigned rounds = 100;    // at most
    std::uint64_t seed = 0;
};

// By vertex, the smallest vertex of its group. The graph must be symmetric.

// Raghavan, Albert & Kumara 2007: every vertex takes the label that weighs most around it. Of equal
// ones its own, then the smallest.
std::pmr::vector<std::uint32_t> label_propagation(const Csr& graph, const CommunityOptions& options,
                                                  std::pmr::memory_resource* memory, Poll poll);

// Blondel et al. 2008: moves vertices while modularity grows, then does the same with the groups.
std::pmr::vector<std::uint32_t> louvain(const Csr& graph, const CommunityOptions& options,
                                        std::pmr::memory_resource* memory, Poll poll);

// Newman's modularity with resolution: sum over groups of inside/2m - resolution (degree/2m)^2.
double modularity(const Csr& graph, const std::pmr::vector<std::uint32_t>& group, double resolution,
                  std::pmr::memory_resource* memory);

}  // namespace vg::graph
