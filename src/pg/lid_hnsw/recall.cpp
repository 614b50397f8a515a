// vectorgraph_index_recall: how many of the true nearest rows does the index return?
//   1. queries: given, or the midpoints between sampled rows and rows near them
//   2. one pass over the table gives the exact answers to all queries
//   3. each query is run through the index, as an executor would, and hits are counted by distance
// All three see the same snapshot. The table's rows are those of the index: predicate and
// expressions are evaluated, NULLs and unindexable rows left out. Ownership: all containers are
// members of Recall, which lives in a memory context; the functions own nothing and may ereport. No
// lock beyond that on the table and index.

#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/recall.h"

#include <algorithm>
#include <vector>

#include "core/base/random.h"
#include "core/hnsw/recall.h"
#include "core/node/node_query.h"
#include "pg/boundary/arguments.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/context.h"
#include "pg/boundary/result.h"
#include "pg/boundary/settings.h"
#include "pg/lid_hnsw/index_scan.h"
#include "pg/lid_hnsw/options.h"
#include "pg/lid_hnsw/state.h"
#include "pg/types/vector.h"

namespace vg::pg::lid_hnsw {
namespace {

constexpr int kMaxQueries = 100000;
constexpr int kMaxAnswers = 10000;
// A sampled row's partner is drawn from this many nearest ones.
constexpr int kPartners = 5;
// Rows looked at for that: there may be any number that equal the sampled one.
constexpr int kMaxLooked = 100;

struct Recall {
    Recall(const index::OpenIndex& o, const IndexState& s, const RecallRequest& r, IndexSearch* i)
        : open(o),
          g(s.geometry),
          metric(s.metric),
          request(r),
          search(i),
          panel(s.metric, s.geometry.dims, static_cast<std::size_t>(r.k)),
          random(r.seed),
          row(s.geometry.dims) {}

    index::OpenIndex open;
    const node::Geometry& g;
    node::Metric metric;
    RecallRequest request;
    IndexSearch* search;
    hnsw::ExactPanel panel;
    Random random;

    std::vector<float> row;      // scratch: a prepared row
    std::vector<float> samples;  // sampled rows, prepared
    std::uint64_t sampled_from = 0;
    const float* sample = nullptr;  // scratch: the sampled row at hand
    int looked = 0;                 // scratch: rows looked at for it
    std::vector<float> partners;    // scratch: rows near it
    std::vector<float> distances;   // scratch: exact distances of one answer, ascending
    std::vector<float> recall;      // per query
    SearchCost cost{};
    double exact_ms = 0;
};

// Copies an indexed value into c->row; false for a row that the index does not hold.
bool prepare(Recall* c, Datum value, bool isnull) {
    if (isnull)
        return false;
    const Vector* vector = checked_vector(value, c->g.dims);
    std::copy_n(vector->x, c->g.dims, c->row.begin());
    release_vector(vector, value);
    return node::prepare_row(c->metric, c->row.data(), c->g.dims);
}

// ---- queries -----------------------------------------------------------------------------------

void sample_row(ItemPointer, const Datum* values, const bool* nulls, void* arg) {
    auto* c = static_cast<Recall*>(arg);
    if (!prepare(c, values[0], nulls[0]))
        return;
    const auto n = static_cast<std::uint64_t>(c->request.n);
    const std::uint64_t at = reservoir_place(c->random, c->sampled_from++, n);
    if (at == n)
        return;
    c->samples.resize(std::max<std::size_t>(c->samples.size(), (at + 1) * c->g.dims));
    std::copy(c->row.begin(), c->row.end(),
              c->samples.begin() + static_cast<std::ptrdiff_t>(at * c->g.dims));
}

bool take_partner(Datum value, bool isnull, void* arg) {
    auto* c = static_cast<Recall*>(arg);
    if (prepare(c, value, isnull) && !std::equal(c->row.begin(), c->row.end(), c->sample))
        c->partners.insert(c->partners.end(), c->row.begin(), c->row.end());
    return ++c->looked < kMaxLooked && c->partners.size() < kPartners * std::size_t{c->g.dims};
}

// A stored row is too easy a query: the search ends on its own node, whose links are the answer. So
// the query lies halfway between the row and one of those near it.
void add_midpoint(Recall* c, const float* sample) {
    const std::size_t dims = c->g.dims;
    c->partners.clear();
    c->sample = sample;
    c->looked = 0;
    // Equal rows of the sampled one are no partners, but they are few or the midpoint does not
    // matter.
    run_search(c->search, sample, take_partner, c);
    const std::size_t found = c->partners.size() / dims;
    std::copy_n(sample, dims, c->row.begin());
    if (found > 0) {
        const float* partner = c->partners.data() + c->random.below(found) * dims;
        for (std::size_t i = 0; i < dims; ++i)
            c->row[i] = 0.5f * (sample[i] + partner[i]);
    }
    if (!c->panel.add_query(c->row.data()))
        c->panel.add_query(sample);
}

void sample_queries(Recall* c, Snapshot snapshot) {
    index::scan_indexed_rows(c->open, snapshot, sample_row, c);
    const std::size_t n = c->samples.size() / c->g.dims;
    for (std::size_t i = 0; i < n; ++i) {
        CHECK_FOR_INTERRUPTS();
        add_midpoint(c, c->samples.data() + i * c->g.dims);
    }
}

void take_queries(Recall* c, ArrayType* array) {
    const auto [values, nulls, n] = array_items(array);
    check_range(n, "number of queries", 1, kMaxQueries);
    for (int i = 0; i < n; ++i) {
        if (nulls[i])
            ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                            errmsg("queries must not contain nulls")));
        const Vector* vector = datum_vector(values[i]);
        if (vector->dim != static_cast<int>(c->g.dims))
            ereport(ERROR,
                    (errcode(ERRCODE_DATA_EXCEPTION),
                     errmsg("query %d has %d dimensions, not %u", i + 1, vector->dim, c->g.dims),
                     errdetail("Index \"%s\" holds vectors of %u dimensions.",
                               RelationGetRelationName(c->open.index), c->g.dims)));
        if (!c->panel.add_query(vector->x))
            ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                            errmsg("query %d is a zero vector", i + 1),
                            errdetail("The cosine distance to it is not defined.")));
        release_vector(vector, values[i]);
    }
}

// ---- exact and approximate answers -------------------------------------------------------------

void show_row(ItemPointer, const Datum* values, const bool* nulls, void* arg) {
    auto* c = static_cast<Recall*>(arg);
    if (prepare(c, values[0], nulls[0]))
        c->panel.add_row(c->row.data());
}

void find_exact(Recall* c, Snapshot snapshot) {
    instr_time start;
    instr_time end;
    INSTR_TIME_SET_CURRENT(start);
    index::scan_indexed_rows(c->open, snapshot, show_row, c);
    INSTR_TIME_SET_CURRENT(end);
    INSTR_TIME_SUBTRACT(end, start);
    c->exact_ms = INSTR_TIME_GET_MILLISEC(end);
}

struct Answer {
    Recall* c;
    std::size_t query;
};

// Takes a row of an answer.
bool take_answer(Datum value, bool isnull, void* arg) {
    const auto* a = static_cast<const Answer*>(arg);
    Recall* c = a->c;
    std::vector<float>& d = c->distances;
    if (!prepare(c, value, isnull))
        return true;
    // By the operator rows come in order; our own sum may round otherwise.
    const float distance = c->panel.distance(a->query, c->row.data());
    d.insert(std::upper_bound(d.begin(), d.end(), distance), distance);
    return d.size() < c->panel.wanted();
}

void find_approximate(Recall* c) {
    const std::size_t wanted = c->panel.wanted();
    if (wanted == 0)
        return;
    c->search->cost = {};
    for (std::size_t i = 0; i < c->panel.queries(); ++i) {
        CHECK_FOR_INTERRUPTS();
        c->distances.clear();
        Answer answer{c, i};
        run_search(c->search, c->panel.query(i), take_answer, &answer);
        const std::size_t returned = std::min(wanted, c->distances.size());
        const auto end = c->distances.begin() + static_cast<std::ptrdiff_t>(returned);
        const auto hits = std::upper_bound(c->distances.begin(), end, c->panel.limit(i));
        c->recall.push_back(static_cast<float>(hits - c->distances.begin()) /
                            static_cast<float>(wanted));
    }
    c->cost = c->search->cost;
}

RecallResult result_of(Recall* c) {
    RecallResult r{};
    r.queries = static_cast<int>(c->recall.size());
    r.ef_search = lid_hnsw_ef_search;
    if (r.queries == 0)
        return r;
    const hnsw::RecallSummary s = hnsw::summarise_recall(c->recall, c->panel.wanted());
    r.mean = s.mean;
    r.p5 = s.p5;
    r.min = s.min;
    r.low = s.low;
    r.high = s.high;
    r.pages = static_cast<double>(c->cost.pages) / r.queries;
    r.latency_ms = c->cost.ms / r.queries;
    r.exact_ms = c->exact_ms / r.queries;
    return r;
}

void check_request(const RecallRequest& r) {
    check_range(r.k, "k", 1, kMaxAnswers);
    check_range(r.n, "n", 1, kMaxQueries);
}

RecallResult measure(const RecallRequest& request, MemoryContext context) {
    check_request(request);
    const index::OpenIndex open = index::open(request.index, index::Right::kSelect, kNodeStore);
    const Snapshot snapshot = GetActiveSnapshot();
    index::check_snapshot(open.index, snapshot);
    const int guc_level = NewGUCNestLevel();
    if (request.ef_search != 0)
        set_for_level("lid_hnsw.ef_search", request.ef_search);

    IndexSearch* search = begin_search_of(open, snapshot);
    auto* c = new_in_context<Recall>(context, open, index_state(open.index), request, search);
    if (request.queries != nullptr)
        take_queries(c, request.queries);
    else
        sample_queries(c, snapshot);
    find_exact(c, snapshot);
    find_approximate(c);
    const RecallResult result = result_of(c);
    end_search_of(search);
    AtEOXact_GUC(false, guc_level);
    index::close(open);
    return result;
}

}  // namespace

VG_FUNCTION(vectorgraph_index_recall) {
    ResultRow row(row_columns(fcinfo));
    require_arguments(fcinfo, {"index", "k", "n", nullptr, nullptr, "seed"});
    RecallRequest request{};
    request.index = PG_GETARG_OID(0);
    request.k = PG_GETARG_INT32(1);
    request.n = PG_GETARG_INT32(2);
    request.queries = PG_ARGISNULL(3) ? nullptr : PG_GETARG_ARRAYTYPE_P(3);
    request.ef_search = lid_hnsw_ef_search;
    if (!PG_ARGISNULL(4))
        request.ef_search = PG_GETARG_INT32(4);
    request.seed = static_cast<std::uint64_t>(PG_GETARG_INT64(5));

    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "lid_hnsw recall", ALLOCSET_DEFAULT_SIZES);
    const MemoryContext old = MemoryContextSwitchTo(context);
    const RecallResult r = measure(request, context);
    MemoryContextSwitchTo(old);
    MemoryContextDelete(context);

    const bool none = r.queries == 0;
    row.add_int4(request.k);
    row.add_int4(r.queries);
    row.add_int4(r.ef_search);
    for (const double figure :
         {r.mean, r.p5, r.min, r.low, r.high, r.pages, r.latency_ms, r.exact_ms})
        row.add_float8(figure, none);
    return row.datum();
}

}  // namespace vg::pg::lid_hnsw
