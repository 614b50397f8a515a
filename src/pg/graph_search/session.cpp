#include "pg/boundary/pg.h"

#include "pg/graph_search/session.h"

#include "pg/boundary/arguments.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/compat.h"
#include "pg/boundary/memory.h"

extern "C" {
#include "storage/predicate.h"
}

namespace vg::pg::graph_search {
namespace {

// SELECT on the table, or on every column that the index holds.
void check_rights(Relation heap, Relation index) {
    const Oid table = RelationGetRelid(heap);
    const Oid user = GetUserId();
    if (pg_class_aclcheck(table, user, ACL_SELECT) == ACLCHECK_OK)
        return;
    const Form_pg_index form = index->rd_index;
    for (int i = 0; i < form->indnatts; ++i) {
        const AttrNumber column = form->indkey.values[i];
        if (column == InvalidAttrNumber ||
            pg_attribute_aclcheck(table, column, user, ACL_SELECT) != ACLCHECK_OK)
            aclcheck_error(ACLCHECK_NO_PRIV, get_relkind_objtype(heap->rd_rel->relkind),
                           RelationGetRelationName(heap));
    }
}

void check_key_class(const semantic_graph::GraphIndex& index, links::KeyClass wanted) {
    const Oid type = index.key_type();
    if (links::key_class_of(type) == wanted)
        return;
    ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                    errmsg("keys of index \"%s\" are of type %s",
                           RelationGetRelationName(index.index()), format_type_be(type)),
                    wanted == links::KeyClass::kInteger
                        ? errhint("Use the function whose name ends in _text.")
                        : errhint("Use the function without _text at the end of its name.")));
}

links::LinkRequest link_request(FunctionCallInfo fcinfo, LinkArguments at, Oid index) {
    links::LinkRequest request{};
    if (!PG_ARGISNULL(at.kinds)) {
        ArrayType* kinds = PG_GETARG_ARRAYTYPE_P(at.kinds);
        if (array_contains_nulls(kinds))
            report_null("elements of kinds");
        request.kinds = PointerGetDatum(kinds);
    }
    if (!PG_ARGISNULL(at.links_sql))
        request.links_sql = text_to_cstring(PG_GETARG_TEXT_PP(at.links_sql));
    else
        request.sets =
            links::usable_link_sets_of(links::link_registry(fcinfo->flinfo->fn_oid), index);
    return request;
}

void poll_session(void* arg) {
    poll_interrupts();
    auto* context = static_cast<MemoryContext>(arg);
    const Size bytes = MemoryContextMemAllocated(context, true);
    if (bytes > state_budget())
        call_pg([] {
            report_state_size("walk over the graph", 0,
                              "lower max_nodes, max_hops or the number of seeds");
        });
}

}  // namespace

Session begin_session(FunctionCallInfo fcinfo, links::KeyClass key_class, LinkArguments links) {
    require_argument(fcinfo, 0, "index");
    Session s;
    s.snapshot = GetActiveSnapshot();
    s.index = semantic_graph::GraphIndex::open(PG_GETARG_OID(0), true, s.snapshot);
    const Relation heap = s.index->heap();
    check_rights(heap, s.index->index());
    check_key_class(*s.index, key_class);
    PredicateLockRelation(s.index->index(), s.snapshot);
    s.row_security = check_enable_rls(RelationGetRelid(heap), InvalidOid, false) == RLS_ENABLED;
    const AttrNumber key = s.index->key_attribute();
    s.key_column =
        key != InvalidAttrNumber ? get_attname(RelationGetRelid(heap), key, false) : nullptr;
    if (s.row_security && s.key_column == nullptr)
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("key of index \"%s\" is an expression",
                               RelationGetRelationName(s.index->index())),
                        errdetail("The table's row-level security is checked by key.")));
    s.fetch = begin_table_fetch(heap);
    s.slot = table_slot_create(heap, nullptr);
    s.links = link_request(fcinfo, links, PG_GETARG_OID(0));
    s.context =
        AllocSetContextCreate(CurrentMemoryContext, "semantic graph", ALLOCSET_DEFAULT_SIZES);
    s.scratch = AllocSetContextCreate(s.context, "semantic graph links", ALLOCSET_DEFAULT_SIZES);
    return s;
}

void end_session(const Session& session) {
    ExecDropSingleTupleTableSlot(session.slot);
    table_index_fetch_end(session.fetch);
    session.index->close();
    MemoryContextDelete(session.context);
}

Poll session_poll(const Session& session) {
    return {poll_session, session.context};
}

links::KeyClass class_of_result(TupleDesc columns, int column) {
    return TupleDescAttr(columns, column)->atttypid == TEXTOID ? links::KeyClass::kText
                                                               : links::KeyClass::kInteger;
}

void read_keys(Datum array, const char* name, links::Keys& keys, std::vector<graph::Vertex>& out) {
    const ArrayItems items = call_pg([&] {
        const ArrayItems found = array_items(DatumGetArrayTypeP(array));
        for (int i = 0; i < found.n; ++i)
            if (found.nulls[i])
                report_null(name);
        return found;
    });
    for (int i = 0; i < items.n; ++i)
        out.push_back(keys.of_sql(items.values[i]));
}

Datum sql_key(const links::Keys& keys, graph::Vertex vertex) {
    if (keys.key_class() == links::KeyClass::kInteger)
        return Int64GetDatum(vertex);
    const char* text = keys.text(vertex).data();
    return PointerGetDatum(
        cstring_to_text_with_len(text, static_cast<int>(keys.text(vertex).size())));
}

Datum sql_key_array(const links::Keys& keys, const graph::Vertex* vertices, int n) {
    auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(n + 1)));
    for (int i = 0; i < n; ++i)
        values[i] = sql_key(keys, vertices[i]);
    const bool integer = keys.key_class() == links::KeyClass::kInteger;
    return PointerGetDatum(integer ? construct_array(values, n, INT8OID, 8, FLOAT8PASSBYVAL, 'd')
                                   : construct_array(values, n, TEXTOID, -1, false, 'i'));
}

}  // namespace vg::pg::graph_search
