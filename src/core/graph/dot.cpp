#include "core/graph/dot.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "core/no_postgres.h"

namespace vg::graph {
namespace {

// A quoted string of the dot language; a line break stays one.
void quote(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
        if (c == '\n') {
            out += "\\n";
            continue;
        }
        if (c == '\r' || c == '\0')
            continue;
        if (c == '"' || c == '\\')
            out += '\\';
        out += c;
    }
    out += '"';
}

void number(std::string& out, double value) {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, 2);
    out.append(text, end.ptr);
}

// What colours mean, by number of steps from a start.
constexpr const char* kHopColours[] = {"#ffd28a", "#e3eefb", "#ffffff"};
constexpr const char* kHopNames[] = {"start", "one step away", "farther"};
constexpr const char* kLinkColour = "#336699";
constexpr const char* kNeighbourColour = "#999999";

std::size_t hop_class(unsigned hop) {
    return std::min<std::size_t>(hop, std::size(kHopColours) - 1);
}

void write_vertex(std::string& out, const DotVertex& v) {
    out += "    ";
    quote(out, v.name);
    out += " [label=";
    quote(out, v.label);
    out += ", fillcolor=\"";
    out += kHopColours[hop_class(v.hop)];
    out += v.hop == 0 ? "\", penwidth=2];\n" : "\"];\n";
}

void write_arc(std::string& out, const std::vector<DotVertex>& vertices, const DotArc& a) {
    out += "    ";
    quote(out, vertices[a.from].name);
    out += " -> ";
    quote(out, vertices[a.to].name);
    out += " [penwidth=";
    number(out, 0.5 + std::clamp(a.weight, 0.0, 1.5));
    if (a.layer == Layer::kNeighbour)
        out.append(", style=dashed, color=\"").append(kNeighbourColour).append("\"");
    if (a.heads == Heads::kNone)
        out += ", dir=none";
    else
        out += a.heads == Heads::kTo ? ", dir=forward" : ", dir=both";
    if (!a.label.empty()) {
        out += ", label=";
        quote(out, a.label);
    }
    out += "];\n";
}

// A cell of the legend: a label of HTML, which every layout draws below the graph.
void write_cell(std::string& out, const char* background, const char* colour, const char* text) {
    out += "<td";
    if (background != nullptr)
        out.append(" border=\"1\" bgcolor=\"").append(background).append("\"");
    out += '>';
    if (colour != nullptr)
        out.append("<font color=\"").append(colour).append("\">");
    out += text;
    if (colour != nullptr)
        out += "</font>";
    out += "</td>";
}

void write_legend(std::string& out, const std::vector<DotVertex>& vertices,
                  const std::vector<DotArc>& arcs) {
    bool hops[std::size(kHopColours)] = {};
    for (const DotVertex& v : vertices)
        hops[hop_class(v.hop)] = true;
    const auto drawn = [&](Layer layer, bool heads) {
        return std::any_of(arcs.begin(), arcs.end(), [=](const DotArc& a) {
            return a.layer == layer && (a.heads != Heads::kNone) == heads;
        });
    };
    if (vertices.empty())
        return;
    out += "    label=<<table border=\"0\" cellborder=\"0\" cellspacing=\"6\"><tr>";
    for (std::size_t i = 0; i < std::size(hops); ++i)
        if (hops[i])
            write_cell(out, kHopColours[i], nullptr, kHopNames[i]);
    if (drawn(Layer::kLink, false))
        write_cell(out, nullptr, kLinkColour, "&#8212;&#8212; link");
    if (drawn(Layer::kLink, true))
        write_cell(out, nullptr, kLinkColour, "&#8212;&#8594; directed link");
    if (drawn(Layer::kNeighbour, false))
        write_cell(out, nullptr, kNeighbourColour, "- - - nearest neighbours of each other");
    if (drawn(Layer::kNeighbour, true))
        write_cell(out, nullptr, kNeighbourColour, "- -&#8594; nearest neighbour");
    out += "</tr></table>>;\n";
}

}  // namespace

std::string write_dot(std::string_view title, const std::vector<DotVertex>& vertices,
                      const std::vector<DotArc>& arcs) {
    std::string out = "digraph ";
    quote(out, title);
    out +=
        " {\n"
        "    graph [layout=twopi, overlap=false, splines=true, outputorder=edgesfirst, "
        "fontname=\"Helvetica\", fontsize=10, labelloc=b];\n"
        "    node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"Helvetica\", "
        "fontsize=11];\n"
        "    edge [fontname=\"Helvetica\", fontsize=9, arrowsize=0.7, color=\"";
    out.append(kLinkColour).append("\"];\n");
    const auto start = std::find_if(vertices.begin(), vertices.end(),
                                    [](const DotVertex& v) { return v.hop == 0; });
    if (start != vertices.end()) {
        out += "    root=";
        quote(out, start->name);
        out += ";\n";
    }
    write_legend(out, vertices, arcs);
    for (const DotVertex& v : vertices)
        write_vertex(out, v);
    for (const DotArc& a : arcs)
        write_arc(out, vertices, a);
    out += "}\n";
    return out;
}

}  // namespace vg::graph
