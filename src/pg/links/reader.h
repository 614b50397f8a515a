// The links of one query: of the registered sets, asked for in rounds, or of links_sql, loaded
// once. C++ that calls PostgreSQL through call_pg; memory from the contexts given.
#pragma once

#include "pg/boundary/pg.h"

#include <cstdint>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/graph/source.h"
#include "pg/links/keys.h"
#include "pg/links/query.h"

namespace vg::pg::links {

// Kinds of links by number. 0 is that of similarity arcs.
class Kinds {
  public:
    explicit Kinds(std::pmr::memory_resource* memory);
    // Throws Error beyond 65,535 kinds.
    std::uint16_t number(std::string_view name);
    const std::pmr::string& name(std::uint16_t kind) const { return names_[kind]; }

  private:
    std::pmr::unordered_map<std::pmr::string, std::uint16_t> numbers_;
    std::pmr::vector<std::pmr::string> names_;
};

inline constexpr const char* kNeighbourKind = "knn";

// The keys as an array that a column of such keys can be compared with; those that no value of the
// column can equal are left out. In `into`.
Datum key_array(const Keys& keys, Oid array_type, std::span<const graph::Vertex> vertices,
                MemoryContext into);

// What to read; plain data.
struct LinkRequest {
    LinkSets sets;  // read unless links_sql is given
    const char* links_sql = nullptr;
    Datum kinds = 0;  // text[] without nulls; 0: all
};

struct Link {
    graph::Vertex source;
    graph::Vertex target;
    float weight;  // > 0
    std::uint16_t kind;
    bool directed;
};

class LinkReader {
  public:
    // `scratch` is reset by every call.
    LinkReader(const LinkRequest& request, Keys& keys, Kinds& kinds, MemoryContext scratch,
               std::pmr::memory_resource* memory);

    // Appends the arcs that leave the vertices.
    void read(std::span<const graph::Vertex> asked, graph::Arcs& out);
    // Whether all links of the kind read so far have a direction.
    bool directed(std::uint16_t kind) const {
        return kind >= undirected_.size() || !undirected_[kind];
    }
    // Appends every link once.
    void read_all(std::pmr::vector<Link>& out);

  private:
    void load_sql();
    bool admits(std::string_view kind) const;
    void read_set(const LinkSet& set, std::span<const graph::Vertex> asked, graph::Arcs& out);
    // directed: of the link set; null for links that say it themselves.
    bool take(const LinkTuple& tuple, const char* label, const bool* directed, Link& out);

    LinkRequest request_;
    Keys& keys_;
    Kinds& kinds_;
    MemoryContext scratch_;
    std::pmr::vector<std::string_view> wanted_;  // kinds; into request_.kinds
    std::pmr::vector<Link> loaded_;              // of links_sql, both directions, by source
    std::pmr::unordered_map<graph::Vertex, std::uint32_t> position_;
    bool sql_loaded_ = false;
    std::pmr::vector<bool> undirected_;  // by kind: a link without direction was read
};

}  // namespace vg::pg::links
