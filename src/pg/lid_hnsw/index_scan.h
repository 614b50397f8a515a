// Running one query after another through an index as the executor does: a real index scan under an
// MVCC snapshot, with the heap tuples fetched and their indexed value evaluated.
#pragma once

#include "pg/boundary/pg.h"

#include <cstdint>

#include "pg/lid_hnsw/inspect.h"
#include "pg/types/vector.h"

namespace vg::pg::lid_hnsw {

// What the scan of the index cost, without the caller's work: where storage is not exact, with the
// rows that it reads for their place.
struct SearchCost {
    std::uint64_t pages;
    double ms;
};

struct IndexSearch {
    index::OpenIndex open;
    IndexScanDesc scan;
    ScanKeyData key;
    IndexInfo* info;
    EState* estate;
    ExprContext* econtext;
    TupleTableSlot* slot;
    Vector* query;
    SearchCost cost;  // of all searches so far
};

// Lives in CurrentMemoryContext.
IndexSearch* begin_search_of(const index::OpenIndex& open, Snapshot snapshot);
void end_search_of(IndexSearch* search);

// Calls fn(value, isnull) for visible rows, nearest first, until it returns false. query: dims
// floats. The values are evaluated as the table's owner. fn may ereport.
using SearchFn = bool (*)(Datum value, bool isnull, void* arg);
void run_search(IndexSearch* search, const float* query, SearchFn fn, void* arg);
// The heap TID of the row that fn is called for.
inline ItemPointerData current_tid(const IndexSearch* search) {
    return search->slot->tts_tid;
}

}  // namespace vg::pg::lid_hnsw
