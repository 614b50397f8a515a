// Running queries that answer with links, read-only and under the active snapshot. Plain data; the
// functions raise PostgreSQL errors and are called where no object with a destructor is alive (R2).
#pragma once

#include "pg/boundary/pg.h"

#include "pg/links/link_set.h"

namespace vg::pg::links {

struct LinkTuple {
    Datum source;  // int8 or detoasted text
    Datum target;
    float weight;      // >= 0
    const text* kind;  // null: the set's label
    bool directed;     // of links_sql
};

struct LinkTuples {
    LinkTuple* rows;
    uint64 n;
    uint64 capacity;
};

// A plan for this text and these parameter types (three at most), kept for the session until the
// same text comes with other types. Between SPI_connect and SPI_finish. Always a generic plan: the
// parameters are arrays of keys, which differ each time.
SPIPlanPtr kept_plan(const char* sql, int n, const Oid* types);

// The links of a set that touch the given keys, or all of them. What touches is the source, and for
// an undirected set the target too, in which case source and target are exchanged: a tuple's source
// is always the key asked for. keys: an array of the column's type (or of int8), 0 for all.
// kinds: text[] to restrict the kind column to, 0 for none. Allocated in `into`.
struct LinkQuery {
    const LinkSet* set;
    KeyClass key_class;
    Datum source_keys;
    Datum target_keys;
    Datum kinds;
};
LinkTuples run_link_query(const LinkQuery& query, MemoryContext into);

// The rows of a query of the user's: columns source and target, and optionally weight, kind and
// directed, found by name. 22023 for anything but one SELECT, 42703 and 42804 for wrong columns,
// 25006 for a write inside it. Rows without source or target are left out. Fails with 53400 when
// more memory than work_mem allows is needed.
LinkTuples run_links_sql(const char* sql, KeyClass key_class, MemoryContext into);

// What can hold a key in an array for run_link_query: INT8OID for all integers.
Oid key_array_type(Oid column_type);

// Room for one more, in `into`.
LinkTuple* new_link_tuple(LinkTuples* tuples, MemoryContext into);

// 53400 when the links of a query have outgrown their budget.
void check_link_budget(MemoryContext into);

// 22023 unless finite and not negative, naming the link, whose ends are known; NULL is 1.
float checked_weight(Datum value, bool isnull, const LinkTuple& link, KeyClass key_class);

}  // namespace vg::pg::links
