// Rows of the indexed table by key: whether one is visible, in which node of the index it is, how
// similar it is to the query. Everything the graph functions return or walk through is looked up
// here first, under the statement's snapshot: dead and other transactions' rows stay in the index
// until vacuum, an updated row has a node per version, and row-level security hides rows that the
// snapshot shows.
//
// C++ that calls PostgreSQL through call_pg. What may be seen is remembered for the query; of what
// may not, a bit per node of the index at most, however many hidden or dead rows a search meets on
// its way to the visible ones.
#pragma once

#include "pg/boundary/pg.h"

#include <cstdint>
#include <memory_resource>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/graph/retrieve.h"
#include "pg/graph_search/session.h"

namespace vg::pg::graph_search {

struct KnownRow {
    // A visible row with this key is in the table. Whether it is in the index too: a row without
    // embedding, or outside the predicate of a partial index, can be walked through.
    bool exists = false;
    bool indexed = false;
    std::uint32_t node = semantic_graph::kNoGraphNode;
    double similarity = 0.0;  // to the query, if there is one
};

class IndexRows {
  public:
    IndexRows(const Session& session, links::Keys& keys, std::pmr::memory_resource* memory);

    // What similarities are to; dimensions() floats. Throws Error for a zero vector where the
    // index's metric is cosine. Nothing may have been looked up before.
    void set_query(std::span<const float> query);

    // Looks up what is not known yet.
    void look_up(std::span<const graph::Vertex> keys);
    // Of a key that was looked up.
    const KnownRow& at(graph::Vertex key) const { return rows_.at(key); }
    bool knows(graph::Vertex key) const { return rows_.contains(key); }

    // Looks up the rows of nodes, with the keys then known.
    void look_into(std::span<const std::uint32_t> nodes);
    // Keys of the visible rows of a node looked into, ascending.
    std::span<const graph::Vertex> keys_of(std::uint32_t node) const {
        const auto at = nodes_.find(node);
        return at == nodes_.end() ? std::span<const graph::Vertex>() : at->second;
    }

    // The rows nearest to the query, nearest first, at least n of them or all there are: rows with
    // equal vectors come together.
    std::vector<graph::Similar> nearest(std::size_t n, Poll poll);

    // Similarities nearer to zero than this are about zero: a tenth of the largest that the query
    // can have to a row, where similarities can be negative. nearest: what nearest() returned.
    double similarity_unit(std::span<const graph::Similar> nearest);

    // Keys of all visible rows in the index, in the order of nodes.
    void all(std::pmr::vector<graph::Vertex>& out, Poll poll);

  private:
    bool visible(const ItemPointerData& tid);
    double similarity() const;
    KnownRow find(graph::Vertex key);
    // A row that the snapshot shows, its key as numbered by the Keys that it comes with.
    struct Seen {
        std::uint32_t node;
        graph::Vertex key;
        double similarity;
    };
    bool look_first_time(std::uint32_t node);
    bool read_rows_of(std::uint32_t node);
    void take_seen(links::Keys& keys, std::vector<Seen>& rows);
    void settle(std::uint32_t node);
    // Those of the keys that the caller sees in the table.
    std::unordered_set<graph::Vertex> shown(links::Keys& keys,
                                            std::span<const graph::Vertex> asked);
    std::unordered_set<graph::Vertex> shown_part(links::Keys& keys,
                                                 std::span<const graph::Vertex> asked);

    const Session& session_;
    links::Keys& keys_;
    semantic_graph::GraphIndex& index_;
    std::vector<float> query_;
    Oid key_array_type_;
    semantic_graph::GraphNode node_;                  // scratch
    std::vector<semantic_graph::GraphKeyRow> found_;  // scratch
    std::pmr::unordered_map<graph::Vertex, KnownRow> rows_;
    std::pmr::vector<bool> looked_into_;  // by node
    // Keys of those that have a visible row.
    std::pmr::unordered_map<std::uint32_t, std::pmr::vector<graph::Vertex>> nodes_;
};

}  // namespace vg::pg::graph_search
