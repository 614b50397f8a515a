// Arrays of a composite type as function results, one tuple at a time. Everything is palloc'd in
// the context current at begin_rows; nothing here owns C++ objects, and all of it may raise errors.
#pragma once

#include "pg/boundary/pg.h"

namespace vg::pg::rank {

struct RowArray {
    Oid type;  // of an element
    TupleDesc columns;
    Datum* rows;
    int n;
};

// Rows of the composite type whose array the calling function returns. At most `most` will come.
inline RowArray begin_rows(FunctionCallInfo fcinfo, int most) {
    RowArray array{};
    array.type = get_element_type(get_fn_expr_rettype(fcinfo->flinfo));
    if (!OidIsValid(array.type))
        elog(ERROR, "return type must be an array of a row type");
    array.columns = lookup_rowtype_tupdesc_copy(array.type, -1);
    array.rows = static_cast<Datum*>(
        MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Datum) * static_cast<Size>(most + 1)));
    return array;
}

// values: one per column, none of them NULL.
template <int kColumns>
void add_row(RowArray* array, Datum (&values)[kColumns]) {
    bool nulls[kColumns] = {};
    if (array->columns->natts != kColumns)
        elog(ERROR, "type %s has %d columns, not %d", format_type_be(array->type),
             array->columns->natts, kColumns);
    array->rows[array->n++] = HeapTupleGetDatum(heap_form_tuple(array->columns, values, nulls));
}

inline Datum end_rows(const RowArray& array) {
    return PointerGetDatum(
        construct_array(array.rows, array.n, array.type, -1, false, TYPALIGN_DOUBLE));
}

}  // namespace vg::pg::rank
