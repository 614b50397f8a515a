// Inserting rows into a node store (insert.cpp), for the access methods on it.
#pragma once

#include "pg/boundary/pg.h"

#include "core/store/insert.h"

namespace vg::pg::lid_hnsw {

// Inserts rows through the pages, with everything it needs for that. Lives in `context`.
//   direct  no WAL per change, see Edits
//   hook    see store::InsertHook; may ereport. Null: nothing
struct Inserter;
Inserter* make_inserter(Relation index, MemoryContext context, bool direct,
                        store::InsertHook hook = nullptr, void* hook_arg = nullptr);
// The caller has passed an insert gate, or is the only one to see the index, and owns no C++ object
// with a destructor. vector: geometry.dims floats. False when the metric cannot index it (a zero
// vector under cosine).
bool insert_row(Inserter* inserter, const float* vector, const ItemPointerData& tid);

}  // namespace vg::pg::lid_hnsw
