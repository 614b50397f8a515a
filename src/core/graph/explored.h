// The part of a graph that a query has seen. Vertices get small numbers in the order in which they
// are met, arcs are kept by vertex; memory grows with what was touched, never with the graph.
//
// Ownership: memory from the resource given; the source outlives the object. Not thread-safe. Polls
// once per load() and every few thousand arcs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "core/base/poll.h"
#include "core/graph/source.h"

namespace vg::graph {

inline constexpr std::uint32_t kNone = 0xFFFFFFFFu;

struct LocalArc {
    std::uint32_t to;
    float weight;
    std::uint16_t kind;
};

class Explored {
  public:
    // Once max_vertices are known no further ones are added; arcs to others are dropped.
    Explored(NeighbourSource& source, std::size_t max_vertices, std::pmr::memory_resource* memory,
             Poll poll);

    // The number of a vertex, given now if it has none yet; kNone beyond max_vertices. `hop` is the
    // number of steps from the start at which it is met; the smallest one counts.
    std::uint32_t add(Vertex vertex, unsigned hop);
    std::uint32_t find(Vertex vertex) const noexcept;

    // Read the arcs of those of the given vertices that are not loaded, in one question to the
    // source. The order of a vertex's arcs does not depend on the source's. Similarity arcs are
    // read only after links, and only of vertices that have some.
    void load_links(std::span<const std::uint32_t> ids);
    void load_neighbours(std::span<const std::uint32_t> ids);

    // Vertices that the last question has brought nearer to the start than they were.
    std::span<const std::uint32_t> nearer() const noexcept { return nearer_; }

    std::size_t size() const noexcept { return nodes_.size(); }
    Vertex vertex(std::uint32_t id) const noexcept { return nodes_[id].vertex; }
    unsigned hop(std::uint32_t id) const noexcept { return nodes_[id].hop; }
    bool loaded(std::uint32_t id, Layer layer) const noexcept { return row(id, layer).loaded; }
    // None before they are loaded.
    std::span<const LocalArc> arcs(std::uint32_t id, Layer layer) const noexcept {
        const Row& r = row(id, layer);
        return {arcs_.data() + r.begin, r.count};
    }
    // Sum of the weights of those.
    double weight(std::uint32_t id, Layer layer) const noexcept { return row(id, layer).weight; }
    // How many similarity arcs a vertex has, about, known once its links are loaded.
    std::uint32_t neighbours(std::uint32_t id) const noexcept { return nodes_[id].neighbours; }
    // What share of a step from a vertex a layer gets: link_share for links and the rest for
    // similarity, all of it where the vertex has arcs of one layer only. Links must be loaded.
    double share(std::uint32_t id, Layer layer, double link_share) const noexcept;
    // Whether max_vertices kept something out.
    bool truncated() const noexcept { return truncated_; }
    // Questions asked.
    unsigned rounds() const noexcept { return rounds_; }

  private:
    struct Row {
        std::size_t begin = 0;
        double weight = 0.0;
        std::uint32_t count = 0;
        bool loaded = false;
    };
    struct Node {
        Vertex vertex;
        unsigned hop = 0;
        std::uint32_t neighbours = 0;
        Row rows[kLayers];
    };

    const Row& row(std::uint32_t id, Layer layer) const noexcept {
        return nodes_[id].rows[static_cast<std::size_t>(layer)];
    }
    Row& row(std::uint32_t id, Layer layer) noexcept {
        return nodes_[id].rows[static_cast<std::size_t>(layer)];
    }
    std::size_t slot_of(Vertex vertex) const noexcept;
    void grow_table();
    void bring_nearer(std::uint32_t id, unsigned hop);
    bool want(std::span<const std::uint32_t> ids, Layer layer);
    void keep(Layer layer);

    NeighbourSource& source_;
    std::size_t max_vertices_;
    Poll poll_;
    std::pmr::vector<Node> nodes_;
    std::pmr::vector<LocalArc> arcs_;
    std::pmr::vector<std::uint32_t> table_;  // open addressing, a power of two; kNone is free
    Arcs answer_;
    std::pmr::vector<std::uint32_t> wanted_;
    std::pmr::vector<Vertex> asked_;
    std::pmr::vector<std::uint32_t> counts_;
    std::pmr::vector<std::uint32_t> nearer_;
    bool truncated_ = false;
    unsigned rounds_ = 0;
};

}  // namespace vg::graph
