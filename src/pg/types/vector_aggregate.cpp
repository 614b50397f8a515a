// State functions of avg(vector). The state is a double precision[] of 1 + dimensions elements: the
// row count, then the sums; {0} before the first row. (sum needs no state of its own: it is
// vector_add.)
//
// Ownership: inside an aggregate the left-hand state belongs to the aggregate and is changed in
// place; called from plain SQL, the argument may sit in a table page and is copied first.

#include "pg/boundary/pg.h"

#include <algorithm>
#include <cstring>

#include "pg/boundary/boundary.h"
#include "pg/types/vector.h"

namespace vg::pg {
namespace {

struct State {
    ArrayType* array;
    float8* values;  // [0] is the count, [1 .. dim] the sums
    int dim;         // 0 before the first row
};

// The state in an argument. Users can call the state functions with arrays of their own making.
State read_state(ArrayType* array, const char* caller) {
    if (ARR_NDIM(array) != 1 || ARR_DIMS(array)[0] < 1 || ARR_HASNULL(array) ||
        ARR_ELEMTYPE(array) != FLOAT8OID)
        elog(ERROR, "%s: expected state array", caller);
    return State{array, reinterpret_cast<float8*>(ARR_DATA_PTR(array)), ARR_DIMS(array)[0] - 1};
}

State make_state(int dim) {
    const Size bytes = ARR_OVERHEAD_NONULLS(1) + sizeof(float8) * (static_cast<Size>(dim) + 1);
    auto* array = static_cast<ArrayType*>(palloc0(bytes));
    SET_VARSIZE(array, bytes);
    array->ndim = 1;
    array->dataoffset = 0;
    array->elemtype = FLOAT8OID;
    ARR_DIMS(array)[0] = dim + 1;
    ARR_LBOUND(array)[0] = 1;
    return State{array, reinterpret_cast<float8*>(ARR_DATA_PTR(array)), dim};
}

State copy_state(const State& from) {
    const State state = make_state(from.dim);
    std::memcpy(state.values, from.values, sizeof(float8) * (static_cast<Size>(from.dim) + 1));
    return state;
}

// A state that may be written: the one given if it is the aggregate's own, else a copy.
State writable_state(FunctionCallInfo fcinfo, const State& state) {
    return AggCheckCallContext(fcinfo, nullptr) != 0 ? state : copy_state(state);
}

template <typename T>
void add_values(float8* sums, const T* values, int count) {
    for (int i = 0; i < count; i++) {
        sums[i] += values[i];
        if (unlikely(std::isinf(sums[i])))
            float_overflow_error();
    }
}

}  // namespace

VG_FUNCTION(vg_vector_accum) {
    const State state = read_state(PG_GETARG_ARRAYTYPE_P(0), "vector_accum");
    const Vector* vector = datum_vector(PG_GETARG_DATUM(1));
    if (state.dim == 0) {
        const State first = make_state(vector->dim);
        first.values[0] = state.values[0] + 1.0;
        std::copy_n(vector->x, vector->dim, first.values + 1);  // adding to zero would lose -0
        return PointerGetDatum(first.array);
    }
    check_expected_dim(state.dim, vector->dim);
    const State result = writable_state(fcinfo, state);
    result.values[0] += 1.0;
    add_values(result.values + 1, vector->x, vector->dim);
    return PointerGetDatum(result.array);
}

VG_FUNCTION(vg_vector_combine) {
    const State a = read_state(PG_GETARG_ARRAYTYPE_P(0), "vector_combine");
    const State b = read_state(PG_GETARG_ARRAYTYPE_P(1), "vector_combine");
    if (a.dim != 0)
        check_dim(a.dim);
    else if (b.dim != 0)
        check_dim(b.dim);
    if (a.dim == 0) {
        const State result = copy_state(b);
        result.values[0] += a.values[0];
        return PointerGetDatum(result.array);
    }
    if (b.dim != 0)
        check_expected_dim(a.dim, b.dim);
    const State result = writable_state(fcinfo, a);
    result.values[0] += b.values[0];
    add_values(result.values + 1, b.values + 1, b.dim);
    return PointerGetDatum(result.array);
}

VG_FUNCTION(vg_vector_avg) {
    const State state = read_state(PG_GETARG_ARRAYTYPE_P(0), "vector_avg");
    const float8 count = state.values[0];
    if (count == 0.0)
        PG_RETURN_NULL();
    check_dim(state.dim);
    Vector* result = make_vector(state.dim);
    for (int i = 0; i < state.dim; i++) {
        result->x[i] = static_cast<float>(state.values[i + 1] / count);
        check_element(result->x[i]);
    }
    return vector_datum(result);
}

}  // namespace vg::pg
