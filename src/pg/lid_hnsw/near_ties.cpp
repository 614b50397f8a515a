#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/near_ties.h"

#include <algorithm>
#include <limits>

#include "pg/page/slot_reads.h"
#include "pg/types/vector.h"

namespace vg::pg {

void NearTies::push(const hnsw::Found& node, double value) {
    heap_.push_back({node, value});
    std::push_heap(heap_.begin(), heap_.end(), later);
}

NearTies::Tie NearTies::take() {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const Tie first = heap_.back();
    heap_.pop_back();
    return first;
}

// A slot that was freed since the search read it belonged to rows that nobody sees any more: any
// value will do for them, and that of what stands there now is one.
double operator_value(IndexScanDesc scan, Datum query, const node::Geometry& geometry,
                      node::SlotId id, Vector* copy) {
    LockedReader reader(scan->indexRelation, geometry);
    store::with_slot(reader, id, [copy](const node::SlotView& slot) { slot.read_vector(copy->x); });
    const ScanKey key = scan->orderByData;
    const double value = DatumGetFloat8(
        FunctionCall2Coll(&key->sk_func, key->sk_collation, vector_datum(copy), query));
    // Sums beyond the range of floats may end as NaN, which sorts last, as infinity does.
    return value == value ? value : std::numeric_limits<double>::infinity();
}

}  // namespace vg::pg
