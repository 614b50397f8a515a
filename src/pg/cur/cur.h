// The access method cur: what its files share. Each file has one duty; README.md lists them.
//
// Locks. A scorer call may take seconds: no buffer is locked or pinned during one, except the pin
// that a heap scan of a build holds. Readers hold a share lock on one page at a time. Edits lock
// the metapage first, then pages by ascending block. Whoever moves or removes rows (flush, vacuum)
// or needs them to stay (check) holds the upkeep lock (pg/index/locks.h) from end to end. Scans
// never do. An insert that scores its row shares the upkeep lock to place that, when it is free;
// among such inserts the placing lock lets one at a time look for a slot and fill it. No code of a
// user runs under the placing lock, and no heavyweight lock but the one of extending the file.
#pragma once

#include "pg/boundary/pg.h"

#include <cstdint>

#include "core/cur/format.h"
#include "core/cur/model.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/compat.h"
#include "pg/index/access_method.h"
#include "pg/index/open.h"
#include "pg/page/page.h"

namespace vg::pg::cur {

// Support functions of an operator class.
inline constexpr int kScoreProc = 1;  // (item, query) -> float8 or float4: the operator's function
inline constexpr int kBatchProc = 2;  // (item[], query) -> float8[] or float4[]; optional
inline constexpr int kSeedProc = 3;   // (query, integer) -> tid[]; optional
inline constexpr int kVersionProc = 4;  // () -> text: changes when scores do; optional
inline constexpr int kSupportProcs = 4;

inline constexpr int kDefaultAnchorQueries = 256;
inline constexpr int kDefaultAnchorItems = 128;
inline constexpr double kDefaultRidge = 0.03;
inline constexpr int kDefaultFlushLimit = 1000;

enum class Nonfinite : int { kError = 0, kSkip = 1 };
enum class InsertMode : int { kPending = 0, kSync = 1 };

// Reloptions, laid out for build_reloptions.
struct Options {
    int32 vl_len_;
    int anchor_queries;
    int anchor_items;
    int latent_dim;
    int storage;        // vg::cur::Storage
    int anchor_source;  // offset of a string
    int seed;
    double ridge;
    int nonfinite;    // Nonfinite
    int flush_limit;  // rows that the process which VACUUM asks for scores, 0: it asks for none
    int insert_mode;  // InsertMode
};
// The options of an index, or the defaults.
const Options* options_of(Relation index);
const char* cur_anchor_source(const Options* options);

enum class IterativeScan : int { kOff = 0, kRelaxed = 1, kStrict = 2 };
// The parameters cur.*.
extern int cur_budget;
extern int cur_rounds;
extern double cur_seed_fraction;
extern int cur_shortlist;
extern int cur_iterative_scan;
extern int cur_max_scan_calls;
extern double cur_max_build_calls;
extern int cur_batch_size;

// Registers GUCs and reloptions; called from _PG_init.
void init();
bool cur_validate(Oid opclass);

// The type of the right operand of the index's ordering operator.
Oid cur_query_type(Relation index);

// The row that a scan returned last, and the scorer calls it has spent so far.
struct ScanRow {
    double distance;
    bool null;
    uint64 calls;
};
ScanRow cur_scan_row(IndexScanDesc scan);

// Scores up to `limit` rows of the pending list, at `anchors` calls each, and moves those to the
// items whose scores are finite numbers. The next flush with a limit goes on behind them, so that
// rows that cannot be moved, or with which the scorer fails, keep no others waiting. The caller
// holds the upkeep lock, and is not VACUUM (see vacuum.cpp).
struct Flushed {
    int64 scored;
    int64 moved;
};
Flushed cur_flush_pending(Relation heap, Relation index, int64 limit);
inline constexpr int64 kNoFlushLimit = PG_INT64_MAX;

// Asks for a background process that flushes up to `limit` rows of an index, in transactions of its
// own. False where there can be none.
bool cur_start_flush_worker(Relation index, int limit);

// The callbacks of the access method.
IndexBuildResult* cur_build(Relation heap, Relation index, IndexInfo* info);
void cur_buildempty(Relation index);
bool cur_insert(Relation index, Datum* values, bool* isnull, ItemPointer tid, Relation heap,
                IndexUniqueCheck unique, bool index_unchanged, IndexInfo* info);
IndexBulkDeleteResult* cur_bulkdelete(IndexVacuumInfo* info, IndexBulkDeleteResult* stats,
                                      IndexBulkDeleteCallback callback, void* callback_state);
IndexBulkDeleteResult* cur_vacuumcleanup(IndexVacuumInfo* info, IndexBulkDeleteResult* stats);
index::ScanPrice cur_price(PlannerInfo* root, IndexPath* path, double loop_count);
IndexScanDesc cur_beginscan(Relation index, int keys, int orderbys);
void cur_rescan(IndexScanDesc scan, ScanKey keys, int nkeys, ScanKey orderbys, int norderbys);
bool cur_gettuple(IndexScanDesc scan, ScanDirection direction);
void cur_endscan(IndexScanDesc scan);
char* cur_buildphasename(int64 phase);

inline constexpr index::Method kMethod{"cur", cur_beginscan};

}  // namespace vg::pg::cur
