// The aggregate select_items: a committee of k items from many rankings.
//
// Ownership: as in aggregate.cpp, a context per group. Settings are those of the group's first row.

#include "pg/boundary/pg.h"

#include "core/base/names.h"
#include "core/select/multiwinner.h"
#include "pg/boundary/boundary.h"
#include "pg/select/select.h"

namespace vg::pg::select {
namespace {

// Arguments behind the state; the shorter overloads lack the last ones.
enum Argument { kItem = 1, kRanking, kPosition, kK, kRule, kGroup, kMaxPerGroup, kMinPerGroup };

struct State {
    explicit State(MemoryContext context)
        : input(context),
          items(context, "item"),
          rankings(context, "ranking"),
          ballots(&input.memory),
          item_groups(&input.memory),
          chosen(&input.memory) {}
    Input input;  // limits and groups
    Dictionary items;
    Dictionary rankings;
    vg::select::Rule rule = vg::select::Rule::kBorda;
    std::pmr::vector<vg::select::Ballot> ballots;
    std::pmr::vector<int> item_groups;
    std::pmr::vector<std::uint32_t> chosen;
};

constexpr int kNoGroup = -1;

bool has(FunctionCallInfo fcinfo, Argument a) {
    return PG_NARGS() > a;
}

State* new_state(FunctionCallInfo fcinfo, MemoryContext aggregate) {
    MemoryContext context = AllocSetContextCreate(aggregate, "select_items", ALLOCSET_SMALL_SIZES);
    auto* state = new_in_context<State>(context, context);
    state->input.limits.k = static_cast<std::size_t>(integer_argument(fcinfo, kK, "k", 1));
    if (has(fcinfo, kRule))
        state->rule = choice_argument<vg::select::Rule>(fcinfo, kRule, "rule", "rules",
                                                        vg::select::kRuleNames);
    const Oid collation = PG_GET_COLLATION();
    state->items.set_type(get_fn_expr_argtype(fcinfo->flinfo, kItem), collation);
    state->rankings.set_type(get_fn_expr_argtype(fcinfo->flinfo, kRanking), collation);
    if (has(fcinfo, kGroup))
        state->input.groups.set_type(get_fn_expr_argtype(fcinfo->flinfo, kGroup), collation);
    return state;
}

int group_of_row(FunctionCallInfo fcinfo, State* state) {
    if (!has(fcinfo, kGroup) || PG_ARGISNULL(kGroup))
        return kNoGroup;
    const auto limit = [fcinfo](Argument a) {
        return PG_ARGISNULL(a) ? kNoGroupLimit : int64{PG_GETARG_INT32(a)};
    };
    const int group = state->input.groups.number(PG_GETARG_DATUM(kGroup));
    set_group_limits(&state->input, group, limit(kMaxPerGroup), limit(kMinPerGroup));
    return group;
}

void add(FunctionCallInfo fcinfo, State* state) {
    if (PG_ARGISNULL(kItem) || PG_ARGISNULL(kRanking) || PG_ARGISNULL(kPosition))
        return;
    const int32 position = PG_GETARG_INT32(kPosition);
    check_at_least(position, "position", 1);
    const int group = group_of_row(fcinfo, state);
    const int item = state->items.number(PG_GETARG_DATUM(kItem));
    const auto at = static_cast<std::size_t>(item);
    if (at == state->item_groups.size())
        state->item_groups.push_back(group);
    else if (state->item_groups[at] != group)
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("an item belongs to two groups"),
                 errdetail("Every row of an item must have the same grp.")));
    const int ranking = state->rankings.number(PG_GETARG_DATUM(kRanking));
    state->ballots.push_back(
        {static_cast<std::uint32_t>(ranking), static_cast<std::uint32_t>(item), position});
    // Ballots are held three times while they are sorted.
    check_selection_size(state->ballots.size() * 3 * sizeof(vg::select::Ballot) +
                         state->items.bytes() + state->rankings.bytes() +
                         state->input.groups.bytes() +
                         vg::select::working_bytes(state->input.request, state->items.size(), 0,
                                                   state->input.limits.k));
}

NullableDatum chosen_item(int i, void* arg) {
    const auto* state = static_cast<const State*>(arg);
    return {state->items.value(state->chosen[static_cast<std::size_t>(i)]), false};
}

Datum choose(State* state) {
    Input& input = state->input;
    state->chosen = vg::select::elect(state->ballots, state->rule, state->item_groups, input.limits,
                                      &input.memory, kInterruptPoll);
    return array_of(state->items.type(), static_cast<int>(state->chosen.size()), chosen_item,
                    state);
}

}  // namespace

VG_FUNCTION_RETURNS(vg_select_items_accum, accumulate(fcinfo, new_state, add))
VG_FUNCTION_RETURNS(vg_select_items_final, chosen_of(fcinfo, kItem, choose))

}  // namespace vg::pg::select
