// The access method lid_hnsw: what its files share. One file per duty: handler.cpp (routine,
// options, validation), cost.cpp, build.cpp, insert.cpp, scan.cpp, vacuum.cpp; state.cpp keeps what
// never changes about an index in the relation cache. Lock rules: pg/page/page.h and this room's
// README.
#pragma once

#include "pg/boundary/pg.h"

#include <cstdint>
#include <vector>

#include "core/hnsw/bulk_builder.h"
#include "core/node/node_query.h"
#include "core/store/constants.h"
#include "core/store/insert.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/compat.h"
#include "pg/index/access_method.h"
#include "pg/page/page.h"
#include "pg/types/vector.h"

namespace vg::pg {

inline constexpr int kDefaultM = 16;
inline constexpr int kMinM = 2;
inline constexpr int kMaxM = 100;
inline constexpr int kDefaultEfConstruction = 64;
inline constexpr int kMinEfConstruction = 4;
inline constexpr int kMaxEfConstruction = 1000;
inline constexpr int kDefaultEfSearch = 40;
inline constexpr int kMinEfSearch = 1;
inline constexpr int kMaxEfSearch = 1000;

// Support function 1 of an operator class: takes internal, returns the node::Metric as int4.
inline constexpr int kMetricProc = 1;

// Reloptions, laid out for build_reloptions. Options of an access method that builds on this one
// begin with these.
struct LidHnswOptions {
    int32 vl_len_;
    int m;
    int ef_construction;
    int build_order;  // hnsw::BuildOrder
};
int option_m(Relation index);
int option_ef_construction(Relation index);
hnsw::BuildOrder option_build_order(Relation index);

// Registers the options above, all but the struct's header, with a relopt kind.
void add_node_store_options(relopt_kind kind);
// Entries of a relopt_parse_elt table for them, in `type` at `prefix`.
#define VG_NODE_STORE_OPTIONS(type, prefix)                                                    \
    option_at("m", RELOPT_TYPE_INT, offsetof(type, prefix m)),                                 \
        option_at("ef_construction", RELOPT_TYPE_INT, offsetof(type, prefix ef_construction)), \
        option_at("build_order", RELOPT_TYPE_ENUM, offsetof(type, prefix build_order))
// The routine of lid_hnsw, for an access method on the same node store to adapt.
IndexAmRoutine* make_node_store_routine();

// GUC lid_hnsw.ef_search.
extern int lid_hnsw_ef_search;
// GUC lid_hnsw.exact_scan: scans read all of the index and answer exactly.
extern bool lid_hnsw_exact_scan;

// Registers GUCs and reloptions; called from _PG_init.
void lid_hnsw_init();

node::Metric index_metric(Relation index);

// What stays the same about an index, and where it is kept. Owned by the relation cache.
struct IndexState : store::Constants {
    Oid index;
    Oid storage;
    MemoryContext context;  // where it lives
    IndexState* next;       // all states of this backend

    IndexState(Relation rel, MemoryContext where, const node::MetaData& meta);
    ~IndexState();
    IndexState(const IndexState&) = delete;
    IndexState& operator=(const IndexState&) = delete;
};

// The state of an index that has storage; reads the metapage and the centre pages the first time.
// Stays valid while the relation is open. May ereport.
const IndexState& index_state(Relation index);
// For builds, before anything is written: TRUNCATE in the transaction that made a table builds anew
// in the same file, so that the storage does not tell the states apart. Requires: no scan is open.
void forget_state(Relation index);

// The vector in a datum, detoasted; 22000 unless it has `dims` dimensions.
const Vector* checked_vector(Datum value, std::uint32_t dims);

// Inserts rows through the pages, with everything it needs for that. Lives in `context`.
//   direct  no WAL per change, see PageEdits
//   hook    see store::InsertHook; may ereport. Null: nothing
struct Inserter;
Inserter* make_inserter(Relation index, MemoryContext context, bool direct,
                        store::InsertHook hook = nullptr, void* hook_arg = nullptr);
// The caller has passed an insert gate, or is the only one to see the index, and owns no C++ object
// with a destructor. vector: geometry.dims floats. False when the metric cannot index it (a zero
// vector under cosine).
bool insert_row(Inserter* inserter, const float* vector, const ItemPointerData& tid);

// The callbacks of the access method.
IndexBuildResult* lid_hnsw_build(Relation heap, Relation index, IndexInfo* info);
void lid_hnsw_buildempty(Relation index);
bool lid_hnsw_insert(Relation index, Datum* values, bool* isnull, ItemPointer tid, Relation heap,
                     IndexUniqueCheck unique, bool index_unchanged, IndexInfo* info);
IndexBulkDeleteResult* lid_hnsw_bulkdelete(IndexVacuumInfo* info, IndexBulkDeleteResult* stats,
                                           IndexBulkDeleteCallback callback, void* callback_state);
IndexBulkDeleteResult* lid_hnsw_vacuumcleanup(IndexVacuumInfo* info, IndexBulkDeleteResult* stats);
void lid_hnsw_costestimate(PlannerInfo* root, IndexPath* path, double loop_count,
                           Cost* startup_cost, Cost* total_cost, Selectivity* selectivity,
                           double* correlation, double* pages);
IndexScanDesc lid_hnsw_beginscan(Relation index, int keys, int orderbys);
void lid_hnsw_rescan(IndexScanDesc scan, ScanKey keys, int nkeys, ScanKey orderbys, int norderbys);
bool lid_hnsw_gettuple(IndexScanDesc scan, ScanDirection direction);
void lid_hnsw_endscan(IndexScanDesc scan);
// Progress phases of pg_stat_progress_create_index.
char* lid_hnsw_buildphasename(int64 phase);

}  // namespace vg::pg
