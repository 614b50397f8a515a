#include "pg/boundary/pg.h"

#include "pg/cur/fetch.h"

extern "C" {
#include "access/heapam.h"
}

namespace vg::pg::cur {

void check_heap_tid(Relation heap, Relation index, BlockNumber* blocks, const node::Tid& tid) {
    if (unlikely(index::past_the_end(heap, blocks, tid))) {
        const ItemPointerData p = index::from_tid(tid);
        index::report_corrupt_index(
            index, "It holds a row (%u,%u), beyond the end of table \"%s\".",
            ItemPointerGetBlockNumberNoCheck(&p), tid.offset, RelationGetRelationName(heap));
    }
}

void begin_fetch(Fetch* f, Relation heap, Relation index, Snapshot snapshot) {
    index::begin_heap_rows(&f->rows, heap, index);
    f->snapshot = snapshot;
    char align;
    get_typlenbyvalalign(index->rd_opcintype[0], &f->item_length, &f->item_by_value, &align);
}

void end_fetch(Fetch* f) {
    index::end_heap_rows(&f->rows);
}

Datum copy_item(Datum value, int16 length, bool by_value) {
    if (length == -1)
        return PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
    return datumCopy(value, by_value, length);
}

bool fetch_item(Fetch* f, const node::Tid& tid, MemoryContext context, Datum* item) {
    check_heap_tid(f->rows.heap, f->rows.index, &f->rows.blocks, tid);
    Datum value;
    bool isnull;
    if (index::look_at_heap_row(&f->rows, f->snapshot, tid, &value, &isnull) !=
        index::RowSeen::kYes)
        return false;
    if (!isnull) {
        const MemoryContext old = MemoryContextSwitchTo(context);
        *item = copy_item(value, f->item_length, f->item_by_value);
        MemoryContextSwitchTo(old);
    }
    index::leave_heap_row(&f->rows);
    return !isnull;
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

}  // namespace vg::pg::cur
