// Aggregates of ranking metrics. Each has rows (rel, rank, options...) of one query: what
// `run FULL JOIN qrels` gives. rank NULL = judged but not retrieved, rel NULL = retrieved but not
// judged. State: rows.h. The options are read and compared at every row; the metric is computed at
// the end. A query of which nothing was judged has no value.

#include "pg/boundary/pg.h"

#include <array>
#include <cmath>
#include <limits>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/metric/ranking.h"
#include "pg/boundary/boundary.h"
#include "pg/metric/rows.h"

namespace vg::pg::metric {
namespace {

using vg::metric::ApNorm;
using vg::metric::Gain;
using vg::metric::Judged;
using vg::metric::Judgement;
using vg::metric::RankFault;

constexpr double kMaxDouble = std::numeric_limits<double>::max();
// gdeval's, for collections with grades 0 to 4.
constexpr double kUsualMaxGrade = 4.0;

// Names of Gain and ApNorm.
constexpr std::array<std::string_view, 2> kGains{"linear", "exp"};
constexpr std::array<std::string_view, 2> kNorms{"R", "min_r_k"};
enum class RbpGain { kBinary, kLinear };
constexpr std::array<std::string_view, 2> kRbpGains{"binary", "linear"};

// Adds the row in arguments 1 (rel) and 2 (rank, if has_rank) to the state.
Datum judge(FunctionCallInfo fcinfo, const Options& options, bool has_rank = true,
            double max_grade = kMaxDouble) {
    RowState* state = row_state(fcinfo, options);
    Record row{};
    row.judgement.judged = !PG_ARGISNULL(1);
    if (row.judgement.judged)
        row.judgement.rel = between_argument(fcinfo, 1, "rel", -kMaxDouble, max_grade);
    if (has_rank)
        row.judgement.rank = read_rank(fcinfo, 2, "rank");
    if (row.judgement.judged || row.judgement.rank != 0)
        append(fcinfo, state, row);
    PG_RETURN_POINTER(state);
}

void read_threshold(FunctionCallInfo fcinfo, int arg, Options* options) {
    if (PG_NARGS() <= arg)
        return;
    options->threshold = positive_argument(fcinfo, arg, "rel_threshold");
}

struct Checked {
    RankFault fault;
    bool judged;  // anything at all
};

Checked check_rows(const RowState& state) {
    std::vector<std::int32_t> ranks;
    ranks.reserve(state.judgements().size());
    bool judged = false;
    for (const Judgement& row : state.judgements()) {
        ranks.push_back(row.rank);
        judged = judged || row.judged;
    }
    return {vg::metric::check_ranks(ranks, kInterruptPoll), judged};
}

// The result of metric(query, options), a double or a count; NULL without judgements.
template <typename Metric>
Datum finish(FunctionCallInfo fcinfo, Metric&& metric) {
    const auto* state = final_state<RowState>(fcinfo);
    if (state == nullptr)
        PG_RETURN_NULL();
    const Checked checked = check_rows(*state);
    report_rank_fault(checked.fault, "rank");
    if (!checked.judged)
        PG_RETURN_NULL();
    const auto value = [&] {
        const Judged query(state->judgements(), kInterruptPoll);
        return metric(query, state->options);
    }();
    if constexpr (std::is_same_v<decltype(value), const std::size_t>) {
        return Int64GetDatum(static_cast<int64>(value));
    } else {
        if (unlikely(!std::isfinite(value)))
            float_overflow_error();
        return Float8GetDatum(value);
    }
}

std::size_t k_of(const Options& options) {
    return static_cast<std::size_t>(options.k);
}

// The two common kinds of metrics of the first k documents.
Datum finish_gain(FunctionCallInfo fcinfo, double (*metric)(const Judged&, std::size_t, Gain)) {
    return finish(fcinfo, [=](const Judged& q, const Options& o) {
        return metric(q, k_of(o), static_cast<Gain>(o.choice));
    });
}
template <typename Value>
Datum finish_at(FunctionCallInfo fcinfo, Value (*metric)(const Judged&, std::size_t, double)) {
    return finish(
        fcinfo, [=](const Judged& q, const Options& o) { return metric(q, k_of(o), o.threshold); });
}

}  // namespace

// ---- transitions: (state, rel, rank, ...)

VG_FUNCTION(vg_judge) {  // ... [rel_threshold]
    Options options;
    read_threshold(fcinfo, 3, &options);
    return judge(fcinfo, options);
}

VG_FUNCTION(vg_judge_rel) {  // no rank; [rel_threshold]
    Options options;
    read_threshold(fcinfo, 2, &options);
    return judge(fcinfo, options, false);
}

VG_FUNCTION(vg_judge_k) {  // ... k [, rel_threshold]
    Options options;
    options.k = integer_argument(fcinfo, 3, "k", 1);
    read_threshold(fcinfo, 4, &options);
    return judge(fcinfo, options);
}

VG_FUNCTION(vg_judge_k_gain) {  // ... k [, gain]
    Options options;
    options.k = integer_argument(fcinfo, 3, "k", 1);
    if (PG_NARGS() > 4)
        options.choice = choice_argument<int>(fcinfo, 4, "gain", "gains", kGains);
    const bool exponential = options.choice == static_cast<int>(Gain::kExponential);
    return judge(fcinfo, options, true,
                 exponential ? vg::metric::kMaxExponentialGrade : kMaxDouble);
}

VG_FUNCTION(vg_judge_k_norm) {  // ... k, norm [, rel_threshold]
    Options options;
    options.k = integer_argument(fcinfo, 3, "k", 1);
    options.choice = choice_argument<int>(fcinfo, 4, "norm", "norms", kNorms);
    read_threshold(fcinfo, 5, &options);
    return judge(fcinfo, options);
}

VG_FUNCTION(vg_judge_k_grade) {  // ... k [, max_grade]
    Options options;
    options.k = integer_argument(fcinfo, 3, "k", 1);
    options.number = kUsualMaxGrade;
    if (PG_NARGS() > 4)
        options.number =
            between_argument(fcinfo, 4, "max_grade", 0.0, vg::metric::kMaxExponentialGrade);
    return judge(fcinfo, options, true, options.number);
}

VG_FUNCTION(vg_judge_persistence) {  // ... p [, gain [, rel_threshold]]
    Options options;
    options.number = share_argument(fcinfo, 3, "p");
    options.choice = static_cast<int>(RbpGain::kBinary);
    if (PG_NARGS() > 4)
        options.choice = choice_argument<int>(fcinfo, 4, "gain", "gains", kRbpGains);
    read_threshold(fcinfo, 5, &options);
    return judge(fcinfo, options);
}

// ---- results

VG_FUNCTION_RETURNS(vg_dcg_at, finish_gain(fcinfo, vg::metric::dcg_at))
VG_FUNCTION_RETURNS(vg_ndcg_at, finish_gain(fcinfo, vg::metric::ndcg_at))

VG_FUNCTION(vg_ap_at) {
    return finish(fcinfo, [](const Judged& q, const Options& o) {
        return vg::metric::ap_at(q, k_of(o), static_cast<ApNorm>(o.choice), o.threshold);
    });
}

VG_FUNCTION_RETURNS(vg_rr_at, finish_at(fcinfo, vg::metric::rr_at))
VG_FUNCTION_RETURNS(vg_precision_at, finish_at(fcinfo, vg::metric::precision_at))
VG_FUNCTION_RETURNS(vg_recall_at, finish_at(fcinfo, vg::metric::recall_at))
VG_FUNCTION_RETURNS(vg_success_at, finish_at(fcinfo, vg::metric::success_at))
VG_FUNCTION_RETURNS(vg_hits_at, finish_at(fcinfo, vg::metric::hits_at))

VG_FUNCTION(vg_num_relevant) {
    return finish(fcinfo,
                  [](const Judged& q, const Options& o) { return q.relevant(o.threshold); });
}

VG_FUNCTION(vg_rbp) {
    return finish(fcinfo, [](const Judged& q, const Options& o) {
        return o.choice == static_cast<int>(RbpGain::kBinary)
                   ? vg::metric::rbp(q, o.number, o.threshold)
                   : vg::metric::rbp_graded(q, o.number);
    });
}

VG_FUNCTION(vg_bpref) {
    return finish(fcinfo, [](const Judged& q, const Options& o) {
        return vg::metric::bpref(q, o.threshold);
    });
}

VG_FUNCTION(vg_err_at) {
    return finish(fcinfo, [](const Judged& q, const Options& o) {
        return vg::metric::err_at(q, k_of(o), o.number);
    });
}

}  // namespace vg::pg::metric
