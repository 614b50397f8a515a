// semantic_graph_add_links, semantic_graph_drop_links, semantic_graph_links: the registry of link
// sets. It is written as its owner, because users have no right to; who may is checked here.

#include "pg/boundary/pg.h"

#include <cstring>

#include "pg/boundary/arguments.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/compat.h"
#include "pg/boundary/query.h"
#include "pg/boundary/result.h"
#include "pg/links/link_set.h"
#include "pg/semantic_graph/graph_index.h"

extern "C" {
#include "catalog/dependency.h"
#include "catalog/pg_index.h"
}

namespace vg::pg::links {
namespace {

constexpr const char* kInternals = "_vectorgraph";
constexpr const char* kTable = "semantic_graph_link_set";
constexpr int kColumns = 11;

// A field of the relation's row in pg_class.
template <typename Field>
Field of_class(Oid relation, Field FormData_pg_class::*field) {
    const HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
    if (!HeapTupleIsValid(tuple))
        elog(ERROR, "cache lookup failed for relation %u", relation);
    const Field value = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->*field;
    ReleaseSysCache(tuple);
    return value;
}

Oid owner_of(Oid relation) {
    return of_class(relation, &FormData_pg_class::relowner);
}

struct Owner {
    Oid user;
    int security;
};

Owner begin_as_registry_owner(Oid registry) {
    Owner saved;
    GetUserIdAndSecContext(&saved.user, &saved.security);
    SetUserIdAndSecContext(owner_of(registry),
                           saved.security | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
    return saved;
}

// Runs a statement on the registry as its owner; an error ends that too. Returns rows affected.
int64 change_registry(Oid registry, const char* sql, int n, Datum* values, const char* nulls) {
    static const Oid kTypes[kColumns] = {REGCLASSOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID,   TEXTOID,
                                         TEXTOID,     TEXTOID, BOOLOID, TEXTOID, REGROLEOID};
    Oid types[kColumns];
    std::memcpy(types, kTypes, sizeof types);
    const Owner saved = begin_as_registry_owner(registry);
    SPI_connect();
    const int rc = SPI_execute_with_args(sql, n, types, values, nulls, false, 0);
    if (rc < 0)
        elog(ERROR, "SPI_execute_with_args returned %s", SPI_result_code_string(rc));
    const auto rows = static_cast<int64>(SPI_processed);
    SPI_finish();
    SetUserIdAndSecContext(saved.user, saved.security);
    return rows;
}

Datum schema_of(Oid relation) {
    return CStringGetTextDatum(get_namespace_name(get_rel_namespace(relation)));
}

Datum name_of(Oid relation) {
    return CStringGetTextDatum(get_rel_name(relation));
}

// The index, which must be one of ours with a key; its key type. The caller must own its table.
Oid owned_index_key(Oid index) {
    semantic_graph::GraphIndex* graph = semantic_graph::GraphIndex::open(index, true, nullptr);
    const Oid type = graph->key_type();
    const Oid heap = RelationGetRelid(graph->heap());
    graph->close();
    if (!owns_relation(heap))
        aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_TABLE, get_rel_name(heap));
    return type;
}

// Rows of tables that are gone. They would bind nothing, since a new table has another OID.
void forget_dropped_tables(Oid registry) {
    change_registry(registry,
                    psprintf("DELETE FROM %s s WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_class c "
                             "WHERE c.oid OPERATOR(pg_catalog.=) s.indexed_table)",
                             relation_sql(registry)),
                    0, nullptr, nullptr);
}

void check_weight_column(Oid table, const char* column) {
    const Oid type = get_atttype(table, column_number(table, column));
    char category;
    bool preferred;
    get_type_category_preferred(getBaseType(type), &category, &preferred);
    if (category != TYPCATEGORY_NUMERIC)
        ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                        errmsg("weight column \"%s\" is of type %s", column, format_type_be(type)),
                        errdetail("Weights of links are numbers.")));
}

bool has_index_on(Oid table, AttrNumber column) {
    const Relation relation = table_open(table, AccessShareLock);
    bool found = false;
    List* indexes = RelationGetIndexList(relation);
    ListCell* cell;
    foreach (cell, indexes) {
        const HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(cell)));
        if (!HeapTupleIsValid(tuple))
            continue;
        const auto form = reinterpret_cast<Form_pg_index>(GETSTRUCT(tuple));
        found = found || form->indkey.values[0] == column;
        ReleaseSysCache(tuple);
    }
    list_free(indexes);
    table_close(relation, NoLock);
    return found;
}

void advise_index(Oid table, const char* column) {
    const char relkind = get_rel_relkind(table);
    if (relkind != RELKIND_RELATION && relkind != RELKIND_MATVIEW &&
        relkind != RELKIND_PARTITIONED_TABLE)
        return;
    if (!has_index_on(table, column_number(table, column)))
        ereport(WARNING,
                (errmsg("no index of table \"%s\" starts with column \"%s\"", get_rel_name(table),
                        column),
                 errhint("Create one: every step of a walk looks links up by this column.")));
}

void check_link_table(Oid table) {
    switch (get_rel_relkind(table)) {
        case RELKIND_RELATION:
        case RELKIND_PARTITIONED_TABLE:
        case RELKIND_VIEW:
        case RELKIND_MATVIEW:
        case RELKIND_FOREIGN_TABLE:
            break;
        default:
            ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                            errmsg("\"%s\" is not a table or view", get_rel_name(table))));
    }
    if (get_rel_persistence(table) == RELPERSISTENCE_TEMP)
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("temporary table \"%s\" cannot be registered", get_rel_name(table)),
                        errhint("Pass a query on it as links_sql instead.")));
}

bool has_row_security(Oid relation) {
    return of_class(relation, &FormData_pg_class::relrowsecurity);
}

// The functions of a view or of a policy run with the rights of whoever reads.
void check_whose_code(Oid table, Oid indexed) {
    if (get_rel_relkind(table) != RELKIND_VIEW && !has_row_security(table))
        return;
    const Oid owner = owner_of(table);
    if (owner == GetUserId() || has_privs_of_role(owner, owner_of(indexed)))
        return;
    ereport(ERROR,
            (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
             errmsg("link table \"%s\" does not belong to the owner of table \"%s\"",
                    get_rel_name(table), get_rel_name(indexed)),
             errdetail("It is a view or has row-level security: reading it would run functions of "
                       "its owner \"%s\" with the rights of whoever searches.",
                       GetUserNameFromId(owner, true)),
             errhint("Register a table, or a view that the owner of the indexed table makes.")));
}

// Whether the role may act as the owner of the table, as superusers and members of the owner may.
void check_registrar(Oid role, Oid indexed, const char* index_name) {
    if (has_privs_of_role(role, owner_of(indexed)))
        return;
    const char* name = GetUserNameFromId(role, true);
    ereport(
        ERROR,
        (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
         errmsg("link sets of index \"%s\" were registered by a role that no longer owns its table",
                index_name),
         name != nullptr ? errdetail("It was \"%s\".", name)
                         : errdetail("That role no longer exists."),
         errhint("The owner of the table can register them again with semantic_graph_add_links, or "
                 "remove them with semantic_graph_drop_links.")));
}

// Locks the table of the set until the end of the transaction; false when its name now means
// another one.
bool lock_link_table(const LinkSet& set, const char* schema, const char* name) {
    LockRelationOid(set.table, AccessShareLock);
    const Oid space = get_namespace_oid(schema, true);
    return OidIsValid(space) && get_relname_relid(name, space) == set.table;
}

const char* name_argument(FunctionCallInfo fcinfo, int i) {
    return PG_ARGISNULL(i) ? nullptr : NameStr(*PG_GETARG_NAME(i));
}

const char* column_at(SPITupleTable* rows, uint64 row, int column) {
    return SPI_getvalue(rows->vals[row], rows->tupdesc, column);
}

[[noreturn]] void report_gone(const char* schema, const char* table, const char* column) {
    const char* hint = "Remove the link set with semantic_graph_drop_links, or bring it back.";
    if (column == nullptr)
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
                        errmsg("link table \"%s.%s\" does not exist", schema, table),
                        errhint("%s", hint)));
    ereport(ERROR,
            (errcode(ERRCODE_UNDEFINED_COLUMN),
             errmsg("column \"%s\" of link table \"%s.%s\" does not exist", column, schema, table),
             errhint("%s", hint)));
    pg_unreachable();
}

const char* kept(const char* value, MemoryContext context) {
    return value == nullptr ? nullptr : MemoryContextStrdup(context, value);
}

LinkSet read_set(SPITupleTable* rows, uint64 i, MemoryContext context, bool lock) {
    const char* schema = column_at(rows, i, 1);
    const char* name = column_at(rows, i, 2);
    const Oid space = get_namespace_oid(schema, true);
    LinkSet set;
    set.table = OidIsValid(space) ? get_relname_relid(name, space) : InvalidOid;
    if (!OidIsValid(set.table) || (lock && !lock_link_table(set, schema, name)))
        report_gone(schema, name, nullptr);
    const char** columns[] = {&set.source, &set.target, &set.weight, &set.kind};
    for (int c = 0; c < 4; ++c) {
        *columns[c] = kept(column_at(rows, i, 3 + c), context);
        if (*columns[c] != nullptr && get_attnum(set.table, *columns[c]) == InvalidAttrNumber)
            report_gone(schema, name, *columns[c]);
    }
    set.directed = column_at(rows, i, 7)[0] == 't';
    set.label = kept(column_at(rows, i, 8), context);
    bool null;
    set.registered_by = DatumGetObjectId(SPI_getbinval(rows->vals[i], rows->tupdesc, 9, &null));
    return set;
}

LinkSets read_sets(Oid registry, Oid index, bool lock) {
    const MemoryContext context = CurrentMemoryContext;
    Datum values[] = {ObjectIdGetDatum(IndexGetRelation(index, false)), name_of(index)};
    Oid types[] = {REGCLASSOID, TEXTOID};
    const char* sql = psprintf(
        "SELECT table_schema, table_name, source_column, target_column, weight_column, "
        "kind_column, directed, label, registered_by FROM %s WHERE indexed_table "
        "OPERATOR(pg_catalog.=) $1 AND index_name OPERATOR(pg_catalog.=) $2 ORDER BY 1, 2, 3, 4",
        relation_sql(registry));
    SPI_connect();
    const int rc = SPI_execute_with_args(sql, 2, types, values, nullptr, true, 0);
    if (rc != SPI_OK_SELECT)
        elog(ERROR, "SPI_execute_with_args returned %s", SPI_result_code_string(rc));
    LinkSets result;
    result.n = static_cast<int>(SPI_processed);
    result.sets =
        static_cast<LinkSet*>(MemoryContextAlloc(context, sizeof(LinkSet) * (SPI_processed + 1)));
    for (int i = 0; i < result.n; ++i)
        result.sets[i] = read_set(SPI_tuptable, static_cast<uint64>(i), context, lock);
    SPI_finish();
    return result;
}

}  // namespace

// The table of the extension that the function belongs to. Version 0.1.0 had another one, in
// another schema: its functions run with this library until the extension is updated.
Oid link_registry(Oid function) {
    const Oid space = get_namespace_oid(kInternals, true);
    const Oid registry = OidIsValid(space) ? get_relname_relid(kTable, space) : InvalidOid;
    const Oid extension = getExtensionOfObject(ProcedureRelationId, function);
    if (!OidIsValid(registry) || !OidIsValid(extension) ||
        getExtensionOfObject(RelationRelationId, registry) != extension)
        ereport(ERROR,
                (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                 errmsg("extension \"vectorgraph\" of this database is older than its library"),
                 errdetail("It has no table \"%s.%s\".", kInternals, kTable),
                 errhint("Run ALTER EXTENSION vectorgraph UPDATE.")));
    return registry;
}

LinkSets link_sets_of(Oid registry, Oid index) {
    return read_sets(registry, index, false);
}

LinkSets usable_link_sets_of(Oid registry, Oid index) {
    const LinkSets sets = read_sets(registry, index, true);
    const Oid indexed = IndexGetRelation(index, false);
    for (int i = 0; i < sets.n; ++i) {
        check_registrar(sets.sets[i].registered_by, indexed, get_rel_name(index));
        check_whose_code(sets.sets[i].table, indexed);
    }
    return sets;
}

Oid checked_key_column(Oid table, const char* column, KeyClass keys) {
    const Oid type = getBaseType(get_atttype(table, column_number(table, column)));
    const bool text = type == TEXTOID || type == VARCHAROID || type == UUIDOID;
    const bool integer = type == INT2OID || type == INT4OID || type == INT8OID;
    if (keys == KeyClass::kInteger ? !integer : !text)
        ereport(ERROR,
                (errcode(ERRCODE_DATATYPE_MISMATCH),
                 errmsg("column \"%s\" of table \"%s\" is of type %s", column, get_rel_name(table),
                        format_type_be(type)),
                 errdetail("The keys of the index are %s.",
                           keys == KeyClass::kInteger ? "integers" : "of type uuid or text")));
    return type;
}

// That the table can be registered for the index, with these of its columns.
static void check_link_columns(Oid index, Oid table, const char* source, const char* target,
                               const char* weight, const char* kind) {
    const KeyClass keys = key_class_of(owned_index_key(index));
    if (get_rel_name(table) == nullptr)
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("link table does not exist")));
    check_link_table(table);
    checked_key_column(table, source, keys);
    checked_key_column(table, target, keys);
    if (std::strcmp(source, target) == 0)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("source and target must be different columns")));
    if (weight != nullptr)
        check_weight_column(table, weight);
    if (kind != nullptr)
        column_number(table, kind);
}

VG_FUNCTION(vg_semantic_graph_add_links) {
    require_arguments(fcinfo,
                      {"index", "link_table", "source", "target", nullptr, nullptr, "directed"});
    const Oid index = PG_GETARG_OID(0);
    const Oid table = PG_GETARG_OID(1);
    const char* source = name_argument(fcinfo, 2);
    const char* target = name_argument(fcinfo, 3);
    const char* weight = name_argument(fcinfo, 4);
    const char* kind = name_argument(fcinfo, 5);
    const bool directed = PG_GETARG_BOOL(6);

    check_link_columns(index, table, source, target, weight, kind);
    const Oid indexed = IndexGetRelation(index, false);
    check_whose_code(table, indexed);
    const char* label = table == indexed ? target : get_rel_name(table);
    if (!PG_ARGISNULL(7))
        label = text_to_cstring(PG_GETARG_TEXT_PP(7));

    const Oid registry = link_registry(fcinfo->flinfo->fn_oid);
    Datum values[kColumns] = {ObjectIdGetDatum(indexed),
                              name_of(index),
                              schema_of(table),
                              name_of(table),
                              CStringGetTextDatum(source),
                              CStringGetTextDatum(target),
                              weight != nullptr ? CStringGetTextDatum(weight) : Datum{0},
                              kind != nullptr ? CStringGetTextDatum(kind) : Datum{0},
                              BoolGetDatum(directed),
                              CStringGetTextDatum(label),
                              ObjectIdGetDatum(GetUserId())};
    char nulls[kColumns + 1] = "           ";
    nulls[6] = weight != nullptr ? ' ' : 'n';
    nulls[7] = kind != nullptr ? ' ' : 'n';
    forget_dropped_tables(registry);
    change_registry(
        registry,
        psprintf("INSERT INTO %s VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT "
                 "(indexed_table, index_name, table_schema, table_name, source_column, "
                 "target_column) DO UPDATE SET weight_column = EXCLUDED.weight_column, "
                 "kind_column = EXCLUDED.kind_column, directed = EXCLUDED.directed, "
                 "label = EXCLUDED.label, registered_by = EXCLUDED.registered_by",
                 relation_sql(registry)),
        kColumns, values, nulls);
    advise_index(table, source);
    if (!directed)
        advise_index(table, target);
    PG_RETURN_VOID();
}

VG_FUNCTION(vg_semantic_graph_drop_links) {
    require_argument(fcinfo, 0, "index");
    const Oid index = PG_GETARG_OID(0);
    owned_index_key(index);
    const Oid registry = link_registry(fcinfo->flinfo->fn_oid);
    const bool all = PG_ARGISNULL(1);
    if (!all && get_rel_name(PG_GETARG_OID(1)) == nullptr)
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("link table does not exist")));
    const char* source = name_argument(fcinfo, 2);
    const char* target = name_argument(fcinfo, 3);
    Datum values[6] = {ObjectIdGetDatum(IndexGetRelation(index, false)),
                       name_of(index),
                       all ? Datum{0} : schema_of(PG_GETARG_OID(1)),
                       all ? Datum{0} : name_of(PG_GETARG_OID(1)),
                       source != nullptr ? CStringGetTextDatum(source) : Datum{0},
                       target != nullptr ? CStringGetTextDatum(target) : Datum{0}};
    char nulls[7] = "      ";
    nulls[2] = nulls[3] = all ? 'n' : ' ';
    nulls[4] = source != nullptr ? ' ' : 'n';
    nulls[5] = target != nullptr ? ' ' : 'n';
    const int64 dropped = change_registry(
        registry,
        // Operators by full name: this runs as the owner, under the search_path of the caller.
        psprintf("DELETE FROM %s WHERE indexed_table OPERATOR(pg_catalog.=) $1 AND "
                 "index_name OPERATOR(pg_catalog.=) $2 AND ($3 IS NULL OR "
                 "table_schema OPERATOR(pg_catalog.=) $3 AND table_name OPERATOR(pg_catalog.=) $4) "
                 "AND ($5 IS NULL OR source_column OPERATOR(pg_catalog.=) $5) "
                 "AND ($6 IS NULL OR target_column OPERATOR(pg_catalog.=) $6)",
                 relation_sql(registry)),
        6, values, nulls);
    PG_RETURN_INT64(dropped);
}

VG_FUNCTION(vg_semantic_graph_links) {
    ResultSet result = begin_result(fcinfo);
    const Oid index = PG_GETARG_OID(0);
    semantic_graph::GraphIndex::open(index, false, nullptr)->close();
    const LinkSets sets = link_sets_of(link_registry(fcinfo->flinfo->fn_oid), index);
    for (int i = 0; i < sets.n; ++i) {
        const LinkSet& s = sets.sets[i];
        const auto text = [](const char* value) {
            return value != nullptr ? CStringGetTextDatum(value) : Datum{0};
        };
        Datum values[] = {
            ObjectIdGetDatum(s.table), text(s.source), text(s.target), text(s.weight), text(s.kind),
            BoolGetDatum(s.directed),  text(s.label)};
        bool nulls[lengthof(values)] = {};
        nulls[3] = s.weight == nullptr;
        nulls[4] = s.kind == nullptr;
        tuplestore_putvalues(result.store, result.columns, values, nulls);
    }
    return Datum{0};
}

}  // namespace vg::pg::links
