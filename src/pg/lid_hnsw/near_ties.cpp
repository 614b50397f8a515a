#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/near_ties.h"

#include <algorithm>
#include <limits>

#include "pg/page/slot_reads.h"
#include "pg/types/vector.h"

namespace vg::pg::lid_hnsw {

bool NearTies::later(const Tie& a, const Tie& b) noexcept {
    if (a.value != b.value)
        return a.value > b.value;
    if (a.node.slot != b.node.slot)
        return a.node.slot > b.node.slot;
    const auto key = [](const Tie& t) {
        return t.node.tid_count > 0 ? t.node.tids[0].key() : std::uint64_t{0};
    };
    return key(a) > key(b);
}

void NearTies::push(const hnsw::Found& node, double value) {
    heap_.push_back({node, node::kNoChunk, value});
    std::push_heap(heap_.begin(), heap_.end(), later);
}

void NearTies::push(const hnsw::Found& node, node::ChunkId chunk, const node::Tid& tid,
                    double value) {
    Tie tie{node, chunk, value};
    tie.node.tid_count = 1;
    tie.node.tids[0] = tid;
    tie.node.chunk = node::kNoChunk;
    heap_.push_back(tie);
    std::push_heap(heap_.begin(), heap_.end(), later);
}

NearTies::Tie NearTies::take() {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const Tie first = heap_.back();
    heap_.pop_back();
    return first;
}

static double call_operator(IndexScanDesc scan, Datum vector, Datum query) {
    const ScanKey key = scan->orderByData;
    const double value =
        DatumGetFloat8(FunctionCall2Coll(&key->sk_func, key->sk_collation, vector, query));
    // Sums beyond the range of floats may end as NaN, which sorts last, as infinity does.
    return value == value ? value : std::numeric_limits<double>::infinity();
}

// A slot that was freed since the search read it belonged to rows that nobody sees any more: any
// value will do for them, and that of what stands there now is one.
double operator_value(IndexScanDesc scan, Datum query, const node::Geometry& geometry,
                      node::SlotId id, Vector* copy) {
    page::LockedReader reader(scan->indexRelation, geometry);
    store::with_slot(reader, id, [copy](const node::SlotView& slot) { slot.read_vector(copy->x); });
    return call_operator(scan, vector_datum(copy), query);
}

index::RowSeen operator_value_of_row(IndexScanDesc scan, Datum query, index::HeapRows* rows,
                                     const node::Tid& tid, double* value) {
    Datum vector;
    bool isnull;
    const index::RowSeen seen =
        index::look_at_heap_row(rows, scan->xs_snapshot, tid, &vector, &isnull);
    if (seen != index::RowSeen::kYes)
        return seen;
    if (!isnull) {
        const MemoryContext old = MemoryContextSwitchTo(index::heap_row_memory(rows));
        *value = call_operator(scan, vector, query);
        MemoryContextSwitchTo(old);
    }
    index::leave_heap_row(rows);
    return isnull ? index::RowSeen::kNo : index::RowSeen::kYes;
}

}  // namespace vg::pg::lid_hnsw
