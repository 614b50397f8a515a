// Distances, arithmetic and the other functions of one or two vectors.
//
// Distances come from the core's kernels (float accumulation) and are finished in double: square
// root, division, clamping. Overflow of a distance gives an infinity, overflow or underflow of an
// element is an error, and a zero vector has no direction: its cosine distance is NaN.

#include "pg/boundary/pg.h"

#include <algorithm>
#include <cstring>
#include <numbers>

#include "core/distance/distance.h"
#include "pg/boundary/boundary.h"
#include "pg/types/vector.h"

extern "C" {
#include "utils/varbit.h"
}

namespace vg::pg {
namespace {

struct Pair {
    const Vector* a;
    const Vector* b;
    std::size_t size() const { return static_cast<std::size_t>(a->dim); }
};

// The first two arguments, checked to have the same number of dimensions.
Pair vector_pair(FunctionCallInfo fcinfo) {
    const Pair pair{datum_vector(PG_GETARG_DATUM(0)), datum_vector(PG_GETARG_DATUM(1))};
    check_same_dim(*pair.a, *pair.b);
    return pair;
}

double norm(const Vector& vector) {
    double sum = 0.0;
    for (int i = 0; i < vector.dim; i++)
        sum += static_cast<double>(vector.x[i]) * static_cast<double>(vector.x[i]);
    return std::sqrt(sum);
}

// The inputs are finite, so an infinity is an overflow of ours.
void check_no_overflow(const Vector& vector) {
    for (int i = 0; i < vector.dim; i++) {
        if (unlikely(std::isinf(vector.x[i])))
            float_overflow_error();
    }
}

template <typename Op>
Vector* combine_elements(const Pair& pair, Op op) {
    Vector* result = make_vector(pair.a->dim);
    for (int i = 0; i < result->dim; i++)
        result->x[i] = op(pair.a->x[i], pair.b->x[i]);
    check_no_overflow(*result);
    return result;
}

}  // namespace

VG_FUNCTION(vg_l2_distance) {
    const Pair p = vector_pair(fcinfo);
    const double squared = distance::l2_squared(p.a->x, p.b->x, p.size());
    return Float8GetDatum(std::sqrt(squared));
}

VG_FUNCTION(vg_vector_l2_squared_distance) {
    const Pair p = vector_pair(fcinfo);
    return Float8GetDatum(distance::l2_squared(p.a->x, p.b->x, p.size()));
}

VG_FUNCTION(vg_inner_product) {
    const Pair p = vector_pair(fcinfo);
    return Float8GetDatum(distance::inner_product(p.a->x, p.b->x, p.size()));
}

VG_FUNCTION(vg_vector_negative_inner_product) {
    const Pair p = vector_pair(fcinfo);
    return Float8GetDatum(-distance::inner_product(p.a->x, p.b->x, p.size()));
}

VG_FUNCTION(vg_cosine_distance) {
    const Pair p = vector_pair(fcinfo);
    const distance::CosineSums sums = distance::cosine_sums(p.a->x, p.b->x, p.size());
    const double norms = static_cast<double>(sums.aa) * static_cast<double>(sums.bb);
    const double similarity = static_cast<double>(sums.ab) / std::sqrt(norms);
    // Rounding can carry parallel vectors past +-1. std::clamp lets NaN through.
    return Float8GetDatum(1.0 - std::clamp(similarity, -1.0, 1.0));
}

VG_FUNCTION(vg_l1_distance) {
    const Pair p = vector_pair(fcinfo);
    return Float8GetDatum(distance::l1(p.a->x, p.b->x, p.size()));
}

// Angle between two unit vectors in units of pi.
VG_FUNCTION(vg_vector_spherical_distance) {
    const Pair p = vector_pair(fcinfo);
    const double cosine = distance::inner_product(p.a->x, p.b->x, p.size());
    return Float8GetDatum(std::acos(std::clamp(cosine, -1.0, 1.0)) / std::numbers::pi);
}

VG_FUNCTION(vg_vector_dims) {
    return Int32GetDatum(datum_vector(PG_GETARG_DATUM(0))->dim);
}

VG_FUNCTION(vg_vector_norm) {
    return Float8GetDatum(norm(*datum_vector(PG_GETARG_DATUM(0))));
}

// A zero vector stays zero.
VG_FUNCTION(vg_l2_normalize) {
    const Vector* vector = datum_vector(PG_GETARG_DATUM(0));
    Vector* result = make_vector(vector->dim);
    const double length = norm(*vector);
    if (length > 0.0) {
        for (int i = 0; i < vector->dim; i++)
            result->x[i] = static_cast<float>(vector->x[i] / length);
        check_no_overflow(*result);
    }
    return vector_datum(result);
}

VG_FUNCTION(vg_vector_add) {
    return vector_datum(
        combine_elements(vector_pair(fcinfo), [](float a, float b) { return a + b; }));
}

VG_FUNCTION(vg_vector_sub) {
    return vector_datum(
        combine_elements(vector_pair(fcinfo), [](float a, float b) { return a - b; }));
}

VG_FUNCTION(vg_vector_mul) {
    const Pair pair = vector_pair(fcinfo);
    const Vector* result = combine_elements(pair, [](float a, float b) { return a * b; });
    for (int i = 0; i < result->dim; i++) {
        if (unlikely(result->x[i] == 0.0F && pair.a->x[i] != 0.0F && pair.b->x[i] != 0.0F))
            float_underflow_error();
    }
    return vector_datum(result);
}

VG_FUNCTION(vg_vector_concat) {
    const Vector* a = datum_vector(PG_GETARG_DATUM(0));
    const Vector* b = datum_vector(PG_GETARG_DATUM(1));
    const int dim = a->dim + b->dim;
    check_dim(dim);
    Vector* result = make_vector(dim);
    std::copy_n(a->x, a->dim, result->x);
    std::copy_n(b->x, b->dim, result->x + a->dim);
    return vector_datum(result);
}

// One-based like substring(): a start before the first element eats into count, an end past the
// last element is cut.
VG_FUNCTION(vg_subvector) {
    const Vector* vector = datum_vector(PG_GETARG_DATUM(0));
    const int64 start = PG_GETARG_INT32(1);
    const int64 count = PG_GETARG_INT32(2);
    const int64 first = std::max<int64>(start, 1);
    const int64 end = std::min<int64>(start + count, vector->dim + 1);
    if (count < 1 || first >= end)
        report_bad_dim(0);
    Vector* result = make_vector(static_cast<int>(end - first));
    std::copy_n(vector->x + (first - 1), result->dim, result->x);
    return vector_datum(result);
}

// One bit per dimension, set where the element is above zero.
VG_FUNCTION(vg_binary_quantize) {
    const Vector* vector = datum_vector(PG_GETARG_DATUM(0));
    const Size bytes = VARBITTOTALLEN(vector->dim);
    auto* result = static_cast<VarBit*>(palloc0(bytes));
    SET_VARSIZE(result, bytes);
    VARBITLEN(result) = vector->dim;
    uint8* bits = VARBITS(result);
    for (int i = 0; i < vector->dim; i++) {
        if (vector->x[i] > 0.0F)
            bits[i / BITS_PER_BYTE] |= static_cast<uint8>(0x80U >> (i % BITS_PER_BYTE));
    }
    return PointerGetDatum(result);
}

}  // namespace vg::pg
