// The aggregate diverse_select: keys of the chosen rows, in order of choice.
//
// Ownership: a group's state has a memory context of its own below the aggregate's. The settings
// (k, diversity, method, budget) are those of the group's first row.

#include "pg/boundary/pg.h"

#include <cmath>

#include "pg/boundary/boundary.h"
#include "pg/select/select.h"

namespace vg::pg::select {
namespace {

// Arguments behind the state; the shorter overloads lack the last ones.
enum Argument { kKey = 1, kEmbedding, kRelevance, kK, kDiversity, kMethod, kCost, kBudget };

constexpr double kDefaultDiversity = 0.3;

struct State {
    State(MemoryContext context, Oid type) : input(context), keys(&input.memory), key_type(type) {
        get_typlenbyval(type, &key_length, &key_by_value);
    }
    Input input;
    std::pmr::vector<NullableDatum> keys;  // of the rows that take part
    Oid key_type;
    int16 key_length;
    bool key_by_value;
    int64 rows = 0;  // seen
};

bool has(FunctionCallInfo fcinfo, Argument a) {
    return PG_NARGS() > a;
}

void read_settings(FunctionCallInfo fcinfo, Input* input) {
    input->request.method = vg::select::Method::kMmr;
    input->request.diversity = kDefaultDiversity;
    if (has(fcinfo, kDiversity))
        input->request.diversity = share_argument(fcinfo, kDiversity, "diversity");
    if (has(fcinfo, kMethod)) {
        require_argument(fcinfo, kMethod, "method");
        input->request.method = checked_method(text_view(PG_GETARG_TEXT_PP(kMethod)));
    }
    input->request.compression = vg::select::compression_weights(input->request.diversity);
    const bool budgeted = has(fcinfo, kBudget);
    if (budgeted)
        input->limits.budget = nonnegative_argument(fcinfo, kBudget, "budget");
    // A budget can take the place of k.
    if (!budgeted || !PG_ARGISNULL(kK))
        input->limits.k = static_cast<std::size_t>(integer_argument(fcinfo, kK, "k", 1));
}

State* new_state(FunctionCallInfo fcinfo, MemoryContext aggregate) {
    const Oid type = get_fn_expr_argtype(fcinfo->flinfo, kKey);
    if (!OidIsValid(type))
        elog(ERROR, "could not determine the type of the key");
    MemoryContext context =
        AllocSetContextCreate(aggregate, "diverse_select", ALLOCSET_SMALL_SIZES);
    auto* state = new_in_context<State>(context, context, type);
    read_settings(fcinfo, &state->input);
    return state;
}

double number_argument(FunctionCallInfo fcinfo, Argument a, const char* name, int64 row) {
    return PG_ARGISNULL(a) ? vg::select::kAbsent : checked_number(name, PG_GETARG_FLOAT8(a), row);
}

void keep_key(FunctionCallInfo fcinfo, State* state) {
    NullableDatum key = {0, PG_ARGISNULL(kKey)};
    if (!key.isnull) {
        const MemoryContext old = MemoryContextSwitchTo(state->input.context);
        if (state->key_length == -1)
            key.value = PointerGetDatum(PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(kKey)));
        else
            key.value = datumCopy(PG_GETARG_DATUM(kKey), state->key_by_value, state->key_length);
        MemoryContextSwitchTo(old);
        if (!state->key_by_value)
            state->input.extra_bytes += datumGetSize(key.value, false, state->key_length);
    }
    state->input.extra_bytes += sizeof(NullableDatum);
    state->keys.push_back(key);
}

void add(FunctionCallInfo fcinfo, State* state) {
    InputRow row{};
    row.number = ++state->rows;
    row.has_embedding = !PG_ARGISNULL(kEmbedding);
    row.embedding = PG_GETARG_DATUM(kEmbedding);
    row.row.relevance = number_argument(fcinfo, kRelevance, "relevance", row.number);
    if (has(fcinfo, kCost))
        row.row.cost = number_argument(fcinfo, kCost, "cost", row.number);
    if (add_row(&state->input, row, true))
        keep_key(fcinfo, state);
}

NullableDatum key_of_pick(int i, void* arg) {
    const auto* state = static_cast<const State*>(arg);
    const std::size_t row = state->input.picks[static_cast<std::size_t>(i)].row;
    return state->keys[state->input.candidates.position(row)];
}

Datum choose(State* state) {
    run_selection(&state->input);
    return array_of(state->key_type, static_cast<int>(state->input.picks.size()), key_of_pick,
                    state);
}

}  // namespace

VG_FUNCTION_RETURNS(vg_diverse_select_accum, accumulate(fcinfo, new_state, add))
VG_FUNCTION_RETURNS(vg_diverse_select_final, chosen_of(fcinfo, kKey, choose))

}  // namespace vg::pg::select
