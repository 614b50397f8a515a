// Query refinement: rocchio and average_prf over arrays of vectors, rocchio_agg and average_prf_agg
// over rows.
//
// Ownership: vectors are detoasted into palloc'd memory before any C++ container is made, and
// results are allocated before too, so that no container is alive while PostgreSQL is called. The
// state of the aggregates is a C++ object in the aggregate's context, of the size of a few vectors.

#include "pg/boundary/pg.h"

#include "pg/rank/feedback.h"

#include <algorithm>
#include <cstring>
#include <memory_resource>
#include <span>

#include "pg/boundary/arguments.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/context.h"
#include "pg/types/vector.h"

namespace vg::pg::rank {
namespace {

struct VectorList {
    const Vector** items;
    int n;
};

// The vectors of array argument i that are not NULL, all of the query's dimensions. A NULL array is
// empty: that is what array_agg makes of no rows.
VectorList vector_list(FunctionCallInfo fcinfo, int i, const Vector& query) {
    if (PG_ARGISNULL(i))
        return {};
    const ArrayItems items = array_items(PG_GETARG_ARRAYTYPE_P(i));
    VectorList list{static_cast<const Vector**>(MemoryContextAllocHuge(
                        CurrentMemoryContext, sizeof(Vector*) * static_cast<Size>(items.n + 1))),
                    0};
    for (int at = 0; at < items.n; ++at) {
        CHECK_FOR_INTERRUPTS();
        if (items.nulls[at])
            continue;
        list.items[list.n] = datum_vector(items.values[at]);
        check_same_dim(query, *list.items[list.n]);
        ++list.n;
    }
    return list;
}

vg::rank::FeedbackSum sum_of(const VectorList& list, std::size_t dims) {
    vg::rank::FeedbackSum sum(dims, std::pmr::new_delete_resource());
    for (int i = 0; i < list.n; ++i) {
        if (i % 1024 == 0)
            poll_interrupts();
        sum.add(elements(list.items[i]));
    }
    return sum;
}

// Both overloads keep their containers to themselves, so that the caller may raise errors. False:
// the result has no direction.
bool refine(const Vector* query, const VectorList& relevant, const VectorList& irrelevant,
            const vg::rank::RocchioWeights& weights, bool unit_length, Vector* result) {
    const auto dims = static_cast<std::size_t>(query->dim);
    const vg::rank::FeedbackSum for_it = sum_of(relevant, dims);
    const vg::rank::FeedbackSum against_it = sum_of(irrelevant, dims);
    return vg::rank::rocchio(elements(query), for_it, against_it, weights, unit_length,
                             std::span(result->x, dims));
}

struct FeedbackState {
    FeedbackState(MemoryContext context, const Vector* q)
        : memory(context), query(q), relevant(static_cast<std::size_t>(q->dim), &memory) {}

    ContextResource memory;
    const Vector* query;  // a copy in the aggregate's context
    vg::rank::FeedbackSum relevant;
    int32 k = 0;
    vg::rank::RocchioWeights weights;
    bool unit_length = true;
};

const Vector* copy_vector(const Vector* vector, MemoryContext context) {
    auto* copy = static_cast<Vector*>(MemoryContextAlloc(context, VARSIZE(vector)));
    std::memcpy(copy, vector, VARSIZE(vector));
    return copy;
}

struct AggregateArguments {
    const Vector* query;
    int32 k;
    vg::rank::RocchioWeights weights;
    bool unit_length;
};

// (state, v, rank, q, k [, alpha, beta, unit_length])
AggregateArguments aggregate_arguments(FunctionCallInfo fcinfo) {
    AggregateArguments a{};
    require_argument(fcinfo, 3, "q");
    a.query = datum_vector(PG_GETARG_DATUM(3));
    a.k = integer_argument(fcinfo, 4, "k", 1);
    a.unit_length = true;
    a.weights = vg::rank::RocchioWeights{};
    if (PG_NARGS() > 5) {
        a.weights.alpha = nonnegative_argument(fcinfo, 5, "alpha");
        a.weights.beta = nonnegative_argument(fcinfo, 6, "beta");
        require_argument(fcinfo, 7, "unit_length");
        a.unit_length = PG_GETARG_BOOL(7);
    }
    return a;
}

bool same_arguments(const FeedbackState& s, const AggregateArguments& a) {
    return s.k == a.k && s.unit_length == a.unit_length && s.weights.alpha == a.weights.alpha &&
           s.weights.beta == a.weights.beta && compare_vectors(*s.query, *a.query) == 0;
}

bool refine(const FeedbackState& s, const vg::rank::RocchioWeights& weights, bool unit_length,
            Vector* result) {
    const vg::rank::FeedbackSum none(0, std::pmr::new_delete_resource());
    return vg::rank::rocchio(elements(s.query), s.relevant, none, weights, unit_length,
                             std::span(result->x, static_cast<std::size_t>(result->dim)));
}

Datum checked_result(const Vector* result, bool has_direction) {
    check_refined(result, has_direction);
    return vector_datum(result);
}

Datum final_query(const FeedbackState& s, const vg::rank::RocchioWeights& weights,
                  bool unit_length) {
    Vector* result = make_vector(s.query->dim);
    const bool has_direction = refine(s, weights, unit_length, result);
    return checked_result(result, has_direction);
}

}  // namespace

void check_refined(const Vector* result, bool has_direction) {
    if (!has_direction)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("refined query is a zero vector and has no direction"),
                        errhint("Give the query more weight, or set unit_length to false.")));
    for (int i = 0; i < result->dim; ++i)
        check_element(result->x[i]);
}

// (q, pos, neg, alpha, beta, gamma, unit_length)
VG_FUNCTION(vg_rocchio) {
    if (PG_ARGISNULL(0))
        PG_RETURN_NULL();
    const Vector* query = datum_vector(PG_GETARG_DATUM(0));
    const vg::rank::RocchioWeights weights{nonnegative_argument(fcinfo, 3, "alpha"),
                                           nonnegative_argument(fcinfo, 4, "beta"),
                                           nonnegative_argument(fcinfo, 5, "gamma")};
    require_argument(fcinfo, 6, "unit_length");
    const bool unit_length = PG_GETARG_BOOL(6);
    const VectorList relevant = vector_list(fcinfo, 1, *query);
    const VectorList irrelevant = vector_list(fcinfo, 2, *query);
    Vector* result = make_vector(query->dim);
    const bool has_direction = refine(query, relevant, irrelevant, weights, unit_length, result);
    return checked_result(result, has_direction);
}

// (q, pos)
VG_FUNCTION(vg_average_prf) {
    if (PG_ARGISNULL(0))
        PG_RETURN_NULL();
    const Vector* query = datum_vector(PG_GETARG_DATUM(0));
    const VectorList relevant = vector_list(fcinfo, 1, *query);
    Vector* result = make_vector(query->dim);
    const auto count = static_cast<std::uint64_t>(relevant.n);
    refine(query, relevant, VectorList{}, vg::rank::average_weights(count), false, result);
    return checked_result(result, true);
}

// (state, v, rank, q, k [, alpha, beta, unit_length])
VG_FUNCTION(vg_rocchio_accum) {
    MemoryContext context = aggregate_context(fcinfo);
    auto* state = state_argument<FeedbackState>(fcinfo);
    const AggregateArguments arguments = aggregate_arguments(fcinfo);
    if (state == nullptr) {
        state =
            new_in_context<FeedbackState>(context, context, copy_vector(arguments.query, context));
        state->k = arguments.k;
        state->weights = arguments.weights;
        state->unit_length = arguments.unit_length;
    } else if (!same_arguments(*state, arguments)) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("query and parameters must be the same for all rows of a group"),
                        errhint("Aggregate with GROUP BY the query.")));
    }
    if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
        PG_RETURN_POINTER(state);
    const int64 rank = PG_GETARG_INT64(2);
    check_at_least(rank, "rank", 1);
    if (rank <= state->k) {
        const Vector* vector = datum_vector(PG_GETARG_DATUM(1));
        check_same_dim(*state->query, *vector);
        state->relevant.add(elements(vector));
    }
    PG_RETURN_POINTER(state);
}

VG_FUNCTION(vg_rocchio_final) {
    const auto* state = final_state<FeedbackState>(fcinfo);
    if (state == nullptr)
        PG_RETURN_NULL();
    return final_query(*state, state->weights, state->unit_length);
}

VG_FUNCTION(vg_average_prf_final) {
    const auto* state = final_state<FeedbackState>(fcinfo);
    if (state == nullptr)
        PG_RETURN_NULL();
    return final_query(*state, vg::rank::average_weights(state->relevant.count()), false);
}

}  // namespace vg::pg::rank
