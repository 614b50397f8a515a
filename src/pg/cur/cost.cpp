// Planner costs. A scan spends its scorer calls and one pass over the pages before it returns the
// first row; what comes after is free, except that the executor evaluates the operator once more
// per returned row, which it accounts for itself. A table with no more rows than the budget is
// scored in full either way, and the sequential scan, without the pass, is the cheaper one.

#include "pg/boundary/pg.h"

#include "pg/cur/cur.h"

#include <algorithm>

#include "pg/index/access_method.h"

namespace vg::pg::cur {
namespace {

// Multiply-adds of the pass that cost as much as one operator of the executor.
constexpr double kProductsPerOperator = 64.0;

double cost_of_function(Oid function) {
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
    if (!HeapTupleIsValid(tuple))
        return 1.0;
    const double cost = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple))->procost;
    ReleaseSysCache(tuple);
    return cost;
}

index::ScanPrice price(PlannerInfo*, const IndexPath* path, Relation index,
                       const GenericCosts& generic) {
    const IndexOptInfo* info = path->indexinfo;
    const double rows = std::max(info->tuples, 1.0);
    const double calls = std::min<double>(cur_budget, rows);
    const Options* options = options_of(index);
    const int dims = options->latent_dim > 0
                         ? std::min(options->latent_dim, options->anchor_queries)
                         : options->anchor_queries;
    const Oid scorer = index_getprocid(index, 1, kScoreProc);
    double seq_page_cost;
    double random_page_cost;
    get_tablespace_page_costs(info->reltablespace, &random_page_cost, &seq_page_cost);
    const double pass =
        info->pages * seq_page_cost + rows * dims / kProductsPerOperator * cpu_operator_cost;
    // Candidates come from all over the heap.
    const double heap = calls * random_page_cost;
    const Cost startup = pass + heap + calls * cost_of_function(scorer) * cpu_operator_cost;
    return {startup, startup + calls * cpu_index_tuple_cost, generic.indexSelectivity,
            static_cast<double>(info->pages)};
}

}  // namespace

index::ScanPrice cur_price(PlannerInfo* root, IndexPath* path, double loop_count) {
    if (path->indexorderbys == NIL)
        return index::price_out(path);
    return index::price_scan(root, path, loop_count, price);
}

}  // namespace vg::pg::cur
