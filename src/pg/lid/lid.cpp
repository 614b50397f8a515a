// LID from distances that the caller has: functions of arrays, and aggregates. The aggregate's
// state is the six numbers of a DistanceSums in a double precision[].
//
// Ownership: inside an aggregate the left-hand state belongs to the aggregate and is changed in
// place; called from plain SQL, the argument is copied first. No C++ object with a destructor.

#include "pg/boundary/pg.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "core/lid/lid.h"
#include "core/lid/sums.h"
#include "pg/boundary/arguments.h"
#include "pg/boundary/boundary.h"
#include "pg/lid/method.h"

namespace vg::pg::lid {

Method lid_method(const char* name) {
    if (pg_strcasecmp(name, "mle") == 0)
        return Method::kMle;
    if (pg_strcasecmp(name, "mom") == 0)
        return Method::kMoments;
    static constexpr std::string_view kNames[] = {"mle (maximum likelihood)",
                                                  "mom (method of moments)"};
    report_unknown_name("LID method", "methods", name, kNames, lengthof(kNames));
}

namespace {

using vg::lid::DistanceSums;

constexpr int kStateSize = sizeof(DistanceSums) / sizeof(float8);
static_assert(kStateSize == 6 && std::is_trivially_copyable_v<DistanceSums>);
// TwoNN sorts its points, and a sort cannot be cancelled: this many take less than 0.1 s.
constexpr int kMaxPoints = 1000000;
constexpr int kPollEvery = 65536;

void check_distance(float8 distance) {
    static constexpr Place kPlace{.hint =
                                      "Negative inner products are not distances: use the "
                                      "Euclidean, cosine or taxicab distance."};
    check_nonnegative(distance, "a distance", kPlace);
}

struct Distances {
    const float8* x;
    int n;
};

Distances read_distances(ArrayType* array) {
    if (array_contains_nulls(array))
        ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                        errmsg("distances must not contain nulls")));
    const Distances d{reinterpret_cast<const float8*>(ARR_DATA_PTR(array)),
                      ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array))};
    for (int i = 0; i < d.n; ++i) {
        if (i % kPollEvery == 0)
            CHECK_FOR_INTERRUPTS();
        check_distance(d.x[i]);
    }
    return d;
}

// NULL for the unknown.
Datum lid_datum(FunctionCallInfo fcinfo, double lid) {
    if (!(lid > 0))
        PG_RETURN_NULL();
    PG_RETURN_FLOAT8(std::min(lid, static_cast<double>(vg::lid::kMaxLid)));
}

double estimate(const DistanceSums& sums, Method method) {
    return method == Method::kMle ? sums.mle() : sums.method_of_moments();
}

// The state in an argument. Users can call the state functions with arrays of their own making.
DistanceSums read_state(ArrayType* array) {
    if (ARR_NDIM(array) != 1 || ARR_DIMS(array)[0] != kStateSize || ARR_HASNULL(array) ||
        ARR_ELEMTYPE(array) != FLOAT8OID)
        elog(ERROR, "expected the state of a LID aggregate");
    DistanceSums sums;
    std::memcpy(&sums, ARR_DATA_PTR(array), sizeof sums);
    return sums;
}

Datum write_state(FunctionCallInfo fcinfo, ArrayType* array, const DistanceSums& sums) {
    if (AggCheckCallContext(fcinfo, nullptr) == 0) {
        auto* copy = static_cast<ArrayType*>(palloc(VARSIZE(array)));
        std::memcpy(copy, array, VARSIZE(array));
        array = copy;
    }
    std::memcpy(ARR_DATA_PTR(array), &sums, sizeof sums);
    PG_RETURN_ARRAYTYPE_P(array);
}

}  // namespace

VG_FUNCTION(vg_lid) {
    const Distances d = read_distances(PG_GETARG_ARRAYTYPE_P(0));
    const Method method = lid_method(text_to_cstring(PG_GETARG_TEXT_PP(1)));
    DistanceSums sums;
    for (int i = 0; i < d.n; ++i) {
        if (i % kPollEvery == 0)
            CHECK_FOR_INTERRUPTS();
        sums.add(d.x[i]);
    }
    return lid_datum(fcinfo, estimate(sums, method));
}

VG_FUNCTION(vg_lid_twonn) {
    const Distances first = read_distances(PG_GETARG_ARRAYTYPE_P(0));
    const Distances second = read_distances(PG_GETARG_ARRAYTYPE_P(1));
    if (first.n != second.n)
        ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
                        errmsg("arrays must have the same number of distances"),
                        errdetail("They have %d and %d.", first.n, second.n)));
    if (first.n > kMaxPoints)
        ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                        errmsg("too many points: %d, at most %d", first.n, kMaxPoints),
                        errhint("A random sample of the points gives the same dimension.")));
    auto* log_mu = static_cast<double*>(palloc(sizeof(double) * static_cast<Size>(first.n)));
    std::size_t n = 0;
    for (int i = 0; i < first.n; ++i) {
        if (!(first.x[i] > 0) || second.x[i] < first.x[i])
            continue;
        // Where the quotient would overflow it is nowhere near 1.
        const double growth = second.x[i] / first.x[i] - 1;
        log_mu[n++] = growth < 1 ? std::log1p((second.x[i] - first.x[i]) / first.x[i])
                                 : std::log(second.x[i]) - std::log(first.x[i]);
    }
    return lid_datum(fcinfo, vg::lid::two_nn({log_mu, n}));
}

VG_FUNCTION(vg_lid_accum) {
    ArrayType* state = PG_GETARG_ARRAYTYPE_P(0);
    const float8 distance = PG_GETARG_FLOAT8(1);
    check_distance(distance);
    DistanceSums sums = read_state(state);
    sums.add(distance);
    return write_state(fcinfo, state, sums);
}

VG_FUNCTION(vg_lid_combine) {
    ArrayType* state = PG_GETARG_ARRAYTYPE_P(0);
    DistanceSums sums = read_state(state);
    sums.merge(read_state(PG_GETARG_ARRAYTYPE_P(1)));
    return write_state(fcinfo, state, sums);
}

VG_FUNCTION(vg_lid_mle_final) {
    return lid_datum(fcinfo, read_state(PG_GETARG_ARRAYTYPE_P(0)).mle());
}

VG_FUNCTION(vg_lid_mom_final) {
    return lid_datum(fcinfo, read_state(PG_GETARG_ARRAYTYPE_P(0)).method_of_moments());
}

}  // namespace vg::pg::lid
