// Questions about the whole graph of an index: semantic_graph_edges, _components, _communities,
// _centrality. All visible rows, links and lists are read, at a cost in proportion to them; memory
// is bounded by work_mem.

#include "pg/boundary/pg.h"

#include <algorithm>
#include <unordered_map>

#include "core/base/names.h"
#include "core/graph/analysis.h"
#include "core/graph/communities.h"
#include "core/graph/csr.h"
#include "pg/boundary/arguments.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/result.h"
#include "pg/graph_search/walker.h"

namespace vg::pg::graph_search {
namespace {

// Betweenness takes vertices times arcs steps; more than this is minutes.
constexpr double kMostSteps = 2e9;

enum class LayerChoice { kLink, kNeighbour, kBoth };
constexpr std::array<std::string_view, 3> kLayerNames{"link", "knn", "both"};

enum class Centrality { kDegree, kPagerank, kBetweenness };
constexpr std::array<std::string_view, 3> kCentralityNames{"degree", "pagerank", "betweenness"};

enum class Communities { kLouvain, kLabelPropagation };
constexpr std::array<std::string_view, 2> kCommunityNames{"louvain", "label_propagation"};

LayerChoice layer_argument(FunctionCallInfo fcinfo, int i) {
    return choice_argument<LayerChoice>(fcinfo, i, "layer", "layers", kLayerNames);
}

void use_layer(Walker& walker, LayerChoice layer) {
    walker.use_layers({layer != LayerChoice::kNeighbour, layer != LayerChoice::kLink});
}

// The graph with its rows numbered in the order of their keys, so that the smallest number of a
// group is its smallest key.
struct Whole {
    Whole(Walker& w, LayerChoice layer) : all(w.memory()), walker(w) {
        use_layer(w, layer);
        w.read_everything(all);
        std::sort(all.keys.begin(), all.keys.end(),
                  [&](graph::Vertex a, graph::Vertex b) { return w.keys.before(a, b); });
    }

    // Only these rows and what is between them.
    void restrict_to(Datum array) {
        std::vector<graph::Vertex> wanted;
        read_keys(array, "elements of keys", walker.keys, wanted);
        std::sort(wanted.begin(), wanted.end());
        std::erase_if(all.keys, [&](graph::Vertex v) {
            return !std::binary_search(wanted.begin(), wanted.end(), v);
        });
    }

    graph::Csr csr(bool symmetric) {
        std::pmr::unordered_map<graph::Vertex, std::uint32_t> number(walker.memory());
        for (std::uint32_t i = 0; i < all.keys.size(); ++i)
            number.emplace(all.keys[i], i);
        std::pmr::vector<graph::WeightedArc> arcs(walker.memory());
        for (const links::Link& link : all.links) {
            const auto from = number.find(link.source);
            const auto to = number.find(link.target);
            if (from == number.end() || to == number.end())
                continue;
            arcs.push_back({from->second, to->second, link.weight});
            if (!symmetric && !link.directed)
                arcs.push_back({to->second, from->second, link.weight});
        }
        walker.poll()();
        return {static_cast<std::uint32_t>(all.keys.size()), arcs, symmetric, walker.memory(),
                walker.poll()};
    }

    Walker::Everything all;
    Walker& walker;
};

void edges(const Session& session, LayerChoice layer, const ResultSet& result) {
    Walker walker(session);
    use_layer(walker, layer);
    Walker::Everything all(walker.memory());
    walker.read_everything(all);
    for (const links::Link& link : all.links) {
        poll_interrupts();
        const char* kind = walker.kinds.name(link.kind).c_str();
        call_pg([&] {
            Datum values[] = {sql_key(walker.keys, link.source), sql_key(walker.keys, link.target),
                              CStringGetTextDatum(kind), Float8GetDatum(link.weight),
                              BoolGetDatum(link.directed)};
            bool nulls[lengthof(values)] = {};
            tuplestore_putvalues(result.store, result.columns, values, nulls);
        });
    }
}

// A row for every vertex: its key, the key of its group, and the size of that.
void put_groups(const ResultSet& result, const Whole& whole,
                const std::pmr::vector<std::uint32_t>& group) {
    std::vector<int64> size(group.size(), 0);
    for (const std::uint32_t g : group)
        ++size[g];
    for (std::uint32_t v = 0; v < group.size(); ++v) {
        poll_interrupts();
        const graph::Vertex key = whole.all.keys[v];
        const graph::Vertex head = whole.all.keys[group[v]];
        const int64 members = size[group[v]];
        const links::Keys& keys = whole.walker.keys;
        call_pg([&] {
            Datum values[] = {sql_key(keys, key), sql_key(keys, head), Int64GetDatum(members)};
            bool nulls[lengthof(values)] = {};
            tuplestore_putvalues(result.store, result.columns, values, nulls);
        });
    }
}

void components(const Session& session, LayerChoice layer, const ResultSet& result) {
    Walker walker(session);
    Whole whole(walker, layer);
    put_groups(result, whole, graph::components(whole.csr(true), walker.memory(), walker.poll()));
}

void communities(const Session& session, LayerChoice layer, Communities method,
                 const graph::CommunityOptions& options, const ResultSet& result) {
    Walker walker(session);
    Whole whole(walker, layer);
    const graph::Csr csr = whole.csr(true);
    put_groups(result, whole,
               method == Communities::kLouvain
                   ? graph::louvain(csr, options, walker.memory(), walker.poll())
                   : graph::label_propagation(csr, options, walker.memory(), walker.poll()));
}

void check_size(const graph::Csr& csr) {
    if (static_cast<double>(csr.size()) * static_cast<double>(csr.arc_count()) <= kMostSteps)
        return;
    const std::uint32_t n = csr.size();
    call_pg([&] {
        ereport(
            ERROR,
            (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("graph is too large for betweenness"),
             errdetail("It has %u nodes, and the time is nodes times edges.", n),
             errhint("Pass the keys of a part of it, for example from semantic_graph_expand.")));
    });
}

void centrality(const Session& session, LayerChoice layer, Centrality method, Datum keys,
                const ResultSet& result) {
    Walker walker(session);
    Whole whole(walker, layer);
    if (keys != 0)
        whole.restrict_to(keys);
    const graph::Csr csr = whole.csr(method == Centrality::kBetweenness);
    if (method == Centrality::kBetweenness)
        check_size(csr);
    const auto score = method == Centrality::kDegree ? graph::weighted_degree(csr, walker.memory())
                       : method == Centrality::kPagerank
                           ? graph::pagerank(csr, {}, walker.memory(), walker.poll())
                           : graph::betweenness(csr, walker.memory(), walker.poll());
    for (std::size_t v = 0; v < score.size(); ++v) {
        poll_interrupts();
        const graph::Vertex key = whole.all.keys[v];
        const double value = score[v];
        call_pg([&] {
            Datum values[] = {sql_key(walker.keys, key), Float8GetDatum(value)};
            bool nulls[] = {false, false};
            tuplestore_putvalues(result.store, result.columns, values, nulls);
        });
    }
}

// What body(session, layer, result) puts into the result. Argument i is the layer, links_sql and
// kinds follow it.
template <typename Body>
Datum layer_result(FunctionCallInfo fcinfo, int i, Body&& body) {
    const LayerChoice layer = layer_argument(fcinfo, i);
    return session_result(
        fcinfo, 0, {i + 1, i + 2},
        [&](const Session& session, const ResultSet& result) { body(session, layer, result); });
}

}  // namespace

// (index, layer, links_sql, kinds)
VG_FUNCTION_RETURNS(vg_semantic_graph_edges, layer_result(fcinfo, 1, edges))
// (index, layer, links_sql, kinds)
VG_FUNCTION_RETURNS(vg_semantic_graph_components, layer_result(fcinfo, 1, components))

// (index, method, resolution, seed, layer, links_sql, kinds)
VG_FUNCTION(vg_semantic_graph_communities) {
    const auto method =
        choice_argument<Communities>(fcinfo, 1, "method", "methods", kCommunityNames);
    graph::CommunityOptions options;
    options.resolution = positive_argument(fcinfo, 2, "resolution", 1e6);
    require_argument(fcinfo, 3, "seed");
    options.seed = static_cast<std::uint64_t>(PG_GETARG_INT64(3));
    return layer_result(fcinfo, 4,
                        [&](const Session& session, LayerChoice layer, const ResultSet& result) {
                            communities(session, layer, method, options, result);
                        });
}

// (index, method, keys, layer, links_sql, kinds)
VG_FUNCTION(vg_semantic_graph_centrality) {
    const auto method =
        choice_argument<Centrality>(fcinfo, 1, "method", "methods", kCentralityNames);
    const Datum keys = PG_ARGISNULL(2) ? Datum{0} : PG_GETARG_DATUM(2);
    return layer_result(fcinfo, 3,
                        [&](const Session& session, LayerChoice layer, const ResultSet& result) {
                            centrality(session, layer, method, keys, result);
                        });
}

}  // namespace vg::pg::graph_search
