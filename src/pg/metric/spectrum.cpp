// Aggregates of the spectrum of a set of vectors: rankme, stable_rank, participation_ratio,
// vendi_score and pca. All share one state, the Gram matrix, so PostgreSQL runs one transition for
// several of them over the same column, and parallel workers add up.
//
// State: up to kGramBatch rows wait in a buffer, because the matrix is cheapest to update with many
// at once; it is not even allocated before the buffer is full. Ownership: aggregate.h.

#include "pg/boundary/pg.h"

#include <algorithm>
#include <vector>

#include "core/metric/eigen.h"
#include "core/metric/gram.h"
#include "core/metric/similarity.h"
#include "core/metric/spectrum.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/result.h"
#include "pg/metric/aggregate.h"
#include "pg/types/vector.h"

namespace vg::pg::metric {
namespace {

constexpr auto kBatch = static_cast<std::int32_t>(vg::metric::kGramBatch);

struct GramState {
    MemoryContext context;
    std::int32_t dims;
    std::int32_t k;         // of pca
    std::int32_t buffered;  // rows in the buffer
    bool unit;              // rows are scaled to length 1
    std::int64_t count;     // rows in all
    float* buffer;          // kBatch x dims
    double* sums;           // of the columns
    double* tiles;          // null as long as all rows are in the buffer
};

Size dims_of(const GramState& state) {
    return static_cast<Size>(state.dims);
}

std::span<double> tiles_of(const GramState& state) {
    return {state.tiles, vg::metric::gram_size(dims_of(state))};
}

double state_bytes(const GramState& state) {
    return static_cast<double>(kBatch * dims_of(state) * sizeof(float) +
                               dims_of(state) * sizeof(double)) +
           (state.tiles == nullptr
                ? 0.0
                : static_cast<double>(vg::metric::gram_size(dims_of(state)) * sizeof(double)));
}

GramState* make_gram_state(FunctionCallInfo fcinfo, MemoryContext context, int dims, bool unit,
                           int k) {
    auto* state = static_cast<GramState*>(MemoryContextAllocZero(context, sizeof(GramState)));
    state->context = context;
    state->dims = dims;
    state->unit = unit;
    state->k = k;
    check_memory(fcinfo, state_bytes(*state));
    state->buffer = allocate_zeroed<float>(context, kBatch * dims_of(*state));
    state->sums = allocate_zeroed<double>(context, dims_of(*state));
    return state;
}

void need_tiles(FunctionCallInfo fcinfo, GramState* state) {
    if (state->tiles != nullptr)
        return;
    check_memory(fcinfo, state_bytes(*state) + static_cast<double>(tiles_of(*state).size_bytes()));
    state->tiles = allocate_zeroed<double>(state->context, tiles_of(*state).size());
}

// Moves the rows of the buffer into the matrix. The state means the same before and after.
void flush(FunctionCallInfo fcinfo, GramState* state) {
    if (state->buffered == 0)
        return;
    need_tiles(fcinfo, state);
    vg::metric::add_gram(tiles_of(*state), state->buffer, static_cast<std::size_t>(state->buffered),
                         dims_of(*state), kInterruptPoll);
    state->buffered = 0;
}

// Adds the vector in argument 1; NULL is left out.
Datum accumulate(FunctionCallInfo fcinfo, bool unit, int k) {
    MemoryContext context = aggregate_context(fcinfo);
    auto* state = PG_ARGISNULL(0) ? nullptr : reinterpret_cast<GramState*>(PG_GETARG_POINTER(0));
    if (state != nullptr)
        check_options(state->k == k);
    if (PG_ARGISNULL(1)) {
        if (state == nullptr)
            PG_RETURN_NULL();
        PG_RETURN_POINTER(state);
    }
    const Vector* vector = datum_vector(PG_GETARG_DATUM(1));
    if (state == nullptr)
        state = make_gram_state(fcinfo, context, vector->dim, unit, k);
    check_expected_dim(state->dims, vector->dim);
    if (state->buffered == kBatch)
        flush(fcinfo, state);
    float* row = state->buffer + static_cast<Size>(state->buffered) * dims_of(*state);
    std::copy_n(vector->x, state->dims, row);
    if (unit && !vg::metric::unit_row({row, dims_of(*state)}))
        report_zero_vector();
    for (int i = 0; i < state->dims; i++)
        state->sums[i] += static_cast<double>(row[i]);
    state->buffered++;
    state->count++;
    PG_RETURN_POINTER(state);
}

// A side x side matrix in CurrentMemoryContext, charged with the state.
std::span<double> make_square(FunctionCallInfo fcinfo, const GramState& state, Size side) {
    check_memory(fcinfo, state_bytes(state) + static_cast<double>(side * side * sizeof(double)));
    void* square = MemoryContextAllocHuge(CurrentMemoryContext, side * side * sizeof(double));
    return {static_cast<double*>(square), side * side};
}

struct Spectrum {
    std::span<double> values;  // cleaned, largest first
    std::size_t full_rank;
};

Spectrum spectrum_of(FunctionCallInfo fcinfo, GramState* state) {
    const auto rows = static_cast<std::size_t>(state->count);
    const bool small = state->tiles == nullptr && rows < dims_of(*state);
    const std::size_t side = small ? rows : dims_of(*state);
    if (!small)
        flush(fcinfo, state);
    const std::span<double> square = make_square(fcinfo, *state, side);
    const std::span<double> values(allocate_zeroed<double>(CurrentMemoryContext, side), side);
    if (small)
        vg::metric::row_gram(state->buffer, rows, dims_of(*state), square);
    else
        vg::metric::expand_gram(tiles_of(*state), side, square, kInterruptPoll);
    vg::metric::eigenvalues(square, values, kInterruptPoll);
    vg::metric::clean_spectrum(values);
    pfree(square.data());
    return {values, std::min(rows, dims_of(*state))};
}

// measure(spectrum) -> double; NULL without rows, and where all of them are zero.
template <typename Measure>
Datum finish(FunctionCallInfo fcinfo, Measure&& measure) {
    auto* state = final_state<GramState>(fcinfo);
    if (state == nullptr)
        PG_RETURN_NULL();
    const double value = measure(spectrum_of(fcinfo, state));
    if (value == 0.0)
        PG_RETURN_NULL();
    return Float8GetDatum(value);
}

Datum vector_of(const double* values, int dims) {
    Vector* vector = make_vector(dims);
    for (int i = 0; i < dims; i++) {
        vector->x[i] = static_cast<float>(values[i]);
        check_element(vector->x[i]);
    }
    return vector_datum(vector);
}

ArrayType* make_array(Datum* items, int count, Oid type) {
    int16 length;
    bool by_value;
    char align;
    get_typlenbyvalalign(type, &length, &by_value, &align);
    return construct_array(items, count, type, length, by_value, align);
}

}  // namespace

VG_FUNCTION(vg_gram) {  // (state, vector)
    return accumulate(fcinfo, false, 0);
}

VG_FUNCTION(vg_unit_gram) {  // (state, vector)
    return accumulate(fcinfo, true, 0);
}

VG_FUNCTION(vg_gram_k) {  // (state, vector, k)
    return accumulate(fcinfo, false, integer_argument(fcinfo, 2, "k", 1));
}

VG_FUNCTION(vg_gram_combine) {
    MemoryContext context = aggregate_context(fcinfo);
    if (PG_ARGISNULL(1))
        return unchanged(fcinfo);
    auto* from = reinterpret_cast<GramState*>(PG_GETARG_POINTER(1));
    GramState* to = PG_ARGISNULL(0)
                        ? make_gram_state(fcinfo, context, from->dims, from->unit, from->k)
                        : reinterpret_cast<GramState*>(PG_GETARG_POINTER(0));
    check_expected_dim(to->dims, from->dims);
    check_options(to->k == from->k);
    if (from->tiles != nullptr) {
        need_tiles(fcinfo, to);
        const std::span<double> sum = tiles_of(*to);
        const std::span<double> more = tiles_of(*from);
        for (std::size_t i = 0; i < sum.size(); i++)
            sum[i] += more[i];
    }
    for (std::int32_t i = 0; i < from->buffered; i++) {
        if (to->buffered == kBatch)
            flush(fcinfo, to);
        std::copy_n(from->buffer + static_cast<Size>(i) * dims_of(*to), to->dims,
                    to->buffer + static_cast<Size>(to->buffered++) * dims_of(*to));
    }
    for (int i = 0; i < to->dims; i++)
        to->sums[i] += from->sums[i];
    to->count += from->count;
    PG_RETURN_POINTER(to);
}

VG_FUNCTION(vg_gram_serialize) {
    const auto* state = final_state<GramState>(fcinfo);
    const Size rows = static_cast<Size>(state->buffered) * dims_of(*state) * sizeof(float);
    const Size tiles = state->tiles == nullptr ? 0 : tiles_of(*state).size_bytes();
    const Size sums = dims_of(*state) * sizeof(double);
    bytea* bytes = make_bytes(sizeof *state + rows + sums + tiles);
    char* to = put_bytes(VARDATA(bytes), state, sizeof *state);
    to = put_bytes(to, state->buffer, rows);
    to = put_bytes(to, state->sums, sums);
    put_bytes(to, state->tiles, tiles);
    PG_RETURN_BYTEA_P(bytes);
}

VG_FUNCTION(vg_gram_deserialize) {
    MemoryContext context = aggregate_context(fcinfo);
    const bytea* bytes = PG_GETARG_BYTEA_PP(0);
    GramState sent;  // its pointers are another process's
    const char* from = get_bytes(VARDATA_ANY(bytes), &sent, sizeof sent);
    GramState* state = make_gram_state(fcinfo, context, sent.dims, sent.unit, sent.k);
    state->count = sent.count;
    state->buffered = sent.buffered;
    from = get_bytes(from, state->buffer,
                     static_cast<Size>(sent.buffered) * dims_of(sent) * sizeof(float));
    from = get_bytes(from, state->sums, dims_of(sent) * sizeof(double));
    if (sent.tiles != nullptr) {
        need_tiles(fcinfo, state);
        get_bytes(from, state->tiles, tiles_of(*state).size_bytes());
    }
    PG_RETURN_POINTER(state);
}

VG_FUNCTION(vg_rankme) {
    return finish(fcinfo,
                  [](const Spectrum& s) { return vg::metric::rankme(s.values, s.full_rank); });
}

VG_FUNCTION(vg_stable_rank) {
    return finish(fcinfo, [](const Spectrum& s) { return vg::metric::stable_rank(s.values); });
}

VG_FUNCTION(vg_participation_ratio) {
    return finish(fcinfo,
                  [](const Spectrum& s) { return vg::metric::participation_ratio(s.values); });
}

VG_FUNCTION(vg_vendi_score) {
    return finish(fcinfo, [](const Spectrum& s) { return vg::metric::vendi_score(s.values); });
}

VG_FUNCTION(vg_pca) {
    auto* state = final_state<GramState>(fcinfo);
    if (state == nullptr || state->count < 2)
        PG_RETURN_NULL();
    TupleDesc columns = row_columns(fcinfo);
    const std::size_t dims = dims_of(*state);
    if (state->k > state->dims)
        report_integer("k", psprintf("be at most the number of dimensions, %d", state->dims),
                       state->k);
    flush(fcinfo, state);
    const std::span<double> square = make_square(fcinfo, *state, dims);
    const std::span<double> values(allocate_zeroed<double>(CurrentMemoryContext, dims), dims);
    double total = 0.0;
    vg::metric::expand_gram(tiles_of(*state), dims, square, kInterruptPoll);
    vg::metric::centre_gram(square, {state->sums, dims}, static_cast<double>(state->count),
                            kInterruptPoll);
    for (std::size_t i = 0; i < dims; i++)
        total += std::max(0.0, square[i * dims + i]);
    vg::metric::eigenvectors(square, values, kInterruptPoll);
    vg::metric::clean_spectrum(values);

    auto* mean = static_cast<double*>(palloc(dims * sizeof(double)));
    for (std::size_t i = 0; i < dims; i++)
        mean[i] = state->sums[i] / static_cast<double>(state->count);
    auto* components = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(state->k)));
    auto* variances = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(state->k)));
    for (int i = 0; i < state->k; i++) {
        components[i] = vector_of(square.data() + static_cast<Size>(i) * dims, state->dims);
        variances[i] = Float8GetDatum(values[static_cast<Size>(i)]);
    }
    const Oid vector_type = get_element_type(TupleDescAttr(columns, 1)->atttypid);
    Datum fields[] = {vector_of(mean, state->dims),
                      PointerGetDatum(make_array(components, state->k, vector_type)),
                      PointerGetDatum(make_array(variances, state->k, FLOAT8OID)),
                      Float8GetDatum(total)};
    bool nulls[lengthof(fields)] = {};
    PG_RETURN_DATUM(row_datum(columns, fields, nulls));
}

VG_FUNCTION(vg_pca_project) {  // (vector, pca_model)
    const Vector* vector = datum_vector(PG_GETARG_DATUM(0));
    HeapTupleHeader model = PG_GETARG_HEAPTUPLEHEADER(1);
    bool no_mean;
    bool no_components;
    const Datum mean_datum = GetAttributeByNum(model, 1, &no_mean);
    const Datum array_datum = GetAttributeByNum(model, 2, &no_components);
    if (no_mean || no_components)
        report_null("a field of the model");
    const Vector* mean = datum_vector(mean_datum);
    check_expected_dim(mean->dim, vector->dim);
    ArrayType* array = DatumGetArrayTypeP(array_datum);
    Datum* items;
    bool* nulls;
    int count;
    int16 length;
    bool by_value;
    char align;
    get_typlenbyvalalign(ARR_ELEMTYPE(array), &length, &by_value, &align);
    deconstruct_array(array, ARR_ELEMTYPE(array), length, by_value, align, &items, &nulls, &count);
    check_dim(count);
    Vector* result = make_vector(count);
    for (int c = 0; c < count; c++) {
        if (nulls[c])
            report_null("a component");
        const Vector* component = datum_vector(items[c]);
        check_expected_dim(mean->dim, component->dim);
        double sum = 0.0;
        for (int i = 0; i < mean->dim; i++)
            sum += (static_cast<double>(vector->x[i]) - static_cast<double>(mean->x[i])) *
                   static_cast<double>(component->x[i]);
        result->x[c] = static_cast<float>(sum);
        check_element(result->x[c]);
    }
    return vector_datum(result);
}

}  // namespace vg::pg::metric
