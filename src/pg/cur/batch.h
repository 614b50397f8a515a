// A batch of rows for the scorer: copies of their values, and what it said of them last. For passes
// over the whole table: a build and the exact half of cur_recall.
#pragma once

#include "pg/boundary/pg.h"

#include "pg/cur/fetch.h"
#include "pg/cur/scorer.h"

namespace vg::pg::cur {

// It is full at this many rows, or at this many bytes of values.
inline constexpr int kBatchRows = 1024;
inline constexpr Size kBatchBytes = Size{4} << 20;

struct ItemBatch {
    MemoryContext context = nullptr;  // of the values
    int count = 0;
    Size bytes = 0;
    Datum items[kBatchRows];
    node::Tid tids[kBatchRows];
    // Of call_scorer.
    double distances[kBatchRows];
    bool nulls[kBatchRows];
};

// Whether the batch is full now. Requires: it was not.
inline bool add_item(ItemBatch* b, const Scorer& scorer, const ItemPointerData& tid, Datum value) {
    const MemoryContext old = MemoryContextSwitchTo(b->context);
    const Datum item = copy_item(value, scorer.item_length, scorer.item_by_value);
    MemoryContextSwitchTo(old);
    b->items[b->count] = item;
    b->tids[b->count] = index::to_tid(tid);
    ++b->count;
    if (scorer.item_length == -1)
        b->bytes += VARSIZE(DatumGetPointer(item));
    return b->count == kBatchRows || b->bytes > kBatchBytes;
}

inline void score_batch(ItemBatch* b, Scorer* scorer, Datum query) {
    call_scorer(scorer, query, b->items, b->tids, b->count, b->distances, b->nulls);
}

inline void clear_batch(ItemBatch* b) {
    b->count = 0;
    b->bytes = 0;
    MemoryContextReset(b->context);
}

}  // namespace vg::pg::cur
