// mine_hard_negatives: rows that look relevant to a query and are not, to train a ranker with. One
// pass over the positives, ordered by query; for each query one ordered search of the corpus.
//
// Ownership: a Miner lives in a memory context (new_in_context) and owns its containers; the
// functions own nothing and may ereport. It holds one query at a time.

#include "pg/boundary/pg.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/names.h"
#include "core/base/random.h"
#include "pg/boundary/arguments.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/context.h"
#include "pg/boundary/result.h"
#include "pg/table_search/source.h"

namespace vg::pg::table_search {
namespace {

enum class Sampling { kTop, kRandom };
constexpr std::array<std::string_view, 2> kSamplingNames{"top", "random"};

enum Argument {
    kQueries = 0,
    kCorpus = 3,
    kPositives = 6,
    kPositiveQuery,
    kPositiveDocument,
    kN,
    kRangeMin,
    kRangeMax,
    kMargin,
    kMaxRatio,
    kSampling,
    kSeed,
    kOp
};
enum Column { kQueryId, kPositiveId, kNegativeId, kRank, kScore, kPositiveScore, kColumns };

struct Request {
    Order order;
    Source queries;
    Source corpus;
    const char* positives;  // qualified and quoted
    const char* positive_query;
    const char* positive_document;
    const char* is_query;     // equality of queries' ids and positive_query
    const char* is_document;  // equality of the corpus' ids and positive_document
    int n;
    int range_min;
    int range_max;
    double margin;     // -infinity: none
    double max_ratio;  // infinity: none
    Sampling sampling;
    std::uint64_t seed;
};

struct Scored {
    std::string id;
    double score;
};

struct Miner {
    Miner(MemoryContext context, const Request& r)
        : request(r),
          equal(r.order.type),
          one_table(same_rows(r.queries, r.corpus)),
          random(r.seed),
          per_query(context) {}

    Request request;
    Equality equal;  // of vectors
    bool one_table;  // a query is a row of the corpus
    Random random;
    ResultSet result{};
    SPIPlanPtr nearest = nullptr;
    long limit = 0;  // of the rows that `nearest` returns
    // Of the query at hand.
    MemoryContext per_query;
    Datum query = 0;
    std::optional<std::string> query_id;
    std::vector<Scored> positives;
    std::unordered_map<std::string, Datum> positive_vectors;    // by id
    std::unordered_multimap<double, Datum> positives_of_score;  // for copies: they score the same
    std::vector<Scored> candidates;     // neither positives nor copies of them, by rank
    long seen = 0;                      // rows that `nearest` returned
    std::vector<std::size_t> eligible;  // scratch: candidates for one positive
};

// ---- the request ------------------------------------------------------------------------------

Sampling sampling_argument(FunctionCallInfo fcinfo) {
    return choice_argument<Sampling>(fcinfo, kSampling, "sampling", "samplings", kSamplingNames);
}

// A share of a negative number would let in what is nearer, not what is farther.
double ratio_argument(FunctionCallInfo fcinfo, const Order& order) {
    if (PG_ARGISNULL(kMaxRatio))
        return std::numeric_limits<double>::infinity();
    const double ratio = nonnegative_argument(fcinfo, kMaxRatio, "max_ratio");
    if (order.kind == Order::kDistance)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("max_ratio needs scores with a zero"),
                        errdetail("The scores of operator %s are negative distances.",
                                  format_operator(order.op)),
                        errhint("Use margin, or the cosine distance or inner product.")));
    return ratio;
}

Request read_request(FunctionCallInfo fcinfo) {
    Request r{};
    r.order = order_argument(fcinfo, kOp);
    r.queries = source_argument(fcinfo, kQueries, "queries", r.order);
    r.corpus = source_argument(fcinfo, kCorpus, "corpus", r.order);
    const Oid positives = relation_argument(fcinfo, kPositives, "positives");
    r.positives = relation_sql(positives);
    r.positive_query = column_argument(fcinfo, kPositiveQuery, "positive_query", positives);
    r.positive_document =
        column_argument(fcinfo, kPositiveDocument, "positive_document", positives);
    r.is_query = equality_sql(r.queries.id_type,
                              column_type(fcinfo, kPositiveQuery, "positive_query", positives));
    r.is_document = equality_sql(
        r.corpus.id_type, column_type(fcinfo, kPositiveDocument, "positive_document", positives));
    r.n = range_argument(fcinfo, kN, "n", 1, kMostRows);
    r.range_min = range_argument(fcinfo, kRangeMin, "range_min", 0, kMostRows);
    r.range_max = range_argument(fcinfo, kRangeMax, "range_max", 1, kMostRows);
    if (r.range_min >= r.range_max)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("range_min must be smaller than range_max"),
                        errdetail("range_min is %d, range_max is %d.", r.range_min, r.range_max)));
    r.margin = PG_ARGISNULL(kMargin) ? -std::numeric_limits<double>::infinity()
                                     : nonnegative_argument(fcinfo, kMargin, "margin");
    r.max_ratio = ratio_argument(fcinfo, r.order);
    r.sampling = sampling_argument(fcinfo);
    require_argument(fcinfo, kSeed, "seed");
    r.seed = static_cast<std::uint64_t>(PG_GETARG_INT64(kSeed));
    return r;
}

// ---- one query --------------------------------------------------------------------------------

// Whether the row is another one with the vector of a positive: what holds the same text, and no
// negative whatever its id.
bool is_copy(const Miner* m, double score, Datum vector) {
    const auto [first, last] = m->positives_of_score.equal_range(score);
    return std::any_of(first, last,
                       [&](const auto& positive) { return m->equal(positive.second, vector); });
}

void take_candidate(HeapTuple row, TupleDesc columns, void* arg) {
    auto* m = static_cast<Miner*>(arg);
    ++m->seen;
    double distance;
    if (!distance_of(row, columns, kNearestDistance, &distance) ||
        m->candidates.size() == static_cast<std::size_t>(m->request.range_max))
        return;
    const double score = m->request.order.score(distance);
    if (is_copy(m, score, column_of(row, columns, kNearestValue)))
        return;
    std::string id(text_view(DatumGetTextPP(column_of(row, columns, kNearestId))));
    if (!m->positive_vectors.contains(id) && !(m->one_table && id == *m->query_id))
        m->candidates.push_back({std::move(id), score});
}

// Keeps n at random, in the order of their rank.
void sample(std::vector<std::size_t>* eligible, std::size_t n, Random* random) {
    for (std::size_t i = 0; i < n; ++i)
        std::swap((*eligible)[i], (*eligible)[i + random->below(eligible->size() - i)]);
    eligible->resize(n);
    std::sort(eligible->begin(), eligible->end());
}

void choose(Miner* m, double positive_score) {
    const Request& r = m->request;
    const double below =
        std::min(positive_score - r.margin,
                 std::isinf(r.max_ratio) ? r.max_ratio : r.max_ratio * positive_score);
    m->eligible.clear();
    for (auto i = static_cast<std::size_t>(r.range_min); i < m->candidates.size(); ++i) {
        if (m->candidates[i].score <= below)
            m->eligible.push_back(i);
    }
    const auto n = static_cast<std::size_t>(r.n);
    if (m->eligible.size() <= n)
        return;
    if (r.sampling == Sampling::kRandom)
        sample(&m->eligible, n, &m->random);
    else
        m->eligible.resize(n);
}

Datum text_datum(const std::string& s) {
    return PointerGetDatum(cstring_to_text_with_len(s.data(), static_cast<int>(s.size())));
}

void put_pairs(Miner* m, const Scored& positive) {
    Datum values[kColumns];
    bool nulls[kColumns] = {};
    values[kQueryId] = text_datum(*m->query_id);
    values[kPositiveId] = text_datum(positive.id);
    values[kPositiveScore] = Float8GetDatum(positive.score);
    for (const std::size_t i : m->eligible) {
        values[kNegativeId] = text_datum(m->candidates[i].id);
        values[kRank] = Int32GetDatum(static_cast<int32>(i) + 1);
        values[kScore] = Float8GetDatum(m->candidates[i].score);
        tuplestore_putvalues(m->result.store, m->result.columns, values, nulls);
    }
}

void prepare_nearest(Miner* m) {
    if (m->nearest != nullptr)
        SPI_freeplan(m->nearest);
    const Request& r = m->request;
    m->nearest = prepare_query(
        nearest_sql(r.corpus, r.order, "$1", static_cast<int>(m->limit), true), r.order.type);
}

// Candidates up to range_max. How many copies of positives come first is known only afterwards:
// where they took the places of candidates, more rows are asked for, also for the queries to come.
void find_candidates(Miner* m) {
    for (;;) {
        m->seen = 0;
        m->candidates.clear();
        for_each_row(m->nearest, m->query, m->limit, take_candidate, m);
        if (m->candidates.size() == static_cast<std::size_t>(m->request.range_max) ||
            m->seen < m->limit || m->limit == PG_INT32_MAX)
            return;
        m->limit = static_cast<long>(std::min<int64>(2 * int64{m->limit}, PG_INT32_MAX));
        prepare_nearest(m);
    }
}

// Finds and returns the negatives of the query at hand, and forgets it.
void finish_query(Miner* m) {
    if (!m->query_id)
        return;
    const MemoryContext old = MemoryContextSwitchTo(m->per_query);
    find_candidates(m);
    for (const Scored& positive : m->positives) {
        CHECK_FOR_INTERRUPTS();
        choose(m, positive.score);
        put_pairs(m, positive);
    }
    MemoryContextSwitchTo(old);
    MemoryContextReset(m->per_query);
    m->query_id.reset();
    m->positives.clear();
    m->positive_vectors.clear();
    m->positives_of_score.clear();
    m->candidates.clear();
}

// A copy that lives as long as the query at hand.
Datum keep_vector(Miner* m, Datum vector) {
    int16 length;
    bool by_value;
    get_typlenbyval(m->request.order.type, &length, &by_value);
    const MemoryContext old = MemoryContextSwitchTo(m->per_query);
    const Datum copy = datumCopy(vector, by_value, length);
    MemoryContextSwitchTo(old);
    return copy;
}

[[noreturn]] void report_two_vectors(const char* what, std::string_view id, Oid relation) {
    ereport(ERROR, (errcode(ERRCODE_CARDINALITY_VIOLATION),
                    errmsg("%s %.*s has two vectors in \"%s\"", what, static_cast<int>(id.size()),
                           id.data(), relation_name(relation)),
                    errhint("Name a column whose values are unique.")));
    pg_unreachable();
}

// Makes the row's query the one at hand.
void take_query(Miner* m, std::string_view id, Datum query) {
    if (m->query_id && *m->query_id != id)
        finish_query(m);
    if (!m->query_id) {
        m->query = keep_vector(m, query);
        m->query_id.emplace(id);
    } else if (!m->equal(m->query, query)) {
        report_two_vectors("query", id, m->request.queries.relation);
    }
}

// The vector of a positive that the query at hand does not have yet, kept; none for one that it
// has.
std::optional<Datum> new_positive(Miner* m, std::string_view id, Datum vector) {
    const auto known = m->positive_vectors.find(std::string(id));
    if (known == m->positive_vectors.end())
        return keep_vector(m, vector);
    if (!m->equal(known->second, vector))
        report_two_vectors("document", id, m->request.corpus.relation);
    return std::nullopt;
}

// A row of the pass: query id, query, positive id, distance, positive.
void take_positive(HeapTuple row, TupleDesc columns, void* arg) {
    auto* m = static_cast<Miner*>(arg);
    take_query(m, text_view(DatumGetTextPP(column_of(row, columns, 1))),
               column_of(row, columns, 2));
    const std::string_view id = text_view(DatumGetTextPP(column_of(row, columns, 3)));
    const std::optional<Datum> vector = new_positive(m, id, column_of(row, columns, 5));
    if (!vector)
        return;
    m->positive_vectors.emplace(id, *vector);
    double distance;
    if (!distance_of(row, columns, 4, &distance))
        return;
    const double score = m->request.order.score(distance);
    m->positives.push_back({std::string(id), score});
    m->positives_of_score.emplace(score, *vector);
}

// ---- all queries ------------------------------------------------------------------------------

void take_count(HeapTuple row, TupleDesc columns, void* arg) {
    *static_cast<int64*>(arg) = DatumGetInt64(column_of(row, columns, 1));
}

// The most positives that one query has.
int64 most_positives(const Request& r) {
    int64 most = 0;
    for_each_row(
        psprintf("SELECT COALESCE(pg_catalog.max(n), 0) FROM (SELECT pg_catalog.count(*) AS "
                 "n FROM %s p GROUP BY p.%s) c",
                 r.positives, r.positive_query),
        take_count, &most);
    return most;
}

// Rows of one query stand together by the text of its id: numbers that are equal may be written
// differently, and are two queries then.
const char* positives_sql(const Request& r) {
    const Source& q = r.queries;
    const Source& c = r.corpus;
    return psprintf(
        "SELECT CAST(q.%s AS pg_catalog.text), q.%s, CAST(c.%s AS pg_catalog.text),"
        " CAST(c.%s %s q.%s AS pg_catalog.float8), c.%s"
        " FROM %s p JOIN %s q ON q.%s %s p.%s JOIN %s c ON c.%s %s p.%s"
        " WHERE q.%s IS NOT NULL AND c.%s IS NOT NULL"
        " ORDER BY q.%s, CAST(q.%s AS pg_catalog.text) COLLATE pg_catalog.\"C\", c.%s",
        q.id, q.column, c.id, c.column, r.order.sql, q.column, c.column, r.positives, q.from, q.id,
        r.is_query, r.positive_query, c.from, c.id, r.is_document, r.positive_document, q.column,
        c.column, q.id, q.id, c.id);
}

void mine(Miner* m) {
    const Request& r = m->request;
    // All positives may rank before the negatives, and the query itself before them.
    m->limit = static_cast<long>(
        std::min<int64>(r.range_max + most_positives(r) + (m->one_table ? 1 : 0), PG_INT32_MAX));
    prepare_nearest(m);
    for_each_row(positives_sql(r), take_positive, m);
    finish_query(m);
    SPI_freeplan(m->nearest);
}

}  // namespace

VG_FUNCTION(vg_mine_hard_negatives) {
    return search_result(fcinfo, [fcinfo](const ResultSet& result, MemoryContext context) {
        MemoryContext per_query =
            AllocSetContextCreate(context, "hard negatives of a query", ALLOCSET_DEFAULT_SIZES);
        auto* m = new_in_context<Miner>(context, per_query, read_request(fcinfo));
        m->result = result;
        mine(m);
    });
}

}  // namespace vg::pg::table_search
