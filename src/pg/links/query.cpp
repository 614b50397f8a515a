#include "pg/boundary/pg.h"

#include "pg/links/query.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstring>

#include "core/base/random.h"
#include "pg/boundary/arguments.h"
#include "pg/boundary/memory.h"
#include "pg/boundary/query.h"
#include "pg/boundary/read_only.h"

namespace vg::pg::links {
namespace {

// A session that knows more link queries than this plans the others again every time.
constexpr int kMaxPlans = 256;

constexpr int kMaxParameters = 3;

// The server plans a kept statement again when a relation in it changes, but the types of its
// parameters are those it was prepared with: they are part of what a plan is found by.
struct KeptPlan {
    char* sql;
    int n;
    Oid types[kMaxParameters];
    SPIPlanPtr plan;

    bool takes(int count, const Oid* given) const {
        return n == count && std::equal(types, types + n, given);
    }
};
KeptPlan kept_plans[kMaxPlans];
int kept_count = 0;

// Its key has another type by now: nobody will ask for it again.
void drop_kept(int at) {
    const KeptPlan old = kept_plans[at];
    kept_plans[at] = kept_plans[--kept_count];
    SPI_freeplan(old.plan);
    pfree(old.sql);
}

void append_select(StringInfo sql, const LinkQuery& q, const char* from, const char* to,
                   int parameter) {
    const char* type = q.key_class == KeyClass::kInteger ? "int8" : "text";
    const LinkSet& s = *q.set;
    appendStringInfo(sql, "SELECT %s::pg_catalog.%s, ", quote_identifier(from), type);
    appendStringInfo(sql, "%s::pg_catalog.%s, ", quote_identifier(to), type);
    if (s.weight != nullptr)
        appendStringInfo(sql, "%s::pg_catalog.float8, ", quote_identifier(s.weight));
    else
        appendStringInfoString(sql, "NULL::pg_catalog.float8, ");
    if (s.kind != nullptr)
        appendStringInfo(sql, "%s::pg_catalog.text", quote_identifier(s.kind));
    else
        appendStringInfoString(sql, "NULL::pg_catalog.text");
    appendStringInfo(sql, " FROM %s WHERE %s IS NOT NULL",
                     quote_qualified_identifier(get_namespace_name(get_rel_namespace(s.table)),
                                                get_rel_name(s.table)),
                     quote_identifier(to));
    if (q.source_keys != 0)
        appendStringInfo(sql, " AND %s OPERATOR(pg_catalog.=) ANY ($%d)", quote_identifier(from),
                         parameter);
    else
        appendStringInfo(sql, " AND %s IS NOT NULL", quote_identifier(from));
    if (q.kinds != 0 && s.kind != nullptr)
        appendStringInfo(sql, " AND %s::pg_catalog.text OPERATOR(pg_catalog.=) ANY ($3)",
                         quote_identifier(s.kind));
}

const char* query_text(const LinkQuery& q) {
    StringInfoData sql;
    initStringInfo(&sql);
    append_select(&sql, q, q.set->source, q.set->target, 1);
    if (!q.set->directed && q.source_keys != 0) {
        appendStringInfoString(&sql, " UNION ALL ");
        append_select(&sql, q, q.set->target, q.set->source, 2);
    }
    return sql.data;
}

Datum kept_key(Datum value, KeyClass key_class, MemoryContext into) {
    if (key_class == KeyClass::kInteger)
        return value;
    const MemoryContext old = MemoryContextSwitchTo(into);
    const Datum copy = PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
    MemoryContextSwitchTo(old);
    return copy;
}

void take_tuples(SPITupleTable* table, uint64 n, KeyClass key_class, MemoryContext into,
                 LinkTuples* out) {
    for (uint64 i = 0; i < n; ++i) {
        bool null;
        LinkTuple* t = new_link_tuple(out, into);
        const Datum source = SPI_getbinval(table->vals[i], table->tupdesc, 1, &null);
        t->source = kept_key(source, key_class, into);
        const Datum target = SPI_getbinval(table->vals[i], table->tupdesc, 2, &null);
        t->target = kept_key(target, key_class, into);
        const Datum weight = SPI_getbinval(table->vals[i], table->tupdesc, 3, &null);
        t->weight = checked_weight(weight, null, *t, key_class);
        const Datum kind = SPI_getbinval(table->vals[i], table->tupdesc, 4, &null);
        t->kind = null ? nullptr
                       : reinterpret_cast<const text*>(
                             DatumGetPointer(kept_key(kind, KeyClass::kText, into)));
        t->directed = true;
    }
}

constexpr uint64 kFetch = 5000;

void fetch_all(SPIPlanPtr plan, Datum* values, const LinkQuery& query, MemoryContext into,
               LinkTuples* out) {
    const char nulls[] = {values[0] != 0 ? ' ' : 'n', values[1] != 0 ? ' ' : 'n',
                          values[2] != 0 ? ' ' : 'n', '\0'};
    const Portal portal = SPI_cursor_open(nullptr, plan, values, nulls, true);
    for (;;) {
        SPI_cursor_fetch(portal, true, kFetch);
        const uint64 n = SPI_processed;
        take_tuples(SPI_tuptable, n, query.key_class, into, out);
        SPI_freetuptable(SPI_tuptable);
        check_link_budget(into);
        if (n < kFetch)
            break;
    }
    SPI_cursor_close(portal);
}

}  // namespace

LinkTuple* new_link_tuple(LinkTuples* tuples, MemoryContext into) {
    if (tuples->n == tuples->capacity) {
        const uint64 capacity = tuples->capacity == 0 ? 64 : 2 * tuples->capacity;
        const Size bytes = sizeof(LinkTuple) * capacity;
        tuples->rows =
            static_cast<LinkTuple*>(tuples->rows == nullptr ? MemoryContextAllocHuge(into, bytes)
                                                            : repalloc_huge(tuples->rows, bytes));
        tuples->capacity = capacity;
    }
    return &tuples->rows[tuples->n++];
}

void check_link_budget(MemoryContext into) {
    check_state_size("reading links", static_cast<double>(MemoryContextMemAllocated(into, true)),
                     "use fewer links");
}

SPIPlanPtr kept_plan(const char* sql, int n, const Oid* types) {
    for (int i = 0; i < kept_count; ++i) {
        if (std::strcmp(kept_plans[i].sql, sql) != 0)
            continue;
        if (kept_plans[i].takes(n, types))
            return kept_plans[i].plan;
        drop_kept(i);
        break;
    }
    SPIPlanPtr plan = SPI_prepare_cursor(sql, n, const_cast<Oid*>(types), CURSOR_OPT_GENERIC_PLAN);
    if (plan == nullptr)
        elog(ERROR, "SPI_prepare_cursor returned %s", SPI_result_code_string(SPI_result));
    if (kept_count < kMaxPlans && n <= kMaxParameters) {
        KeptPlan kept{MemoryContextStrdup(TopMemoryContext, sql), n, {}, plan};
        std::copy_n(types, n, kept.types);
        SPI_keepplan(plan);
        kept_plans[kept_count++] = kept;
    }
    return plan;
}

Oid key_array_type(Oid column_type) {
    switch (column_type) {
        case UUIDOID:
            return UUIDARRAYOID;
        case TEXTOID:
        case VARCHAROID:
            return TEXTARRAYOID;
        default:
            return INT8ARRAYOID;
    }
}

LinkTuples run_link_query(const LinkQuery& query, MemoryContext into) {
    const LinkSet& s = *query.set;
    const Oid types[] = {key_array_type(checked_key_column(s.table, s.source, query.key_class)),
                         key_array_type(checked_key_column(s.table, s.target, query.key_class)),
                         TEXTARRAYOID};
    LinkTuples out{};
    const bool was_read_only = begin_read_only();  // a view may call functions that write
    SPI_connect();
    SPIPlanPtr plan = kept_plan(query_text(query), 3, types);
    Datum values[] = {query.source_keys, query.target_keys, query.kinds};
    fetch_all(plan, values, query, into, &out);
    SPI_finish();
    end_read_only(was_read_only);
    return out;
}

static const char* key_text(Datum key, KeyClass key_class) {
    return key_class == KeyClass::kInteger ? psprintf(INT64_FORMAT, DatumGetInt64(key))
                                           : TextDatumGetCString(key);
}

float checked_weight(Datum value, bool isnull, const LinkTuple& link, KeyClass key_class) {
    if (isnull)
        return 1.0f;
    const float8 weight = DatumGetFloat8(value);
    const auto single = static_cast<float>(weight);
    if (likely(weight >= 0.0 && std::isfinite(single)))
        return single;
    constexpr const char* kName = "weight of a link";
    const Place place{
        .where = psprintf("for the link from %s to %s", key_text(link.source, key_class),
                          key_text(link.target, key_class)),
        .hint = "A link of weight 0 counts as none."};
    check_nonnegative(weight, kName, place);
    report_number(kName, psprintf("be at most %g", static_cast<double>(FLT_MAX)), weight, place);
}

}  // namespace vg::pg::links
