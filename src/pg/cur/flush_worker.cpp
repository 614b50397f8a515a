// The background process that VACUUM asks for where new rows wait. It flushes in transactions of
// its own, a batch of rows in each, so that no snapshot is held for longer than a batch takes. It
// runs the scorer as the table's owner, as a build does, under a search_path of pg_catalog alone,
// on every server. An error of the scorer goes to the server's log and ends the process; the rows
// stay pending, and the next process begins behind them.
//
// Locks: as cur_flush, but where somebody else holds the upkeep lock it ends at once.

#include "pg/boundary/pg.h"

#include "pg/cur/cur.h"

#include <algorithm>
#include <cstring>

extern "C" {
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "tcop/tcopprot.h"
}

#include "pg/cur/project.h"
#include "pg/index/locks.h"
#include "pg/index/open.h"

namespace vg::pg::cur {
namespace {

// Goes with the request, in BackgroundWorker::bgw_extra.
struct FlushRequest {
    Oid database;
    Oid index;
    int32 limit;
};
static_assert(sizeof(FlushRequest) <= BGW_EXTRALEN);

void describe_flush(void* arg) {
    errcontext("moving new rows of index \"%s\" into its model", static_cast<const char*>(arg));
}

// One transaction; the rows it scored. Fewer than asked for: there is no more to do.
int64 flush_batch(Oid index, int64 limit) {
    SetCurrentStatementStartTimestamp();
    StartTransactionCommand();
    PushActiveSnapshot(GetTransactionSnapshot());
    int64 scored = 0;
    if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(index))) {
        const index::OpenIndex open = index::open(index, index::Right::kOwner, kMethod);
        ErrorContextCallback context{error_context_stack, describe_flush,
                                     pstrdup(RelationGetRelationName(open.index))};
        error_context_stack = &context;
        if (index::acquire_if_free(open.index, index::Lock::kUpkeep, ExclusiveLock)) {
            const index::AsOwner saved = index::begin_as_owner(open.heap);
            scored = cur_flush_pending(open.heap, open.index, limit).scored;
            index::end_as_owner(saved);
            index::unlock_for_vacuum(open.index);
        }
        error_context_stack = context.previous;
        index::close(open);
    }
    PopActiveSnapshot();
    CommitTransactionCommand();
    pgstat_report_stat(true);
    return scored;
}

// As autovacuum's workers have it: settings of the database that are meant for sessions of people
// should not decide here.
void set_parameters() {
    for (const auto& [name, value] :
         {std::pair{"search_path", "pg_catalog, pg_temp"},
          std::pair{"default_transaction_isolation", "read committed"},
          std::pair{"default_transaction_read_only", "off"}, std::pair{"lock_timeout", "0"}})
        SetConfigOption(name, value, PGC_SUSET, PGC_S_OVERRIDE);
}

void flush_in_background(const FlushRequest& r) {
    pqsignal(SIGTERM, die);
    BackgroundWorkerUnblockSignals();
    BackgroundWorkerInitializeConnectionByOid(r.database, InvalidOid, 0);
    set_parameters();
    pgstat_report_activity(STATE_RUNNING, "moving new rows of a cur index into its model");
    for (int64 left = r.limit; left > 0;) {
        const int64 asked = std::min<int64>(left, kProjectRows);
        const int64 scored = flush_batch(r.index, asked);
        if (scored < asked)
            break;
        left -= scored;
    }
}

}  // namespace

bool cur_start_flush_worker(Relation index, int limit) {
    // A table of this session only, or an index that is still being made.
    if (index->rd_rel->relpersistence == RELPERSISTENCE_TEMP || !index->rd_index->indisvalid)
        return false;
    BackgroundWorker worker{};
    worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
    worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
    worker.bgw_restart_time = BGW_NEVER_RESTART;
    strlcpy(worker.bgw_library_name, "$libdir/vectorgraph", sizeof worker.bgw_library_name);
    strlcpy(worker.bgw_function_name, "vg_cur_flush_worker", sizeof worker.bgw_function_name);
    strlcpy(worker.bgw_type, "cur flush", sizeof worker.bgw_type);
    snprintf(worker.bgw_name, sizeof worker.bgw_name, "cur flush of index %u",
             RelationGetRelid(index));
    const FlushRequest request{MyDatabaseId, RelationGetRelid(index), limit};
    std::memcpy(worker.bgw_extra, &request, sizeof request);
    return RegisterDynamicBackgroundWorker(&worker, nullptr);
}

extern "C" PGDLLEXPORT void vg_cur_flush_worker(Datum) {
    enter_cpp([] {
        FlushRequest request;
        std::memcpy(&request, MyBgworkerEntry->bgw_extra, sizeof request);
        flush_in_background(request);
    });
}

}  // namespace vg::pg::cur
