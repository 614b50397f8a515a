// lid_rows: one row of output per sampled row. The result is materialised, so that nothing is left
// open when the caller stops early.

#include "pg/boundary/pg.h"

#include "pg/boundary/boundary.h"
#include "pg/boundary/result.h"
#include "pg/lid/sample.h"

namespace vg::pg::lid {
namespace {

constexpr int kColumns = 6;

// A distance of the panel as the operator gives it.
double operator_value(const Sample* s, float distance) {
    const double d = distance;
    return s->column.metric == node::Metric::kCosine ? d * d / 2 : d;
}

void put_row(const Sample* s, std::size_t i, Tuplestorestate* store, TupleDesc columns) {
    const RowResult& r = s->results[i];
    ItemPointerData ctid = s->ids[i].ctid;
    Datum values[kColumns] = {ObjectIdGetDatum(s->ids[i].relation),
                              PointerGetDatum(&ctid),
                              Float8GetDatum(r.lid),
                              Float8GetDatum(operator_value(s, r.nearest)),
                              Float8GetDatum(operator_value(s, r.farthest)),
                              Int32GetDatum(r.neighbours)};
    bool nulls[kColumns] = {false, false, !(r.lid > 0), r.nearest < 0, r.farthest < 0, false};
    tuplestore_putvalues(store, columns, values, nulls);
}

}  // namespace

VG_FUNCTION(vg_lid_rows) {
    TupleDesc columns;
    Tuplestorestate* store = start_result(fcinfo, &columns);
    SampleRequest request = read_request(fcinfo);
    request.need_ctid = true;
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "lid sample", ALLOCSET_DEFAULT_SIZES);
    const Sample* s = take_sample(request, context);
    for (std::size_t i = 0; i < s->size(); ++i)
        put_row(s, i, store, columns);
    MemoryContextDelete(context);
    return Datum{0};
}

}  // namespace vg::pg::lid
