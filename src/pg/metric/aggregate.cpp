// Arguments and memory of the aggregates; see aggregate.h.

#include "pg/boundary/pg.h"

#include "pg/metric/aggregate.h"

#include <cmath>
#include <cstring>

#include "pg/boundary/memory.h"

namespace vg::pg::metric {

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

std::int32_t read_rank(FunctionCallInfo fcinfo, int arg, const char* name) {
    if (PG_ARGISNULL(arg))
        return 0;
    constexpr Place kPlace{
        .hint = "The best document has rank 1; one that was not retrieved has NULL."};
    const int64 rank = check_range(PG_GETARG_INT64(arg), name, 1, PG_INT32_MAX, kPlace);
    return static_cast<std::int32_t>(rank);
}

void report_rank_fault(const vg::metric::RankFault& fault, const char* name) {
    using vg::metric::RankFault;
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

}  // namespace vg::pg::metric
