// Fusion aggregates: rrf, borda, comb_sum, comb_mnz. Each row is one list's verdict on a document;
// a NULL rank or score says that the list does not hold it.
//
// The state is a double precision[] of three elements: a compensated sum (two) and the number of
// lists that hold the document. Ownership: inside an aggregate the left-hand state belongs to the
// aggregate and is changed in place; called from plain SQL it is copied first.

#include "pg/boundary/pg.h"

#include <cmath>

#include "core/rank/fusion.h"
#include "pg/boundary/arguments.h"
#include "pg/boundary/boundary.h"

namespace vg::pg::rank {
namespace {

constexpr int kStateElements = 3;

float8* state_values(ArrayType* array) {
    return reinterpret_cast<float8*>(ARR_DATA_PTR(array));
}

// The state in argument i. Users can call the support functions with arrays of their own making.
ArrayType* state_argument(FunctionCallInfo fcinfo, int i) {
    require_argument(fcinfo, i, "state");
    ArrayType* array = PG_GETARG_ARRAYTYPE_P(i);
    if (ARR_NDIM(array) != 1 || ARR_DIMS(array)[0] != kStateElements || ARR_HASNULL(array) ||
        ARR_ELEMTYPE(array) != FLOAT8OID)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("state must be an array of %d numbers", kStateElements)));
    return array;
}

vg::rank::FusedScore read_state(ArrayType* array) {
    const float8* v = state_values(array);
    return vg::rank::FusedScore{vg::rank::Sum{v[0], v[1]}, v[2]};
}

Datum write_state(FunctionCallInfo fcinfo, ArrayType* array, const vg::rank::FusedScore& score) {
    if (AggCheckCallContext(fcinfo, nullptr) == 0)
        array = DatumGetArrayTypePCopy(PointerGetDatum(array));
    float8* v = state_values(array);
    v[0] = score.sum.high;
    v[1] = score.sum.low;
    v[2] = score.hits;
    return PointerGetDatum(array);
}

Datum add_share(FunctionCallInfo fcinfo, ArrayType* array, float8 share) {
    vg::rank::FusedScore score = read_state(array);
    score.add(share);
    return write_state(fcinfo, array, score);
}

// The optional weight of a list: argument i where the aggregate has one.
float8 weight_argument(FunctionCallInfo fcinfo, int i) {
    return PG_NARGS() > i ? nonnegative_argument(fcinfo, i, "weight") : 1.0;
}

Datum finite_result(float8 value) {
    if (unlikely(!std::isfinite(value)))
        float_overflow_error();
    return Float8GetDatum(value);
}

}  // namespace

// (state, rank [, k [, weight]])
VG_FUNCTION(vg_rrf_accum) {
    ArrayType* state = state_argument(fcinfo, 0);
    const int32 k = PG_NARGS() > 2 ? integer_argument(fcinfo, 2, "k", 0) : vg::rank::kRrfConstant;
    const float8 weight = weight_argument(fcinfo, 3);
    if (PG_ARGISNULL(1))
        return PointerGetDatum(state);
    const int64 position = PG_GETARG_INT64(1);
    check_at_least(position, "rank", 1);
    return add_share(fcinfo, state, vg::rank::rrf_share(position, k, weight));
}

// (state, rank, n [, weight])
VG_FUNCTION(vg_borda_accum) {
    ArrayType* state = state_argument(fcinfo, 0);
    require_argument(fcinfo, 2, "n");
    const int64 n = PG_GETARG_INT64(2);
    const float8 weight = weight_argument(fcinfo, 3);
    check_at_least(n, "n", 1);
    if (PG_ARGISNULL(1))
        return PointerGetDatum(state);
    const int64 position = PG_GETARG_INT64(1);
    check_range(position, "rank", 1, n);
    return add_share(fcinfo, state, vg::rank::borda_share(position, n, weight));
}

// (state, score [, weight])
VG_FUNCTION(vg_comb_accum) {
    ArrayType* state = state_argument(fcinfo, 0);
    const float8 weight = weight_argument(fcinfo, 2);
    if (PG_ARGISNULL(1))
        return PointerGetDatum(state);
    const float8 score = PG_GETARG_FLOAT8(1);
    check_finite(score, "score");
    return add_share(fcinfo, state, weight * score);
}

VG_FUNCTION(vg_fused_combine) {
    ArrayType* state = state_argument(fcinfo, 0);
    vg::rank::FusedScore score = read_state(state);
    score.add(read_state(state_argument(fcinfo, 1)));
    return write_state(fcinfo, state, score);
}

VG_FUNCTION(vg_fused_total) {
    return finite_result(read_state(state_argument(fcinfo, 0)).total());
}

VG_FUNCTION(vg_fused_total_by_hits) {
    return finite_result(read_state(state_argument(fcinfo, 0)).total_by_hits());
}

}  // namespace vg::pg::rank
