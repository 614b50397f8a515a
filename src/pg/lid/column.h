// The column that a LID function looks at. It is read through SQL (boundary/query.h).
//
// Ownership: everything lives in CurrentMemoryContext; nothing has a destructor, all of it may
// ereport. The caller is connected to SPI.
#pragma once

#include "pg/boundary/pg.h"

#include "core/node/format.h"
#include "pg/boundary/query.h"

namespace vg::pg::lid {

struct Column {
    Oid relation;
    const char* relation_name;  // as in the catalog, for messages
    const char* column_name;
    const char* from;   // qualified and quoted
    const char* value;  // SQL expression of type vector
    Oid vector_type;
    const char* order_operator;  // OPERATOR(...) of the lid_hnsw index to search, null: none
    node::Metric metric;         // kL2, kCosine or kL1
};

enum class Search { kAuto, kExact, kIndex };

// 42P01, 42703: no such relation or column. 42809: a relation without rows of its own, or, with
// `need_ctid`, one whose rows have no ctid. 42804: a column that is not a vector and has no cast.
Column find_column(Oid relation, const char* column, bool need_ctid);

// Sets metric and order_operator.
//   metric  null: that of the index, else Euclidean
// 22023 for an unknown metric or search; 42704 when an index is asked for and there is none.
void choose_metric(Column* column, const char* metric, const char* search);
const char* metric_name(node::Metric metric);

}  // namespace vg::pg::lid
