// Queries on the user's tables through SPI: names to SQL text, rows to visitors. The caller's
// privileges and row-level security apply, and partitioned tables and views work as in any query.
//
// Ownership: texts and plans live in CurrentMemoryContext; nothing has a destructor, all of it may
// ereport. For everything that runs or prepares a query the caller is connected to SPI. All queries
// run under the snapshot that is active, so that they see the same rows.
#pragma once

#include "pg/boundary/pg.h"

namespace vg::pg {

// Name of a relation as in the catalog. 42P01 when there is none.
const char* relation_name(Oid relation);
// The same, qualified and quoted.
const char* relation_sql(Oid relation);
// 42703 when there is no such column.
AttrNumber column_number(Oid relation, const char* column);
// OPERATOR(schema.name)
const char* operator_sql(Oid op);
// The equality by which values of two types are sorted and joined, as OPERATOR(schema.name): that
// of their class, or one of pg_catalog, not what a bare = finds along the caller's search_path.
const char* equality_sql(Oid left, Oid right);

// Calls fn(tuple, descriptor, arg) for every row of a query, in a context that is reset after each
// row. fn may run other queries.
using RowVisitor = void (*)(HeapTuple row, TupleDesc columns, void* arg);
void for_each_row(const char* sql, RowVisitor fn, void* arg);

// Runs a prepared query with one parameter for its rows, at most `limit`.
SPIPlanPtr prepare_query(const char* sql, Oid parameter_type);
void for_each_row(SPIPlanPtr plan, Datum parameter, long limit, RowVisitor fn, void* arg);

}  // namespace vg::pg
