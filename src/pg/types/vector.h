// The varlena behind the SQL type vector, and what every reader of one needs: access, allocation
// and the checks with their error texts. The layout and the texts are pgvector's, so that indexes
// built here work on columns of either extension.
//
// Ownership: a Vector lives in palloc'd memory or in a tuple; nobody frees one he did not detoast.
// The checks raise PostgreSQL errors: call them only where no object with a destructor is alive
// (R2).
#pragma once

#include "pg/boundary/pg.h"

#include <cmath>
#include <cstddef>

#include "pg/boundary/compat.h"

namespace vg::pg {

// Most dimensions a value may have. int16 would allow more; a value of 16,000 already fills eight
// pages.
inline constexpr int kMaxDimensions = 16000;

struct Vector {
    int32 vl_len_;  // varlena header; only VARSIZE and SET_VARSIZE may touch it
    int16 dim;      // 1 .. kMaxDimensions
    int16 unused;   // always 0
    float x[FLEXIBLE_ARRAY_MEMBER];
};
static_assert(offsetof(Vector, x) == 8);

// Bytes of a vector of dim dimensions, header included. dim must have passed check_dim.
inline constexpr std::size_t vector_bytes(int dim) {
    return offsetof(Vector, x) + sizeof(float) * static_cast<std::size_t>(dim);
}

// The vector in a datum. Detoasts, and so may allocate in CurrentMemoryContext and may raise an
// error.
inline const Vector* datum_vector(Datum datum) {
    return reinterpret_cast<const Vector*>(PG_DETOAST_DATUM(datum));
}

// Frees what datum_vector had to allocate, for callers whose memory context outlives many values
// (btree comparisons do).
inline void release_vector(const Vector* vector, Datum datum) {
    if (reinterpret_cast<Pointer>(const_cast<Vector*>(vector)) != DatumGetPointer(datum))
        pfree(const_cast<Vector*>(vector));
}

inline Datum vector_datum(const Vector* vector) {
    return PointerGetDatum(vector);
}

// A zero vector in CurrentMemoryContext. dim must have passed check_dim.
Vector* make_vector(int dim);

// Lexicographic by value, then the shorter first, as PostgreSQL orders arrays: -1, 0 or 1.
int compare_vectors(const Vector& a, const Vector& b) noexcept;

// The error paths of the checks below, out of line.
[[noreturn]] void report_bad_dim(int dim);
[[noreturn]] void report_unexpected_dim(int expected, int dim);
[[noreturn]] void report_different_dims(int a, int b);
[[noreturn]] void report_bad_element(float value);

// 22000 below 1, 54000 above kMaxDimensions.
inline void check_dim(int dim) {
    if (unlikely(dim < 1 || dim > kMaxDimensions))
        report_bad_dim(dim);
}

// 22000 unless typmod is -1 (no declared dimension) or equals dim.
inline void check_expected_dim(int32 typmod, int dim) {
    if (unlikely(typmod != -1 && typmod != dim))
        report_unexpected_dim(typmod, dim);
}

// 22000 unless both have the same number of dimensions.
inline void check_same_dim(const Vector& a, const Vector& b) {
    if (unlikely(a.dim != b.dim))
        report_different_dims(a.dim, b.dim);
}

// 22000 for NaN and infinities: no stored vector holds one.
inline void check_element(float value) {
    if (unlikely(!std::isfinite(value)))
        report_bad_element(value);
}

}  // namespace vg::pg
