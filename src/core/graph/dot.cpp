#include "core/graph/dot.h"

#include <algorithm>
#include <charconv>

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

void write_vertex(std::string& out, const DotVertex& v) {
    out += "    ";
    quote(out, v.name);
    out += " [label=";
    quote(out, v.label);
    if (v.hop == 0)
        out += ", fillcolor=\"#ffd28a\", penwidth=2";
    else if (v.hop == 1)
        out += ", fillcolor=\"#e3eefb\"";
    out += "];\n";
}

void write_arc(std::string& out, const std::vector<DotVertex>& vertices, const DotArc& a) {
    out += "    ";
    quote(out, vertices[a.from].name);
    out += " -> ";
    quote(out, vertices[a.to].name);
    out += " [penwidth=";
    number(out, 0.5 + std::clamp(a.weight, 0.0, 1.5));
    if (a.layer == Layer::kNeighbour)
        out += ", style=dashed, color=\"#999999\"";
    if (!a.directed)
        out += ", dir=none";
    if (!a.label.empty()) {
        out += ", label=";
        quote(out, a.label);
    }
    out += "];\n";
}

}  // namespace

std::string write_dot(std::string_view title, const std::vector<DotVertex>& vertices,
                      const std::vector<DotArc>& arcs) {
    std::string out = "digraph ";
    quote(out, title);
    out +=
        " {\n"
        "    graph [overlap=false, splines=true, outputorder=edgesfirst];\n"
        "    node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"Helvetica\", "
        "fontsize=11];\n"
        "    edge [fontname=\"Helvetica\", fontsize=9, color=\"#336699\"];\n";
    for (const DotVertex& v : vertices)
        write_vertex(out, v);
    for (const DotArc& a : arcs)
        write_arc(out, vertices, a);
    out += "}\n";
    return out;
}

}  // namespace vg::graph
