// Questions about the surroundings of given rows: semantic_graph_neighbors, _expand, _ppr, _path.

#include "pg/boundary/pg.h"

#include <algorithm>
#include <cmath>

#include "core/graph/explored.h"
#include "core/graph/trails.h"
#include "core/graph/walk.h"
#include "pg/boundary/arguments.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/result.h"
#include "pg/graph_search/walker.h"

namespace vg::pg::graph_search {
namespace {

// Which layers have a share of the steps.
void use_shares(Walker& walker, double link_share) {
    walker.use_layers({link_share > 0.0, link_share < 1.0});
}

[[noreturn]] void report_no_row(const char* name) {
    ereport(ERROR, (errcode(ERRCODE_NO_DATA_FOUND), errmsg("%s is the key of no row", name),
                    errdetail("No row that is in the index and visible has it.")));
    pg_unreachable();
}

void require_row(Walker& walker, graph::Vertex key, const char* name) {
    walker.rows.look_up({&key, 1});
    if (!walker.rows.at(key).indexed)
        call_pg([&] { report_no_row(name); });
}

// Distinct keys of an array; those of no row are left out.
std::vector<graph::Vertex> starting_rows(Walker& walker, Datum array, const char* name) {
    std::vector<graph::Vertex> keys;
    read_keys(array, name, walker.keys, keys);
    walker.rows.look_up(keys);
    std::vector<graph::Vertex> rows;
    for (const graph::Vertex key : keys)
        if (walker.rows.at(key).exists && std::find(rows.begin(), rows.end(), key) == rows.end())
            rows.push_back(key);
    return rows;
}

// ---- neighbours --------------------------------------------------------------------------------

void neighbours(const Session& session, Datum key, const ResultSet& result) {
    Walker walker(session);
    const graph::Vertex row = walker.keys.of_sql(key);
    {
        // The row's own vector is what similarities are to.
        Walker finder(session);
        const graph::Vertex same = finder.keys.of_sql(key);
        require_row(finder, same, "key");
        semantic_graph::GraphNode node;
        session.index->read_node(finder.rows.at(same).node, semantic_graph::kGraphVector, node);
        walker.rows.set_query(node.vector);
    }
    graph::Arcs arcs(walker.memory());
    std::uint32_t count = 0;
    walker.read_links({&row, 1}, arcs, {&count, 1});
    walker.read_neighbours({&row, 1}, arcs);
    std::vector<graph::Vertex> ends;
    for (const graph::Arc& arc : arcs)
        ends.push_back(arc.to);
    walker.rows.look_up(ends);
    std::erase_if(arcs, [&](const graph::Arc& arc) {
        return arc.to == row || !walker.rows.at(arc.to).exists;
    });
    std::sort(arcs.begin(), arcs.end(), [&](const graph::Arc& a, const graph::Arc& b) {
        if ((a.kind == 0) != (b.kind == 0))
            return b.kind == 0;
        if (a.weight != b.weight)
            return a.weight > b.weight;
        if (a.to != b.to)
            return walker.keys.before(a.to, b.to);
        return walker.kinds.name(a.kind) < walker.kinds.name(b.kind);
    });
    for (const graph::Arc& arc : arcs) {
        const KnownRow& known = walker.rows.at(arc.to);
        const char* kind = walker.kinds.name(arc.kind).c_str();
        call_pg([&] {
            Datum values[] = {sql_key(walker.keys, arc.to), CStringGetTextDatum(kind),
                              Float8GetDatum(arc.weight), Float8GetDatum(known.similarity)};
            bool nulls[] = {false, false, false, !known.indexed};
            tuplestore_putvalues(result.store, result.columns, values, nulls);
        });
    }
}

// Looks up the rows of the first n vertices of the graph, all at once.
void look_up_first(Walker& walker, const graph::Explored& graph, std::size_t n) {
    std::vector<graph::Vertex> reached;
    for (std::uint32_t id = 0; id < n; ++id)
        reached.push_back(graph.vertex(id));
    walker.rows.look_up(reached);
}

// ---- expand ------------------------------------------------------------------------------------

struct ExpandRequest {
    Datum keys;
    graph::TrailOptions trail;
    std::size_t max_nodes;
};

void put_trail(const ResultSet& result, Walker& walker, const graph::Explored& graph,
               const graph::Path& path) {
    std::vector<graph::Vertex> vertices;
    std::vector<const char*> kinds;
    for (const std::uint32_t id : path.vertices)
        vertices.push_back(graph.vertex(id));
    for (std::size_t i = 0; i < path.steps.size(); ++i)
        kinds.push_back(
            walker.kinds
                .name(graph.arcs(path.vertices[i], path.steps[i].layer)[path.steps[i].arc].kind)
                .c_str());
    const graph::Vertex* steps = vertices.data();
    const auto n = static_cast<int>(vertices.size());
    const char* const* names = kinds.data();
    call_pg([&] {
        Datum kind_values[kMaxHops + 1];
        for (int i = 0; i + 1 < n; ++i)
            kind_values[i] = CStringGetTextDatum(names[i]);
        Datum values[] = {
            sql_key(walker.keys, steps[n - 1]),
            Int32GetDatum(n - 1),
            Float8GetDatum(path.strength),
            sql_key(walker.keys, steps[0]),
            sql_key_array(walker.keys, steps, n),
            PointerGetDatum(construct_array(kind_values, n - 1, TEXTOID, -1, false, 'i'))};
        bool nulls[lengthof(values)] = {};
        tuplestore_putvalues(result.store, result.columns, values, nulls);
    });
}

void expand(const Session& session, const ExpandRequest& r, const ResultSet& result) {
    Walker walker(session);
    use_shares(walker, r.trail.link_share);
    graph::Explored graph(walker, r.max_nodes, walker.memory(), walker.poll());
    std::vector<graph::Seed> starts;
    for (const graph::Vertex key : starting_rows(walker, r.keys, "elements of keys"))
        if (const std::uint32_t id = graph.add(key, 0); id != graph::kNone)
            starts.push_back({id, 1.0});
    const graph::Trails trails =
        graph::strongest_trails(graph, starts, r.trail, {}, walker.memory(), walker.poll());
    look_up_first(walker, graph, graph.size());
    std::vector<std::uint32_t> labels;
    for (std::uint32_t id = 0; id < graph.size(); ++id)
        if (trails.best[id] != graph::kNone && walker.rows.at(graph.vertex(id)).exists)
            labels.push_back(trails.best[id]);
    std::sort(labels.begin(), labels.end(), [&](std::uint32_t a, std::uint32_t b) {
        const graph::Label& x = trails.labels[a];
        const graph::Label& y = trails.labels[b];
        if (x.strength != y.strength)
            return x.strength > y.strength;
        return x.hops != y.hops ? x.hops < y.hops
                                : walker.keys.before(graph.vertex(x.id), graph.vertex(y.id));
    });
    for (const std::uint32_t label : labels)
        put_trail(result, walker, graph, graph::path_of(trails, label));
}

// ---- personalised PageRank ---------------------------------------------------------------------

struct PprRequest {
    Datum seeds;
    Datum weights;  // float8[]; 0: all alike
    graph::WalkOptions walk;
    std::size_t max_nodes;
};

std::vector<double> read_weights(Datum array, std::size_t n) {
    const ArrayItems items = call_pg([&] {
        const ArrayItems found = array_items(DatumGetArrayTypeP(array));
        if (static_cast<std::size_t>(found.n) != n)
            ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
                            errmsg("there must be as many weights as seeds"),
                            errdetail("There are %d weights and %zu seeds.", found.n, n)));
        for (int i = 0; i < found.n; ++i) {
            if (found.nulls[i])
                report_null("elements of weights");
            check_nonnegative(DatumGetFloat8(found.values[i]), "elements of weights",
                              {"element", i + 1, "the array"});
        }
        return found;
    });
    std::vector<double> weights;
    for (int i = 0; i < items.n; ++i)
        weights.push_back(DatumGetFloat8(items.values[i]));
    return weights;
}

void personalised(const Session& session, const PprRequest& r, const ResultSet& result) {
    Walker walker(session);
    use_shares(walker, r.walk.link_share);
    std::vector<graph::Vertex> keys;
    read_keys(r.seeds, "elements of seeds", walker.keys, keys);
    std::vector<double> weights(keys.size(), 1.0);
    if (r.weights != 0)
        weights = read_weights(r.weights, keys.size());
    walker.rows.look_up(keys);
    graph::Explored graph(walker, r.max_nodes, walker.memory(), walker.poll());
    std::vector<graph::Seed> starts;
    for (std::size_t i = 0; i < keys.size(); ++i)
        if (walker.rows.at(keys[i]).exists && weights[i] > 0.0)
            if (const std::uint32_t id = graph.add(keys[i], 0); id != graph::kNone)
                starts.push_back({id, weights[i]});
    const auto value =
        graph::personalised_pagerank(graph, starts, r.walk, walker.memory(), walker.poll());
    look_up_first(walker, graph, value.size());
    std::vector<std::uint32_t> order;
    for (std::uint32_t id = 0; id < value.size(); ++id)
        if (value[id] > 0.0 && walker.rows.at(graph.vertex(id)).exists)
            order.push_back(id);
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return value[a] != value[b] ? value[a] > value[b]
                                    : walker.keys.before(graph.vertex(a), graph.vertex(b));
    });
    for (const std::uint32_t id : order) {
        const graph::Vertex vertex = graph.vertex(id);
        const double score = value[id];
        call_pg([&] {
            Datum values[] = {sql_key(walker.keys, vertex), Float8GetDatum(score)};
            bool nulls[] = {false, false};
            tuplestore_putvalues(result.store, result.columns, values, nulls);
        });
    }
}

// ---- paths -------------------------------------------------------------------------------------

struct PathRequest {
    Datum from;
    Datum to;
    std::size_t k;
    graph::TrailOptions trail;
    std::size_t max_nodes;
};

void paths(const Session& session, const PathRequest& r, const ResultSet& result) {
    Walker walker(session);
    use_shares(walker, r.trail.link_share);
    const graph::Vertex a = walker.keys.of_sql(r.from);
    const graph::Vertex b = walker.keys.of_sql(r.to);
    require_row(walker, a, "a");
    require_row(walker, b, "b");
    graph::Explored graph(walker, std::max<std::size_t>(r.max_nodes, 2), walker.memory(),
                          walker.poll());
    const std::uint32_t from = graph.add(a, 0);
    const std::uint32_t to = graph.add(b, kMaxHops + 1);
    const auto found =
        graph::strongest_paths(graph, from, to, r.k, r.trail, walker.memory(), walker.poll());
    for (std::size_t p = 0; p < found.size(); ++p) {
        const graph::Path& path = found[p];
        for (std::size_t i = 0; i < path.vertices.size(); ++i) {
            const graph::Vertex vertex = graph.vertex(path.vertices[i]);
            const graph::LocalArc* arc =
                i == 0 ? nullptr
                       : &graph.arcs(path.vertices[i - 1],
                                     path.steps[i - 1].layer)[path.steps[i - 1].arc];
            const char* kind = arc == nullptr ? nullptr : walker.kinds.name(arc->kind).c_str();
            call_pg([&] {
                Datum values[] = {Int32GetDatum(static_cast<int32>(p) + 1),
                                  Int32GetDatum(static_cast<int32>(i)),
                                  sql_key(walker.keys, vertex),
                                  kind != nullptr ? CStringGetTextDatum(kind) : Datum{0},
                                  Float8GetDatum(arc != nullptr ? arc->weight : 0.0),
                                  Float8GetDatum(path.strength)};
                bool nulls[] = {false, false, false, arc == nullptr, arc == nullptr, false};
                tuplestore_putvalues(result.store, result.columns, values, nulls);
            });
        }
    }
}

std::size_t nodes_argument(FunctionCallInfo fcinfo, int i) {
    return static_cast<std::size_t>(range_argument(fcinfo, i, "max_nodes", 1, kMaxNodes));
}

unsigned hops_argument(FunctionCallInfo fcinfo, int i) {
    return static_cast<unsigned>(range_argument(fcinfo, i, "max_hops", 0, kMaxHops));
}

// max_hops, hop_decay and link_share, by their places.
graph::TrailOptions trail_arguments(FunctionCallInfo fcinfo, int hops, int decay, int share) {
    graph::TrailOptions trail;
    trail.max_hops = hops_argument(fcinfo, hops);
    trail.decay = positive_argument(fcinfo, decay, "hop_decay", 1.0);
    trail.link_share = share_argument(fcinfo, share, "link_share");
    return trail;
}

}  // namespace

// (index, key, links_sql, kinds)
VG_FUNCTION(vg_semantic_graph_neighbors) {
    require_argument(fcinfo, 1, "key");
    return session_result(fcinfo, 0, {2, 3}, [&](const Session& session, const ResultSet& result) {
        neighbours(session, PG_GETARG_DATUM(1), result);
    });
}

// (index, keys, max_hops, hop_decay, link_share, links_sql, kinds, max_nodes)
VG_FUNCTION(vg_semantic_graph_expand) {
    require_argument(fcinfo, 1, "keys");
    const ExpandRequest r{PG_GETARG_DATUM(1), trail_arguments(fcinfo, 2, 3, 4),
                          nodes_argument(fcinfo, 7)};
    return session_result(fcinfo, 0, {5, 6}, [&](const Session& session, const ResultSet& result) {
        expand(session, r, result);
    });
}

// (index, seeds, weights, restart, epsilon, max_hops, link_share, links_sql, kinds, max_nodes)
VG_FUNCTION(vg_semantic_graph_ppr) {
    require_argument(fcinfo, 1, "seeds");
    PprRequest r{};
    r.seeds = PG_GETARG_DATUM(1);
    r.weights = PG_ARGISNULL(2) ? Datum{0} : PG_GETARG_DATUM(2);
    r.walk.restart = positive_argument(fcinfo, 3, "restart", 1.0);
    r.walk.epsilon = positive_argument(fcinfo, 4, "epsilon", 1.0);
    r.walk.max_hops = hops_argument(fcinfo, 5);
    r.walk.link_share = share_argument(fcinfo, 6, "link_share");
    r.max_nodes = nodes_argument(fcinfo, 9);
    return session_result(fcinfo, 0, {7, 8}, [&](const Session& session, const ResultSet& result) {
        personalised(session, r, result);
    });
}

// (index, a, b, max_hops, k, hop_decay, link_share, links_sql, kinds, max_nodes)
VG_FUNCTION(vg_semantic_graph_path) {
    require_arguments(fcinfo, {nullptr, "a", "b"});
    const PathRequest r{PG_GETARG_DATUM(1), PG_GETARG_DATUM(2),
                        static_cast<std::size_t>(range_argument(fcinfo, 4, "k", 1, 1000)),
                        trail_arguments(fcinfo, 3, 5, 6), nodes_argument(fcinfo, 9)};
    return session_result(fcinfo, 2, {7, 8}, [&](const Session& session, const ResultSet& result) {
        paths(session, r, result);
    });
}

}  // namespace vg::pg::graph_search
