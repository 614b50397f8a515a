// Aggregates of cosine similarity within a set of vectors: mean_similarity, intra_list_diversity,
// coverage, similarity_quantiles. Vectors are scaled to length 1 as they come in; a zero vector has
// no direction and raises an error. Ownership: aggregate.h.

#include "pg/boundary/pg.h"

#include <algorithm>
#include <vector>

#include "core/base/random.h"
#include "core/metric/similarity.h"
#include "pg/boundary/boundary.h"
#include "pg/metric/aggregate.h"
#include "pg/types/vector.h"

namespace vg::pg::metric {
namespace {

// Rows that similarity_quantiles looks at: 124,750 pairs, and 3 MB at 1536 dimensions.
constexpr std::int64_t kSample = 500;

// Sums over unit vectors, all that the mean of their similarities needs.
struct SumState {
    std::int32_t dims;
    double count;
    double sums[FLEXIBLE_ARRAY_MEMBER];
};

Size sum_bytes(int dims) {
    return offsetof(SumState, sums) + sizeof(double) * static_cast<Size>(dims);
}

SumState* make_sum_state(FunctionCallInfo fcinfo, MemoryContext context, int dims) {
    check_memory(fcinfo, static_cast<double>(sum_bytes(dims)));
    auto* state = static_cast<SumState*>(MemoryContextAllocZero(context, sum_bytes(dims)));
    state->dims = dims;
    return state;
}

// Rows kept as they are: all of them with their ranks (coverage), or a sample (quantiles).
struct ListState {
    MemoryContext context;
    std::int32_t dims;
    std::int32_t k;
    Random random;
    std::int64_t seed;
    std::int64_t seen;
    ArrayType* fractions;
    Buffer<float> rows;
    Buffer<std::int32_t> ranks;

    std::size_t count() const { return rows.view().size() / static_cast<std::size_t>(dims); }
};

ListState* list_state(FunctionCallInfo fcinfo, int dims, std::int64_t seed) {
    MemoryContext context = aggregate_context(fcinfo);
    if (!PG_ARGISNULL(0)) {
        auto* state = reinterpret_cast<ListState*>(PG_GETARG_POINTER(0));
        check_expected_dim(state->dims, dims);
        check_options(state->seed == seed);
        return state;
    }
    auto* state = static_cast<ListState*>(MemoryContextAllocZero(context, sizeof(ListState)));
    state->context = context;
    state->dims = dims;
    state->random = Random(static_cast<std::uint64_t>(seed));
    state->seed = seed;
    return state;
}

// Writes the vector as row `at`, at most one beyond the end.
void put_row(FunctionCallInfo fcinfo, ListState* state, std::int64_t at, const Vector& vector) {
    float* row = at * state->dims < state->rows.count
                     ? state->rows.items + at * state->dims
                     : reserve(fcinfo, state->context, &state->rows, state->dims);
    std::copy_n(vector.x, state->dims, row);
    if (!vg::metric::unit_row({row, static_cast<std::size_t>(state->dims)}))
        report_zero_vector();
    state->rows.count = std::max(state->rows.count, (at + 1) * state->dims);
}

ArrayType* read_fractions(FunctionCallInfo fcinfo, int arg) {
    require_argument(fcinfo, arg, "fractions");
    ArrayType* array = PG_GETARG_ARRAYTYPE_P(arg);
    if (ARR_NDIM(array) > 1 || ARR_HASNULL(array))
        ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
                        errmsg("fractions must be a one-dimensional array without nulls")));
    const auto* values = reinterpret_cast<const float8*>(ARR_DATA_PTR(array));
    const int count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
    for (int i = 0; i < count; i++)
        check_share(values[i], "a fraction", {"element", i + 1, "the array"});
    return array;
}

ArrayType* copy_array(MemoryContext context, const ArrayType* array) {
    auto* copy = static_cast<ArrayType*>(MemoryContextAlloc(context, VARSIZE(array)));
    memcpy(copy, array, VARSIZE(array));
    return copy;
}

void sample(FunctionCallInfo fcinfo, ListState* state, const Vector& vector) {
    const auto at = static_cast<std::int64_t>(
        reservoir_place(state->random, static_cast<std::uint64_t>(state->seen++), kSample));
    if (at < kSample)
        put_row(fcinfo, state, at, vector);
}

double mean_of(const SumState& state) {
    return vg::metric::mean_similarity({state.sums, static_cast<std::size_t>(state.dims)},
                                       state.count);
}

}  // namespace

// ---- mean_similarity, intra_list_diversity

VG_FUNCTION(vg_unit_sums) {  // (state, vector)
    MemoryContext context = aggregate_context(fcinfo);
    if (PG_ARGISNULL(1))
        return unchanged(fcinfo);
    const Vector* vector = datum_vector(PG_GETARG_DATUM(1));
    SumState* state = PG_ARGISNULL(0) ? make_sum_state(fcinfo, context, vector->dim)
                                      : reinterpret_cast<SumState*>(PG_GETARG_POINTER(0));
    check_expected_dim(state->dims, vector->dim);
    double squares = 0.0;
    for (int i = 0; i < vector->dim; i++)
        squares += static_cast<double>(vector->x[i]) * static_cast<double>(vector->x[i]);
    if (squares == 0.0)
        report_zero_vector();
    const double scale = 1.0 / std::sqrt(squares);
    for (int i = 0; i < vector->dim; i++)
        state->sums[i] += static_cast<double>(vector->x[i]) * scale;
    state->count += 1.0;
    PG_RETURN_POINTER(state);
}

VG_FUNCTION(vg_unit_sums_combine) {
    MemoryContext context = aggregate_context(fcinfo);
    if (PG_ARGISNULL(1))
        return unchanged(fcinfo);
    const auto* from = reinterpret_cast<const SumState*>(PG_GETARG_POINTER(1));
    SumState* to = PG_ARGISNULL(0) ? make_sum_state(fcinfo, context, from->dims)
                                   : reinterpret_cast<SumState*>(PG_GETARG_POINTER(0));
    check_expected_dim(to->dims, from->dims);
    for (int i = 0; i < to->dims; i++)
        to->sums[i] += from->sums[i];
    to->count += from->count;
    PG_RETURN_POINTER(to);
}

VG_FUNCTION(vg_unit_sums_serialize) {
    const auto* state = final_state<SumState>(fcinfo);
    bytea* bytes = make_bytes(sum_bytes(state->dims));
    put_bytes(VARDATA(bytes), state, sum_bytes(state->dims));
    PG_RETURN_BYTEA_P(bytes);
}

VG_FUNCTION(vg_unit_sums_deserialize) {
    MemoryContext context = aggregate_context(fcinfo);
    const bytea* bytes = PG_GETARG_BYTEA_PP(0);
    const Size size = VARSIZE_ANY_EXHDR(bytes);
    void* state = MemoryContextAlloc(context, size);
    get_bytes(VARDATA_ANY(bytes), state, size);
    PG_RETURN_POINTER(state);
}

VG_FUNCTION(vg_mean_similarity) {
    const auto* state = final_state<SumState>(fcinfo);
    if (state == nullptr || state->count < 2.0)
        PG_RETURN_NULL();
    return Float8GetDatum(mean_of(*state));
}

VG_FUNCTION(vg_intra_list_diversity) {
    const auto* state = final_state<SumState>(fcinfo);
    if (state == nullptr || state->count < 2.0)
        PG_RETURN_NULL();
    return Float8GetDatum(1.0 - mean_of(*state));
}

// ---- coverage

VG_FUNCTION(vg_cover) {  // (state, vector, rank, k); rank NULL = candidate that was not selected
    aggregate_context(fcinfo);
    const int k = integer_argument(fcinfo, 3, "k", 1);
    const std::int32_t rank = read_rank(fcinfo, 2, "rank");
    if (PG_ARGISNULL(1))
        return unchanged(fcinfo);
    const Vector* vector = datum_vector(PG_GETARG_DATUM(1));
    ListState* state = list_state(fcinfo, vector->dim, 0);
    check_options(state->k == k || state->ranks.count == 0);
    state->k = k;
    put_row(fcinfo, state, state->ranks.count, *vector);
    *reserve(fcinfo, state->context, &state->ranks, 1) = rank;
    state->ranks.count++;
    PG_RETURN_POINTER(state);
}

VG_FUNCTION(vg_coverage) {
    const auto* state = final_state<ListState>(fcinfo);
    if (state == nullptr)
        PG_RETURN_NULL();
    const double value = [&] {
        std::vector<std::size_t> selected;
        for (std::size_t i = 0; i < state->count(); i++) {
            const std::int32_t rank = state->ranks.items[i];
            if (rank != 0 && rank <= state->k)
                selected.push_back(i);
        }
        return vg::metric::coverage(state->rows.items, state->count(),
                                    static_cast<std::size_t>(state->dims), selected,
                                    kInterruptPoll);
    }();
    return Float8GetDatum(value);
}

// ---- similarity_quantiles

VG_FUNCTION(vg_sample) {  // (state, vector, fractions [, seed])
    aggregate_context(fcinfo);
    const ArrayType* fractions = read_fractions(fcinfo, 2);
    int64 seed = 0;
    if (PG_NARGS() > 3) {
        require_argument(fcinfo, 3, "seed");
        seed = PG_GETARG_INT64(3);
    }
    if (PG_ARGISNULL(1))
        return unchanged(fcinfo);
    const Vector* vector = datum_vector(PG_GETARG_DATUM(1));
    ListState* state = list_state(fcinfo, vector->dim, seed);
    if (state->fractions == nullptr)
        state->fractions = copy_array(state->context, fractions);
    check_options(VARSIZE(fractions) == VARSIZE(state->fractions) &&
                  memcmp(fractions, state->fractions, VARSIZE(fractions)) == 0);
    sample(fcinfo, state, *vector);
    PG_RETURN_POINTER(state);
}

VG_FUNCTION(vg_similarity_quantiles) {
    const auto* state = final_state<ListState>(fcinfo);
    if (state == nullptr || state->count() < 2)
        PG_RETURN_NULL();
    const int count = ArrayGetNItems(ARR_NDIM(state->fractions), ARR_DIMS(state->fractions));
    auto* result = copy_array(CurrentMemoryContext, state->fractions);
    auto* values = reinterpret_cast<float8*>(ARR_DATA_PTR(result));
    {
        const std::vector<double> quantiles = vg::metric::similarity_quantiles(
            state->rows.items, state->count(), static_cast<std::size_t>(state->dims),
            {values, static_cast<std::size_t>(count)}, kInterruptPoll);
        std::copy(quantiles.begin(), quantiles.end(), values);
    }
    PG_RETURN_ARRAYTYPE_P(result);
}

}  // namespace vg::pg::metric
