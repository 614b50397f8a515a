// links_sql: links from a query of the user's. It may only read: one SELECT, planned and run in
// read-only mode under the statement's snapshot, in a read-only stretch of the transaction, which
// also stops functions that write.

#include "pg/boundary/pg.h"

#include "pg/boundary/arguments.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/read_only.h"
#include "pg/links/query.h"

extern "C" {
#include "utils/plancache.h"
}

namespace vg::pg::links {
namespace {

constexpr long kFetch = 1000;

struct Columns {
    int source;
    int target;
    int weight;  // 0 where there is none
    int kind;
    int directed;
    Oid weight_type;
};

[[noreturn]] void report_no_select(const char* detail) {
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
             errmsg("links_sql must be a single SELECT that only reads"), errdetail("%s", detail)));
    pg_unreachable();
}

void check_plan(SPIPlanPtr plan) {
    List* sources = SPI_plan_get_plan_sources(plan);
    if (list_length(sources) != 1)
        report_no_select("It is not one statement.");
    const auto* source = static_cast<CachedPlanSource*>(linitial(sources));
    ListCell* cell;
    foreach (cell, source->query_list) {
        const auto* query = lfirst_node(Query, cell);
        if (query->commandType != CMD_SELECT)
            report_no_select("It is not a SELECT.");
        if (query->hasModifyingCTE)
            report_no_select("A WITH clause of it changes data.");
        if (query->rowMarks != NIL)
            report_no_select("It locks rows.");
    }
    if (!SPI_is_cursor_plan(plan))
        report_no_select("It returns no rows.");
}

int required_column(TupleDesc columns, const char* name) {
    const int number = SPI_fnumber(columns, name);
    if (number <= 0)
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
                        errmsg("links_sql returns no column \"%s\"", name),
                        errhint("It must return source and target, and may return weight, kind "
                                "and directed.")));
    return number;
}

int optional_column(TupleDesc columns, const char* name) {
    const int number = SPI_fnumber(columns, name);
    return number > 0 ? number : 0;
}

[[noreturn]] void report_type(const char* name, Oid type, const char* wanted) {
    ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                    errmsg("column \"%s\" of links_sql is of type %s", name, format_type_be(type)),
                    errdetail("It must be %s.", wanted)));
    pg_unreachable();
}

void check_key(TupleDesc columns, int number, const char* name, KeyClass key_class) {
    const Oid type = getBaseType(SPI_gettypeid(columns, number));
    const bool text = type == TEXTOID || type == VARCHAROID || type == UUIDOID;
    const bool integer = type == INT2OID || type == INT4OID || type == INT8OID;
    if (key_class == KeyClass::kInteger ? !integer : !text)
        report_type(name, type,
                    key_class == KeyClass::kInteger ? "an integer, as the keys of the index are"
                                                    : "uuid or text, as the keys of the index are");
}

Columns find_columns(TupleDesc desc, KeyClass key_class) {
    Columns c;
    c.source = required_column(desc, "source");
    c.target = required_column(desc, "target");
    check_key(desc, c.source, "source", key_class);
    check_key(desc, c.target, "target", key_class);
    c.weight = optional_column(desc, "weight");
    c.kind = optional_column(desc, "kind");
    c.directed = optional_column(desc, "directed");
    c.weight_type = c.weight != 0 ? getBaseType(SPI_gettypeid(desc, c.weight)) : InvalidOid;
    switch (c.weight_type) {
        case InvalidOid:
        case INT2OID:
        case INT4OID:
        case INT8OID:
        case FLOAT4OID:
        case FLOAT8OID:
        case NUMERICOID:
            break;
        default:
            report_type("weight", c.weight_type, "a number");
    }
    if (c.directed != 0 && SPI_gettypeid(desc, c.directed) != BOOLOID)
        report_type("directed", SPI_gettypeid(desc, c.directed), "boolean");
    return c;
}

Datum key_of(HeapTuple tuple, TupleDesc desc, int number, KeyClass key_class, bool* null) {
    const Datum value = SPI_getbinval(tuple, desc, number, null);
    if (*null)
        return value;
    switch (getBaseType(SPI_gettypeid(desc, number))) {
        case INT2OID:
            return Int64GetDatum(DatumGetInt16(value));
        case INT4OID:
            return Int64GetDatum(DatumGetInt32(value));
        case UUIDOID:
            return CStringGetTextDatum(SPI_getvalue(tuple, desc, number));
        default:
            return key_class == KeyClass::kInteger ? value
                                                   : PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
    }
}

Datum weight_of(Datum value, Oid type) {
    switch (type) {
        case INT2OID:
            return Float8GetDatum(DatumGetInt16(value));
        case INT4OID:
            return Float8GetDatum(DatumGetInt32(value));
        case INT8OID:
            return Float8GetDatum(static_cast<float8>(DatumGetInt64(value)));
        case FLOAT4OID:
            return Float8GetDatum(DatumGetFloat4(value));
        case NUMERICOID:
            // What is too large for a number of that type becomes infinite, and is refused as such.
            return DirectFunctionCall1(numeric_float8_no_overflow, value);
        default:
            return value;
    }
}

// Whether the row is a link.
bool read_link(HeapTuple tuple, TupleDesc desc, const Columns& c, KeyClass key_class,
               LinkTuple* out) {
    bool null;
    out->source = key_of(tuple, desc, c.source, key_class, &null);
    if (null)
        return false;
    out->target = key_of(tuple, desc, c.target, key_class, &null);
    if (null)
        return false;
    out->weight = 1.0f;
    if (c.weight != 0) {
        const Datum value = SPI_getbinval(tuple, desc, c.weight, &null);
        out->weight =
            checked_weight(null ? value : weight_of(value, c.weight_type), null, *out, key_class);
    }
    const char* kind = c.kind != 0 ? SPI_getvalue(tuple, desc, c.kind) : nullptr;
    out->kind = kind != nullptr ? cstring_to_text(kind) : nullptr;
    out->directed = false;
    if (c.directed != 0) {
        const Datum value = SPI_getbinval(tuple, desc, c.directed, &null);
        out->directed = !null && DatumGetBool(value);
    }
    return true;
}

}  // namespace

LinkTuples run_links_sql(const char* sql, KeyClass key_class, MemoryContext into) {
    LinkTuples out{};
    const bool was_read_only = begin_read_only();
    SPI_connect();
    SPIPlanPtr plan = SPI_prepare(sql, 0, nullptr);
    if (plan == nullptr)
        report_no_select(SPI_result_code_string(SPI_result));
    check_plan(plan);
    const Portal portal = SPI_cursor_open(nullptr, plan, nullptr, nullptr, true);
    const Columns columns = find_columns(portal->tupDesc, key_class);
    for (;;) {
        SPI_cursor_fetch(portal, true, kFetch);
        if (SPI_processed == 0)
            break;
        const MemoryContext old = MemoryContextSwitchTo(into);
        for (uint64 i = 0; i < SPI_processed; ++i) {
            LinkTuple link;
            if (read_link(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, columns, key_class, &link))
                *new_link_tuple(&out, into) = link;
        }
        MemoryContextSwitchTo(old);
        SPI_freetuptable(SPI_tuptable);
        check_link_budget(into);
    }
    SPI_cursor_close(portal);
    SPI_finish();
    end_read_only(was_read_only);
    return out;
}

}  // namespace vg::pg::links
