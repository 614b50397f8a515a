// Every difference between PostgreSQL 13 and 18 that this extension meets. Nothing else may mention
// PG_VERSION_NUM (CI checks it). Only 15 is tested here; the other branches are by inspection.
#pragma once

#include "pg/boundary/pg.h"

#if PG_VERSION_NUM < 130000
#error "vectorgraph needs PostgreSQL 13 or newer"
#endif

#define VG_PG_GE(major) (PG_VERSION_NUM >= (major)*10000)

#if VG_PG_GE(16)
extern "C" {
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "varatt.h"
}
#endif

extern "C" {
#include "miscadmin.h"
#include "nodes/pathnodes.h"
#include "storage/bufmgr.h"
#include "utils/acl.h"
}

// aminsert grew indexUnchanged in 14.
#if VG_PG_GE(14)
#define VG_AMINSERT_EXTRA bool index_unchanged [[maybe_unused]],
#else
#define VG_AMINSERT_EXTRA
#endif

namespace vg::pg {

inline void reserve_guc_prefix(const char* prefix) {
#if VG_PG_GE(15)
    MarkGUCPrefixReserved(prefix);
#else
    EmitWarningsOnPlaceholders(prefix);
#endif
}

// Identity of a relation's storage: changes when the relation is rewritten.
inline Oid storage_id(Relation rel) {
#if VG_PG_GE(16)
    return rel->rd_locator.relNumber;
#else
    return rel->rd_node.relNode;
#endif
}

// Pins the buffer and says true if it holds that block; from 14 on, else false.
inline bool read_recent_buffer(Relation rel, BlockNumber block, ::Buffer buffer) {
#if VG_PG_GE(16)
    return ReadRecentBuffer(rel->rd_locator, MAIN_FORKNUM, block, buffer);
#elif VG_PG_GE(14)
    return ReadRecentBuffer(rel->rd_node, MAIN_FORKNUM, block, buffer);
#else
    return false;
#endif
}

// What a buffer found costs a vacuum that has a cost limit; ReadRecentBuffer leaves it out.
inline void charge_vacuum_for_hit() {
#if !VG_PG_GE(17)
    ++VacuumPageHit;
#endif
    if (VacuumCostActive)
        VacuumCostBalance += VacuumCostPageHit;
}

// Whether the current user owns the relation, or may act as its owner.
inline bool owns_relation(Oid relation) {
#if VG_PG_GE(16)
    return object_ownercheck(RelationRelationId, relation, GetUserId());
#else
    return pg_class_ownercheck(relation, GetUserId());
#endif
}

inline bool may_execute(Oid function) {
#if VG_PG_GE(16)
    return object_aclcheck(ProcedureRelationId, function, GetUserId(), ACL_EXECUTE) == ACLCHECK_OK;
#else
    return pg_proc_aclcheck(function, GetUserId(), ACL_EXECUTE) == ACLCHECK_OK;
#endif
}

// From 17 on index expressions are evaluated with a safe search_path; before, with the session's.
inline void restrict_search_path() {
#if VG_PG_GE(17)
    RestrictSearchPath();
#endif
}

// index_beginscan takes instrumentation from 18 on.
inline IndexScanDesc begin_index_scan(Relation heap, Relation index, Snapshot snapshot, int keys,
                                      int orderbys) {
#if VG_PG_GE(18)
    return index_beginscan(heap, index, snapshot, nullptr, keys, orderbys);
#else
    return index_beginscan(heap, index, snapshot, keys, orderbys);
#endif
}

// From 18 on the planner compares the number of disabled nodes before the costs: this many are more
// than settings can disable in a plan.
inline void disable_path(Path* path [[maybe_unused]]) {
#if VG_PG_GE(18)
    path->disabled_nodes += 1000;
#endif
}

inline void delay_point() {
#if VG_PG_GE(18)
    vacuum_delay_point(false);
#else
    vacuum_delay_point();
#endif
}

}  // namespace vg::pg
