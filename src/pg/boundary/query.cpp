// Implements query.h.

#include "pg/boundary/pg.h"

#include "pg/boundary/query.h"

namespace vg::pg {
namespace {

// Rows fetched at a time: a few hundred kilobytes of vectors that are not out of line.
constexpr long kBatch = 200;

MemoryContext make_row_context() {
    return AllocSetContextCreate(CurrentMemoryContext, "row", ALLOCSET_DEFAULT_SIZES);
}

// SPI's result is a global variable, which a query of fn's would change.
void visit_fetched(RowVisitor fn, void* arg, MemoryContext per_row) {
    SPITupleTable* table = SPI_tuptable;
    const uint64 rows = SPI_processed;
    for (uint64 i = 0; i < rows; ++i) {
        CHECK_FOR_INTERRUPTS();
        const MemoryContext old = MemoryContextSwitchTo(per_row);
        fn(table->vals[i], table->tupdesc, arg);
        MemoryContextSwitchTo(old);
        MemoryContextReset(per_row);
    }
    SPI_freetuptable(table);
}

}  // namespace

const char* relation_name(Oid relation) {
    const char* name = get_rel_name(relation);
    if (name == nullptr)
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
                        errmsg("relation with OID %u does not exist", relation)));
    return name;
}

const char* relation_sql(Oid relation) {
    const char* name = relation_name(relation);
    return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)), name);
}

AttrNumber column_number(Oid relation, const char* column) {
    const AttrNumber number = get_attnum(relation, column);
    if (number == InvalidAttrNumber)
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
                        errmsg("column \"%s\" of relation \"%s\" does not exist", column,
                               relation_name(relation))));
    return number;
}

const char* operator_sql(Oid op) {
    const HeapTuple tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(op));
    if (!HeapTupleIsValid(tuple))
        elog(ERROR, "cache lookup failed for operator %u", op);
    const auto* form = reinterpret_cast<Form_pg_operator>(GETSTRUCT(tuple));
    const char* sql =
        psprintf("OPERATOR(%s.%s)", quote_identifier(get_namespace_name(form->oprnamespace)),
                 NameStr(form->oprname));
    ReleaseSysCache(tuple);
    return sql;
}

const char* equality_sql(Oid left, Oid right) {
    const TypeCacheEntry* l = lookup_type_cache(left, TYPECACHE_EQ_OPR | TYPECACHE_BTREE_OPFAMILY);
    const TypeCacheEntry* r = lookup_type_cache(right, TYPECACHE_EQ_OPR | TYPECACHE_BTREE_OPFAMILY);
    Oid op = InvalidOid;
    if (getBaseType(left) == getBaseType(right))
        op = l->eq_opr;
    else if (OidIsValid(l->btree_opf) && OidIsValid(r->btree_opf))
        op = get_opfamily_member(l->btree_opf, l->btree_opintype, r->btree_opintype,
                                 BTEqualStrategyNumber);
    // Of several families, as numeric and integer are: whatever the server has of its own.
    return OidIsValid(op) ? operator_sql(op) : "OPERATOR(pg_catalog.=)";
}

void for_each_row(const char* sql, RowVisitor fn, void* arg) {
    const SPIPlanPtr plan = SPI_prepare(sql, 0, nullptr);
    if (plan == nullptr)
        elog(ERROR, "could not prepare \"%s\": %s", sql, SPI_result_code_string(SPI_result));
    const MemoryContext per_row = make_row_context();
    const Portal portal = SPI_cursor_open(nullptr, plan, nullptr, nullptr, true);
    for (;;) {
        SPI_cursor_fetch(portal, true, kBatch);
        if (SPI_processed == 0)
            break;
        visit_fetched(fn, arg, per_row);
    }
    SPI_freetuptable(SPI_tuptable);
    SPI_cursor_close(portal);
    SPI_freeplan(plan);
    MemoryContextDelete(per_row);
}

SPIPlanPtr prepare_query(const char* sql, Oid parameter_type) {
    const SPIPlanPtr plan = SPI_prepare_cursor(sql, 1, &parameter_type, CURSOR_OPT_GENERIC_PLAN);
    if (plan == nullptr)
        elog(ERROR, "could not prepare \"%s\": %s", sql, SPI_result_code_string(SPI_result));
    return plan;
}

void for_each_row(SPIPlanPtr plan, Datum parameter, long limit, RowVisitor fn, void* arg) {
    const int status = SPI_execute_plan(plan, &parameter, nullptr, true, limit);
    if (status != SPI_OK_SELECT)
        elog(ERROR, "could not run a query: %s", SPI_result_code_string(status));
    const MemoryContext per_row = make_row_context();
    visit_fetched(fn, arg, per_row);
    MemoryContextDelete(per_row);
}

}  // namespace vg::pg
