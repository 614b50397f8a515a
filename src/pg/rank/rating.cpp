// rate: the ratings of all players after one match. Aggregate rate_all: the ratings of all items
// after a history of matches.
//
// Ownership: rate works on palloc'd arrays. The state of rate_all is a C++ object in the
// aggregate's context that holds every row, within work_mem; its result lives in a context of its
// own.

#include "pg/boundary/pg.h"

#include <span>
#include <vector>

#include "core/rank/rating.h"
#include "pg/boundary/arguments.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/context.h"
#include "pg/boundary/memory.h"
#include "pg/rank/composite.h"

namespace vg::pg::rank {
namespace {

float8 attribute(HeapTupleHeader tuple, AttrNumber column, const char* name, int number) {
    bool isnull;
    const Datum value = GetAttributeByNum(tuple, column, &isnull);
    if (isnull)
        ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                        errmsg("%s of a rating must not be null", name),
                        errdetail("It is null in element %d of ratings.", number),
                        errhint("A newcomer is a NULL rating, not a rating of NULLs.")));
    return check_finite(DatumGetFloat8(value), name, {"element", number, "ratings"});
}

// NULL is a newcomer. `number` is the element's, from 1.
vg::rank::Rating read_rating(Datum value, bool isnull, int number) {
    if (isnull)
        return vg::rank::Rating{};
    const HeapTupleHeader tuple = DatumGetHeapTupleHeader(value);
    const vg::rank::Rating rating{attribute(tuple, 1, "mu", number),
                                  attribute(tuple, 2, "sigma", number)};
    check_positive(rating.sigma, "sigma", {"element", number, "ratings"});
    return rating;
}

int32 read_integer(const ArrayItems& items, int i, const char* name) {
    if (items.nulls[i])
        ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                        errmsg("%s must not contain nulls", name)));
    return DatumGetInt32(items.values[i]);
}

void check_length(const ArrayItems& items, int n, const char* name) {
    if (items.n != n)
        ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
                        errmsg("%s must have as many elements as ratings", name),
                        errdetail("There are %d ratings and %d %s.", n, items.n, name)));
}

vg::rank::RatingModel model_arguments(FunctionCallInfo fcinfo, int beta, int kappa) {
    return {positive_argument(fcinfo, beta, "beta"),
            positive_argument(fcinfo, kappa, "kappa", 1.0)};
}

struct HistoryState {
    explicit HistoryState(MemoryContext context)
        : memory(context), history(&memory, state_budget()) {}
    ContextResource memory;
    vg::rank::MatchHistory history;
};

}  // namespace

// (ratings, ranks, teams, beta, kappa)
VG_FUNCTION(vg_rate) {
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
        PG_RETURN_NULL();
    const ArrayItems ratings = array_items(PG_GETARG_ARRAYTYPE_P(0));
    const ArrayItems ranks = array_items(PG_GETARG_ARRAYTYPE_P(1));
    check_length(ranks, ratings.n, "ranks");
    const bool alone = PG_ARGISNULL(2);
    const ArrayItems teams = alone ? ArrayItems{} : array_items(PG_GETARG_ARRAYTYPE_P(2));
    if (!alone)
        check_length(teams, ratings.n, "teams");
    const vg::rank::RatingModel model = model_arguments(fcinfo, 3, 4);

    auto* players = static_cast<vg::rank::Player*>(MemoryContextAllocHuge(
        CurrentMemoryContext, sizeof(vg::rank::Player) * static_cast<Size>(ratings.n + 1)));
    for (int i = 0; i < ratings.n; ++i) {
        players[i].rating = read_rating(ratings.values[i], ratings.nulls[i], i + 1);
        players[i].rank = read_integer(ranks, i, "ranks");
        check_at_least(players[i].rank, "rank", 1);
        players[i].team = alone ? i : read_integer(teams, i, "teams");
    }
    rate_match(std::span(players, static_cast<std::size_t>(ratings.n)), model, kInterruptPoll);

    RowArray rows = begin_rows(fcinfo, ratings.n);
    for (int i = 0; i < ratings.n; ++i) {
        const vg::rank::Rating& rating = players[i].rating;
        if (unlikely(!std::isfinite(rating.mu) || !std::isfinite(rating.sigma)))
            float_overflow_error();
        Datum values[] = {Float8GetDatum(rating.mu), Float8GetDatum(rating.sigma)};
        add_row(&rows, values);
    }
    return end_rows(rows);
}

// (state, item, match, rank)
VG_FUNCTION(vg_rate_all_accum) {
    MemoryContext context = aggregate_context(fcinfo);
    auto* state = state_argument<HistoryState>(fcinfo);
    if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2) && !PG_ARGISNULL(3)) {
        check_at_least(PG_GETARG_INT32(3), "rank", 1);
        if (state == nullptr)
            state = new_in_context<HistoryState>(context, context);
        if (!state->history.try_add(PG_GETARG_INT64(2), PG_GETARG_INT64(1), PG_GETARG_INT32(3)))
            report_state_size("rate_all", 0.0, "rate smaller groups");
    }
    if (state == nullptr)
        PG_RETURN_NULL();
    PG_RETURN_POINTER(state);
}

VG_FUNCTION(vg_rate_all_final) {
    const auto* state = final_state<HistoryState>(fcinfo);
    if (state == nullptr)
        PG_RETURN_NULL();
    MemoryContext scratch =
        AllocSetContextCreate(CurrentMemoryContext, "rate_all", ALLOCSET_SMALL_SIZES);
    const auto* rated = new_in_context<std::vector<vg::rank::RatedItem>>(
        scratch, state->history.rate(vg::rank::RatingModel{}, kInterruptPoll));
    RowArray rows = begin_rows(fcinfo, static_cast<int>(rated->size()));
    for (const vg::rank::RatedItem& item : *rated) {
        CHECK_FOR_INTERRUPTS();
        Datum values[] = {Int64GetDatum(item.item), Float8GetDatum(item.rating.mu),
                          Float8GetDatum(item.rating.sigma), Int64GetDatum(item.matches)};
        add_row(&rows, values);
    }
    MemoryContextDelete(scratch);
    return end_rows(rows);
}

}  // namespace vg::pg::rank
