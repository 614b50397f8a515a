// Items for the scorer: the indexed values of rows of the table, as a snapshot sees them.
#pragma once

#include "pg/boundary/pg.h"

#include "pg/cur/cur.h"
#include "pg/index/heap_rows.h"

namespace vg::pg::cur {

// XX002 for a TID past the end of the table, which the storage manager would report as an I/O
// error. `blocks` is a size of the table seen earlier, 0 at first.
void check_heap_tid(Relation heap, Relation index, BlockNumber* blocks, const node::Tid& tid);

struct Fetch {
    index::HeapRows rows;
    Snapshot snapshot;
    int16 item_length;
    bool item_by_value;
};

void begin_fetch(Fetch* f, Relation heap, Relation index, Snapshot snapshot);
void end_fetch(Fetch* f);

// The indexed value of a row, detoasted, in `context`; false when the snapshot does not see the row
// or the value is NULL.
bool fetch_item(Fetch* f, const node::Tid& tid, MemoryContext context, Datum* item);

// A copy in CurrentMemoryContext that needs no detoasting.
Datum copy_item(Datum value, int16 length, bool by_value);

// The TID that the index would hold for a row version: the root of its HOT chain. False where the
// table's storage does not tell.
bool root_of(Relation heap, ItemPointer tid);

}  // namespace vg::pg::cur
