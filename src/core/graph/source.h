// Where the walks get their graph from. A source is asked for the arcs of many vertices at once, so
// that a database can answer with one query per round; in tests it is a table in memory.
//
// Vertices are named by numbers that mean something to the source alone. A vertex that must not be
// walked through (a dead row, say) simply has no arcs.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

namespace vg::graph {

using Vertex = std::int64_t;

// Arcs of different layers never compete for a vertex's weight: each layer is normalised by itself.
// Similarity arcs outnumber links ten to one and would drown them.
enum class Layer : std::uint8_t { kLink, kNeighbour };
inline constexpr std::size_t kLayers = 2;

struct Arc {
    std::uint32_t from;  // position in the list of vertices asked for
    std::uint16_t kind;  // number of the link's kind; means something to the source alone
    float weight;        // finite and > 0
    Vertex to;
};

using Arcs = std::pmr::vector<Arc>;

class NeighbourSource {
  public:
    virtual ~NeighbourSource() = default;

    // Both append the arcs that leave the given vertices, in any order. The vertices are distinct,
    // and none is asked for twice by either. An arc may lead back to its own vertex; it is ignored.

    // The vertices' links; and by position in `asked` how many similarity arcs a vertex has, about.
    virtual void read_links(std::span<const Vertex> asked, Arcs& out,
                            std::span<std::uint32_t> neighbours) = 0;
    // The vertices' similarity arcs, asked for where there are any.
    virtual void read_neighbours(std::span<const Vertex> asked, Arcs& out) = 0;
};

}  // namespace vg::graph
