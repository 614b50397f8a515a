// Comparison operators and the btree support function of vectors. Sorting calls these many times
// within one memory context, so each gives back what it had to detoast.

#include "pg/boundary/pg.h"

#include "pg/boundary/boundary.h"
#include "pg/types/vector.h"

namespace vg::pg {
namespace {

int compare_arguments(FunctionCallInfo fcinfo) {
    const Datum a = PG_GETARG_DATUM(0);
    const Datum b = PG_GETARG_DATUM(1);
    const Vector* left = datum_vector(a);
    const Vector* right = datum_vector(b);
    const int order = compare_vectors(*left, *right);
    release_vector(left, a);
    release_vector(right, b);
    return order;
}

}  // namespace

VG_FUNCTION(vg_vector_lt) {
    return BoolGetDatum(compare_arguments(fcinfo) < 0);
}
VG_FUNCTION(vg_vector_le) {
    return BoolGetDatum(compare_arguments(fcinfo) <= 0);
}
VG_FUNCTION(vg_vector_eq) {
    return BoolGetDatum(compare_arguments(fcinfo) == 0);
}
VG_FUNCTION(vg_vector_ne) {
    return BoolGetDatum(compare_arguments(fcinfo) != 0);
}
VG_FUNCTION(vg_vector_ge) {
    return BoolGetDatum(compare_arguments(fcinfo) >= 0);
}
VG_FUNCTION(vg_vector_gt) {
    return BoolGetDatum(compare_arguments(fcinfo) > 0);
}
VG_FUNCTION(vg_vector_cmp) {
    return Int32GetDatum(compare_arguments(fcinfo));
}

}  // namespace vg::pg
