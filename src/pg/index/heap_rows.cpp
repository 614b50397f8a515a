#include "pg/boundary/pg.h"

#include "pg/index/heap_rows.h"

#include "pg/boundary/compat.h"
#include "pg/index/tid.h"

namespace vg::pg::index {

void begin_heap_rows(HeapRows* rows, Relation heap, Relation index) {
    rows->heap = heap;
    rows->index = index;
    rows->blocks = 0;
    rows->info = BuildIndexInfo(index);
    rows->estate = CreateExecutorState();
    rows->slot = table_slot_create(heap, nullptr);
    GetPerTupleExprContext(rows->estate)->ecxt_scantuple = rows->slot;
    rows->fetch = begin_table_fetch(heap);
}

void end_heap_rows(HeapRows* rows) {
    table_index_fetch_end(rows->fetch);
    ExecDropSingleTupleTableSlot(rows->slot);
    FreeExecutorState(rows->estate);
    *rows = {};
}

bool past_the_end(Relation heap, BlockNumber* blocks, const node::Tid& tid) {
    const ItemPointerData p = from_tid(tid);
    const BlockNumber block = ItemPointerGetBlockNumberNoCheck(&p);
    if (likely(block < *blocks))
        return false;
    *blocks = RelationGetNumberOfBlocks(heap);
    return block >= *blocks;
}

RowSeen look_at_heap_row(HeapRows* rows, Snapshot snapshot, const node::Tid& tid, Datum* value,
                         bool* isnull) {
    ItemPointerData at = from_tid(tid);
    bool again = false;
    bool dead = false;
    if (!table_index_fetch_tuple(rows->fetch, &at, snapshot, rows->slot, &again, &dead)) {
        table_index_fetch_reset(rows->fetch);
        return dead ? RowSeen::kByNone : RowSeen::kNo;
    }
    ResetPerTupleExprContext(rows->estate);
    const MemoryContext old = MemoryContextSwitchTo(heap_row_memory(rows));
    Datum values[INDEX_MAX_KEYS];
    bool nulls[INDEX_MAX_KEYS];
    FormIndexDatum(rows->info, rows->slot, rows->estate, values, nulls);
    MemoryContextSwitchTo(old);
    *value = values[0];
    *isnull = nulls[0];
    return RowSeen::kYes;
}

void leave_heap_row(HeapRows* rows) {
    ExecClearTuple(rows->slot);
    table_index_fetch_reset(rows->fetch);
}

MemoryContext heap_row_memory(const HeapRows* rows) {
    return GetPerTupleMemoryContext(rows->estate);
}

}  // namespace vg::pg::index
