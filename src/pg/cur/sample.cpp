#include "pg/boundary/pg.h"

#include "pg/cur/sample.h"

#include <cstring>
#include <utility>

extern "C" {
#include "utils/varlena.h"
}

#include "pg/cur/fetch.h"

namespace vg::pg::cur {
namespace {

constexpr int kOversample = 4;

bool is_among(const QueryType& type, Datum value, const Datum* values, int n) {
    for (int i = 0; i < n; ++i) {
        if (datumIsEqual(value, values[i], type.by_value, type.length))
            return true;
    }
    return false;
}

}  // namespace

QueryType query_type(Relation index) {
    QueryType t{cur_query_type(index), 0, false};
    char align;
    get_typlenbyvalalign(t.type, &t.length, &t.by_value, &align);
    if (t.length == -2)
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("queries of type %s are not supported", format_type_be(t.type))));
    return t;
}

void start_reservoir(Reservoir* r, const QueryType& type, int wanted, uint64 seed) {
    r->context = CurrentMemoryContext;
    r->random = Random(seed);
    r->wanted = wanted * kOversample;
    r->count = 0;
    r->seen = 0;
    r->values = static_cast<Datum*>(palloc(sizeof(Datum) * r->wanted));
    r->type = type;
}

void offer_value(Reservoir* r, Datum value) {
    const auto at = static_cast<int>(
        reservoir_place(r->random, static_cast<uint64>(r->seen), static_cast<uint64>(r->wanted)));
    r->seen += 1;
    if (at == r->wanted)
        return;
    if (at == r->count)
        ++r->count;
    else if (!r->type.by_value)
        pfree(DatumGetPointer(r->values[at]));
    const MemoryContext old = MemoryContextSwitchTo(r->context);
    r->values[at] = copy_item(value, r->type.length, r->type.by_value);
    MemoryContextSwitchTo(old);
}

int finish_reservoir(Reservoir* r, int wanted, Datum* out, const Datum* avoid, int avoided) {
    for (int i = r->count; i > 1; --i)
        std::swap(r->values[i - 1], r->values[r->random.below(static_cast<uint64>(i))]);
    int count = 0;
    for (int i = 0; i < r->count && count < wanted; ++i) {
        CHECK_FOR_INTERRUPTS();
        if (!is_among(r->type, r->values[i], out, count) &&
            !is_among(r->type, r->values[i], avoid, avoided))
            out[count++] = r->values[i];
    }
    return count;
}

bool source_is_items(const char* source, Relation index, const QueryType& type) {
    if (std::strcmp(source, "items") != 0)
        return false;
    if (type.type != index->rd_opcintype[0])
        report_source(source, "The operator compares rows with queries of another type.");
    return true;
}

char* source_query(const char* source, Oid query_type) {
    List* names = qualified_name_list(source);
    if (list_length(names) < 2 || list_length(names) > 3)
        report_source(source, "It is not of the form table.column or schema.table.column.");
    const char* column = strVal(llast(names));
    names = list_truncate(names, list_length(names) - 1);
    const Oid table = RangeVarGetRelid(makeRangeVarFromNameList(names), AccessShareLock, false);
    const AttrNumber number = get_attnum(table, column);
    if (number == InvalidAttrNumber)
        report_source(source, psprintf("There is no column \"%s\".", column));
    Oid type;
    int32 typmod;
    Oid collation;
    get_atttypetypmodcoll(table, number, &type, &typmod, &collation);
    if (getBaseType(type) != query_type)
        report_source(source, psprintf("The column is of type %s, queries are of type %s.",
                                       format_type_be(type), format_type_be(query_type)));
    const char* quoted = quote_identifier(column);
    const char* from = quote_qualified_identifier(get_namespace_name(get_rel_namespace(table)),
                                                  get_rel_name(table));
    return psprintf("SELECT %s FROM ONLY %s WHERE %s IS NOT NULL", quoted, from, quoted);
}

// A batch at a time through a cursor.
void sample_source(Reservoir* r, const char* source, const char* query) {
    if (SPI_connect() != SPI_OK_CONNECT)
        elog(ERROR, "SPI_connect failed");
    Portal portal =
        SPI_cursor_open_with_args(nullptr, query, 0, nullptr, nullptr, nullptr, true, 0);
    for (;;) {
        SPI_cursor_fetch(portal, true, 1000);
        if (SPI_processed == 0)
            break;
        for (uint64 i = 0; i < SPI_processed; ++i) {
            bool isnull;
            const Datum value =
                SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull);
            if (!isnull)
                offer_value(r, value);
        }
        SPI_freetuptable(SPI_tuptable);
        CHECK_FOR_INTERRUPTS();
    }
    SPI_cursor_close(portal);
    SPI_finish();
    if (r->count == 0)
        report_source(source, "The column holds no query.");
}

[[noreturn]] void report_source(const char* source, const char* detail) {
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
             errmsg("source of queries \"%s\" cannot be used", source), errdetail("%s", detail),
             errhint("Name a column of queries as [schema.]table.column, or say items.")));
    pg_unreachable();
}

}  // namespace vg::pg::cur
