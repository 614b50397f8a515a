// Calls of the scorer: the support functions of the index's operator class, their results checked.
// Callers own no C++ object with a destructor and hold no buffer lock: the scorer may raise any
// error, take any time and query any table.
#pragma once

#include "pg/boundary/pg.h"

#include "pg/cur/cur.h"

namespace vg::pg::cur {

struct Scorer {
    FmgrInfo score;
    FmgrInfo batch;
    FmgrInfo seed;
    bool has_batch;
    bool has_seed;
    Oid collation;
    Oid item_type;
    int16 item_length;
    bool item_by_value;
    char item_align;
    Oid score_result;
    Oid batch_result;  // element type
    MemoryContext scratch;
    uint64 calls;       // items scored
    const char* table;  // its name, for errors
};

// In `context`, which must outlive the scorer.
void init_scorer(Scorer* s, Relation index, MemoryContext context);

// Distances (minus scores) of n items to a query. NULL from the pointwise scorer sets nulls[i];
// within the result of the batch scorer it is an error. Memory of the calls is gone afterwards.
// Errors name the rows by their TIDs, or speak of a new row where `tids` is null.
void call_scorer(Scorer* s, Datum query, const Datum* items, const node::Tid* tids, int n,
                 double* distances, bool* nulls);

// The same for one item, always by the pointwise scorer.
void call_pointwise_scorer(Scorer* s, Datum query, Datum item, double* distance, bool* null);

// Up to `wanted` TIDs from the seed function, in CurrentMemoryContext; null when there is none.
ItemPointer call_seed(Scorer* s, Datum query, int wanted, int* n);

}  // namespace vg::pg::cur
