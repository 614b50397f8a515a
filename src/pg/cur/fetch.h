// Rows of the heap behind TIDs of the index: what a snapshot sees of them, as values of the indexed
// column or expression. No pin is left behind by a call.
#pragma once

#include "pg/boundary/pg.h"

#include "pg/cur/cur.h"

namespace vg::pg {

struct CurFetch {
    Relation heap;
    Snapshot snapshot;
    IndexInfo* info;
    EState* estate;
    TupleTableSlot* slot;
    IndexFetchTableData* fetch;
    int16 item_length;
    bool item_by_value;
};

void begin_fetch(CurFetch* f, Relation heap, Relation index, Snapshot snapshot);
void end_fetch(CurFetch* f);

// The indexed value of a row, detoasted, in `context`; false when the snapshot does not see the row
// or the value is NULL.
bool fetch_item(CurFetch* f, const node::Tid& tid, MemoryContext context, Datum* item);

// A copy in CurrentMemoryContext that needs no detoasting.
Datum copy_item(Datum value, int16 length, bool by_value);

// The TID that the index would hold for a row version: the root of its HOT chain. False where the
// table's storage does not tell.
bool root_of(Relation heap, ItemPointer tid);

}  // namespace vg::pg
