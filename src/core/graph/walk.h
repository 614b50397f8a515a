// Personalised PageRank by forward push (Andersen, Chung & Lang, FOCS 2006): the share of time that
// a walker spends at each vertex who starts at a seed, goes back to the seeds with probability
// `restart` at every step and else follows an arc. A vertex is pushed while what has arrived there
// exceeds epsilon times its number of links, so the work is O(1 / (restart * epsilon)), whatever
// the size of the graph. Walkers who would take similarity arcs wait at their vertex until there
// are epsilon of them for each arc: most vertices never get so many, and reading those arcs is the
// expensive part.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "core/base/poll.h"
#include "core/graph/explored.h"

namespace vg::graph {

struct Seed {
    std::uint32_t id;  // in the explored graph
    double weight;     // > 0
};

struct WalkOptions {
    double restart = 0.5;     // in (0, 1]
    double epsilon = 1e-4;    // > 0
    double link_share = 0.8;  // share of a step that follows links rather than similarity
    unsigned max_hops = 2;    // a walker that would go further is lost
};

// A value per vertex of the explored graph, which grows while the walk goes on: one question per
// round, for all vertices that need to be pushed and are not loaded. A vertex without arcs keeps
// its walkers. The sum is at most 1. Throws what the source and poll throw.
std::pmr::vector<double> personalised_pagerank(Explored& graph, std::span<const Seed> seeds,
                                               const WalkOptions& options,
                                               std::pmr::memory_resource* memory, Poll poll);

}  // namespace vg::graph
