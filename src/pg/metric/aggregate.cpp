// Arguments and memory of the aggregates; see aggregate.h.

#include "pg/boundary/pg.h"

#include "pg/metric/aggregate.h"

#include <cmath>
#include <cstring>

#include "pg/boundary/memory.h"

namespace vg::pg {

const char* aggregate_name(FunctionCallInfo fcinfo) {
    const Aggref* call = AggGetAggref(fcinfo);
    const char* name = call == nullptr ? nullptr : get_func_name(call->aggfnoid);
    return name == nullptr ? "aggregate" : name;
}

void check_memory(FunctionCallInfo fcinfo, double bytes) {
    if (unlikely(bytes > static_cast<double>(state_budget())))
        report_state_size(aggregate_name(fcinfo), bytes, "aggregate fewer rows");
}

void report_zero_vector() {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("a zero vector has no cosine similarity"),
                    errhint("Leave zero vectors out: FILTER (WHERE vector_norm(v) > 0).")));
    pg_unreachable();
}

int read_k(FunctionCallInfo fcinfo, int arg) {
    if (PG_ARGISNULL(arg))
        report_null("k");
    const int32 k = PG_GETARG_INT32(arg);
    if (k < 1)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("k must be at least 1, not %d", k)));
    return k;
}

double read_number(FunctionCallInfo fcinfo, int arg, const char* name, double low, double high) {
    if (PG_ARGISNULL(arg))
        report_null(name);
    const float8 value = PG_GETARG_FLOAT8(arg);
    if (!std::isfinite(value))
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%s must be finite, not %g", name, value)));
    if (value > high)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%s must be at most %g, not %g", name, high, value)));
    if (value < low)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%s must be at least %g, not %g", name, low, value)));
    return value;
}

std::int32_t read_rank(FunctionCallInfo fcinfo, int arg, const char* name) {
    if (PG_ARGISNULL(arg))
        return 0;
    const int64 rank = PG_GETARG_INT64(arg);
    if (rank < 1 || rank > PG_INT32_MAX)
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                 errmsg("%s must be between 1 and %d, not %lld", name, PG_INT32_MAX,
                        static_cast<long long>(rank)),
                 errhint("The best document has rank 1; one that was not retrieved has NULL.")));
    return static_cast<std::int32_t>(rank);
}

int read_choice(FunctionCallInfo fcinfo, int arg, const char* name,
                std::span<const Choice> choices) {
    if (PG_ARGISNULL(arg))
        report_null(name);
    const text* word = PG_GETARG_TEXT_PP(arg);
    const std::size_t length = VARSIZE_ANY_EXHDR(word);
    for (const Choice& choice : choices) {
        if (std::strlen(choice.name) == length &&
            std::memcmp(choice.name, VARDATA_ANY(word), length) == 0)
            return choice.value;
    }
    StringInfoData known;
    initStringInfo(&known);
    for (const Choice& choice : choices)
        appendStringInfo(&known, "%s\"%s\"", known.len == 0 ? "" : ", ", choice.name);
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("unknown %s \"%s\"", name, text_to_cstring(word)),
                    errhint("Known are: %s.", known.data)));
    pg_unreachable();
}

void report_rank_fault(const metric::RankFault& fault, const char* name) {
    using metric::RankFault;
    if (fault.kind == RankFault::kDuplicate)
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                 errmsg("%s %d occurs twice in a group", name, fault.rank),
                 errdetail("A group is one query of one system, with one row per document."),
                 errhint("Group by query and system; eval_join() finds documents listed twice.")));
    if (fault.kind == RankFault::kMissing)
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                 errmsg("%s %d is missing in a group", name, fault.rank),
                 errdetail("The ranks of the retrieved documents must be 1, 2, 3 and so on."),
                 errhint("Join with FULL JOIN, or use eval_join(): other joins lose documents.")));
}

}  // namespace vg::pg
