// Results of functions that return a row or a table. A table is materialised, so that nothing is
// left open when the caller stops early. Raises PostgreSQL errors (R2); owns nothing.
#pragma once

#include "pg/boundary/pg.h"

#include <cstdint>

namespace vg::pg {

// The columns of a function that returns one row.
inline TupleDesc row_columns(FunctionCallInfo fcinfo) {
    TupleDesc columns;
    if (get_call_result_type(fcinfo, nullptr, &columns) != TYPEFUNC_COMPOSITE)
        elog(ERROR, "return type must be a row type");
    return columns;
}

// That row: a value and a flag per column.
inline Datum row_datum(TupleDesc columns, const Datum* values, const bool* nulls) {
    return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), const_cast<Datum*>(values),
                                             const_cast<bool*>(nulls)));
}

// The same, filled column by column in the order of its SQL declaration.
class ResultRow {
  public:
    explicit ResultRow(TupleDesc columns) : columns_(columns) {}

    void add(Datum value, bool isnull = false) {
        if (n_ == kMaxColumns)
            elog(ERROR, "a result has more than %d columns", kMaxColumns);
        values_[n_] = value;
        nulls_[n_++] = isnull;
    }
    void add_int4(std::int64_t v, bool isnull = false) {
        add(Int32GetDatum(static_cast<int32>(v)), isnull);
    }
    void add_int8(std::uint64_t v, bool isnull = false) {
        add(Int64GetDatum(static_cast<int64>(v)), isnull);
    }
    void add_float8(double v, bool isnull = false) { add(Float8GetDatum(v), isnull); }
    void add_text(const char* v) {  // null: NULL
        add(v != nullptr ? CStringGetTextDatum(v) : Datum{0}, v == nullptr);
    }
    // Whether every column that the caller's SQL declares has a value.
    bool full() const { return n_ == columns_->natts; }
    Datum datum() const {
        if (n_ != columns_->natts)
            elog(ERROR, "the result has %d columns, not %d", columns_->natts, n_);
        return row_datum(columns_, values_, nulls_);
    }

  private:
    static constexpr int kMaxColumns = 40;
    TupleDesc columns_;
    Datum values_[kMaxColumns];
    bool nulls_[kMaxColumns];
    int n_ = 0;
};

// An empty result in the caller's per-query memory, which the function fills before it returns.
inline Tuplestorestate* start_result(FunctionCallInfo fcinfo, TupleDesc* columns) {
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    if (result == nullptr || !IsA(result, ReturnSetInfo) ||
        (result->allowedModes & SFRM_Materialize) == 0)
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("set-valued function called in context that cannot accept a set")));
    const MemoryContext old = MemoryContextSwitchTo(result->econtext->ecxt_per_query_memory);
    *columns = row_columns(fcinfo);
    Tuplestorestate* store = tuplestore_begin_heap(
        (result->allowedModes & SFRM_Materialize_Random) != 0, false, work_mem);
    result->returnMode = SFRM_Materialize;
    result->setResult = store;
    result->setDesc = *columns;
    MemoryContextSwitchTo(old);
    return store;
}

// The same with its columns, to be handed on.
struct ResultSet {
    Tuplestorestate* store;
    TupleDesc columns;
};

inline ResultSet begin_result(FunctionCallInfo fcinfo) {
    ResultSet result;
    result.store = start_result(fcinfo, &result.columns);
    return result;
}

}  // namespace vg::pg
