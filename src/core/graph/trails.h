// Strongest trails: of all ways from some start vertices with at most so many steps, the one whose
// product of strengths is largest, for every vertex that can be reached. Strengths are at most 1,
// so a strongest trail never visits a vertex twice.
//
// Two notions of a step's strength:
//   kDecay       decay * min(weight, 1), and for similarity arcs times (1 - s) / s with s the share
//                of links, or the reverse when s < 1/2: the same in both directions, blind to hubs
//   kTransition  the probability of the step in the walk of walk.h: the strongest trail is then the
//                likeliest way of a walker, and ways through hubs are weak
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "core/base/poll.h"
#include "core/graph/explored.h"
#include "core/graph/walk.h"

namespace vg::graph {

enum class Strength : std::uint8_t { kDecay, kTransition };

struct TrailOptions {
    Strength strength = Strength::kDecay;
    double decay = 0.7;       // factor per step: of kDecay, in (0, 1]; of kTransition 1 - restart
    double link_share = 0.8;  // in [0, 1]
    unsigned max_hops = 2;
    bool load_links = true;       // false: stay within what is loaded
    bool load_neighbours = true;  // likewise; links must be loaded too
};

// A trail is a chain of labels from its last one back to a start, which has no previous one.
struct Label {
    std::uint32_t id;
    std::uint32_t previous;  // label, kNone at a start
    Layer layer;             // of the last step ...
    std::uint32_t arc;       // ... and its position among the arcs of the vertex before
    std::uint32_t start;     // position among the starts
    unsigned hops;
    double strength;
};

// What must not be used; empty lists forbid nothing. Read for trails between two vertices.
struct Forbidden {
    std::span<const std::uint8_t> vertices;  // by id
    std::uint32_t first = kNone;             // steps from this vertex ...
    std::span<const std::uint32_t> targets;  // ... to these
};

struct Trails {
    explicit Trails(std::pmr::memory_resource* memory) : labels(memory), best(memory) {}
    std::pmr::vector<Label> labels;
    std::pmr::vector<std::uint32_t> best;  // by id: label of the strongest trail, kNone if none
};

// At most two questions per step when loading. Equal strengths: the shorter trail, then the earlier
// start.
Trails strongest_trails(Explored& graph, std::span<const Seed> starts, const TrailOptions& options,
                        const Forbidden& forbidden, std::pmr::memory_resource* memory, Poll poll);

struct PathStep {
    Layer layer;
    std::uint32_t arc;  // position among the vertex's arcs
};

// A trail as a list: vertices[0] is the start, steps[i] leads from vertices[i] to the next.
struct Path {
    std::vector<std::uint32_t> vertices;
    std::vector<PathStep> steps;
    double strength = 0.0;
};

// The trail that ends with this label.
Path path_of(const Trails& trails, std::uint32_t label);

// The k strongest paths without repeated vertices (Yen 1971), strongest first; fewer if there are
// no more. Paths differ in their vertices, not just in which of parallel arcs they take.
std::vector<Path> strongest_paths(Explored& graph, std::uint32_t from, std::uint32_t to,
                                  std::size_t k, const TrailOptions& options,
                                  std::pmr::memory_resource* memory, Poll poll);

}  // namespace vg::graph
