// Casts to and from vector: the typmod check, and arrays of integer, real, double precision and
// numeric. Fixed-width elements are read in place; a value that does not fit a float becomes
// infinite and is refused by the element check.

#include "pg/boundary/pg.h"

#include <cstring>

#include "pg/boundary/boundary.h"
#include "pg/types/vector.h"

namespace vg::pg {
namespace {

// Elements of a NULL-free array of a fixed-width type: contiguous and aligned by construction.
template <typename T>
void copy_elements(ArrayType* array, Vector* vector) {
    const T* values = reinterpret_cast<const T*>(ARR_DATA_PTR(array));
    for (int i = 0; i < vector->dim; i++)
        vector->x[i] = static_cast<float>(values[i]);
}

// numeric_float4 reports what does not fit, so no infinity comes from a finite number here.
void copy_numeric_elements(ArrayType* array, Vector* vector) {
    Datum* values;
    int count;
    deconstruct_array(array, NUMERICOID, -1, false, TYPALIGN_INT, &values, nullptr, &count);
    for (int i = 0; i < count; i++)
        vector->x[i] = DatumGetFloat4(DirectFunctionCall1(numeric_float4, values[i]));
    pfree(values);
}

void copy_array(ArrayType* array, Vector* vector) {
    switch (ARR_ELEMTYPE(array)) {
        case INT4OID:
            return copy_elements<int32>(array, vector);
        case FLOAT4OID:
            return copy_elements<float4>(array, vector);
        case FLOAT8OID:
            return copy_elements<float8>(array, vector);
        case NUMERICOID:
            return copy_numeric_elements(array, vector);
        default:
            ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION), errmsg("unsupported array type")));
    }
}

}  // namespace

// vector -> vector: only the declared dimension is checked.
VG_FUNCTION(vg_vector) {
    const Vector* vector = datum_vector(PG_GETARG_DATUM(0));
    check_expected_dim(PG_GETARG_INT32(1), vector->dim);
    return vector_datum(vector);
}

VG_FUNCTION(vg_array_to_vector) {
    ArrayType* array = PG_GETARG_ARRAYTYPE_P(0);
    const int32 typmod = PG_GETARG_INT32(1);
    if (ARR_NDIM(array) > 1)
        ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION), errmsg("array must be 1-D")));
    if (ARR_HASNULL(array) && array_contains_nulls(array))
        ereport(ERROR,
                (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("array must not contain nulls")));
    const int dim = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
    check_dim(dim);
    check_expected_dim(typmod, dim);
    Vector* vector = make_vector(dim);
    copy_array(array, vector);
    for (int i = 0; i < dim; i++)
        check_element(vector->x[i]);
    return vector_datum(vector);
}

VG_FUNCTION(vg_vector_to_float4) {
    const Vector* vector = datum_vector(PG_GETARG_DATUM(0));
    const Size data = sizeof(float4) * static_cast<Size>(vector->dim);
    const Size bytes = ARR_OVERHEAD_NONULLS(1) + data;
    auto* array = static_cast<ArrayType*>(palloc0(bytes));
    SET_VARSIZE(array, bytes);
    array->ndim = 1;
    array->dataoffset = 0;
    array->elemtype = FLOAT4OID;
    ARR_DIMS(array)[0] = vector->dim;
    ARR_LBOUND(array)[0] = 1;
    std::memcpy(ARR_DATA_PTR(array), vector->x, data);
    return PointerGetDatum(array);
}

}  // namespace vg::pg
