// The access method lid_hnsw: its routine and its callbacks, one file per duty. Lock rules:
// pg/page/page.h and this room's README.
#pragma once

#include "pg/boundary/pg.h"

#include <cstdint>

#include "pg/boundary/compat.h"
#include "pg/index/access_method.h"

namespace vg::pg::lid_hnsw {

// Registers GUCs and reloptions; called from _PG_init.
void init();

// The routine of lid_hnsw, for an access method on the same node store to adapt.
IndexAmRoutine* make_node_store_routine();

// The callbacks of the access method.
IndexBuildResult* lid_hnsw_build(Relation heap, Relation index, IndexInfo* info);
void lid_hnsw_buildempty(Relation index);
bool lid_hnsw_insert(Relation index, Datum* values, bool* isnull, ItemPointer tid, Relation heap,
                     IndexUniqueCheck unique, bool index_unchanged, IndexInfo* info);
IndexBulkDeleteResult* lid_hnsw_bulkdelete(IndexVacuumInfo* info, IndexBulkDeleteResult* stats,
                                           IndexBulkDeleteCallback callback, void* callback_state);
IndexBulkDeleteResult* lid_hnsw_vacuumcleanup(IndexVacuumInfo* info, IndexBulkDeleteResult* stats);
index::ScanPrice lid_hnsw_price(PlannerInfo* root, IndexPath* path, double loop_count);
IndexScanDesc lid_hnsw_beginscan(Relation index, int keys, int orderbys);
void lid_hnsw_rescan(IndexScanDesc scan, ScanKey keys, int nkeys, ScanKey orderbys, int norderbys);
bool lid_hnsw_gettuple(IndexScanDesc scan, ScanDirection direction);
void lid_hnsw_endscan(IndexScanDesc scan);
// Progress phases of pg_stat_progress_create_index.
char* lid_hnsw_buildphasename(int64 phase);

}  // namespace vg::pg::lid_hnsw
