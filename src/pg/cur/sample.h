// Random samples of queries, from the rows of an index or from a column of any table: for builds,
// which need anchor queries, and for measurements of recall.
#pragma once

#include "pg/boundary/pg.h"

#include "core/base/random.h"
#include "pg/cur/cur.h"

namespace vg::pg::cur {

// How values of the query type are kept.
struct QueryType {
    Oid type;
    int16 length;
    bool by_value;
};
// 0A000 for a type that an index could not store.
QueryType query_type(Relation index);

// A random sample of values that come one by one.
struct Reservoir {
    MemoryContext context;
    Random random{0};
    int wanted;
    int count;
    double seen;
    Datum* values;
    QueryType type;
};
// A sample of a few times `wanted` values, so that duplicates may go. In CurrentMemoryContext.
void start_reservoir(Reservoir* r, const QueryType& type, int wanted, uint64 seed);
void offer_value(Reservoir* r, Datum value);
// Up to `wanted` distinct values in random order, none of the `avoided` ones among them.
int finish_reservoir(Reservoir* r, int wanted, Datum* out, const Datum* avoid, int avoided);

// Whether a source means the indexed rows; 22023 where they are of another type than queries.
bool source_is_items(const char* source, Relation index, const QueryType& type);
// The query that reads the column which a source of the form [schema.]table.column names, without
// names that depend on the search_path. 22023 where there is no such column.
char* source_query(const char* source, Oid query_type);
// Shows the values that such a query reads. 22023 when there is none.
void sample_source(Reservoir* r, const char* source, const char* query);
[[noreturn]] void report_source(const char* source, const char* detail);

}  // namespace vg::pg::cur
