// Aggregates rank_pairs and rank_pairs_scores: from a table of comparisons to one list.
//
// The state is a C++ object in the aggregate's context that holds every distinct pair, within
// work_mem. The final functions leave it as usable as before, so that both aggregates may share one
// state and a window may go on. Their scratch lives in a context of its own; no container is alive
// in a frame that calls PostgreSQL.

#include "pg/boundary/pg.h"

#include <cmath>
#include <span>
#include <string_view>

#include "core/rank/pair_methods.h"
#include "core/rank/tournament.h"
#include "pg/boundary/arguments.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/context.h"
#include "pg/boundary/memory.h"
#include "pg/rank/composite.h"

namespace vg::pg::rank {
namespace {

constexpr const char* kName = "rank_pairs";
constexpr const char* kLess = "compare fewer items in a group";
// Squares of sums of weights must stay finite.
constexpr float8 kMaxWeight = 1e100;
// What an array of rows has room for.
constexpr std::size_t kMaxItems = MaxAllocSize / 64;

struct PairState {
    PairState(MemoryContext context, vg::rank::PairMethod m)
        : memory(context), comparisons(&memory, state_budget()), method(m) {}

    ContextResource memory;
    vg::rank::Comparisons comparisons;
    vg::rank::PairMethod method;
};

// The method in argument i where the aggregate has one, else net.
vg::rank::PairMethod method_argument(FunctionCallInfo fcinfo, int i) {
    if (PG_NARGS() <= i)
        return vg::rank::PairMethod::kNet;
    require_argument(fcinfo, i, "method");
    const std::string_view name = text_view(PG_GETARG_TEXT_PP(i));
    const auto method = vg::rank::pair_method(name);
    if (!method)
        report_unknown_name("method", "methods", name, vg::rank::kPairMethodNames.data(),
                            vg::rank::kPairMethodNames.size());
    return *method;
}

// 22023, with the pair, for a weight that is no weight.
float8 weight_of_pair(FunctionCallInfo fcinfo) {
    const float8 weight = PG_GETARG_FLOAT8(3);
    if (likely(weight >= 0.0 && weight <= kMaxWeight))
        return weight;
    const Place place{.where = psprintf("for the pair (" INT64_FORMAT ", " INT64_FORMAT ")",
                                        PG_GETARG_INT64(1), PG_GETARG_INT64(2))};
    check_nonnegative(weight, "weight", place);
    report_number("weight", psprintf("be at most %g", kMaxWeight), weight, place);
}

struct Listing {
    vg::rank::RankedItem* items;
    int n;
};

void check_size(const PairState& state, const vg::rank::Tournament& t) {
    const vg::rank::PairMethod method = state.method;
    if (vg::rank::is_dense(method) && t.n() > vg::rank::kMaxDenseItems)
        ereport(ERROR,
                (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("too many items for this method"),
                 errdetail("There are %zu items; kemeny and tsp take at most %zu.", t.n(),
                           vg::rank::kMaxDenseItems),
                 errhint("Use net, bradley_terry or copeland, or rank the first items of one "
                         "of these.")));
    if (t.n() > kMaxItems)
        ereport(ERROR,
                (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("too many items for one list"),
                 errdetail("There are %zu items; a list holds at most %zu.", t.n(), kMaxItems)));
    const std::size_t scratch = vg::rank::scratch_bytes(method, t.n(), t.pairs.size());
    if (state.comparisons.bytes() + scratch > state_budget())
        report_state_size(kName, 0.0, kLess);
}

// Ranks the items of a state, in CurrentMemoryContext.
Listing rank_state(PairState* state) {
    MemoryContext scratch =
        AllocSetContextCreate(CurrentMemoryContext, "rank_pairs", ALLOCSET_SMALL_SIZES);
    const auto* t = new_in_context<vg::rank::Tournament>(
        scratch, state->comparisons.tournament(kInterruptPoll));
    check_size(*state, *t);
    Listing listing{};
    listing.n = static_cast<int>(t->n());
    listing.items = static_cast<vg::rank::RankedItem*>(
        MemoryContextAllocHuge(CurrentMemoryContext, sizeof(vg::rank::RankedItem) * t->n()));
    rank_tournament(*t, state->method, kInterruptPoll, std::span(listing.items, t->n()));
    MemoryContextDelete(scratch);
    return listing;
}

}  // namespace

// (state, i, j, weight [, method])
VG_FUNCTION(vg_rank_pairs_accum) {
    MemoryContext context = aggregate_context(fcinfo);
    const vg::rank::PairMethod method = method_argument(fcinfo, 4);
    auto* state = state_argument<PairState>(fcinfo);
    if (state != nullptr && state->method != method)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("method must be the same for all rows of a group")));
    const bool skipped = PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3);
    if (!skipped) {
        const int64 i = PG_GETARG_INT64(1);
        const int64 j = PG_GETARG_INT64(2);
        const float8 weight = weight_of_pair(fcinfo);
        if (i == j)
            ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                            errmsg("an item cannot be compared with itself"),
                            errdetail("Both items are " INT64_FORMAT ".", i)));
        if (state == nullptr)
            state = new_in_context<PairState>(context, context, method);
        if (!state->comparisons.try_add(i, j, weight, kInterruptPoll))
            report_state_size(kName, 0.0, kLess);
    }
    if (state == nullptr)
        PG_RETURN_NULL();
    PG_RETURN_POINTER(state);
}

VG_FUNCTION(vg_rank_pairs_final) {
    auto* state = final_state<PairState>(fcinfo);
    if (state == nullptr)
        PG_RETURN_NULL();
    const Listing listing = rank_state(state);
    auto* ids = static_cast<Datum*>(
        MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Datum) * static_cast<Size>(listing.n)));
    for (int r = 0; r < listing.n; ++r)
        ids[r] = Int64GetDatum(listing.items[r].item);
    return PointerGetDatum(construct_array(ids, listing.n, INT8OID, sizeof(int64),
                                           sizeof(Datum) == sizeof(int64), TYPALIGN_DOUBLE));
}

VG_FUNCTION(vg_rank_pairs_scores_final) {
    auto* state = final_state<PairState>(fcinfo);
    if (state == nullptr)
        PG_RETURN_NULL();
    const Listing listing = rank_state(state);
    RowArray rows = begin_rows(fcinfo, listing.n);
    for (int r = 0; r < listing.n; ++r) {
        CHECK_FOR_INTERRUPTS();
        Datum values[] = {Int64GetDatum(listing.items[r].item), Int32GetDatum(r + 1),
                          Float8GetDatum(listing.items[r].score)};
        add_row(&rows, values);
    }
    return end_rows(rows);
}

}  // namespace vg::pg::rank
