// Implements arguments.h; rerank_cost.

#include "pg/boundary/pg.h"

#include "pg/rerank/arguments.h"

#include <algorithm>

#include "core/rerank/cost.h"
#include "pg/boundary/arguments.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/result.h"

namespace vg::pg::rerank {
namespace {

// Costs are added up place by place.
constexpr int32 kMostDocuments = 10000000;

std::size_t count_argument(FunctionCallInfo fcinfo, int i, const char* name, int32 least = 1) {
    return static_cast<std::size_t>(integer_argument(fcinfo, i, name, least));
}

}  // namespace

vg::rerank::Shape shape_arguments(FunctionCallInfo fcinfo, int protocol, int batch) {
    vg::rerank::Shape s;
    s.protocol = choice_argument<vg::rerank::Protocol>(fcinfo, protocol, "protocol", "protocols",
                                                       vg::rerank::kProtocolNames);
    s.batch = count_argument(fcinfo, batch, "batch");
    s.group_size = count_argument(fcinfo, batch + 1, "group_size");
    s.epochs = count_argument(fcinfo, batch + 2, "epochs");
    const bool heap = s.protocol == vg::rerank::Protocol::kSetwiseHeap;
    s.fanout = count_argument(fcinfo, batch + 3, "fanout", heap ? 2 : 1);
    s.votes = count_argument(fcinfo, batch + 4, "votes");
    s.win = count_argument(fcinfo, batch + 5, "win", 2);
    s.step = count_argument(fcinfo, batch + 6, "step");
    s.passes = count_argument(fcinfo, batch + 7, "passes");
    if (s.step >= s.win)
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("step must be smaller than win"),
                 errdetail("step is %zu, win is %zu.", s.step, s.win),
                 errhint("A window carries win - step documents on to the next one.")));
    return s;
}

std::size_t places_argument(FunctionCallInfo fcinfo, int i, std::size_t all) {
    if (PG_ARGISNULL(i))
        return all;
    return std::min(all, count_argument(fcinfo, i, "k"));
}

// (protocol, n, k, batch, group_size, epochs, fanout, votes, win, step, passes)
VG_FUNCTION(vg_rerank_cost) {
    TupleDesc columns = row_columns(fcinfo);
    vg::rerank::Shape shape = shape_arguments(fcinfo, 0, 3);
    const int32 n = integer_argument(fcinfo, 1, "n", 0);
    if (n > kMostDocuments)
        ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                        errmsg("n must be at most %d", kMostDocuments)));
    shape.k = places_argument(fcinfo, 2, static_cast<std::size_t>(n));
    const vg::rerank::Cost c = vg::rerank::cost(shape, static_cast<std::size_t>(n));
    constexpr auto kMost = static_cast<std::uint64_t>(PG_INT64_MAX);
    Datum values[] = {Int64GetDatum(static_cast<int64>(std::min(c.calls, kMost))),
                      Int64GetDatum(static_cast<int64>(std::min(c.shown, kMost))),
                      BoolGetDatum(c.exact)};
    bool nulls[lengthof(values)] = {};
    PG_RETURN_DATUM(row_datum(columns, values, nulls));
}

}  // namespace vg::pg::rerank
