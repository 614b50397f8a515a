// A graph in memory as a source of arcs, and random ones, for the tests of core/graph.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

#include "core/base/random.h"
#include "core/graph/source.h"

namespace vg::graph {

struct TableArc {
    Vertex from;
    Vertex to;
    float weight;
    std::uint16_t kind = 0;
};

class TableSource final : public NeighbourSource {
  public:
    std::map<Vertex, std::vector<TableArc>> arcs[kLayers];
    int questions = 0;
    bool reverse_answers = false;

    void add(Layer layer, const TableArc& arc) {
        arcs[static_cast<std::size_t>(layer)][arc.from].push_back(arc);
    }
    void add_both(Layer layer, TableArc arc) {
        add(layer, arc);
        std::swap(arc.from, arc.to);
        add(layer, arc);
    }
    const std::vector<TableArc>& of(Layer layer, Vertex v) const {
        static const std::vector<TableArc> none;
        const auto found = arcs[static_cast<std::size_t>(layer)].find(v);
        return found == arcs[static_cast<std::size_t>(layer)].end() ? none : found->second;
    }

    void read_links(std::span<const Vertex> asked, Arcs& out,
                    std::span<std::uint32_t> neighbours) override {
        read(Layer::kLink, asked, out);
        for (std::size_t i = 0; i < asked.size(); ++i)
            neighbours[i] = static_cast<std::uint32_t>(of(Layer::kNeighbour, asked[i]).size());
    }
    void read_neighbours(std::span<const Vertex> asked, Arcs& out) override {
        read(Layer::kNeighbour, asked, out);
    }

  private:
    void read(Layer layer, std::span<const Vertex> asked, Arcs& out) {
        ++questions;
        for (std::uint32_t i = 0; i < asked.size(); ++i) {
            if (!asked_[static_cast<std::size_t>(layer)].insert(asked[i]).second)
                throw std::logic_error("a vertex was asked for twice");
            for (const TableArc& a : of(layer, asked[i]))
                out.push_back({i, a.kind, a.weight, a.to});
        }
        if (reverse_answers)
            std::reverse(out.begin(), out.end());
    }
    std::set<Vertex> asked_[kLayers];
};

// Undirected links with some weights of 1 and some others, self-links and parallel ones included,
// and a similarity layer of the given degree.
inline TableSource random_graph(std::uint64_t seed, int n, int links, int neighbours) {
    Random random(seed);
    TableSource source;
    const auto any = [&] {
        return static_cast<Vertex>(random.below(static_cast<std::uint64_t>(n)));
    };
    for (int i = 0; i < links; ++i) {
        const auto weight =
            random.below(2) == 0 ? 1.0f : static_cast<float>(random.uniform() + 0.01);
        source.add_both(Layer::kLink, {any(), any(), weight, static_cast<std::uint16_t>(i % 3)});
    }
    for (Vertex v = 0; v < n; ++v)
        for (int i = 0; i < neighbours; ++i)
            source.add(Layer::kNeighbour,
                       {v, any(), static_cast<float>(0.1 + 0.9 * random.uniform())});
    return source;
}

}  // namespace vg::graph
