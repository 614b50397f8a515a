// CREATE INDEX and REINDEX. Steps: draw the anchor queries; scan the heap and score every row
// against each of them (build_score.cpp); fit the model, and write the pages from the scores
// (build_write.cpp). This file says what a build will cost, runs the steps, and logs the result.
//
// A build runs code of users, the scorer: it may read any table, so a concurrent one does not keep
// the mark of a build that reads none. Nobody else sees the index; nothing is WAL-logged until the
// whole index is, at the end. A build that fails leaves nothing behind, scores included.

#include "pg/boundary/pg.h"

#include "pg/cur/cur.h"

extern "C" {
#include "catalog/pg_language.h"
}

#include "pg/boundary/context.h"
#include "pg/cur/build_state.h"
#include "pg/cur/marked_build.h"
#include "pg/cur/pages.h"
#include "pg/index/progress.h"

namespace vg::pg::cur {
namespace {

const char* const kPhaseNames[] = {
    nullptr,         "initializing",      "drawing anchor queries", "scoring rows",
    "fitting model", "predicting recall", "writing pages",
};

// A scorer that is worth an index takes nearly all of the time.
constexpr index::WorkStep kSteps[] = {{kPhaseSampling, 1},
                                      {kPhaseScoring, 90},
                                      {kPhaseFitting, 4},
                                      {kPhaseCalibrating, 3},
                                      {kPhaseWriting, 2}};

void warn_no_model(Relation index) {
    ereport(WARNING,
            (errmsg("index \"%s\" has no model yet", RelationGetRelationName(index)),
             errdetail("Too few rows, or scores that do not differ, left nothing to learn."),
             errhint("REINDEX once the table is filled; until then scans score new rows one by "
                     "one.")));
}

// The planner replaces calls of SQL functions by their bodies, operators included, and then finds
// no operator that the index knows.
void warn_inlined(const Builder* b) {
    const Oid function = b->scorer.score.fn_oid;
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
    if (!HeapTupleIsValid(tuple))
        elog(ERROR, "cache lookup failed for function %u", function);
    const bool sql = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple))->prolang == SQLlanguageId &&
                     heap_attisnull(tuple, Anum_pg_proc_proconfig, nullptr);
    ReleaseSysCache(tuple);
    if (sql)
        ereport(WARNING, (errmsg("the planner may inline scorer %s and not use index \"%s\"",
                                 get_func_name(function), RelationGetRelationName(b->index)),
                          errhint("Write the operator's function in another language than SQL; "
                                  "cur_create_class does.")));
}

void announce(const Builder* b, bool has_batch) {
    const double calls = b->anchors.rows * b->anchors.count;
    if (calls > cur_max_build_calls)
        ereport(
            ERROR,
            (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
             errmsg("building index \"%s\" would take %.0f scorer calls",
                    RelationGetRelationName(b->index), calls),
             errdetail("That is %.0f rows times %d anchor queries; cur.max_build_calls is %.0f.",
                       b->anchors.rows, b->anchors.count, cur_max_build_calls),
             errhint("Raise cur.max_build_calls, or build WITH fewer anchor_queries.")));
    ereport(NOTICE,
            (errmsg("building index \"%s\" takes %.0f scorer calls",
                    RelationGetRelationName(b->index), calls),
             errdetail("%.0f rows times %d anchor queries%s.", b->anchors.rows, b->anchors.count,
                       has_batch ? psprintf(", in batches of up to %d", cur_batch_size) : "")));
}

void count_row(Relation, ItemPointer, Datum*, bool* isnull, bool, void* arg) {
    if (!isnull[0])
        *static_cast<double*>(arg) += 1;
}

// Puts every row on the pending list: there is nothing to learn from.
void pend_row(Relation, ItemPointer tid, Datum*, bool* isnull, bool, void* arg) {
    auto* b = static_cast<Builder*>(arg);
    if (isnull[0])
        return;
    add_pending(b->index, index::to_tid(*tid), true);
    b->skipped += 1;
}

void run_build(Builder* b, IndexInfo* info, MemoryContext context) {
    init_scorer(&b->scorer, b->index, context);
    b->fingerprint = scorer_fingerprint(b->index);
    warn_inlined(b);
    if (b->anchors.rows < 0) {
        b->anchors.rows = 0;
        table_index_build_scan(b->heap, b->index, info, true, false, count_row, &b->anchors.rows,
                               nullptr);
    }
    write_cur_head(b->index, MAIN_FORKNUM, empty_cur_meta());
    if (b->anchors.count < static_cast<int>(vg::cur::kMinAnchors) || b->anchors.rows < 2) {
        b->heap_tuples =
            table_index_build_scan(b->heap, b->index, info, true, false, pend_row, b, nullptr);
        warn_no_model(b->index);
        return;
    }
    announce(b, b->scorer.has_batch);
    score_cur_table(b, info, context);
    enter_cpp([&] { write_cur_index(b); });
    if (read_cur_meta(b->index).dims == 0)
        warn_no_model(b->index);
    BufFileClose(b->spill);
}

}  // namespace

IndexBuildResult* cur_build(Relation heap, Relation index, IndexInfo* info) {
    if (RelationGetNumberOfBlocks(index) != 0)
        elog(ERROR, "index \"%s\" already contains data", RelationGetRelationName(index));
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "cur build", ALLOCSET_DEFAULT_SIZES);
    const MemoryContext old = MemoryContextSwitchTo(context);
    index::begin_work(index::WorkKind::kCurBuild, RelationGetRelid(index), kSteps);
    index::report_progress(kPhaseSampling, 0, 0);
    const bool marked = leave_marked_build();
    if (marked)
        PushActiveSnapshot(GetLatestSnapshot());
    Anchors anchors;
    draw_anchors(&anchors, heap, index, info);
    auto* b = enter_cpp([&] { return new_in_context<Builder>(context, heap, index, anchors); });
    run_build(b, info, context);
    if (marked)
        PopActiveSnapshot();
    MemoryContextSwitchTo(old);
    auto* result = static_cast<IndexBuildResult*>(palloc0(sizeof(IndexBuildResult)));
    result->heap_tuples = b->heap_tuples;
    result->index_tuples = static_cast<double>(b->rows) + b->skipped;
    MemoryContextDelete(context);
    if (RelationNeedsWAL(index))
        log_newpage_range(index, MAIN_FORKNUM, 0, RelationGetNumberOfBlocks(index), true);
    return result;
}

void cur_buildempty(Relation index) {
    write_cur_head(index, INIT_FORKNUM, empty_cur_meta());
    log_newpage_range(index, INIT_FORKNUM, 0, RelationGetNumberOfBlocksInFork(index, INIT_FORKNUM),
                      true);
}

char* cur_buildphasename(int64 phase) {
    if (phase <= 0 || phase >= static_cast<int64>(lengthof(kPhaseNames)))
        return nullptr;
    return const_cast<char*>(kPhaseNames[phase]);
}

}  // namespace vg::pg::cur
