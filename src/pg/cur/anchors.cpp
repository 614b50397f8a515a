#include "pg/boundary/pg.h"

#include "pg/cur/anchors.h"

#include <algorithm>
#include <cstring>

extern "C" {
#include "catalog/namespace.h"
#include "executor/spi.h"
#include "utils/datum.h"
#include "utils/regproc.h"
#include "utils/varlena.h"
}

#include "core/base/random.h"
#include "pg/cur/fetch.h"

namespace vg::pg {
namespace {

// A sample a few times as large as needed, so that duplicates may go.
constexpr int kOversample = 4;

// Reservoir sampling (Vitter 1985, Algorithm R) of values.
struct Reservoir {
    MemoryContext context;
    Random random{0};
    int wanted;
    int count;
    double seen;
    Datum* values;
    int16 length;
    bool by_value;
};

void start_reservoir(Reservoir* r, const CurAnchors* a, int wanted, uint64 seed) {
    r->context = CurrentMemoryContext;
    r->random = Random(seed);
    r->wanted = wanted * kOversample;
    r->count = 0;
    r->seen = 0;
    r->values = static_cast<Datum*>(palloc(sizeof(Datum) * r->wanted));
    r->length = a->length;
    r->by_value = a->by_value;
}

void offer(Reservoir* r, Datum value) {
    r->seen += 1;
    int at = r->count;
    if (r->count < r->wanted) {
        ++r->count;
    } else {
        const uint64 place = r->random.below(static_cast<uint64>(r->seen));
        if (place >= static_cast<uint64>(r->wanted))
            return;
        at = static_cast<int>(place);
        if (!r->by_value)
            pfree(DatumGetPointer(r->values[at]));
    }
    const MemoryContext old = MemoryContextSwitchTo(r->context);
    r->values[at] = copy_item(value, r->length, r->by_value);
    MemoryContextSwitchTo(old);
}

// Distinct values in random order, at most `wanted`.
void finish_reservoir(Reservoir* r, int wanted, CurAnchors* out) {
    for (int i = r->count; i > 1; --i)
        std::swap(r->values[i - 1], r->values[r->random.below(static_cast<uint64>(i))]);
    out->queries = static_cast<Datum*>(palloc(sizeof(Datum) * (wanted + 1)));
    out->count = 0;
    for (int i = 0; i < r->count && out->count < wanted; ++i) {
        bool known = false;
        for (int j = 0; j < out->count && !known; ++j)
            known = datumIsEqual(r->values[i], out->queries[j], r->by_value, r->length);
        if (!known)
            out->queries[out->count++] = r->values[i];
    }
}

void sample_row(Relation, ItemPointer, Datum* values, bool* isnull, bool, void* arg) {
    if (!isnull[0])
        offer(static_cast<Reservoir*>(arg), values[0]);
}

[[noreturn]] void report_source(const char* source, const char* detail) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("anchor_source \"%s\" cannot be used", source), errdetail("%s", detail),
                    errhint("Name a column of queries as [schema.]table.column, or say items.")));
    pg_unreachable();
}

// SELECT over the column that anchor_source names, as a batch at a time through a cursor.
void sample_source(Reservoir* r, const char* source, Oid query_type) {
    List* names = stringToQualifiedNameList(source);
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
    const char* sql = psprintf("SELECT %s FROM ONLY %s WHERE %s IS NOT NULL", quoted, from, quoted);
    if (SPI_connect() != SPI_OK_CONNECT)
        elog(ERROR, "SPI_connect failed");
    Portal portal = SPI_cursor_open_with_args(nullptr, sql, 0, nullptr, nullptr, nullptr, true, 0);
    for (;;) {
        SPI_cursor_fetch(portal, true, 1000);
        if (SPI_processed == 0)
            break;
        for (uint64 i = 0; i < SPI_processed; ++i) {
            bool isnull;
            const Datum value =
                SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull);
            if (!isnull)
                offer(r, value);
        }
        SPI_freetuptable(SPI_tuptable);
        CHECK_FOR_INTERRUPTS();
    }
    SPI_cursor_close(portal);
    SPI_finish();
}

}  // namespace

void draw_anchors(CurAnchors* a, Relation heap, Relation index, IndexInfo* info) {
    const CurOptions* options = cur_options(index);
    const char* source = cur_anchor_source(options);
    const Oid query_type = cur_query_type(index);
    char align;
    get_typlenbyvalalign(query_type, &a->length, &a->by_value, &align);
    if (a->length == -2)
        ereport(ERROR,
                (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                 errmsg("queries of type %s are not supported", format_type_be(query_type))));
    a->rows = -1;
    Reservoir r;
    start_reservoir(&r, a, options->anchor_queries, static_cast<uint64>(options->seed));
    if (strcmp(source, "items") == 0) {
        if (query_type != index->rd_opcintype[0])
            report_source(source, "The operator compares rows with queries of another type.");
        table_index_build_scan(heap, index, info, true, false, sample_row, &r, nullptr);
        a->rows = r.seen;
    } else {
        sample_source(&r, source, query_type);
        if (r.count == 0)
            report_source(source, "The column holds no query.");
    }
    finish_reservoir(&r, options->anchor_queries, a);
}

Size query_bytes(int16 length, Datum query) {
    return length == -1 ? VARSIZE(DatumGetPointer(query)) : static_cast<Size>(length);
}

void store_query(int16 length, bool by_value, Datum query, void* out) {
    if (by_value)
        store_att_byval(out, query, length);
    else
        std::memcpy(out, DatumGetPointer(query), query_bytes(length, query));
}

Datum load_query(int16 length, bool by_value, void* bytes) {
    return by_value ? fetch_att(bytes, true, length) : PointerGetDatum(bytes);
}

}  // namespace vg::pg
