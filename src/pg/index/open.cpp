#include "pg/boundary/pg.h"

#include "pg/index/open.h"

#include <cstring>

#include "pg/boundary/compat.h"
#include "pg/index/access_method.h"
#include "pg/index/report.h"

namespace vg::pg::index {
namespace {

[[noreturn]] void report_no_index(Oid oid, const char* method) {
    const char* name = get_rel_name(oid);
    if (name == nullptr)
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
                        errmsg("relation with OID %u does not exist", oid)));
    ereport(ERROR,
            (errcode(ERRCODE_WRONG_OBJECT_TYPE), errmsg("\"%s\" is not a %s index", name, method),
             errhint("Name an index made with CREATE INDEX ... USING %s.", method)));
    pg_unreachable();
}

void check_right(Oid heap, Right right) {
    const char* name = get_rel_name(heap);
    if (right == Right::kAny)
        return;
    if (right == Right::kOwner) {
        if (!owns_relation(heap))
            ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                            errmsg("must be owner of table %s", name)));
        return;
    }
    if (pg_class_aclcheck(heap, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
        ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                        errmsg("permission denied for table %s", name)));
    if (check_enable_rls(heap, InvalidOid, true) == RLS_ENABLED)
        ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                        errmsg("permission denied for table %s", name),
                        errdetail("The table has row-level security, and the function reads every "
                                  "row.")));
}

void check_usable(Relation index) {
    const char* name = RelationGetRelationName(index);
    if (RELATION_IS_OTHER_TEMP(index))
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("cannot access temporary tables of other sessions"),
                        errdetail("Index \"%s\" belongs to a temporary table.", name)));
    if (!index->rd_index->indisvalid)
        ereport(ERROR,
                (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                 errmsg("index \"%s\" is not valid", name),
                 errhint("Finish its CREATE INDEX CONCURRENTLY, or drop and create it again.")));
    if (RecoveryInProgress() && !RelationNeedsWAL(index))
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("cannot access unlogged index \"%s\" during recovery", name)));
}

struct ScanArg {
    RowFn fn;
    void* arg;
};

void forward_row(Relation, ItemPointer tid, Datum* values, bool* isnull, bool, void* arg) {
    const auto* a = static_cast<const ScanArg*>(arg);
    a->fn(tid, values, isnull, a->arg);
}

}  // namespace

OpenIndex open(Oid oid, Right right, const Method& method) {
    const char kind = get_rel_relkind(oid);
    if (kind == RELKIND_PARTITIONED_INDEX)
        ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                        errmsg("\"%s\" is a partitioned index", get_rel_name(oid)),
                        errhint("Name the index of one partition.")));
    const Oid table = kind == RELKIND_INDEX ? IndexGetRelation(oid, true) : InvalidOid;
    if (!OidIsValid(table))
        report_no_index(oid, method.name);
    check_right(table, right);
    // Table before index, as everybody locks them.
    OpenIndex open{table_open(table, AccessShareLock), index_open(oid, AccessShareLock)};
    if (IndexGetRelation(oid, true) != table || open.index->rd_indam == nullptr ||
        open.index->rd_indam->ambeginscan != method.beginscan ||
        (!method.any_name && std::strcmp(access_method(open.index), method.name) != 0))
        report_no_index(oid, method.name);
    check_usable(open.index);
    return open;
}

void check_snapshot(Relation index, Snapshot snapshot) {
    if (!index->rd_index->indcheckxmin)
        return;
    const char* name = RelationGetRelationName(index);
    const TransactionId made = HeapTupleHeaderGetXmin(index->rd_indextuple->t_data);
    if (TransactionIdIsCurrentTransactionId(made))
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("index \"%s\" cannot be used before its transaction ends", name),
                        errdetail("It lacks versions of updated rows that this transaction may "
                                  "still see."),
                        errhint("Commit first.")));
    // Every version it lacks was dead when it was made, to any snapshot that knows it as made. The
    // planner asks for more, that no transaction of that time is left: it can take another plan.
    if (XidInMVCCSnapshot(made, snapshot))
        ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                        errmsg("index \"%s\" is younger than this statement's snapshot", name),
                        errdetail("It lacks versions of updated rows that the snapshot shows."),
                        IsolationUsesXactSnapshot() ? errhint("Use a new transaction.")
                                                    : errhint("Run the statement again.")));
}

void refuse_check_in_recovery() {
    if (RecoveryInProgress())
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("cannot check an index during recovery"),
                        errdetail("Replay changes the index while it is read."),
                        errhint("Run the check on the primary server.")));
}

void report_missing_row(const OpenIndex& open, const ItemPointerData& tid) {
    report_corrupt_index(open.index, "The row (%u,%u) of table \"%s\" is missing from the index.",
                         ItemPointerGetBlockNumber(&tid), ItemPointerGetOffsetNumber(&tid),
                         RelationGetRelationName(open.heap));
}

void close(const OpenIndex& open) {
    index_close(open.index, AccessShareLock);
    table_close(open.heap, AccessShareLock);
}

AsOwner begin_as_owner(Relation heap) {
    AsOwner saved{};
    GetUserIdAndSecContext(&saved.user, &saved.security);
    SetUserIdAndSecContext(heap->rd_rel->relowner, saved.security | SECURITY_RESTRICTED_OPERATION);
    saved.guc_level = NewGUCNestLevel();
    restrict_search_path();
    return saved;
}

void end_as_owner(const AsOwner& saved) {
    AtEOXact_GUC(false, saved.guc_level);
    SetUserIdAndSecContext(saved.user, saved.security);
}

double scan_indexed_rows(const OpenIndex& open, Snapshot snapshot, RowFn fn, void* arg) {
    const AsOwner saved = begin_as_owner(open.heap);
    IndexInfo* info = BuildIndexInfo(open.index);
    // As a concurrent build reads the table: by MVCC snapshot, no warnings about rows in progress.
    info->ii_Concurrent = true;
    info->ii_Unique = false;
    info->ii_ExclusionOps = nullptr;
    info->ii_ExclusionProcs = nullptr;
    info->ii_ExclusionStrats = nullptr;
    const TableScanDesc scan = table_beginscan_strat(open.heap, snapshot, 0, nullptr, true, true);
    ScanArg a{fn, arg};
    const double rows =
        table_index_build_scan(open.heap, open.index, info, true, false, forward_row, &a, scan);
    end_as_owner(saved);
    return rows;
}

}  // namespace vg::pg::index
