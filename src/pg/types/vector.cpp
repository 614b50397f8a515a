// Allocation, order and error texts of vectors: the parts of vector.h that are not worth inlining.
// Clients and pgvector's tests read the texts literally: change none of them.

#include "pg/boundary/pg.h"

#include "pg/types/vector.h"

#include <algorithm>

namespace vg::pg {

Vector* make_vector(int dim) {
    const std::size_t bytes = vector_bytes(dim);
    auto* vector = static_cast<Vector*>(palloc0(bytes));
    SET_VARSIZE(vector, bytes);
    vector->dim = static_cast<int16>(dim);
    return vector;
}

int compare_vectors(const Vector& a, const Vector& b) noexcept {
    const int shared = std::min(a.dim, b.dim);
    for (int i = 0; i < shared; i++) {
        if (a.x[i] != b.x[i])
            return a.x[i] < b.x[i] ? -1 : 1;
    }
    return (a.dim > b.dim) - (a.dim < b.dim);
}

void report_bad_dim(int dim) {
    if (dim < 1)
        ereport(ERROR,
                (errcode(ERRCODE_DATA_EXCEPTION), errmsg("vector must have at least 1 dimension")));
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                    errmsg("vector cannot have more than %d dimensions", kMaxDimensions)));
    pg_unreachable();
}

void report_unexpected_dim(int expected, int dim) {
    ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
                    errmsg("expected %d dimensions, not %d", expected, dim)));
    pg_unreachable();
}

void report_different_dims(int a, int b) {
    ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
                    errmsg("different vector dimensions %d and %d", a, b)));
    pg_unreachable();
}

void report_bad_element(float value) {
    if (std::isnan(value))
        ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION), errmsg("NaN not allowed in vector")));
    ereport(ERROR,
            (errcode(ERRCODE_DATA_EXCEPTION), errmsg("infinite value not allowed in vector")));
    pg_unreachable();
}

}  // namespace vg::pg
