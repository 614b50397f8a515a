// Anchor queries of a build: drawn from the indexed rows or from a column that the option
// anchor_source names.
#pragma once

#include "pg/boundary/pg.h"

#include "pg/cur/cur.h"

namespace vg::pg {

struct CurAnchors {
    int count;
    Datum* queries;  // distinct, in random order, detoasted; in the context current at the call
    double rows;     // rows the index will hold, as counted while drawing; -1 when nobody counted
    int16 length;    // of the query type
    bool by_value;
};

void draw_anchors(CurAnchors* a, Relation heap, Relation index, IndexInfo* info);

// How a query of the type is kept in the model, and got back. Values of types with a fixed length
// are kept as they are, others with their header.
Size query_bytes(int16 length, Datum query);
void store_query(int16 length, bool by_value, Datum query, void* out);
Datum load_query(int16 length, bool by_value, void* bytes);

}  // namespace vg::pg
