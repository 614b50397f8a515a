// semantic_graph_dot: the surroundings of some rows as text for Graphviz.

#include "pg/boundary/pg.h"

#include <map>
#include <tuple>

#include "core/graph/dot.h"
#include "core/graph/explored.h"
#include "core/graph/trails.h"
#include "pg/boundary/arguments.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/query.h"
#include "pg/graph_search/walker.h"

namespace vg::pg::graph_search {
namespace {

struct Request {
    Datum keys;
    unsigned max_hops;
    double link_share;
    std::size_t max_nodes;
    const char* label_column;  // null: keys are the labels
};

struct Labels {
    Datum* keys;
    const char** texts;
    uint64 n;
};

// Labels of rows, read as the caller may.
Labels read_labels(const Session& s, Datum keys, Oid array_type, links::KeyClass key_class,
                   const char* column, MemoryContext into) {
    const Relation heap = s.index->heap();
    column_number(RelationGetRelid(heap), column);
    const char* key = quote_identifier(s.key_column);
    const char* sql = psprintf(
        "SELECT %s::pg_catalog.%s, %s::pg_catalog.text FROM ONLY %s WHERE %s "
        "OPERATOR(pg_catalog.=) "
        "ANY ($1)",
        key, key_class == links::KeyClass::kInteger ? "int8" : "text", quote_identifier(column),
        relation_sql(RelationGetRelid(heap)), key);
    Labels labels;
    SPI_connect();
    const int rc = SPI_execute_with_args(sql, 1, &array_type, &keys, nullptr, true, 0);
    if (rc != SPI_OK_SELECT)
        elog(ERROR, "SPI_execute_with_args returned %s", SPI_result_code_string(rc));
    labels.n = SPI_processed;
    labels.keys = static_cast<Datum*>(MemoryContextAlloc(into, sizeof(Datum) * (labels.n + 1)));
    labels.texts =
        static_cast<const char**>(MemoryContextAlloc(into, sizeof(char*) * (labels.n + 1)));
    const MemoryContext old = MemoryContextSwitchTo(into);
    for (uint64 i = 0; i < labels.n; ++i) {
        const HeapTuple row = SPI_tuptable->vals[i];
        bool null;
        const Datum value = SPI_getbinval(row, SPI_tuptable->tupdesc, 1, &null);
        labels.keys[i] = key_class == links::KeyClass::kInteger
                             ? value
                             : PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
        labels.texts[i] = SPI_getvalue(row, SPI_tuptable->tupdesc, 2);
        if (labels.texts[i] == nullptr)
            labels.texts[i] = "";
        labels.texts[i] = pstrdup(labels.texts[i]);
    }
    MemoryContextSwitchTo(old);
    SPI_finish();
    return labels;
}

std::string key_text(const links::Keys& keys, graph::Vertex v) {
    return keys.key_class() == links::KeyClass::kInteger ? std::to_string(v)
                                                         : std::string(keys.text(v));
}

void set_labels(Walker& walker, const graph::Explored& graph, const Request& r,
                std::vector<graph::DotVertex>& vertices,
                const std::vector<std::uint32_t>& position) {
    const Session& s = walker.session();
    if (r.label_column == nullptr || s.key_column == nullptr)
        return;
    std::vector<graph::Vertex> ids;
    for (std::uint32_t id = 0; id < graph.size(); ++id)
        ids.push_back(graph.vertex(id));
    MemoryContextReset(s.scratch);
    const Oid type = links::key_array_type(s.index->key_type());
    const Datum array = links::key_array(walker.keys, type, ids, s.scratch);
    const links::KeyClass key_class = walker.keys.key_class();
    const Labels labels =
        call_pg([&] { return read_labels(s, array, type, key_class, r.label_column, s.scratch); });
    for (uint64 i = 0; i < labels.n; ++i) {
        const std::uint32_t id = graph.find(walker.keys.of_sql(labels.keys[i]));
        if (id != graph::kNone && position[id] != graph::kNone)
            vertices[position[id]].label = labels.texts[i];
    }
}

// Arcs between the vertices drawn; what leads both ways is one line. A kind whose links have a
// direction has arrow heads, on both ends where there is a link back; so has a nearest neighbour,
// unless it is mutual.
std::vector<graph::DotArc> draw_arcs(const Walker& walker, const graph::Explored& graph,
                                     const std::vector<std::uint32_t>& position) {
    struct Line {
        float weight;
        bool both;
    };
    std::map<std::tuple<std::uint32_t, std::uint32_t, graph::Layer, std::uint16_t>, Line> lines;
    for (const graph::Layer layer : {graph::Layer::kLink, graph::Layer::kNeighbour}) {
        for (std::uint32_t id = 0; id < graph.size(); ++id) {
            for (const graph::LocalArc& arc : graph.arcs(id, layer)) {
                const std::uint32_t from = position[id];
                const std::uint32_t to = position[arc.to];
                if (from == graph::kNone || to == graph::kNone)
                    continue;
                const auto back = lines.find({to, from, layer, arc.kind});
                if (back != lines.end())
                    back->second.both = true;
                else
                    lines.try_emplace({from, to, layer, arc.kind}, Line{arc.weight, false});
            }
        }
    }
    std::vector<graph::DotArc> arcs;
    for (const auto& [key, line] : lines) {
        const auto& [from, to, layer, kind] = key;
        const bool link = layer == graph::Layer::kLink;
        const bool directed = link ? walker.reader.directed(kind) : !line.both;
        const graph::Heads heads = !directed   ? graph::Heads::kNone
                                   : line.both ? graph::Heads::kBoth
                                               : graph::Heads::kTo;
        arcs.push_back({from, to, layer, heads,
                        link ? std::string(walker.kinds.name(kind)) : std::string(), line.weight});
    }
    return arcs;
}

std::string draw(const Session& session, const Request& r) {
    Walker walker(session);
    walker.use_layers({r.link_share > 0.0, r.link_share < 1.0});
    graph::Explored graph(walker, r.max_nodes, walker.memory(), walker.poll());
    std::vector<graph::Vertex> keys;
    read_keys(r.keys, "elements of keys", walker.keys, keys);
    walker.rows.look_up(keys);
    std::vector<graph::Seed> starts;
    for (const graph::Vertex key : keys)
        if (walker.rows.at(key).exists)
            if (const std::uint32_t id = graph.add(key, 0); id != graph::kNone)
                starts.push_back({id, 1.0});
    graph::TrailOptions trail;
    trail.max_hops = r.max_hops;
    trail.link_share = r.link_share;
    graph::strongest_trails(graph, starts, trail, {}, walker.memory(), walker.poll());
    std::vector<graph::Vertex> vertices;
    for (std::uint32_t id = 0; id < graph.size(); ++id)
        vertices.push_back(graph.vertex(id));
    walker.rows.look_up(vertices);
    std::vector<std::uint32_t> position(graph.size(), graph::kNone);
    std::vector<graph::DotVertex> drawn;
    for (std::uint32_t id = 0; id < graph.size(); ++id) {
        if (!walker.rows.at(graph.vertex(id)).exists)
            continue;
        position[id] = static_cast<std::uint32_t>(drawn.size());
        const std::string name = key_text(walker.keys, graph.vertex(id));
        drawn.push_back({name, name, graph.hop(id)});
    }
    set_labels(walker, graph, r, drawn, position);
    const char* title = RelationGetRelationName(session.index->index());
    return graph::write_dot(title, drawn, draw_arcs(walker, graph, position));
}

}  // namespace

// (index, keys, max_hops, link_share, max_nodes, label, links_sql, kinds)
VG_FUNCTION(vg_semantic_graph_dot) {
    require_argument(fcinfo, 1, "keys");
    Request r{};
    r.keys = PG_GETARG_DATUM(1);
    r.max_hops = static_cast<unsigned>(range_argument(fcinfo, 2, "max_hops", 0, kMaxHops));
    r.link_share = share_argument(fcinfo, 3, "link_share");
    r.max_nodes = static_cast<std::size_t>(range_argument(fcinfo, 4, "max_nodes", 1, 10000));
    r.label_column = PG_ARGISNULL(5) ? nullptr : NameStr(*PG_GETARG_NAME(5));
    const bool text = ARR_ELEMTYPE(PG_GETARG_ARRAYTYPE_P(1)) == TEXTOID;
    const links::KeyClass key_class = text ? links::KeyClass::kText : links::KeyClass::kInteger;
    Datum result{};
    with_session(fcinfo, key_class, {6, 7}, [&](const Session& session) {
        const std::string dot = draw(session, r);
        const char* data = dot.data();
        const auto n = static_cast<int>(dot.size());
        result = call_pg([&] { return PointerGetDatum(cstring_to_text_with_len(data, n)); });
    });
    return result;
}

}  // namespace vg::pg::graph_search
