// rerank: reads the request, runs the protocol over an SqlJudge and returns the ranking.
//
// Ownership: everything of one rerank lives in a context of its own, which is deleted at the end;
// the plug-in is kept for the statement (plugin.h).

#include "pg/boundary/pg.h"

#include <cmath>
#include <limits>
#include <memory_resource>

#include "core/rerank/rerank.h"
#include "pg/boundary/arguments.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/context.h"
#include "pg/boundary/memory.h"
#include "pg/boundary/result.h"
#include "pg/rerank/arguments.h"
#include "pg/rerank/sql_judge.h"

namespace vg::pg::rerank {
namespace {

enum Argument {
    kQuery,
    kDocs,
    kFunction,
    kProtocol,
    kK,
    kBatch,
    kFirst = 13,
    kBlend,
    kMaxCalls,
    kSeed
};
enum Column { kIdx, kRank, kScore, kCalls, kRepairs, kColumns };

// The scores of the first stage, one per document that is not NULL.
std::span<const double> first_stage(FunctionCallInfo fcinfo, const DocumentList& list) {
    const ArrayItems items = array_items(PG_GETARG_ARRAYTYPE_P(kFirst));
    if (items.n != list.elements)
        ereport(ERROR,
                (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
                 errmsg("first_stage must have one score per document"),
                 errdetail("There are %d scores and %d documents.", items.n, list.elements)));
    const auto n = static_cast<std::size_t>(list.n);
    auto* scores = static_cast<double*>(
        MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * (n + 1)));
    for (std::size_t i = 0; i < n; ++i) {
        const std::uint32_t at = list.place[i];
        scores[i] = items.nulls[at] ? std::numeric_limits<double>::quiet_NaN()
                                    : DatumGetFloat8(items.values[at]);
        if (!items.nulls[at])
            check_finite(scores[i], "first_stage", {"element", int64{at} + 1, "the array"});
    }
    return {scores, n};
}

void read_blend(FunctionCallInfo fcinfo, const DocumentList& list, vg::rerank::Request* request) {
    if (PG_ARGISNULL(kBlend) != PG_ARGISNULL(kFirst))
        ereport(
            ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
             errmsg("first_stage and blend belong together"),
             errdetail("Only %s is given.", PG_ARGISNULL(kBlend) ? "first_stage" : "blend"),
             errhint("blend is the share of the new score; 1 - blend is that of first_stage.")));
    if (PG_ARGISNULL(kBlend))
        return;
    request->blend = share_argument(fcinfo, kBlend, "blend");
    request->first_stage = first_stage(fcinfo, list);
}

vg::rerank::Request read_request(FunctionCallInfo fcinfo) {
    vg::rerank::Request request;
    request.shape = shape_arguments(fcinfo, kProtocol, kBatch);
    if (!PG_ARGISNULL(kMaxCalls))
        request.max_calls =
            static_cast<std::uint64_t>(integer_argument(fcinfo, kMaxCalls, "max_calls", 0));
    require_argument(fcinfo, kSeed, "seed");
    request.seed = static_cast<std::uint64_t>(PG_GETARG_INT64(kSeed));
    return request;
}

// The query out of line or compressed would be unpacked at each call.
Datum query_argument(FunctionCallInfo fcinfo, Oid type) {
    const Datum query = PG_GETARG_DATUM(kQuery);
    return get_typlen(type) == -1 ? PointerGetDatum(PG_DETOAST_DATUM_PACKED(query)) : query;
}

void check_memory_of(const DocumentList& list) {
    constexpr std::size_t kPerElement = sizeof(Datum) + sizeof(bool) + sizeof(std::uint32_t);
    const auto elements = static_cast<std::size_t>(list.elements);
    check_state_size("rerank",
                     static_cast<double>(elements * (kPerElement + vg::rerank::kBytesPerDocument)),
                     "pass fewer documents");
}

void notice_places(Plugin* plugin, const vg::rerank::Shape& shape, int n) {
    const std::size_t settled = shape.passes * (shape.win - shape.step);
    if (shape.protocol != vg::rerank::Protocol::kListwise || plugin->noticed_places ||
        shape.win >= static_cast<std::size_t>(n) || shape.k <= settled)
        return;
    plugin->noticed_places = true;
    ereport(NOTICE, (errmsg("listwise settles the first %zu places, not %zu", settled, shape.k),
                     errdetail("They are passes * (win - step)."),
                     errhint("Raise win or passes, or lower step or k.")));
}

void notice_budget(Plugin* plugin, const vg::rerank::Outcome& outcome) {
    if (!outcome.cut_short || plugin->noticed_max_calls)
        return;
    plugin->noticed_max_calls = true;
    ereport(NOTICE,
            (errmsg("rerank stopped at max_calls"),
             errdetail("Calls made: " UINT64_FORMAT ". What was not settled by then keeps its "
                       "order.",
                       outcome.calls)));
}

vg::rerank::Outcome* judge_documents(Plugin* plugin, Datum query, Oid collation,
                                     const DocumentList& list, const vg::rerank::Request& request) {
    MemoryContext context = CurrentMemoryContext;
    MemoryContext per_call = AllocSetContextCreate(context, "rerank call", ALLOCSET_DEFAULT_SIZES);
    auto* memory = new_in_context<ContextResource>(context, context);
    SqlJudge judge(plugin, query, collation, list, per_call);
    return new_in_context<vg::rerank::Outcome>(
        context, vg::rerank::rerank(judge, static_cast<std::size_t>(list.n), request, memory,
                                    kInterruptPoll));
}

struct Rows {
    Tuplestorestate* store;
    TupleDesc columns;
    Datum values[kColumns];
    bool nulls[kColumns];
    int rank;
};

void put_row(Rows* rows, std::uint32_t element, double score) {
    rows->values[kIdx] = Int32GetDatum(static_cast<int32>(element) + 1);
    rows->values[kRank] = Int32GetDatum(++rows->rank);
    rows->values[kScore] = Float8GetDatum(score);
    rows->nulls[kScore] = std::isnan(score);
    tuplestore_putvalues(rows->store, rows->columns, rows->values, rows->nulls);
}

// The first `places` rows; NULL documents come behind all others.
void put_ranking(Rows* rows, const vg::rerank::Outcome& outcome, const DocumentList& list,
                 std::size_t places) {
    rows->values[kCalls] = Int64GetDatum(static_cast<int64>(outcome.calls));
    rows->values[kRepairs] = Int64GetDatum(static_cast<int64>(outcome.repairs));
    for (const vg::rerank::Ranked& r : outcome.ranking) {
        if (static_cast<std::size_t>(rows->rank) == places)
            return;
        put_row(rows, list.place[r.document], r.score);
    }
    int next = 0;
    for (int element = 0; element < list.elements; ++element) {
        if (next < list.n && list.place[next] == static_cast<std::uint32_t>(element)) {
            ++next;
            continue;
        }
        if (static_cast<std::size_t>(rows->rank) == places)
            return;
        put_row(rows, static_cast<std::uint32_t>(element),
                std::numeric_limits<double>::quiet_NaN());
    }
}

void run(FunctionCallInfo fcinfo, Rows* rows) {
    require_argument(fcinfo, kFunction, "fn");
    vg::rerank::Request request = read_request(fcinfo);
    Plugin* plugin = find_plugin(fcinfo, PG_GETARG_OID(kFunction), request.shape.protocol);
    if (!PG_ARGISNULL(kK))
        integer_argument(fcinfo, kK, "k", 1);
    // array_agg over no rows is NULL.
    if (PG_ARGISNULL(kDocs))
        return;
    require_argument(fcinfo, kQuery, "query");
    const DocumentList list = read_documents(PG_GETARG_ARRAYTYPE_P(kDocs));
    check_memory_of(list);
    read_blend(fcinfo, list, &request);
    const std::size_t places = places_argument(fcinfo, kK, static_cast<std::size_t>(list.elements));
    request.shape.k = std::min(places, static_cast<std::size_t>(list.n));
    if (!PG_ARGISNULL(kK))
        notice_places(plugin, request.shape, list.n);
    const vg::rerank::Outcome* outcome = judge_documents(
        plugin, query_argument(fcinfo, plugin->query_type), PG_GET_COLLATION(), list, request);
    notice_budget(plugin, *outcome);
    put_ranking(rows, *outcome, list, places);
}

}  // namespace

// (query, docs, fn, protocol, k, batch, group_size, epochs, fanout, votes, win, step, passes,
// first_stage, blend, max_calls, seed)
VG_FUNCTION(vg_rerank) {
    Rows rows{};
    rows.store = start_result(fcinfo, &rows.columns);
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "rerank", ALLOCSET_DEFAULT_SIZES);
    const MemoryContext old = MemoryContextSwitchTo(context);
    run(fcinfo, &rows);
    MemoryContextSwitchTo(old);
    MemoryContextDelete(context);
    return Datum{0};
}

}  // namespace vg::pg::rerank
