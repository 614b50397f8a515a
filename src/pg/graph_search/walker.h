// What a call walks over: links from the caller's tables, similarity arcs from the index, and the
// rows behind both. Joins the engine of core/graph with PostgreSQL; everything in it is charged to
// the session's context.
#pragma once

#include "pg/boundary/pg.h"

#include <memory_resource>
#include <span>
#include <unordered_set>
#include <vector>

#include "core/graph/retrieve.h"
#include "core/graph/source.h"
#include "pg/boundary/context.h"
#include "pg/graph_search/rows.h"
#include "pg/graph_search/session.h"
#include "pg/links/reader.h"

namespace vg::pg::graph_search {

class Walker final : public graph::NeighbourSource, public graph::Rows {
  public:
    explicit Walker(const Session& session);

    // Reads no links, or no similarity arcs, from now on.
    void use_layers(graph::LayersRead layers) { layers_ = layers; }
    // Only these keys are returned.
    void restrict_to(std::span<const graph::Vertex> keys);

    void read_links(std::span<const graph::Vertex> asked, graph::Arcs& out,
                    std::span<std::uint32_t> neighbours) override;
    void read_neighbours(std::span<const graph::Vertex> asked, graph::Arcs& out) override;
    void describe(std::span<const graph::Vertex> asked, std::span<graph::Described> out) override;

    // All rows in the index and all arcs between them; links twice where undirected.
    struct Everything {
        explicit Everything(std::pmr::memory_resource* memory) : keys(memory), links(memory) {}
        std::pmr::vector<graph::Vertex> keys;
        std::pmr::vector<links::Link> links;  // kind 0: similarity arcs, directed
    };
    void read_everything(Everything& out);

    std::pmr::memory_resource* memory() { return &memory_; }
    Poll poll() const { return poll_; }
    const Session& session() const { return session_; }

  private:
    const Session& session_;
    ContextResource memory_;
    Poll poll_;

  public:
    links::Keys keys;
    links::Kinds kinds;
    IndexRows rows;
    links::LinkReader reader;

  private:
    graph::LayersRead layers_{true, true};
    bool restricted_ = false;
    std::unordered_set<graph::Vertex> allowed_;
    semantic_graph::GraphNode node_;  // scratch
};

}  // namespace vg::pg::graph_search
