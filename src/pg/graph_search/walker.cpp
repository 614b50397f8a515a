#include "pg/boundary/pg.h"

#include "pg/graph_search/walker.h"

#include <algorithm>

#include "pg/boundary/boundary.h"

namespace vg::pg::graph_search {

Walker::Walker(const Session& session)
    : session_(session),
      memory_(session.context),
      poll_(session_poll(session)),
      keys(session.index->key_type(), &memory_),
      kinds(&memory_),
      rows(session, keys, &memory_),
      reader(session.links, keys, kinds, session.scratch, &memory_) {}

void Walker::restrict_to(std::span<const graph::Vertex> keys_allowed) {
    restricted_ = true;
    allowed_.insert(keys_allowed.begin(), keys_allowed.end());
}

void Walker::read_links(std::span<const graph::Vertex> asked, graph::Arcs& out,
                        std::span<std::uint32_t> neighbours) {
    rows.look_up(asked);
    poll_();
    std::vector<graph::Vertex> passable;
    std::vector<std::uint32_t> positions;
    for (std::uint32_t i = 0; i < asked.size(); ++i) {
        const KnownRow& row = rows.at(asked[i]);
        if (row.exists) {
            passable.push_back(asked[i]);
            positions.push_back(i);
        }
        if (row.indexed && layers_.neighbours)
            neighbours[i] = static_cast<std::uint32_t>(session_.index->k());
    }
    if (!layers_.links)
        return;
    const std::size_t first = out.size();
    reader.read(passable, out);
    for (std::size_t i = first; i < out.size(); ++i)
        out[i].from = positions[out[i].from];
}

void Walker::read_neighbours(std::span<const graph::Vertex> asked, graph::Arcs& out) {
    struct NodeArc {
        std::uint32_t from;
        std::uint32_t node;
        float weight;
    };
    std::vector<NodeArc> arcs;
    std::vector<std::uint32_t> nodes;
    rows.look_up(asked);
    for (std::uint32_t i = 0; i < asked.size(); ++i) {
        const KnownRow& row = rows.at(asked[i]);
        if (!row.indexed ||
            !session_.index->read_node(row.node, semantic_graph::kGraphWeights, node_))
            continue;
        // Rows with the same vector share a node and are each other's nearest neighbours.
        float largest = 1.0f;
        for (const semantic_graph::GraphNeighbour& n : node_.knn) {
            largest = std::max(largest, n.weight);
            if (n.weight > 0.0f)
                arcs.push_back({i, n.node, n.weight});
        }
        arcs.push_back({i, row.node, largest});
    }
    for (const NodeArc& arc : arcs)
        nodes.push_back(arc.node);
    rows.look_into(nodes);
    const auto most = static_cast<std::size_t>(session_.index->k());
    for (const NodeArc& arc : arcs) {
        const auto keys_there = rows.keys_of(arc.node);
        for (const graph::Vertex key : keys_there.first(std::min(most, keys_there.size())))
            if (rows.at(key).node == arc.node)
                out.push_back({arc.from, 0, arc.weight, key});
    }
}

void Walker::describe(std::span<const graph::Vertex> asked, std::span<graph::Described> out) {
    rows.look_up(asked);
    for (std::size_t i = 0; i < asked.size(); ++i) {
        const KnownRow& row = rows.at(asked[i]);
        out[i] = {row.indexed && (!restricted_ || allowed_.contains(asked[i])), row.similarity};
    }
}

void Walker::read_everything(Everything& out) {
    rows.all(out.keys, poll_);
    if (layers_.links)
        reader.read_all(out.links);
    // Links to what is no row of the index lead nowhere here.
    const auto known = [&](graph::Vertex key) { return rows.knows(key) && rows.at(key).indexed; };
    std::erase_if(out.links, [&](const links::Link& link) {
        return !known(link.source) || !known(link.target);
    });
    poll_();
    if (!layers_.neighbours)
        return;
    graph::Arcs arcs(&memory_);
    constexpr std::size_t kBatch = 256;
    for (std::size_t at = 0; at < out.keys.size(); at += kBatch) {
        poll_();
        arcs.clear();
        const std::span<const graph::Vertex> batch(out.keys.data() + at,
                                                   std::min(kBatch, out.keys.size() - at));
        read_neighbours(batch, arcs);
        for (const graph::Arc& arc : arcs)
            if (batch[arc.from] != arc.to)
                out.links.push_back({batch[arc.from], arc.to, arc.weight, arc.kind, true});
    }
}

}  // namespace vg::pg::graph_search
