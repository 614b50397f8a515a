// A graph as text for Graphviz. Boost's writer would bring iostreams, whose static constructors do
// not belong into a server, and escapes nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/graph/source.h"

namespace vg::graph {

struct DotVertex {
    std::string name;  // unique
    std::string label;
    unsigned hop = 0;  // 0 is drawn as a start
};

// Which ends of a line have an arrow head.
enum class Heads : std::uint8_t { kNone, kTo, kBoth };

struct DotArc {
    std::uint32_t from;  // position among the vertices
    std::uint32_t to;
    Layer layer;  // similarity arcs are dashed and grey
    Heads heads;
    std::string label;
    double weight;  // decides how thick the line is
};

// Laid out in rings around the starts, with a legend of what occurs.
std::string write_dot(std::string_view title, const std::vector<DotVertex>& vertices,
                      const std::vector<DotArc>& arcs);

}  // namespace vg::graph
