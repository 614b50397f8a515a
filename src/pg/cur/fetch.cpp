#include "pg/boundary/pg.h"

#include "pg/cur/fetch.h"

extern "C" {
#include "access/heapam.h"
#include "executor/executor.h"
#include "utils/datum.h"
}

namespace vg::pg {

void check_heap_tid(Relation heap, Relation index, BlockNumber* blocks, const node::Tid& tid) {
    const ItemPointerData p = from_tid(tid);
    const BlockNumber block = ItemPointerGetBlockNumberNoCheck(&p);
    if (likely(block < *blocks))
        return;
    *blocks = RelationGetNumberOfBlocks(heap);
    if (block >= *blocks)
        report_corrupt_index(index, "It holds a row (%u,%u), beyond the end of table \"%s\".",
                             block, tid.offset, RelationGetRelationName(heap));
}

void begin_fetch(CurFetch* f, Relation heap, Relation index, Snapshot snapshot) {
    f->heap = heap;
    f->index = index;
    f->heap_blocks = 0;
    f->snapshot = snapshot;
    f->info = BuildIndexInfo(index);
    f->estate = CreateExecutorState();
    f->slot = table_slot_create(heap, nullptr);
    GetPerTupleExprContext(f->estate)->ecxt_scantuple = f->slot;
    f->fetch = begin_table_fetch(heap);
    char align;
    get_typlenbyvalalign(index->rd_opcintype[0], &f->item_length, &f->item_by_value, &align);
}

void end_fetch(CurFetch* f) {
    table_index_fetch_end(f->fetch);
    ExecDropSingleTupleTableSlot(f->slot);
    FreeExecutorState(f->estate);
}

Datum copy_item(Datum value, int16 length, bool by_value) {
    if (length == -1)
        return PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
    return datumCopy(value, by_value, length);
}

bool fetch_item(CurFetch* f, const node::Tid& tid, MemoryContext context, Datum* item) {
    check_heap_tid(f->heap, f->index, &f->heap_blocks, tid);
    ItemPointerData at = from_tid(tid);
    bool again = false;
    bool dead = false;
    bool found = table_index_fetch_tuple(f->fetch, &at, f->snapshot, f->slot, &again, &dead);
    if (found) {
        ResetPerTupleExprContext(f->estate);
        const MemoryContext old = MemoryContextSwitchTo(GetPerTupleMemoryContext(f->estate));
        Datum values[INDEX_MAX_KEYS];
        bool nulls[INDEX_MAX_KEYS];
        FormIndexDatum(f->info, f->slot, f->estate, values, nulls);
        MemoryContextSwitchTo(context);
        found = !nulls[0];
        if (found)
            *item = copy_item(values[0], f->item_length, f->item_by_value);
        MemoryContextSwitchTo(old);
        ExecClearTuple(f->slot);
    }
    table_index_fetch_reset(f->fetch);
    return found;
}

bool root_of(Relation heap, ItemPointer tid) {
    if (heap->rd_tableam != GetHeapamTableAmRoutine())
        return false;
    if (ItemPointerGetBlockNumber(tid) >= RelationGetNumberOfBlocks(heap))
        return false;
    const Buffer buffer = ReadBuffer(heap, ItemPointerGetBlockNumber(tid));
    LockBuffer(buffer, BUFFER_LOCK_SHARE);
    const Page page = BufferGetPage(buffer);
    const OffsetNumber offset = ItemPointerGetOffsetNumber(tid);
    OffsetNumber root = InvalidOffsetNumber;
    if (offset <= PageGetMaxOffsetNumber(page)) {
        const ItemId id = PageGetItemId(page, offset);
        if (ItemIdIsNormal(id) &&
            !HeapTupleHeaderIsHeapOnly(reinterpret_cast<HeapTupleHeader>(PageGetItem(page, id)))) {
            root = offset;
        } else if (ItemIdIsNormal(id)) {
            OffsetNumber roots[MaxHeapTuplesPerPage];
            heap_get_root_tuples(page, roots);
            root = roots[offset - 1];
        }
    }
    UnlockReleaseBuffer(buffer);
    if (root == InvalidOffsetNumber)
        return false;
    ItemPointerSetOffsetNumber(tid, root);
    return true;
}

}  // namespace vg::pg
