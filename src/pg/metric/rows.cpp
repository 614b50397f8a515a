// Making, combining and moving states of records; see rows.h.

#include "pg/boundary/pg.h"

#include "pg/metric/rows.h"

#include <cstring>

#include "pg/boundary/boundary.h"

namespace vg::pg::metric {
namespace {

RowState* make_row_state(MemoryContext context, const Options& options) {
    auto* state = static_cast<RowState*>(MemoryContextAllocZero(context, sizeof(RowState)));
    state->context = context;
    state->options = options;
    return state;
}

}  // namespace

RowState* row_state(FunctionCallInfo fcinfo, const Options& options) {
    MemoryContext context = aggregate_context(fcinfo);
    if (PG_ARGISNULL(0))
        return make_row_state(context, options);
    auto* state = reinterpret_cast<RowState*>(PG_GETARG_POINTER(0));
    check_options(state->options == options);
    return state;
}

// The order of the rows of two states is that of their arrival; final functions sort.
VG_FUNCTION(vg_rows_combine) {
    aggregate_context(fcinfo);
    if (PG_ARGISNULL(1))
        return unchanged(fcinfo);
    const auto* from = reinterpret_cast<const RowState*>(PG_GETARG_POINTER(1));
    RowState* to = row_state(fcinfo, from->options);
    Record* room = reserve(fcinfo, to->context, &to->rows, from->rows.count, kRowCopies);
    if (from->rows.count > 0)
        std::memcpy(room, from->rows.items, sizeof(Record) * from->rows.view().size());
    to->rows.count += from->rows.count;
    PG_RETURN_POINTER(to);
}

VG_FUNCTION(vg_rows_serialize) {
    const auto* state = final_state<RowState>(fcinfo);
    const Size rows = sizeof(Record) * state->rows.view().size();
    bytea* bytes = make_bytes(sizeof state->options + rows);
    char* to = put_bytes(VARDATA(bytes), &state->options, sizeof state->options);
    put_bytes(to, state->rows.items, rows);
    PG_RETURN_BYTEA_P(bytes);
}

VG_FUNCTION(vg_rows_deserialize) {
    MemoryContext context = aggregate_context(fcinfo);
    const bytea* bytes = PG_GETARG_BYTEA_PP(0);
    Options options;
    const char* from = get_bytes(VARDATA_ANY(bytes), &options, sizeof options);
    const Size size = VARSIZE_ANY_EXHDR(bytes) - sizeof options;
    RowState* state = make_row_state(context, options);
    const auto count = static_cast<std::int64_t>(size / sizeof(Record));
    get_bytes(from, reserve(fcinfo, context, &state->rows, count, kRowCopies), size);
    state->rows.count = count;
    PG_RETURN_POINTER(state);
}

}  // namespace vg::pg::metric
