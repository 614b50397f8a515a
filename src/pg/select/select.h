// What the selection functions share: limits, the reading and checking of rows, and groups.
//
// Ownership: an Input belongs to a memory context of its own (new_in_context) and takes all its
// memory there, so that a PostgreSQL error leaves nothing behind. The functions here raise
// PostgreSQL errors and are called where no object with a destructor is alive (R2).
#pragma once

#include "pg/boundary/pg.h"

#include <cstddef>
#include <memory_resource>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/select/candidates.h"
#include "core/select/greedy.h"
#include "core/select/select.h"
#include "pg/boundary/arguments.h"
#include "pg/boundary/context.h"

namespace vg::pg::select {

// diverse.max_candidates and diverse.max_pairwise_candidates
extern int select_max_candidates;
extern int select_max_pairwise_candidates;

void init();

// Numbers the distinct values of any type that has equality and hashing: 0, 1, ... in order of
// first appearance. Values are copied into the context.
class Dictionary {
  public:
    // `what` names the argument in errors.
    Dictionary(MemoryContext context, const char* what);
    // Looks up what the type needs; to be called once, before number().
    void set_type(Oid type, Oid collation);
    int number(Datum value);
    std::size_t size() const noexcept { return values_.size(); }
    Datum value(std::size_t number) const noexcept { return values_[number]; }
    Oid type() const noexcept { return type_; }
    std::size_t bytes() const noexcept { return bytes_; }

  private:
    MemoryContext context_;
    const char* what_;
    ContextResource memory_;
    Oid type_ = InvalidOid;
    Oid collation_ = InvalidOid;
    FmgrInfo* hash_ = nullptr;
    FmgrInfo* equal_ = nullptr;
    int16 length_ = 0;
    bool by_value_ = false;
    std::pmr::vector<Datum> values_;
    std::pmr::unordered_multimap<uint32, int> numbers_;
    std::size_t bytes_ = 0;
};

// Everything of one selection.
struct Input {
    explicit Input(MemoryContext where);

    MemoryContext context;
    ContextResource memory;
    vg::select::Candidates candidates;
    vg::select::Request request;
    vg::select::Limits limits;
    Dictionary groups;
    std::pmr::vector<bool> limited;  // by group: whether its limits have been read
    std::size_t extra_bytes = 0;     // held beside the candidates, for the budget
    std::size_t expected_rows = 0;   // 0: not known
    std::pmr::vector<vg::select::Pick> picks;
};

// A row as read from SQL. Absent numbers are NaN.
struct InputRow {
    Datum embedding;
    bool has_embedding;
    vg::select::Row row;
    int64 number;  // of the row, from 1, for errors
};

// Adds a row, after checking it and the limits. Returns false when it takes no part: no embedding
// where one is needed, or neither relevance, weight nor shown.
bool add_row(Input* input, const InputRow& row, bool needs_embedding);

// Notes the limits of a group as one of its rows has them.
inline constexpr int64 kNoGroupLimit = PG_INT64_MIN;
void set_group_limits(Input* input, int group, int64 at_most, int64 at_least);

// Sorts the rows and fills input->picks.
void run_selection(Input* input);

// Checks of arguments; each returns the value or raises an error.
double checked_number(const char* name, double value, int64 row);  // finite
vg::select::Method checked_method(std::string_view name);
// 53400 when a selection would take more than a state may.
void check_selection_size(std::size_t bytes);

// An array of the values element(0, arg), ..., in CurrentMemoryContext.
Datum array_of(Oid type, int count, NullableDatum (*element)(int i, void* arg), void* arg);

// The state of a running aggregate, made at the first row of a group. `create` gets the aggregate's
// memory context.
template <class State>
State* state_of(FunctionCallInfo fcinfo, State* (*create)(FunctionCallInfo, MemoryContext)) {
    MemoryContext aggregate;
    if (AggCheckCallContext(fcinfo, &aggregate) == 0)
        elog(ERROR, "transition function called outside an aggregate");
    if (!PG_ARGISNULL(0))
        return reinterpret_cast<State*>(PG_GETARG_POINTER(0));
    return create(fcinfo, aggregate);
}

// Transition and final function of an aggregate that chooses among its rows: `add` takes in a row,
// `choose` makes the array of the chosen. Argument `item` has the type of its elements.
template <class State>
Datum accumulate(FunctionCallInfo fcinfo, State* (*create)(FunctionCallInfo, MemoryContext),
                 void (*add)(FunctionCallInfo, State*)) {
    State* state = state_of(fcinfo, create);
    add(fcinfo, state);
    PG_RETURN_POINTER(state);
}
template <class State>
Datum chosen_of(FunctionCallInfo fcinfo, int item, Datum (*choose)(State*)) {
    if (PG_ARGISNULL(0))
        return PointerGetDatum(construct_empty_array(get_fn_expr_argtype(fcinfo->flinfo, item)));
    return choose(reinterpret_cast<State*>(PG_GETARG_POINTER(0)));
}

}  // namespace vg::pg::select
