// knn_join: the nearest rows of one table to every row of another, as one SQL statement. Each left
// row asks for its neighbours by ORDER BY ... LIMIT, so an index on the right column is used where
// there is one; the executor keeps memory within work_mem.
//
// Ownership: texts in CurrentMemoryContext, rows in the caller's result; no C++ objects.

#include "pg/boundary/pg.h"

#include <cmath>
#include <limits>

#include "pg/boundary/arguments.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/result.h"
#include "pg/table_search/source.h"

namespace vg::pg::table_search {
namespace {

struct Join {
    double radius;
    ResultSet result;
};

// Columns l (key), r (key), rank, distance: for each row of `left` its k nearest of `right`. Keys
// keep their types. A row is no neighbour of its own, nor is one without a distance: NULL and NaN
// are not below NaN.
const char* neighbours_sql(const Source& left, const Source& right, const Order& order, int k) {
    const char* other_than_itself =
        same_rows(left, right) ? psprintf(" AND NOT s.%s %s q.%s", right.id,
                                          equality_sql(right.id_type, left.id_type), left.id)
                               : "";
    return psprintf(
        "SELECT q.%s AS l, n.r, n.rank, n.distance FROM %s q CROSS JOIN LATERAL"
        " (SELECT m.r, m.distance,"
        " CAST(pg_catalog.row_number() OVER (ORDER BY m.distance) AS pg_catalog.int4) AS rank"
        " FROM (SELECT s.%s AS r, CAST(s.%s %s q.%s AS pg_catalog.float8) AS distance"
        " FROM %s s WHERE s.%s IS NOT NULL AND s.%s IS NOT NULL%s"
        " ORDER BY s.%s %s q.%s LIMIT %d) m"
        " WHERE m.distance OPERATOR(pg_catalog.<) pg_catalog.float8 'NaN') n"
        " WHERE q.%s IS NOT NULL AND q.%s IS NOT NULL",
        left.id, left.from, right.id, right.column, order.sql, left.column, right.from, right.id,
        right.column, other_than_itself, right.column, order.sql, left.column, k, left.id,
        left.column);
}

const char* join_sql(const Source& left, const Source& right, const Order& order, int k,
                     bool mutual) {
    const char* forward = neighbours_sql(left, right, order, k);
    constexpr const char* kOutput =
        "SELECT CAST(f.l AS pg_catalog.text), CAST(f.r AS pg_catalog.text), f.rank, f.distance";
    if (!mutual)
        return psprintf("%s FROM (%s) f", kOutput, forward);
    const bool one_list = same_rows(left, right) && strcmp(left.column, right.column) == 0;
    const char* same = equality_sql(right.id_type, right.id_type);
    const char* too = equality_sql(left.id_type, left.id_type);
    return psprintf(
        "WITH f AS MATERIALIZED (%s), b AS MATERIALIZED (%s)"
        " %s FROM f JOIN b ON b.l %s f.r AND b.r %s f.l",
        forward, one_list ? "SELECT * FROM f" : neighbours_sql(right, left, order, k), kOutput,
        same, too);
}

void take_pair(HeapTuple row, TupleDesc columns, void* arg) {
    const auto* join = static_cast<const Join*>(arg);
    double distance;
    if (!distance_of(row, columns, 4, &distance) || distance > join->radius)
        return;
    Datum values[4];
    bool nulls[4] = {};
    for (int i = 0; i < 4; ++i)
        values[i] = column_of(row, columns, i + 1);
    tuplestore_putvalues(join->result.store, join->result.columns, values, nulls);
}

double radius_argument(FunctionCallInfo fcinfo, int i) {
    if (PG_ARGISNULL(i))
        return std::numeric_limits<double>::infinity();
    const double radius = PG_GETARG_FLOAT8(i);
    if (std::isnan(radius))
        report_number("radius", "be a number", radius);
    return radius;
}

}  // namespace

// (left, id, column, right, id, column, k, radius, mutual, op)
VG_FUNCTION(vg_knn_join) {
    Join join{};
    join.result = begin_result(fcinfo);
    const Order order = order_argument(fcinfo, 9);
    const Source left = source_argument(fcinfo, 0, "left_relation", order);
    const Source right = source_argument(fcinfo, 3, "right_relation", order);
    const int k = range_argument(fcinfo, 6, "k", 1, kMostRows);
    join.radius = radius_argument(fcinfo, 7);
    require_argument(fcinfo, 8, "mutual");
    const char* sql = join_sql(left, right, order, k, PG_GETARG_BOOL(8));
    SPI_connect();
    for_each_row(sql, take_pair, &join);
    SPI_finish();
    return Datum{0};
}

}  // namespace vg::pg::table_search
