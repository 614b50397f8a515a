// Planner costs. A search reads about one page per expanded node, at random, before it can return
// the first row; later rounds of the iterator double the number of expanded nodes. Without an ORDER
// BY there is no scan at all, so such a path is priced out.

#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/lid_hnsw.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "pg/boundary/access_method.h"
#include "pg/page/stored_format.h"

namespace vg::pg {
namespace {

// CPU per expanded node, in units of cpu_operator_cost: one exact distance and the estimates of a
// whole list. Fits the measured ratio of a hop to a distance of a sequential scan.
constexpr double kOperatorsPerHop = 6.0;
// Nodes read on the way down.
constexpr double kHopsPerLevel = 4.0;

// Nodes expanded until `rows` results are out: ef_search for the first half of a beam, then
// doubling.
double expanded_nodes(double rows, double nodes) {
    const double ef = lid_hnsw_ef_search;
    double expanded = ef;
    while (expanded < nodes && rows > std::max(std::min(ef, 10.0), expanded / 2))
        expanded *= 2;
    return std::min(expanded, nodes);
}

}  // namespace

void lid_hnsw_costestimate(PlannerInfo* root, IndexPath* path, double loop_count,
                           Cost* startup_cost, Cost* total_cost, Selectivity* selectivity,
                           double* correlation, double* pages) {
    if (path->indexorderbys == NIL) {
        price_out(path, startup_cost, total_cost, selectivity, correlation, pages);
        return;
    }
    GenericCosts costs;
    std::memset(&costs, 0, sizeof costs);
    genericcostestimate(root, path, loop_count, &costs);

    Relation index = index_open(path->indexinfo->indexoid, NoLock);
    const int m = option_m(index);
    const bool closed = closed_to_plans(index);
    index_close(index, NoLock);
    if (closed) {
        price_out(path, startup_cost, total_cost, selectivity, correlation, pages);
        return;
    }

    double random_page_cost;
    get_tablespace_page_costs(path->indexinfo->reltablespace, &random_page_cost, nullptr);
    const double nodes = std::max(path->indexinfo->tuples, 1.0);
    const double levels = std::log(nodes) / std::log(static_cast<double>(m));
    // One node per page at worst; small vectors share pages, and neighbours are placed together.
    const double pages_per_node = std::min(1.0, std::max(path->indexinfo->pages, 1u) / nodes);
    const double hop_cost =
        kOperatorsPerHop * cpu_operator_cost + std::sqrt(pages_per_node) * random_page_cost;

    const double first = std::min(expanded_nodes(1, nodes) + kHopsPerLevel * levels, nodes);
    // What the executor may take in all: rows times loops is its business, the fraction of the
    // total it pays for a LIMIT is linear, so the total must cover a scan of everything.
    const double all = std::max(first, expanded_nodes(nodes, nodes));
    *startup_cost = first * hop_cost;
    *total_cost = std::max(all * hop_cost, *startup_cost) + nodes * cpu_index_tuple_cost;
    *selectivity = costs.indexSelectivity;
    *correlation = 0;
    *pages = std::min(all, static_cast<double>(path->indexinfo->pages));
}

}  // namespace vg::pg
