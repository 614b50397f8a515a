// Planner costs. The planner charges startup + fraction * (total - startup) for the share of the
// rows that it expects to be taken, which is a straight line, while a scan costs what its first
// beam costs for the first rows, then so much per row, and at most a pass over the pages. So the
// line is drawn through two points of that curve: the first row, and the row at which the query is
// expected to stop (LIMIT over the share of rows that pass the filters).
//
// Two things that the planner leaves out of the other plans are taken into account here, because
// here is the only place for it: the values of a toasted column that a scan and sort must fetch for
// every row that passes the filters, and that pages of an index that fits the cache are in the
// cache, as its tables' are in the figures that the other paths are calibrated with.

#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/lid_hnsw.h"
#include "pg/lid_hnsw/options.h"
#include "pg/lid_hnsw/state.h"

#include <algorithm>
#include <cmath>

#include "core/hnsw/beam_search.h"
#include "pg/index/access_method.h"
#include "pg/lid_hnsw/page_pass.h"
#include "pg/page/page.h"
#include "pg/types/vector.h"

extern "C" {
#include "access/heaptoast.h"
#include "optimizer/pathnode.h"
}

namespace vg::pg::lid_hnsw {
namespace {

// Units of cpu_operator_cost.
// Opening a node takes this much, and this much per kilobyte of it: its codes and links are looked
// at in whole. Measured against a sequential scan (docs/tuning.md).
constexpr double kPerNode = 20;
constexpr double kPerNodeKilobyte = 60;
// A node of a pass: its distance, which reads the vector, and its place in the sort.
constexpr double kPerPassNode = 12;
constexpr double kPerPassKilobyte = 20;
// Fetching a toasted value: the descent in the toast table's index, and each of its chunks.
constexpr double kPerToasted = 600;
constexpr double kPerToastChunk = 200;

// Nodes read on the way down, per level.
constexpr double kNodesPerLevel = 4;
// Rows that a query with a LIMIT that is not known yet, as in a generic plan, is expected to want
// at most. The planner takes a tenth of the table; who asks for the nearest rows asks for few.
constexpr double kUnknownLimit = 20;
// No more of a cost than this is taken off for the toasted values that other plans fetch.
constexpr double kLeastShare = 0.02;

// What the query is expected to take of the rows that pass its filters.
struct Demand {
    double share;     // of them, as far as we know
    double fraction;  // of the path's cost, which the planner will charge
    bool certain;     // no: other tables decide how many rows of this one are taken
};

bool returns_input_rows(const Query* parse) {
    return parse->groupClause == NIL && parse->groupingSets == NIL &&
           parse->distinctClause == NIL && parse->setOperations == nullptr && !parse->hasAggs &&
           !parse->hasWindowFuncs && !parse->hasTargetSRFs && parse->havingQual == nullptr;
}

// Rows that pass the filters: of all partitions together where this is one of them.
double rows_in_all(PlannerInfo* root, const RelOptInfo* rel) {
    const RelOptInfo* whole = rel;
    int parent;
    if (IS_OTHER_REL(rel) && bms_get_singleton_member(rel->top_parent_relids, &parent))
        whole = find_base_rel(root, parent);
    return std::max({whole->rows, rel->rows, 1.0});
}

Demand demand_of(PlannerInfo* root, const RelOptInfo* rel) {
    const double rows = rows_in_all(root, rel);
    const double planned = root->tuple_fraction;
    if (!returns_input_rows(root->parse) || planned <= 0)
        return {1, 1, true};  // all
    const double fraction = planned < 1 ? planned : std::min(planned / rows, 1.0);
    if (bms_membership(root->all_baserels) != BMS_SINGLETON)
        return {fraction, fraction, false};
    if (planned < 1 && root->limit_tuples < 0 && root->parse->limitCount != nullptr)
        return {std::min(fraction, kUnknownLimit / rows), fraction, true};
    return {fraction, fraction, true};
}

// What a scan of one index does, in the planner's units.
struct ScanCosts {
    const node::Geometry* geometry;
    node::Metric metric;
    std::size_t ef;
    double nodes;      // of the index
    double pages;      // with slots on them
    double descent;    // nodes
    double node_cost;  // one opened along a link
    double pass_cost;  // all pages in their order, and the sort

    // Until that many nodes have been handed out.
    double of(double handed_out) const {
        const auto beam = static_cast<double>(hnsw::scan_beam(geometry->words, metric, ef));
        if (nodes <= beam)
            return pass_cost;
        const auto reads = static_cast<double>(
            hnsw::scan_reads(geometry->words, metric, ef, static_cast<std::size_t>(handed_out)));
        // Nodes after which a scan makes a pass.
        const auto most =
            std::max(beam, static_cast<double>(pass_in_links(static_cast<std::uint64_t>(pages),
                                                             static_cast<std::uint64_t>(nodes))));
        return (descent + std::min(reads, most)) * node_cost + (reads > most ? pass_cost : 0);
    }
};

// The part of the index that is not expected in a cache of effective_cache_size pages, half of
// which it may have.
double uncached_share(double index_pages) {
    return 1 - std::min(effective_cache_size / (2 * index_pages), 1.0);
}

ScanCosts scan_costs(const IndexOptInfo* info, const IndexState& state) {
    const node::Geometry& g = state.geometry;
    double random_page_cost;
    double seq_page_cost;
    get_tablespace_page_costs(info->reltablespace, &random_page_cost, &seq_page_cost);
    const double index_pages = std::max<double>(info->pages, 1);
    const double uncached = uncached_share(index_pages);
    const double kilobytes = g.slot_bytes / 1024.0;
    const double vector_kilobytes = g.vector_bytes() / 1024.0;

    ScanCosts c{};
    c.geometry = &g;
    c.metric = state.metric;
    c.ef = static_cast<std::size_t>(lid_hnsw_ef_search);
    c.nodes = std::max(std::min(info->tuples, index_pages * g.slots_per_page), 1.0);
    c.pages = c.nodes / g.slots_per_page;
    c.descent = kNodesPerLevel * std::log(c.nodes) / std::log(hnsw::level_ratio(state.m));
    // Neighbours are placed together: where nodes share pages, so do those of one search.
    c.node_cost = (kPerNode + kPerNodeKilobyte * kilobytes) * cpu_operator_cost +
                  uncached * random_page_cost / std::sqrt(g.slots_per_page);
    c.pass_cost =
        c.nodes * (kPerPassNode + kPerPassKilobyte * vector_kilobytes) * cpu_operator_cost +
        uncached * index_pages * seq_page_cost;
    return c;
}

// What it costs to fetch a vector of the table, which no other plan's estimate contains.
double toasted_value_cost(const RelOptInfo* rel, const node::Geometry& g) {
    const double bytes = sizeof(float) * g.dims + sizeof(Vector);
    const double bytes_in_table =
        rel->pages * static_cast<double>(BLCKSZ) / std::max(rel->tuples, 1.0);
    if (bytes < TOAST_TUPLE_THRESHOLD || bytes_in_table >= bytes)
        return 0;
    return (kPerToasted + kPerToastChunk * std::ceil(bytes / TOAST_MAX_CHUNK_SIZE)) *
           cpu_operator_cost;
}

index::ScanPrice price(PlannerInfo* root, const IndexPath* path, Relation index,
                       const GenericCosts& generic) {
    const IndexOptInfo* info = path->indexinfo;
    const RelOptInfo* rel = info->rel;
    const IndexState& state = index_state(index);
    const node::Geometry g = state.geometry;
    ScanCosts costs = scan_costs(info, state);
    costs.geometry = &g;

    const Demand demand = demand_of(root, rel);
    // The two points of the line, and what the planner will charge on it.
    const double handed_out = std::max(demand.share * costs.nodes, 1.0);
    const double first = costs.of(1);
    const double per_share = demand.certain
                                 ? std::max(costs.of(handed_out) - first, 0.0) / demand.fraction
                                 : std::max(costs.of(costs.nodes) - first, 0.0);
    const double charged = first + demand.fraction * per_share;

    // Where storage is not exact the scan fetches the vector of nearly every row it hands out, else
    // the executor that of the rows that pass; a sort fetches those of all rows that pass.
    const bool all_fetched = !g.exact();
    const double fetched =
        demand.share * (all_fetched ? rel->tuples * generic.indexSelectivity : rel->rows);
    const double saved = toasted_value_cost(rel, g) * (rel->rows - fetched);
    const double scale = std::max(1 - saved / charged, kLeastShare);

    return {first * scale, (first + per_share) * scale, generic.indexSelectivity,
            std::min(costs.descent + handed_out, static_cast<double>(info->pages))};
}

}  // namespace

index::ScanPrice lid_hnsw_price(PlannerInfo* root, IndexPath* path, double loop_count) {
    // Without an ORDER BY there is no scan at all. By several operators there is none either: it
    // would be in order of the first one only.
    if (list_length(path->indexorderbys) != 1)
        return index::price_out(path);
    return index::price_scan(root, path, loop_count, price);
}

}  // namespace vg::pg::lid_hnsw
