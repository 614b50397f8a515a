// Implements sample.h. An exact search reads the column twice: once to draw the sample, once to
// show every row to all sampled ones. A search through an index reads it once, and then runs one
// ordered query per sampled row; the distances are computed here in both cases.

#include "pg/boundary/pg.h"

#include "pg/lid/sample.h"

#include <algorithm>
#include <cmath>

#include "core/lid/lid.h"
#include "core/lid/order.h"
#include "core/node/node_query.h"
#include "pg/boundary/arguments.h"
#include "pg/boundary/context.h"
#include "pg/boundary/settings.h"
#include "pg/lid_hnsw/options.h"
#include "pg/types/vector.h"

namespace vg::pg::lid {
namespace {

constexpr int kMinK = 2;
constexpr int kMaxK = 1000;
// One row is compared with all sampled ones between two looks for a cancel.
constexpr int kMaxSample = 20000;
// Independent streams from one seed.
constexpr std::uint64_t kPrefixStream = 0x6c69642070726566ull;

// Under cosine, rows are compared by the Euclidean distance between their directions: unlike the
// operator's value it is a metric, is 0 for equal rows to the last bit, and gives the dimension
// itself, not half of it.
node::Metric panel_metric(const Sample* s) {
    return s->column.metric == node::Metric::kL1 ? node::Metric::kL1 : node::Metric::kL2;
}

// ---- drawing ----------------------------------------------------------------------------------

// Copies a value into s->row; false for one without a distance to others.
bool load_row(Sample* s, Datum value) {
    const Vector* vector = datum_vector(value);
    const auto dims = static_cast<std::size_t>(vector->dim);
    if (s->dims == 0) {
        s->dims = dims;
        s->row.resize(dims);
    }
    if (dims != s->dims)
        ereport(ERROR,
                (errcode(ERRCODE_DATA_EXCEPTION),
                 errmsg("column \"%s\" holds vectors of different dimensions, %d and %d",
                        s->column.column_name, static_cast<int>(s->dims), vector->dim),
                 errhint("Look at one dimension at a time, through a view or a partial table.")));
    std::copy_n(vector->x, dims, s->row.begin());
    return node::prepare_row(s->column.metric, s->row.data(), dims);
}

// A sampled row costs its vector twice (again for the prefix), its distances and its results.
void check_budget(const Sample* s) {
    const std::size_t copies = s->request.need_order ? 3 : 2;
    const std::size_t each = sizeof(float) * (copies * s->dims + s->request.k + 1) + sizeof(RowId) +
                             2 * sizeof(RowResult);
    const std::size_t budget = std::size_t{1024} * static_cast<std::size_t>(maintenance_work_mem);
    if ((s->points.size() / s->dims + 1) * each > budget)
        ereport(ERROR, (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
                        errmsg("a sample of %d rows of %d dimensions does not fit into "
                               "maintenance_work_mem",
                               s->request.rows, static_cast<int>(s->dims)),
                        errdetail("It takes %zu kB.", s->request.rows * each / 1024),
                        errhint("Lower sample_rows or k, or raise maintenance_work_mem.")));
}

Datum column_of(HeapTuple row, TupleDesc columns, int number) {
    bool isnull;
    return heap_getattr(row, number, columns, &isnull);  // none of ours is null
}

void keep_id(Sample* s, std::size_t at, HeapTuple row, TupleDesc columns) {
    if (!s->request.need_ctid)
        return;
    s->ids.resize(std::max(s->ids.size(), at + 1));
    s->ids[at].relation = DatumGetObjectId(column_of(row, columns, 2));
    s->ids[at].ctid = *reinterpret_cast<ItemPointer>(DatumGetPointer(column_of(row, columns, 3)));
}

void draw_row(HeapTuple row, TupleDesc columns, void* arg) {
    auto* s = static_cast<Sample*>(arg);
    if (!load_row(s, column_of(row, columns, 1))) {
        ++s->skipped;
        return;
    }
    const auto wanted = static_cast<std::size_t>(s->request.rows);
    const std::uint64_t at = reservoir_place(s->random, s->rows++, wanted);
    if (at == wanted)
        return;
    if ((at + 1) * s->dims > s->points.size()) {
        check_budget(s);
        s->points.resize((at + 1) * s->dims);
    }
    std::copy(s->row.begin(), s->row.end(),
              s->points.begin() + static_cast<std::ptrdiff_t>(at * s->dims));
    keep_id(s, at, row, columns);
}

const char* rows_sql(const Sample* s, bool with_ctid) {
    return psprintf("SELECT %s%s FROM %s WHERE %s IS NOT NULL", s->column.value,
                    with_ctid ? ", tableoid, ctid" : "", s->column.from,
                    quote_identifier(s->column.column_name));
}

// ---- measuring --------------------------------------------------------------------------------

float estimate(const Sample* s, std::span<const float> distances) {
    if (distances.empty() || !std::isfinite(distances.back()))
        return 0;
    return s->request.method == Method::kMle
               ? vg::lid::mle(distances, vg::lid::Scale::kDistance)
               : vg::lid::method_of_moments(distances, vg::lid::Scale::kDistance);
}

// From the distances in s->distance, the row's own among them.
RowResult result_of(const Sample* s) {
    std::span<const float> d = s->distance;
    if (!d.empty() && d.front() == 0)
        d = d.subspan(1);
    d = d.first(std::min(d.size(), static_cast<std::size_t>(s->request.k)));
    RowResult r{};
    r.nearest = d.empty() ? -1 : d.front();
    r.farthest = d.empty() ? -1 : d.back();
    r.lid = estimate(s, d);
    const auto distinct = std::find_if(d.begin(), d.end(), [](float x) { return x > 0; });
    r.neighbours = static_cast<int>(d.end() - distinct);
    if (r.neighbours >= 2) {
        r.first = distinct[0];
        r.second = distinct[1];
    }
    return r;
}

void show_row(HeapTuple row, TupleDesc columns, void* arg) {
    auto* s = static_cast<Sample*>(arg);
    if (!load_row(s, column_of(row, columns, 1)))
        return;
    s->panel->add_row(s->row.data());
    if (s->prefix && s->random.uniform() < s->prefix_share)
        s->prefix->add_row(s->row.data());
}

void start_panels(Sample* s) {
    const std::size_t n = s->points.size() / s->dims;
    const auto k = static_cast<std::size_t>(s->request.k) + 1;  // and the row itself
    s->panel.emplace(panel_metric(s), s->dims, k);
    if (s->request.need_order) {
        const auto rows = static_cast<std::size_t>(s->rows);
        s->prefix.emplace(node::Metric::kL2, s->dims, vg::lid::kProbeNeighbours + 1);
        s->prefix_share =
            static_cast<double>(vg::lid::prefix_rows(rows)) / static_cast<double>(s->rows);
    }
    for (std::size_t i = 0; i < n; ++i) {
        s->panel->add_query(s->points.data() + i * s->dims);
        if (s->prefix)
            s->prefix->add_query(s->points.data() + i * s->dims);
    }
    s->points = {};
    s->random = Random(s->request.seed ^ kPrefixStream);
}

// As a build does: maximum likelihood from kProbeNeighbours distinct rows of the prefix.
float probed_lid(Sample* s, std::size_t i) {
    s->prefix->answer(i, s->distance);
    std::span<const float> d = s->distance;
    while (!d.empty() && d.front() == 0)
        d = d.subspan(1);
    return vg::lid::mle(d.first(std::min(d.size(), vg::lid::kProbeNeighbours)),
                        vg::lid::Scale::kDistance);
}

void search_exactly(Sample* s) {
    start_panels(s);
    for_each_row(rows_sql(s, false), show_row, s);
    for (std::size_t i = 0; i < s->panel->queries(); ++i) {
        CHECK_FOR_INTERRUPTS();
        s->panel->answer(i, s->distance);
        s->results.push_back(result_of(s));
        if (s->prefix)
            s->prefix_lid.push_back(probed_lid(s, i));
    }
}

// A missed neighbour makes the others seem farther away and so the LID smaller: the search has to
// be much wider than k.
void raise_ef_search(const Sample* s) {
    const int ef = std::min(std::max(lid_hnsw::lid_hnsw_ef_search, 10 * s->request.k),
                            lid_hnsw::kEfSearch.most);
    set_for_level("lid_hnsw.ef_search", ef);
}

void search_index(Sample* s) {
    raise_ef_search(s);
    const long limit = s->request.k + 1;
    const SPIPlanPtr plan = prepare_query(
        psprintf("SELECT %s FROM %s WHERE %s IS NOT NULL ORDER BY %s %s $1 LIMIT %ld",
                 s->column.value, s->column.from, quote_identifier(s->column.column_name),
                 s->column.value, s->column.order_operator, limit),
        s->column.vector_type);
    Vector* query = make_vector(static_cast<int>(s->dims));
    const std::size_t n = s->points.size() / s->dims;
    for (std::size_t i = 0; i < n; ++i) {
        std::copy_n(s->point(i), s->dims, query->x);
        s->panel.emplace(panel_metric(s), s->dims, static_cast<std::size_t>(limit));
        s->panel->add_query(s->point(i));
        for_each_row(plan, vector_datum(query), limit, show_row, s);
        s->panel->answer(0, s->distance);
        s->results.push_back(result_of(s));
    }
    s->panel.reset();
    SPI_freeplan(plan);
}

const char* required_text(FunctionCallInfo fcinfo, int i) {
    return text_to_cstring(PG_GETARG_TEXT_PP(i));
}

}  // namespace

SampleRequest read_request(FunctionCallInfo fcinfo) {
    static const char* const kNames[] = {"relation",    "column_name", "k",      "metric",
                                         "sample_rows", "method",      "search", "seed"};
    constexpr int kMetricArgument = 3;
    for (int i = 0; i < static_cast<int>(lengthof(kNames)); ++i)
        if (PG_ARGISNULL(i) && i != kMetricArgument)
            report_null_argument(kNames[i]);
    SampleRequest r{};
    r.relation = PG_GETARG_OID(0);
    r.column = pstrdup(NameStr(*PG_GETARG_NAME(1)));
    r.k = PG_GETARG_INT32(2);
    r.metric = PG_ARGISNULL(kMetricArgument) ? nullptr : required_text(fcinfo, kMetricArgument);
    r.rows = PG_GETARG_INT32(4);
    r.method = lid_method(required_text(fcinfo, 5));
    r.search = required_text(fcinfo, 6);
    r.seed = static_cast<std::uint64_t>(PG_GETARG_INT64(7));
    check_range(r.k, "k", kMinK, kMaxK);
    check_range(r.rows, "sample_rows", 1, kMaxSample);
    return r;
}

Sample* take_sample(const SampleRequest& request, MemoryContext context) {
    SPI_connect();
    const MemoryContext old = MemoryContextSwitchTo(context);
    Column column = find_column(request.relation, request.column, request.need_ctid);
    choose_metric(&column, request.metric, request.search);
    MemoryContextSwitchTo(old);
    const int guc_level = NewGUCNestLevel();
    // The same seed is to give the same sample.
    set_for_level("synchronize_seqscans", "off");
    auto* s = new_in_context<Sample>(context, request, column);
    for_each_row(rows_sql(s, request.need_ctid), draw_row, s);
    if (s->rows > 0) {
        if (s->exact())
            search_exactly(s);
        else
            search_index(s);
    }
    AtEOXact_GUC(false, guc_level);
    SPI_finish();
    return s;
}

}  // namespace vg::pg::lid
