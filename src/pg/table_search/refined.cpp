// prf_search and multi_round_search: searches that ask again, with a query refined by what the
// first answers were.
//
// Ownership: a Search lives in a memory context (new_in_context) and owns its containers; the
// functions own nothing and may ereport.

#include "pg/boundary/pg.h"

#include <algorithm>
#include <memory_resource>
#include <string>
#include <unordered_set>

#include "pg/boundary/arguments.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/context.h"
#include "pg/boundary/result.h"
#include "pg/rank/feedback.h"
#include "pg/table_search/source.h"

namespace vg::pg::table_search {
namespace {

constexpr int kMostRounds = 1000;

struct Search {
    Search(MemoryContext context, const Order& o, const Source& s, const Vector* q)
        : memory(context),
          order(o),
          source(s),
          query(q),
          feedback(static_cast<std::size_t>(q->dim), &memory),
          seen(&memory) {}

    ContextResource memory;
    Order order;
    Source source;
    const Vector* query;
    ResultSet result{};
    vg::rank::FeedbackSum feedback;  // of the rows found so far
    std::pmr::unordered_set<std::pmr::string> seen;
    int round = 0;   // 0: rows have no round
    int wanted = 0;  // in this round
    int rank = 0;
};

// Every row is as near to a zero vector under the cosine distance as every other: NaN.
void check_direction(const Order& order, const Vector& query, const char* message) {
    if (order.kind != Order::kCosine ||
        std::any_of(query.x, query.x + query.dim, [](float x) { return x != 0.0f; }))
        return;
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s", message),
                    errdetail("The cosine distance compares directions, and it has none.")));
}

// The vector, of the column's type, and what is searched: arguments relation, id_column,
// column_name, query.
Search* begin_search(FunctionCallInfo fcinfo, int order, MemoryContext context) {
    constexpr int kQuery = 3;
    const Order by = order_argument(fcinfo, order);
    require_argument(fcinfo, kQuery, "query");
    if (by.type != get_fn_expr_argtype(fcinfo->flinfo, kQuery))
        ereport(ERROR,
                (errcode(ERRCODE_DATATYPE_MISMATCH), errmsg("only vectors can be refined"),
                 errdetail("The operator compares values of type %s.", format_type_be(by.type))));
    const Source source = source_argument(fcinfo, 0, "relation", by);
    const Vector* query = datum_vector(PG_GETARG_DATUM(kQuery));
    check_direction(by, *query, "query must not be a zero vector");
    return new_in_context<Search>(context, context, by, source, query);
}

void run_nearest(Search* s, const Vector* query, int limit, bool with_value, RowVisitor fn) {
    const SPIPlanPtr plan =
        prepare_query(nearest_sql(s->source, s->order, "$1", limit, with_value), s->order.type);
    for_each_row(plan, vector_datum(query), limit, fn, s);
    SPI_freeplan(plan);
}

void add_feedback(Search* s, Datum value) {
    const Vector* vector = datum_vector(value);
    check_same_dim(*s->query, *vector);
    s->feedback.add(rank::elements(vector));
}

// False: the result has no direction. Keeps its container to itself, so that the caller may raise
// errors.
bool refine_into(const Search* s, const vg::rank::RocchioWeights& weights, bool unit_length,
                 Vector* refined) {
    const auto dims = static_cast<std::size_t>(refined->dim);
    const vg::rank::FeedbackSum none(0, std::pmr::new_delete_resource());
    return vg::rank::rocchio(rank::elements(s->query), s->feedback, none, weights, unit_length,
                             std::span(refined->x, dims));
}

// alpha query + beta mean of the feedback.
const Vector* refine(const Search* s, const vg::rank::RocchioWeights& weights, bool unit_length) {
    Vector* refined = make_vector(s->query->dim);
    const bool has_direction = refine_into(s, weights, unit_length, refined);
    rank::check_refined(refined, has_direction);
    check_direction(s->order, *refined, "refined query is a zero vector");
    return refined;
}

void put_row(Search* s, Datum id, Datum distance) {
    Datum values[4];
    bool nulls[4] = {};
    int n = 0;
    values[n++] = id;
    if (s->round > 0)
        values[n++] = Int32GetDatum(s->round);
    values[n++] = Int32GetDatum(++s->rank);
    values[n++] = distance;
    tuplestore_putvalues(s->result.store, s->result.columns, values, nulls);
}

void take_feedback(HeapTuple row, TupleDesc columns, void* arg) {
    double distance;
    if (!distance_of(row, columns, kNearestDistance, &distance))
        return;
    add_feedback(static_cast<Search*>(arg), column_of(row, columns, kNearestValue));
}

void take_answer(HeapTuple row, TupleDesc columns, void* arg) {
    double distance;
    if (distance_of(row, columns, kNearestDistance, &distance))
        put_row(static_cast<Search*>(arg), column_of(row, columns, kNearestId),
                Float8GetDatum(distance));
}

void take_new(HeapTuple row, TupleDesc columns, void* arg) {
    auto* s = static_cast<Search*>(arg);
    double distance;
    if (s->wanted == 0 || !distance_of(row, columns, kNearestDistance, &distance))
        return;
    const Datum id = column_of(row, columns, kNearestId);
    if (!s->seen.emplace(text_view(DatumGetTextPP(id))).second)
        return;
    --s->wanted;
    add_feedback(s, column_of(row, columns, kNearestValue));
    put_row(s, id, Float8GetDatum(distance));
}

// The result of a search that body(s) runs. Argument 9 is the operator of both functions.
template <typename Body>
Datum refined_result(FunctionCallInfo fcinfo, Body body) {
    return search_result(fcinfo, [&](const ResultSet& result, MemoryContext context) {
        Search* s = begin_search(fcinfo, 9, context);
        s->result = result;
        body(s);
    });
}

}  // namespace

// (relation, id_column, column_name, query, k, feedback, alpha, beta, unit_length, op)
VG_FUNCTION(vg_prf_search) {
    return refined_result(fcinfo, [fcinfo](Search* s) {
        const int k = range_argument(fcinfo, 4, "k", 1, kMostRows);
        const int feedback = range_argument(fcinfo, 5, "feedback", 0, kMostRows);
        const vg::rank::RocchioWeights weights{nonnegative_argument(fcinfo, 6, "alpha"),
                                               nonnegative_argument(fcinfo, 7, "beta")};
        require_argument(fcinfo, 8, "unit_length");
        if (feedback > 0)
            run_nearest(s, s->query, feedback, true, take_feedback);
        // Without rows to learn from the query stays as it is.
        const Vector* query =
            s->feedback.count() == 0 ? s->query : refine(s, weights, PG_GETARG_BOOL(8));
        run_nearest(s, query, k, false, take_answer);
    });
}

// (relation, id_column, column_name, query, k, rounds, alpha, beta, unit_length, op)
VG_FUNCTION(vg_multi_round_search) {
    return refined_result(fcinfo, [fcinfo](Search* s) {
        const int k = range_argument(fcinfo, 4, "k", 1, kMostRows);
        const int rounds = range_argument(fcinfo, 5, "rounds", 1, kMostRounds);
        vg::rank::RocchioWeights weights{nonnegative_argument(fcinfo, 6, "alpha"), 0.0};
        weights.beta = finite_argument(fcinfo, 7, "beta");
        require_argument(fcinfo, 8, "unit_length");
        const Vector* query = s->query;
        for (s->round = 1; s->round <= rounds; ++s->round) {
            // Shares that differ by one at most and add up to k.
            const auto share_up_to = [&](int round) {
                return static_cast<int>(int64{k} * round / rounds);
            };
            s->wanted = share_up_to(s->round) - share_up_to(s->round - 1);
            if (s->wanted == 0)
                continue;
            // Those found before may all come first again.
            run_nearest(s, query, s->rank + s->wanted, true, take_new);
            if (weights.beta != 0.0 && s->feedback.count() > 0)
                query = refine(s, weights, PG_GETARG_BOOL(8));
        }
    });
}

}  // namespace vg::pg::table_search
