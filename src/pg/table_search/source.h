// Where a search looks - table, key and column - and by which operator it orders; the SQL made of
// them. Only names found in the catalog become SQL text, quoted.
//
// Ownership: everything lives in CurrentMemoryContext; nothing has a destructor, all of it may
// ereport.
#pragma once

#include "pg/boundary/pg.h"

#include <cmath>

#include "pg/boundary/query.h"
#include "pg/boundary/result.h"

namespace vg::pg::table_search {

// Fills the result of a function by body(result, context): connected to SPI, in a memory context of
// its own that goes afterwards.
template <typename Body>
Datum search_result(FunctionCallInfo fcinfo, Body&& body) {
    const ResultSet result = begin_result(fcinfo);
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "vector search", ALLOCSET_DEFAULT_SIZES);
    SPI_connect();
    const MemoryContext old = MemoryContextSwitchTo(context);
    body(result, context);
    MemoryContextSwitchTo(old);
    SPI_finish();
    MemoryContextDelete(context);
    return Datum{0};
}

struct Order {
    Oid op;
    const char* sql;  // OPERATOR(...)
    Oid type;         // of both sides
    enum { kDistance, kCosine, kInnerProduct } kind;

    // Larger is better: 1 - distance for the cosine, else the distance with its sign changed.
    double score(double distance) const noexcept {
        return kind == kCosine ? 1.0 - distance : -distance;
    }
};

// An operator between two values of one type that returns a number. 42883, 42809.
Order order_argument(FunctionCallInfo fcinfo, int i);

struct Source {
    Oid relation;
    const char* from;  // qualified and quoted
    const char* id;    // quoted
    Oid id_type;
    const char* column;  // quoted
};

// The arguments i (regclass), i + 1 and i + 2 (names of the key and the column searched). 22004,
// 42P01, 42703, 42809 for what has no rows, 42804 for a column the operator does not take.
Source source_argument(FunctionCallInfo fcinfo, int i, const char* what, const Order& order);

// A quoted column of a relation argument. 42703.
const char* column_argument(FunctionCallInfo fcinfo, int i, const char* what, Oid relation);
// Its type.
Oid column_type(FunctionCallInfo fcinfo, int i, const char* what, Oid relation);
// A regclass argument that has rows to read.
Oid relation_argument(FunctionCallInfo fcinfo, int i, const char* what);

// The `limit` rows nearest to an expression: a SELECT of id as text, distance and, when
// `with_value`, the column. Rows with a NULL in the key or the column are left out.
const char* nearest_sql(const Source& source, const Order& order, const char* query, int limit,
                        bool with_value);

// The columns of its rows.
enum NearestColumn { kNearestId = 1, kNearestDistance, kNearestValue };

// A column of whose values none is NULL: keys, and values that the query filters.
inline Datum column_of(HeapTuple row, TupleDesc columns, int number) {
    bool isnull;
    return heap_getattr(row, number, columns, &isnull);
}

// A distance. False where there is none: the operator said NULL, or NaN, as the cosine distance of
// a zero vector is. Such a row is near to nothing and is left out of every answer.
inline bool distance_of(HeapTuple row, TupleDesc columns, int number, double* distance) {
    bool isnull;
    const Datum value = heap_getattr(row, number, columns, &isnull);
    if (isnull || std::isnan(DatumGetFloat8(value)))
        return false;
    *distance = DatumGetFloat8(value);
    return true;
}

// Whether two sources are the same rows under the same keys.
bool same_rows(const Source& a, const Source& b);

// Equality of values of one type: its own where it has one, else that of the stored bytes.
class Equality {
  public:
    Equality() = default;
    explicit Equality(Oid type);
    bool operator()(Datum a, Datum b) const;

  private:
    FmgrInfo* equal_ = nullptr;  // null: bytes; belongs to the type cache
    Oid collation_ = InvalidOid;
    bool by_value_ = false;
    int16 length_ = 0;
};

// Most rows that a search takes from one ordered query.
inline constexpr int kMostRows = 100000;

}  // namespace vg::pg::table_search
