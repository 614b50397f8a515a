// Aggregates over pairs: agreement of rankings, AUC, significance of paired differences, mutual
// information. State: rows.h. Rows with a NULL on either side are left out, as corr() does.

#include "pg/boundary/pg.h"

#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "core/metric/agreement.h"
#include "core/metric/significance.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/result.h"
#include "pg/metric/rows.h"

namespace vg::pg::metric {
namespace {

using vg::metric::Codes;
using vg::metric::Pair;

constexpr double kMaxDouble = std::numeric_limits<double>::max();
constexpr int kUsualIterations = 10000;
constexpr int kMaxIterations = 100000000;

// Adds the numbers in arguments 1 and 2, named so in messages.
Datum add_pair(FunctionCallInfo fcinfo, const Options& options, const char* x, const char* y) {
    RowState* state = row_state(fcinfo, options);
    if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2)) {
        Record row{};
        row.pair = {finite_argument(fcinfo, 1, x), finite_argument(fcinfo, 2, y)};
        append(fcinfo, state, row);
    }
    PG_RETURN_POINTER(state);
}

Datum optional_datum(FunctionCallInfo fcinfo, const std::optional<double>& value) {
    if (!value)
        PG_RETURN_NULL();
    return Float8GetDatum(*value);
}

// measure(copy of the pairs) -> optional<double>
template <typename Measure>
Datum finish(FunctionCallInfo fcinfo, Measure&& measure) {
    const auto* state = final_state<RowState>(fcinfo);
    if (state == nullptr)
        PG_RETURN_NULL();
    const std::optional<double> value = [&] {
        std::vector<Pair> pairs(state->pairs().begin(), state->pairs().end());
        return measure(pairs);
    }();
    return optional_datum(fcinfo, value);
}

vg::metric::RankFault check_column(const RowState& state, double Pair::*column) {
    std::vector<std::int32_t> ranks;
    ranks.reserve(state.pairs().size());
    for (const Pair& pair : state.pairs())
        ranks.push_back(static_cast<std::int32_t>(pair.*column));
    return vg::metric::check_ranks(ranks, kInterruptPoll);
}

// The 64-bit hash by which PostgreSQL's own hash tables tell values of the argument's type apart:
// equal values have equal hashes, whatever the type and collation.
std::uint64_t code_of(FunctionCallInfo fcinfo, int arg) {
    const Oid type = get_fn_expr_argtype(fcinfo->flinfo, arg);
    TypeCacheEntry* cache = lookup_type_cache(type, TYPECACHE_HASH_EXTENDED_PROC_FINFO);
    if (!OidIsValid(cache->hash_extended_proc_finfo.fn_oid))
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_FUNCTION),
                 errmsg("could not identify a hash function for type %s", format_type_be(type)),
                 errhint("Cast the value, for instance to text.")));
    return DatumGetUInt64(FunctionCall2Coll(&cache->hash_extended_proc_finfo, PG_GET_COLLATION(),
                                            PG_GETARG_DATUM(arg), Int64GetDatum(0)));
}

Datum add_codes(FunctionCallInfo fcinfo, const Options& options) {
    RowState* state = row_state(fcinfo, options);
    if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2)) {
        Record row{};
        row.codes = {code_of(fcinfo, 1), code_of(fcinfo, 2)};
        append(fcinfo, state, row);
    }
    PG_RETURN_POINTER(state);
}

template <typename Measure>
Datum finish_codes(FunctionCallInfo fcinfo, Measure&& measure) {
    const auto* state = final_state<RowState>(fcinfo);
    if (state == nullptr || state->rows.count == 0)
        PG_RETURN_NULL();
    const double value = measure(*state);
    return Float8GetDatum(value);
}

}  // namespace

// ---- transitions

VG_FUNCTION(vg_pair_numbers) {  // (state, x, y)
    return add_pair(fcinfo, Options{}, "x", "y");
}

VG_FUNCTION(vg_pair_systems) {  // (state, a, b [, iterations [, seed]])
    Options options;
    options.iterations = kUsualIterations;
    if (PG_NARGS() > 3) {
        options.iterations = range_argument(fcinfo, 3, "iterations", 1, kMaxIterations);
    }
    if (PG_NARGS() > 4) {
        require_argument(fcinfo, 4, "seed");
        options.seed = PG_GETARG_INT64(4);
    }
    return add_pair(fcinfo, options, "a", "b");
}

VG_FUNCTION(vg_pair_label) {  // (state, score, label)
    RowState* state = row_state(fcinfo, Options{});
    if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2)) {
        Record row{};
        row.pair = {finite_argument(fcinfo, 1, "score"), PG_GETARG_BOOL(2) ? 1.0 : 0.0};
        append(fcinfo, state, row);
    }
    PG_RETURN_POINTER(state);
}

VG_FUNCTION(vg_pair_ranks) {  // (state, rank_a, rank_b, k); NULL = not in that list
    Options options;
    options.k = integer_argument(fcinfo, 3, "k", 1);
    RowState* state = row_state(fcinfo, options);
    Record row{};
    row.pair = {static_cast<double>(read_rank(fcinfo, 1, "rank_a")),
                static_cast<double>(read_rank(fcinfo, 2, "rank_b"))};
    append(fcinfo, state, row);
    PG_RETURN_POINTER(state);
}

VG_FUNCTION(vg_codes) {  // (state, x, y [, seed])
    Options options;
    if (PG_NARGS() > 3) {
        require_argument(fcinfo, 3, "seed");
        options.seed = PG_GETARG_INT64(3);
    }
    return add_codes(fcinfo, options);
}

// ---- results

VG_FUNCTION(vg_kendall_tau) {
    return finish(fcinfo, [](std::vector<Pair>& pairs) {
        return vg::metric::kendall_tau(pairs, kInterruptPoll);
    });
}

VG_FUNCTION(vg_auc) {
    return finish(fcinfo,
                  [](std::vector<Pair>& pairs) { return vg::metric::auc(pairs, kInterruptPoll); });
}

VG_FUNCTION(vg_overlap_at) {
    const auto* state = final_state<RowState>(fcinfo);
    if (state == nullptr)
        PG_RETURN_NULL();
    report_rank_fault(check_column(*state, &Pair::x), "rank_a");
    report_rank_fault(check_column(*state, &Pair::y), "rank_b");
    const double k = state->options.k;
    double both = 0.0;
    for (const Pair& pair : state->pairs())
        both += pair.x >= 1.0 && pair.x <= k && pair.y >= 1.0 && pair.y <= k;
    return Float8GetDatum(both / k);
}

VG_FUNCTION(vg_paired_t) {
    const auto* state = final_state<RowState>(fcinfo);
    if (state == nullptr || state->rows.count == 0)
        PG_RETURN_NULL();
    TupleDesc columns = row_columns(fcinfo);
    double mean = 0.0;  // of b - a: positive where b is better
    const std::optional<vg::metric::PairedT> test = [&] {
        const vg::metric::Differences d = vg::metric::differences_of(state->pairs());
        for (const double x : d.values)
            mean += x / static_cast<double>(d.values.size());
        mean = std::scalbn(mean, d.exponent);
        return vg::metric::paired_t(d.values, d.noise);
    }();
    if (unlikely(!std::isfinite(mean)))
        float_overflow_error();
    const Datum values[] = {Int64GetDatum(state->rows.count), Float8GetDatum(mean),
                            Float8GetDatum(test ? test->t : 0.0),
                            Float8GetDatum(test ? test->p : 0.0)};
    const bool nulls[] = {false, false, !test, !test};
    PG_RETURN_DATUM(row_datum(columns, values, nulls));
}

VG_FUNCTION(vg_randomization_test) {
    const auto* state = final_state<RowState>(fcinfo);
    if (state == nullptr)
        PG_RETURN_NULL();
    const std::optional<double> p = [&] {
        vg::metric::Differences d = vg::metric::differences_of(state->pairs());
        return vg::metric::randomization_test(
            d.values, static_cast<std::uint64_t>(state->options.iterations),
            static_cast<std::uint64_t>(state->options.seed), kInterruptPoll);
    }();
    return optional_datum(fcinfo, p);
}

VG_FUNCTION(vg_mutual_info) {
    return finish_codes(fcinfo, [](const RowState& state) {
        return vg::metric::mutual_info(state.codes(), kInterruptPoll);
    });
}

VG_FUNCTION(vg_mutual_info_corrected) {
    return finish_codes(fcinfo, [](const RowState& state) {
        return vg::metric::mutual_info_corrected(state.codes(), kInterruptPoll);
    });
}

VG_FUNCTION(vg_mutual_info_shuffled) {
    return finish_codes(fcinfo, [](const RowState& state) {
        std::vector<Codes> codes(state.codes().begin(), state.codes().end());
        vg::metric::shuffle_codes(codes, static_cast<std::uint64_t>(state.options.seed),
                                  kInterruptPoll);
        return vg::metric::mutual_info_corrected(codes, kInterruptPoll);
    });
}

}  // namespace vg::pg::metric
