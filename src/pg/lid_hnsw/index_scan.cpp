#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/index_scan.h"
#include "pg/lid_hnsw/state.h"
#include "pg/types/vector.h"

#include <cstring>

namespace vg::pg::lid_hnsw {
namespace {

std::uint64_t pages_read() {
    return static_cast<std::uint64_t>(pgBufferUsage.shared_blks_hit +
                                      pgBufferUsage.shared_blks_read +
                                      pgBufferUsage.local_blks_hit + pgBufferUsage.local_blks_read);
}

// The next heap TID, with what the index spends on it.
bool next_tid(IndexSearch* s) {
    const std::uint64_t pages = pages_read();
    instr_time start;
    instr_time end;
    INSTR_TIME_SET_CURRENT(start);
    const bool found = index_getnext_tid(s->scan, ForwardScanDirection) != nullptr;
    INSTR_TIME_SET_CURRENT(end);
    INSTR_TIME_SUBTRACT(end, start);
    s->cost.ms += INSTR_TIME_GET_MILLISEC(end);
    s->cost.pages += pages_read() - pages;
    return found;
}

// The ordering operator of the index's operator class.
Oid order_proc(Relation index) {
    const Oid type = index->rd_opcintype[0];
    const Oid op = get_opfamily_member(index->rd_opfamily[0], type, type, 1);
    if (!OidIsValid(op))
        elog(ERROR, "operator class of index \"%s\" has no ordering operator",
             RelationGetRelationName(index));
    return get_opcode(op);
}

}  // namespace

IndexSearch* begin_search_of(const index::OpenIndex& open, Snapshot snapshot) {
    auto* s = static_cast<IndexSearch*>(palloc0(sizeof(IndexSearch)));
    const int dims = static_cast<int>(index_state(open.index).geometry.dims);
    s->open = open;
    s->query = static_cast<Vector*>(palloc0(vector_bytes(dims)));
    SET_VARSIZE(s->query, vector_bytes(dims));
    s->query->dim = static_cast<int16>(dims);
    ScanKeyEntryInitialize(&s->key, SK_ORDER_BY, 1, 1, InvalidOid, open.index->rd_indcollation[0],
                           order_proc(open.index), vector_datum(s->query));
    s->info = BuildIndexInfo(open.index);
    s->estate = CreateExecutorState();
    s->econtext = GetPerTupleExprContext(s->estate);
    s->slot = table_slot_create(open.heap, nullptr);
    s->econtext->ecxt_scantuple = s->slot;
    s->scan = begin_index_scan(open.heap, open.index, snapshot, 0, 1);
    return s;
}

void end_search_of(IndexSearch* s) {
    index_endscan(s->scan);
    ExecDropSingleTupleTableSlot(s->slot);
    FreeExecutorState(s->estate);
}

void run_search(IndexSearch* s, const float* query, SearchFn fn, void* arg) {
    const index::AsOwner saved = index::begin_as_owner(s->open.heap);
    std::memcpy(s->query->x, query, sizeof(float) * static_cast<std::size_t>(s->query->dim));
    index_rescan(s->scan, nullptr, 0, &s->key, 1);
    bool more = true;
    while (more && next_tid(s)) {
        CHECK_FOR_INTERRUPTS();
        if (!index_fetch_heap(s->scan, s->slot))
            continue;
        ResetPerTupleExprContext(s->estate);
        const MemoryContext old = MemoryContextSwitchTo(GetPerTupleMemoryContext(s->estate));
        Datum values[INDEX_MAX_KEYS];
        bool nulls[INDEX_MAX_KEYS];
        FormIndexDatum(s->info, s->slot, s->estate, values, nulls);
        MemoryContextSwitchTo(old);
        more = fn(values[0], nulls[0], arg);
    }
    ExecClearTuple(s->slot);
    index::end_as_owner(saved);
}

}  // namespace vg::pg::lid_hnsw
