// cur_recall: how many of the rows that the scorer likes best does the index return?
//   1. queries: given, or drawn from the indexed rows or a column; none that is an anchor query,
//      because those the model knows best
//   2. one pass over the table scores every row against every query
//   3. each query is run through the index, as an executor would, and hits are counted by score
// All three see the same snapshot. Everything runs as the table's owner, who alone may ask: index
// expressions are the owner's code, and so a build runs the scorer. Ownership: all containers are
// members of Recall, which lives in a memory context; the functions own nothing and may ereport.

#include "pg/boundary/pg.h"

#include "pg/cur/cur.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/hnsw/recall.h"
#include "pg/boundary/arguments.h"
#include "pg/boundary/context.h"
#include "pg/boundary/result.h"
#include "pg/boundary/settings.h"
#include "pg/cur/anchors.h"
#include "pg/cur/batch.h"
#include "pg/cur/fetch.h"
#include "pg/cur/pages.h"
#include "pg/cur/scorer.h"

namespace vg::pg::cur {
namespace {

constexpr int kMaxQueries = 10000;
constexpr int kMaxAnswers = 10000;
// Scores of one row may differ in their last bits from batch to batch.
constexpr double kTieSlack = 1e-5;

struct RecallRequest {
    Oid index;
    int k;
    ArrayType* queries;  // null: draw n
    int n;
    const char* source;  // null: that of the index's anchor queries
    uint64 seed;
    bool has_budget;
    int budget;
};

struct Recall {
    RecallRequest request{};
    index::OpenIndex open{};
    Snapshot snapshot = nullptr;
    Scorer scorer{};
    const char* source = nullptr;      // of queries that are drawn, and the query for it: null
    const char* source_sql = nullptr;  // where that is the indexed rows
    Datum* queries = nullptr;
    int count = 0;
    double rows = 0;

    ItemBatch batch;                           // of the exact pass
    std::vector<std::vector<double>> nearest;  // per query a max-heap of at most k distances
    std::vector<float> recall;                 // per query
    double scan_calls = 0;
    double scan_ms = 0;
    double exact_ms = 0;
};

// As scans order rows: NaN and NULL behind everything.
double rank_distance(double distance, bool null) {
    return null || std::isnan(distance) ? std::numeric_limits<double>::infinity() : distance;
}

double elapsed_ms(instr_time since) {
    instr_time now;
    INSTR_TIME_SET_CURRENT(now);
    INSTR_TIME_SUBTRACT(now, since);
    return INSTR_TIME_GET_MILLISEC(now);
}

// ---- queries ----------------------------------------------------------------------------------

void count_row(ItemPointer, const Datum*, const bool* nulls, void* arg) {
    static_cast<Recall*>(arg)->rows += !nulls[0];
}

void sample_row(ItemPointer, const Datum* values, const bool* nulls, void* arg) {
    if (!nulls[0])
        offer_value(static_cast<Reservoir*>(arg), values[0]);
}

// By the caller's search_path: what follows runs under another one.
void resolve_source(Recall* c) {
    Relation index = c->open.index;
    const RecallRequest& r = c->request;
    if (r.queries != nullptr)
        return;
    const QueryType type = query_type(index);
    c->source = r.source != nullptr ? r.source : cur_anchor_source(options_of(index));
    if (!source_is_items(c->source, index, type))
        c->source_sql = source_query(c->source, type.type);
}

void draw_queries(Recall* c, const QueryType& type) {
    Relation index = c->open.index;
    const RecallRequest& r = c->request;
    const vg::cur::MetaData m = read_cur_meta(index);
    const Datum* anchors = m.dims > 0 ? load_anchors(index, m, type) : nullptr;
    const int avoided = m.dims > 0 ? static_cast<int>(m.anchors) : 0;
    Reservoir sample;
    start_reservoir(&sample, type, r.n + avoided, r.seed);
    if (c->source_sql == nullptr)
        index::scan_indexed_rows(c->open, c->snapshot, sample_row, &sample);
    else
        sample_source(&sample, c->source, c->source_sql);
    c->queries = static_cast<Datum*>(palloc(sizeof(Datum) * r.n));
    c->count = finish_reservoir(&sample, r.n, c->queries, anchors, avoided);
    if (c->count == 0 && sample.count > 0)
        report_source(c->source, "All its queries are anchor queries of the index.");
}

// The elements of an array. Where queries are arrays themselves, the array has one dimension more,
// or it is a query.
ArrayItems split_queries(ArrayType* array, const QueryType& type) {
    const Oid element = ARR_ELEMTYPE(array);
    if (getBaseType(element) == type.type)
        return array_items(array);
    if (getBaseType(get_array_type(element)) != type.type || ARR_NDIM(array) > 2)
        ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                        errmsg("queries must be an array of type %s", format_type_be(type.type)),
                        errdetail("It is an array of %s.", format_type_be(element))));
    const ArrayItems all = array_items(array);
    const int n = ARR_NDIM(array) == 2 ? ARR_DIMS(array)[0] : 1;
    const int each = n > 0 ? all.n / n : 0;
    int16 length;
    bool by_value;
    char align;
    get_typlenbyvalalign(element, &length, &by_value, &align);
    ArrayItems items{static_cast<Datum*>(palloc(sizeof(Datum) * (n + 1))),
                     static_cast<bool*>(palloc0(sizeof(bool) * (n + 1))), n};
    for (int i = 0; i < n; ++i) {
        int dims = each;
        int low = 1;
        items.values[i] = PointerGetDatum(
            construct_md_array(all.values + i * each, all.nulls + i * each, each > 0 ? 1 : 0, &dims,
                               &low, element, length, by_value, align));
    }
    return items;
}

void take_queries(Recall* c, const QueryType& type) {
    const ArrayItems items = split_queries(c->request.queries, type);
    check_range(items.n, "number of queries", 1, kMaxQueries);
    c->queries = static_cast<Datum*>(palloc(sizeof(Datum) * items.n));
    c->count = items.n;
    for (int i = 0; i < items.n; ++i) {
        if (items.nulls[i])
            ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                            errmsg("queries must not contain nulls")));
        c->queries[i] = copy_item(items.values[i], type.length, type.by_value);
    }
}

void check_calls(const Recall* c) {
    const double exact = c->rows * c->count;
    const double scans = std::min<double>(c->rows, cur_budget) * c->count;
    if (exact + scans > cur_max_build_calls)
        ereport(ERROR,
                (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                 errmsg("measuring recall would take %.0f scorer calls", exact + scans),
                 errdetail("%d queries are compared with %.0f rows each; cur.max_build_calls is "
                           "%.0f.",
                           c->count, c->rows, cur_max_build_calls),
                 errhint("Ask for fewer queries, or raise cur.max_build_calls.")));
    ereport(NOTICE, (errmsg("measuring recall takes up to %.0f scorer calls", exact + scans)));
}

// ---- exact answers ----------------------------------------------------------------------------

void offer_distances(Recall* c, std::size_t query) {
    std::vector<double>& heap = c->nearest[query];
    const auto k = static_cast<std::size_t>(c->request.k);
    for (int i = 0; i < c->batch.count; ++i) {
        const double d = rank_distance(c->batch.distances[i], c->batch.nulls[i]);
        if (heap.size() == k) {
            if (d >= heap.front())
                continue;
            std::pop_heap(heap.begin(), heap.end());
            heap.pop_back();
        }
        heap.push_back(d);
        std::push_heap(heap.begin(), heap.end());
    }
}

void take_batch(Recall* c) {
    for (int q = 0; q < c->count && c->batch.count > 0; ++q) {
        score_batch(&c->batch, &c->scorer, c->queries[q]);
        enter_cpp([&] { offer_distances(c, static_cast<std::size_t>(q)); });
    }
    clear_batch(&c->batch);
}

void take_row(ItemPointer tid, const Datum* values, const bool* nulls, void* arg) {
    auto* c = static_cast<Recall*>(arg);
    if (nulls[0])
        return;
    if (add_item(&c->batch, c->scorer, *tid, values[0]))
        take_batch(c);
}

void find_exact(Recall* c) {
    instr_time start;
    INSTR_TIME_SET_CURRENT(start);
    enter_cpp([&] { c->nearest.resize(static_cast<std::size_t>(c->count)); });
    index::scan_indexed_rows(c->open, c->snapshot, take_row, c);
    take_batch(c);
    c->exact_ms = elapsed_ms(start);
}

// ---- answers of the index ---------------------------------------------------------------------

// Rows at most this far belong to an exact answer: those that tie with its last one count too.
double limit_of(const std::vector<double>& heap) {
    const double last = heap.front();
    return std::isfinite(last) ? last + kTieSlack * std::fabs(last) : last;
}

void run_query(Recall* c, IndexScanDesc scan, int query) {
    const std::vector<double>& exact = c->nearest[static_cast<std::size_t>(query)];
    const double limit = limit_of(exact);
    ScanKeyData key;
    ScanKeyEntryInitialize(&key, SK_ORDER_BY, 1, 1, InvalidOid, c->scorer.collation,
                           c->scorer.score.fn_oid, c->queries[query]);
    instr_time start;
    INSTR_TIME_SET_CURRENT(start);
    index_rescan(scan, nullptr, 0, &key, 1);
    std::size_t hits = 0;
    ScanRow row{};
    for (std::size_t i = 0; i < exact.size(); ++i) {
        if (index_getnext_tid(scan, ForwardScanDirection) == nullptr)
            break;
        row = cur_scan_row(scan);
        hits += rank_distance(row.distance, row.null) <= limit;
    }
    c->scan_ms += elapsed_ms(start);
    c->scan_calls += static_cast<double>(row.calls);
    enter_cpp(
        [&] { c->recall.push_back(static_cast<float>(hits) / static_cast<float>(exact.size())); });
}

void find_by_index(Recall* c) {
    const IndexScanDesc scan = begin_index_scan(c->open.heap, c->open.index, c->snapshot, 0, 1);
    for (int i = 0; i < c->count; ++i) {
        CHECK_FOR_INTERRUPTS();
        if (!c->nearest[static_cast<std::size_t>(i)].empty())
            run_query(c, scan, i);
    }
    index_endscan(scan);
}

void measure(Recall* c, MemoryContext context) {
    const RecallRequest& r = c->request;
    c->snapshot = GetActiveSnapshot();
    index::check_snapshot(c->open.index, c->snapshot);
    if (r.has_budget)
        set_for_level("cur.budget", r.budget);
    c->batch.context = AllocSetContextCreate(context, "cur recall batch", ALLOCSET_DEFAULT_SIZES);
    init_scorer(&c->scorer, c->open.index, context);
    const QueryType type = query_type(c->open.index);
    if (r.queries != nullptr)
        take_queries(c, type);
    else
        draw_queries(c, type);
    index::scan_indexed_rows(c->open, c->snapshot, count_row, c);
    if (c->count == 0 || c->rows == 0)
        return;
    check_calls(c);
    find_exact(c);
    find_by_index(c);
}

Datum result_of(Recall* c, TupleDesc columns, int budget) {
    const auto queries = static_cast<double>(c->recall.size());
    hnsw::RecallSummary s;
    if (!c->recall.empty())
        s = hnsw::summarise_recall(c->recall, c->nearest[0].size());
    const bool none = c->recall.empty();
    ResultRow row(columns);
    row.add_int4(c->request.k);
    row.add_int4(static_cast<std::int64_t>(c->recall.size()));
    row.add_int4(budget);
    for (const double figure : {s.mean, s.p5, s.min, s.low, s.high, c->scan_calls / queries})
        row.add_float8(figure, none);
    row.add_int8(static_cast<std::uint64_t>(c->scan_calls) + c->scorer.calls);
    row.add_float8(c->scan_ms / queries, none);
    row.add_float8(c->exact_ms / queries, none);
    return row.datum();
}

Datum run(FunctionCallInfo fcinfo, const RecallRequest& request) {
    TupleDesc columns = row_columns(fcinfo);
    check_range(request.k, "k", 1, kMaxAnswers);
    check_range(request.n, "n", 1, kMaxQueries);
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "cur recall", ALLOCSET_DEFAULT_SIZES);
    const MemoryContext old = MemoryContextSwitchTo(context);
    auto* c = enter_cpp([&] { return new_in_context<Recall>(context); });
    c->request = request;
    c->open = index::open(request.index, index::Right::kOwner, kMethod);
    resolve_source(c);
    const index::AsOwner saved = index::begin_as_owner(c->open.heap);
    measure(c, context);
    const int budget = cur_budget;
    index::end_as_owner(saved);
    index::close(c->open);
    MemoryContextSwitchTo(old);
    const Datum result = result_of(c, columns, budget);
    MemoryContextDelete(context);
    return result;
}

void take_budget(FunctionCallInfo fcinfo, int i, RecallRequest* r) {
    r->has_budget = !PG_ARGISNULL(i);
    if (r->has_budget)
        r->budget = PG_GETARG_INT32(i);
}

}  // namespace

VG_FUNCTION(vg_cur_recall) {
    require_arguments(fcinfo, {"index", "k", "n", nullptr, nullptr, "seed"});
    RecallRequest r{};
    r.index = PG_GETARG_OID(0);
    r.k = PG_GETARG_INT32(1);
    r.n = PG_GETARG_INT32(2);
    r.source = PG_ARGISNULL(3) ? nullptr : text_to_cstring(PG_GETARG_TEXT_PP(3));
    take_budget(fcinfo, 4, &r);
    r.seed = static_cast<uint64>(PG_GETARG_INT64(5));
    return run(fcinfo, r);
}

VG_FUNCTION(vg_cur_recall_of) {
    require_arguments(fcinfo, {"index", "queries", "k"});
    RecallRequest r{};
    r.index = PG_GETARG_OID(0);
    r.queries = PG_GETARG_ARRAYTYPE_P(1);
    r.k = PG_GETARG_INT32(2);
    r.n = 1;
    take_budget(fcinfo, 3, &r);
    return run(fcinfo, r);
}

}  // namespace vg::pg::cur
