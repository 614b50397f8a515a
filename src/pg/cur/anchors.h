// Anchor queries: drawn by a build from the indexed rows or from a column that the option
// anchor_source names, kept in the model, and got back from there.
#pragma once

#include "pg/boundary/pg.h"

#include "pg/cur/cur.h"
#include "pg/cur/sample.h"

namespace vg::pg::cur {

struct Anchors {
    int count;
    Datum* queries;  // distinct, in random order, detoasted; in the context current at the call
    double rows;     // rows the index will hold, as counted while drawing; -1 when nobody counted
    QueryType type;
};

void draw_anchors(Anchors* a, Relation heap, Relation index, IndexInfo* info);

// Bytes of the packed queries, and packing them into that many zeroed bytes. Values of types with a
// fixed length are kept as they are, others with their header.
Size packed_bytes(const Anchors* a);
void pack_anchors(const Anchors* a, std::byte* to);

// The anchor queries of a model, m.anchors of them, in CurrentMemoryContext.
Datum* load_anchors(Relation index, const vg::cur::MetaData& m, const QueryType& type);

}  // namespace vg::pg::cur
