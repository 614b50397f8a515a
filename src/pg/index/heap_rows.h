// Rows of the table behind TIDs of an index: what a snapshot sees of them, as values of the indexed
// column or expression. No pin is left behind by a call.
// Plain memory that holds what has to be given back: everything here may ereport, and a caller that
// does not reach end_heap_rows leaves the rest to the end of the transaction.
#pragma once

#include "pg/boundary/pg.h"

#include "core/node/format.h"

namespace vg::pg::index {

struct HeapRows {
    Relation heap;
    Relation index;
    BlockNumber blocks;  // of the heap, at least, as far as was seen
    IndexInfo* info;
    EState* estate;
    TupleTableSlot* slot;
    IndexFetchTableData* fetch;
};

// In CurrentMemoryContext, for any number of rows.
void begin_heap_rows(HeapRows* rows, Relation heap, Relation index);
void end_heap_rows(HeapRows* rows);

// Whether a TID lies past the end of the table, which only damage brings: the storage manager would
// report an I/O error. `blocks` is a size of the table seen earlier, 0 at first.
bool past_the_end(Relation heap, BlockNumber* blocks, const node::Tid& tid);

enum class RowSeen {
    kYes,
    kNo,      // by this snapshot
    kByNone,  // nor by any other, from now on
};
// What `snapshot` sees behind a TID. kYes: *value is the indexed value as the row has it, perhaps
// compressed or kept elsewhere, and the context of the row's evaluation is current memory for more
// about it, both until leave_heap_row.
RowSeen look_at_heap_row(HeapRows* rows, Snapshot snapshot, const node::Tid& tid, Datum* value,
                         bool* isnull);
void leave_heap_row(HeapRows* rows);
// Memory that lasts until the next row is looked at.
MemoryContext heap_row_memory(const HeapRows* rows);

}  // namespace vg::pg::index
