// Implements column.h: from names to SQL text.

#include "pg/boundary/pg.h"

#include "pg/lid/column.h"

#include "pg/boundary/arguments.h"
#include "pg/lid_hnsw/lid_hnsw.h"
#include "pg/lid_hnsw/state.h"

namespace vg::pg::lid {
namespace {

struct NamedMetric {
    const char* name;
    node::Metric metric;
};
constexpr NamedMetric kMetrics[] = {
    {"l2", node::Metric::kL2}, {"cosine", node::Metric::kCosine}, {"l1", node::Metric::kL1}};

void check_relation(const Column& c, bool need_ctid) {
    const char kind = get_rel_relkind(c.relation);
    switch (kind) {
        case RELKIND_RELATION:
        case RELKIND_MATVIEW:
        case RELKIND_PARTITIONED_TABLE:
            return;
        case RELKIND_VIEW:
        case RELKIND_FOREIGN_TABLE:
            if (!need_ctid)
                return;
            ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                            errmsg("\"%s\" is a %s, whose rows have no ctid", c.relation_name,
                                   kind == RELKIND_VIEW ? "view" : "foreign table"),
                            errhint("lid_profile reads it; for the LID of its rows use the "
                                    "aggregate lid_mle over a lateral query.")));
        default:
            ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                            errmsg("\"%s\" is not a table", c.relation_name),
                            errhint("Name the table that holds the column.")));
    }
}

// The type vector, wherever its extension was put.
Oid find_vector_type() {
    const char* sql =
        "SELECT t.oid FROM pg_catalog.pg_type t JOIN pg_catalog.pg_extension e"
        " ON t.typnamespace OPERATOR(pg_catalog.=) e.extnamespace"
        " WHERE e.extname OPERATOR(pg_catalog.=) 'vector'"
        " AND t.typname OPERATOR(pg_catalog.=) 'vector'";
    if (SPI_execute(sql, true, 1) != SPI_OK_SELECT || SPI_processed != 1)
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("type vector does not exist"),
                        errhint("Create the extension vector.")));
    bool isnull;
    const Datum oid = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
    SPI_freetuptable(SPI_tuptable);
    return DatumGetObjectId(oid);
}

// The column as an expression of type vector.
const char* vector_expression(const Column& c, AttrNumber number) {
    const char* column = quote_identifier(c.column_name);
    const Oid declared = get_atttype(c.relation, number);
    const Oid type = getBaseType(declared);
    if (type == c.vector_type)
        return column;
    Oid function;
    const CoercionPathType path =
        find_coercion_pathway(c.vector_type, type, COERCION_EXPLICIT, &function);
    if (path != COERCION_PATH_FUNC && path != COERCION_PATH_RELABELTYPE)
        ereport(ERROR,
                (errcode(ERRCODE_DATATYPE_MISMATCH),
                 errmsg("column \"%s\" of relation \"%s\" is of type %s, which has no cast to "
                        "vector",
                        c.column_name, c.relation_name, format_type_be(declared)),
                 errhint("Name a column of vectors, or of arrays of numbers.")));
    return psprintf("CAST(%s AS %s)", column, format_type_be_qualified(c.vector_type));
}

node::Metric parse_metric(const char* name) {
    for (const NamedMetric& m : kMetrics)
        if (pg_strcasecmp(name, m.name) == 0)
            return m.metric;
    if (pg_strcasecmp(name, "inner_product") == 0)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("LID is not defined for inner products"),
                        errdetail("A negative inner product is not a distance: it has no zero."),
                        errhint("The metrics are l2, cosine and l1.")));
    static constexpr std::string_view kNames[] = {"l2", "cosine", "l1"};
    report_unknown_name("metric", "metrics", name, kNames, lengthof(kNames));
}

Search parse_search(const char* name) {
    if (pg_strcasecmp(name, "auto") == 0)
        return Search::kAuto;
    if (pg_strcasecmp(name, "exact") == 0)
        return Search::kExact;
    if (pg_strcasecmp(name, "index") == 0)
        return Search::kIndex;
    static constexpr std::string_view kNames[] = {"auto", "exact", "index"};
    report_unknown_name("search", "searches", name, kNames, lengthof(kNames));
}

// Whether an index serves the whole column and its operator is a distance.
bool serves(Relation index, AttrNumber number) {
    return index->rd_indam != nullptr &&
           index->rd_indam->ambeginscan == lid_hnsw::lid_hnsw_beginscan &&
           index->rd_index->indisvalid && index->rd_index->indkey.values[0] == number &&
           RelationGetIndexPredicate(index) == NIL &&
           lid_hnsw::index_metric(index) != node::Metric::kInnerProduct;
}

Oid order_operator(Relation index) {
    const Oid type = index->rd_opcintype[0];
    return get_opfamily_member(index->rd_opfamily[0], type, type, 1);
}

// The first lid_hnsw index on the column, of the wanted metric if there is one. Expression and
// partial indexes do not count.
void find_index(Column* c, bool any_metric) {
    const char kind = get_rel_relkind(c->relation);
    if (kind == RELKIND_VIEW || kind == RELKIND_FOREIGN_TABLE)
        return;
    const AttrNumber number = get_attnum(c->relation, c->column_name);
    const Relation table = table_open(c->relation, AccessShareLock);
    List* indexes = RelationGetIndexList(table);
    ListCell* cell;
    foreach (cell, indexes) {
        const Relation index = index_open(lfirst_oid(cell), AccessShareLock);
        if (c->order_operator == nullptr && serves(index, number) &&
            (any_metric || lid_hnsw::index_metric(index) == c->metric)) {
            c->metric = lid_hnsw::index_metric(index);
            c->order_operator = operator_sql(order_operator(index));
        }
        index_close(index, AccessShareLock);
    }
    table_close(table, AccessShareLock);
}

}  // namespace

Column find_column(Oid relation, const char* column, bool need_ctid) {
    Column c{};
    c.relation = relation;
    c.relation_name = relation_name(relation);
    c.column_name = column;
    c.metric = node::Metric::kL2;
    check_relation(c, need_ctid);
    const AttrNumber number = column_number(relation, column);
    c.from = relation_sql(relation);
    c.vector_type = find_vector_type();
    c.value = vector_expression(c, number);
    return c;
}

void choose_metric(Column* c, const char* metric, const char* search) {
    const Search how = parse_search(search);
    if (metric != nullptr)
        c->metric = parse_metric(metric);
    find_index(c, metric == nullptr);
    if (how == Search::kExact)
        c->order_operator = nullptr;
    if (how == Search::kIndex && c->order_operator == nullptr)
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_OBJECT),
                 errmsg("column \"%s\" of relation \"%s\" has no lid_hnsw index to search",
                        c->column_name, c->relation_name),
                 metric != nullptr ? errdetail("It has none for metric %s.", metric_name(c->metric))
                                   : 0,
                 errhint("Create one on the whole column, or use search => 'exact'.")));
}

const char* metric_name(node::Metric metric) {
    for (const NamedMetric& m : kMetrics)
        if (m.metric == metric)
            return m.name;
    return "unknown";
}

}  // namespace vg::pg::lid
