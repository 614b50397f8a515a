// semantic_graph_search: the rows nearest to a query and those that links and similarity lead to
// from there, ranked by both (core/graph/retrieve.h has the formula).

#include "pg/boundary/pg.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "core/base/names.h"
#include "core/graph/retrieve.h"
#include "core/select/select.h"
#include "pg/boundary/arguments.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/result.h"
#include "pg/graph_search/walker.h"
#include "pg/types/vector.h"

namespace vg::pg::graph_search {
namespace {

enum Argument {
    kIndex,
    kQuery,
    kK,
    kSeeds,
    kMaxHopsArgument,
    kMethod,
    kBeta,
    kRestart,
    kHopDecay,
    kEpsilon,
    kLinkShare,
    kLinksSql,
    kKinds,
    kMinSimilarity,
    kDiversity,
    kFilterKeys,
    kMaxNodesArgument
};

constexpr int32 kMaxRows = 10000;
constexpr int32 kMaxSeeds = 1000;
// Candidates that diversity chooses from, per row wanted.
constexpr std::size_t kPool = 5;
constexpr std::size_t kLeastPool = 50;

struct Request {
    graph::RetrieveOptions options;
    std::size_t k;
    std::size_t seeds;
    double diversity;
    const Vector* query;
    Datum filter;  // array; 0: none
};

graph::Method method_argument(FunctionCallInfo fcinfo) {
    return choice_argument<graph::Method>(fcinfo, kMethod, "method", "methods",
                                          graph::kMethodNames);
}

Request read_request(FunctionCallInfo fcinfo) {
    Request r{};
    require_argument(fcinfo, kQuery, "query");
    r.query = datum_vector(PG_GETARG_DATUM(kQuery));
    r.k = static_cast<std::size_t>(range_argument(fcinfo, kK, "k", 1, kMaxRows));
    r.seeds = static_cast<std::size_t>(range_argument(fcinfo, kSeeds, "seeds", 1, kMaxSeeds));
    graph::RetrieveOptions& o = r.options;
    o.k = r.k;
    o.max_hops =
        static_cast<unsigned>(range_argument(fcinfo, kMaxHopsArgument, "max_hops", 0, kMaxHops));
    o.method = method_argument(fcinfo);
    o.beta = share_argument(fcinfo, kBeta, "beta");
    o.restart = positive_argument(fcinfo, kRestart, "restart", 1.0);
    o.hop_decay = positive_argument(fcinfo, kHopDecay, "hop_decay", 1.0);
    o.epsilon = positive_argument(fcinfo, kEpsilon, "epsilon", 1.0);
    o.link_share = share_argument(fcinfo, kLinkShare, "link_share");
    if (!PG_ARGISNULL(kMinSimilarity)) {
        o.min_similarity = PG_GETARG_FLOAT8(kMinSimilarity);
        check_finite(o.min_similarity, "min_similarity");
    }
    r.diversity = share_argument(fcinfo, kDiversity, "diversity");
    if (r.diversity > 0.0)
        o.k = std::max(kPool * r.k, kLeastPool);
    r.filter = PG_ARGISNULL(kFilterKeys) ? Datum{0} : PG_GETARG_DATUM(kFilterKeys);
    o.max_vertices = static_cast<std::size_t>(
        range_argument(fcinfo, kMaxNodesArgument, "max_nodes", 1, kMaxNodes));
    return r;
}

void check_query(const Session& session, const Vector* query) {
    if (query->dim != session.index->dimensions())
        report_unexpected_dim(session.index->dimensions(), query->dim);
    for (int i = 0; i < query->dim; ++i)
        check_element(query->x[i]);
}

// The allowed rows, nearest first: few enough to look at every one.
std::vector<graph::Similar> allowed_rows(Walker& walker, Datum filter) {
    std::vector<graph::Vertex> keys;
    read_keys(filter, "elements of filter_keys", walker.keys, keys);
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    walker.restrict_to(keys);
    walker.rows.look_up(keys);
    std::vector<graph::Similar> allowed;
    for (const graph::Vertex key : keys)
        if (walker.rows.at(key).indexed)
            allowed.push_back({key, walker.rows.at(key).similarity});
    return allowed;
}

// Places of the hits that are chosen, in order of choice.
std::vector<std::size_t> diverse(Walker& walker, const std::vector<graph::Hit>& hits,
                                 const Request& r) {
    vg::select::Candidates candidates(walker.memory());
    std::vector<std::size_t> place;
    semantic_graph::GraphNode node;
    for (std::size_t i = 0; i < hits.size(); ++i) {
        vg::select::Row row;
        row.relevance = hits[i].score;
        if (!walker.session().index->read_node(walker.rows.at(hits[i].vertex).node,
                                               semantic_graph::kGraphVector, node) ||
            std::all_of(node.vector.begin(), node.vector.end(), [](float x) { return x == 0; }))
            continue;
        candidates.add(node.vector, row);
        place.push_back(i);
    }
    candidates.finish();
    vg::select::Request request;
    request.method = vg::select::Method::kMmr;
    request.diversity = r.diversity;
    vg::select::Limits limits(walker.memory());
    limits.k = r.k;
    std::vector<std::size_t> chosen;
    for (const vg::select::Pick& pick :
         vg::select::select(candidates, request, limits, 0, walker.memory(), walker.poll()))
        chosen.push_back(place[candidates.position(pick.row)]);
    return chosen;
}

void put_hit(const ResultSet& result, Walker& walker, const graph::Hit& hit) {
    std::vector<graph::Vertex> path;
    std::vector<const std::pmr::string*> kinds;
    for (const graph::Step& step : hit.trail) {
        if (!path.empty())
            kinds.push_back(&walker.kinds.name(step.kind));
        path.push_back(step.vertex);
    }
    const graph::Vertex* steps = path.data();
    const auto n = static_cast<int>(path.size());
    const std::pmr::string* const* names = kinds.data();
    const links::Keys& keys = walker.keys;
    call_pg([&] {
        Datum kind_values[kMaxHops + 1];
        for (int i = 0; i + 1 < n; ++i)
            kind_values[i] = CStringGetTextDatum(names[i]->c_str());
        const bool none = n == 0;
        Datum values[] = {
            sql_key(keys, hit.vertex),
            Float8GetDatum(hit.score),
            Float8GetDatum(hit.similarity),
            Float8GetDatum(hit.graph_score),
            Int32GetDatum(n - 1),
            none ? Datum{0} : sql_key(keys, steps[0]),
            none ? Datum{0} : sql_key_array(keys, steps, n),
            none ? Datum{0}
                 : PointerGetDatum(construct_array(kind_values, n - 1, TEXTOID, -1, false, 'i'))};
        bool nulls[] = {false, false, false, false, none, none, none, none};
        tuplestore_putvalues(result.store, result.columns, values, nulls);
    });
}

void search(const Session& session, const Request& r, const ResultSet& result) {
    Walker walker(session);
    walker.use_layers(graph::layers_of(r.options));
    walker.rows.set_query({r.query->x, static_cast<std::size_t>(r.query->dim)});
    std::vector<graph::Similar> pool = walker.rows.nearest(
        r.filter != 0 ? r.seeds : std::max(r.seeds, r.options.k), walker.poll());
    std::vector<graph::Similar> seeds(
        pool.begin(), pool.begin() + static_cast<std::ptrdiff_t>(std::min(r.seeds, pool.size())));
    if (r.filter != 0)
        pool = allowed_rows(walker, r.filter);
    graph::RetrieveOptions options = r.options;
    options.unit = walker.rows.similarity_unit(seeds);
    const graph::Retrieved found =
        graph::retrieve(seeds, pool, walker, walker, options, walker.memory(), walker.poll());
    if (found.truncated)
        call_pg([&] {
            ereport(NOTICE, (errmsg("walk stopped at %zu nodes", r.options.max_vertices),
                             errhint("Raise max_nodes, or lower max_hops or seeds.")));
        });
    std::vector<graph::Hit> hits = found.hits;
    std::stable_sort(hits.begin(), hits.end(), [&](const graph::Hit& a, const graph::Hit& b) {
        if (a.score != b.score)
            return a.score > b.score;
        if (a.similarity != b.similarity)
            return a.similarity > b.similarity;
        return walker.keys.before(a.vertex, b.vertex);
    });
    if (r.diversity > 0.0) {
        for (const std::size_t i : diverse(walker, hits, r))
            put_hit(result, walker, hits[i]);
        return;
    }
    for (const graph::Hit& hit : hits)
        put_hit(result, walker, hit);
}

}  // namespace

VG_FUNCTION(vg_semantic_graph_search) {
    const Request request = read_request(fcinfo);
    return session_result(fcinfo, 0, {kLinksSql, kKinds},
                          [&](const Session& session, const ResultSet& result) {
                              check_query(session, request.query);
                              search(session, request, result);
                          });
}

}  // namespace vg::pg::graph_search
