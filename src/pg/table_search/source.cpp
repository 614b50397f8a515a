// Implements source.h.

#include "pg/boundary/pg.h"

#include "pg/table_search/source.h"

#include <string_view>

#include "pg/boundary/arguments.h"

namespace vg::pg::table_search {
namespace {

struct OperatorTypes {
    Oid left, right, result, function;
};

OperatorTypes operator_types(Oid op) {
    const HeapTuple tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(op));
    if (!HeapTupleIsValid(tuple))
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION),
                        errmsg("operator with OID %u does not exist", op)));
    const auto* form = reinterpret_cast<Form_pg_operator>(GETSTRUCT(tuple));
    const OperatorTypes types{form->oprleft, form->oprright, form->oprresult, form->oprcode};
    ReleaseSysCache(tuple);
    return types;
}

// pgvector's types name their functions alike.
auto kind_of(Oid function) {
    const char* name = get_func_name(function);
    const std::string_view view = name == nullptr ? "" : name;
    if (view == "cosine_distance")
        return Order::kCosine;
    return view.ends_with("negative_inner_product") ? Order::kInnerProduct : Order::kDistance;
}

const char* name_argument(FunctionCallInfo fcinfo, int i, const char* what) {
    require_argument(fcinfo, i, what);
    return NameStr(*PG_GETARG_NAME(i));
}

}  // namespace

Order order_argument(FunctionCallInfo fcinfo, int i) {
    require_argument(fcinfo, i, "op");
    Order order{};
    order.op = PG_GETARG_OID(i);
    const OperatorTypes types = operator_types(order.op);
    char category;
    bool preferred;
    get_type_category_preferred(types.result, &category, &preferred);
    if (types.left != types.right || category != TYPCATEGORY_NUMERIC)
        ereport(ERROR,
                (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                 errmsg("operator %s gives no distance to order by", format_operator(order.op)),
                 errhint("Name an operator between two values of one type that returns a "
                         "number, such as <=>(vector,vector).")));
    order.sql = operator_sql(order.op);
    order.type = types.left;
    order.kind = kind_of(types.function);
    return order;
}

Oid relation_argument(FunctionCallInfo fcinfo, int i, const char* what) {
    require_argument(fcinfo, i, what);
    const Oid relation = PG_GETARG_OID(i);
    const char* name = relation_name(relation);
    const char kind = get_rel_relkind(relation);
    if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE && kind != RELKIND_MATVIEW &&
        kind != RELKIND_VIEW && kind != RELKIND_FOREIGN_TABLE)
        ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE), errmsg("\"%s\" is not a table", name),
                        errhint("Name a table or view.")));
    return relation;
}

const char* column_argument(FunctionCallInfo fcinfo, int i, const char* what, Oid relation) {
    const char* name = name_argument(fcinfo, i, what);
    column_number(relation, name);
    return quote_identifier(name);
}

Oid column_type(FunctionCallInfo fcinfo, int i, const char* what, Oid relation) {
    return get_atttype(relation, column_number(relation, name_argument(fcinfo, i, what)));
}

Source source_argument(FunctionCallInfo fcinfo, int i, const char* what, const Order& order) {
    Source s{};
    s.relation = relation_argument(fcinfo, i, what);
    s.from = relation_sql(s.relation);
    s.id = column_argument(fcinfo, i + 1, "id column", s.relation);
    s.id_type = column_type(fcinfo, i + 1, "id column", s.relation);
    s.column = column_argument(fcinfo, i + 2, "column", s.relation);
    const Oid type = column_type(fcinfo, i + 2, "column", s.relation);
    if (!IsBinaryCoercible(getBaseType(type), order.type))
        ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                        errmsg("column %s of relation \"%s\" is of type %s", s.column,
                               relation_name(s.relation), format_type_be(type)),
                        errdetail("Operator %s compares values of type %s.",
                                  format_operator(order.op), format_type_be(order.type))));
    return s;
}

bool same_rows(const Source& a, const Source& b) {
    return a.relation == b.relation && strcmp(a.id, b.id) == 0;
}

Equality::Equality(Oid type) : collation_(get_typcollation(type)) {
    get_typlenbyval(type, &length_, &by_value_);
    TypeCacheEntry* cache = lookup_type_cache(type, TYPECACHE_EQ_OPR_FINFO);
    if (OidIsValid(cache->eq_opr_finfo.fn_oid))
        equal_ = &cache->eq_opr_finfo;
}

bool Equality::operator()(Datum a, Datum b) const {
    return equal_ != nullptr ? DatumGetBool(FunctionCall2Coll(equal_, collation_, a, b))
                             : datum_image_eq(a, b, by_value_, length_);
}

const char* nearest_sql(const Source& s, const Order& order, const char* query, int limit,
                        bool with_value) {
    return psprintf(
        "SELECT CAST(s.%s AS pg_catalog.text), CAST(s.%s %s %s AS pg_catalog.float8)%s%s"
        " FROM %s s WHERE s.%s IS NOT NULL AND s.%s IS NOT NULL ORDER BY s.%s %s %s LIMIT %d",
        s.id, s.column, order.sql, query, with_value ? ", s." : "", with_value ? s.column : "",
        s.from, s.id, s.column, s.column, order.sql, query, limit);
}

}  // namespace vg::pg::table_search
