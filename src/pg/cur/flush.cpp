// From the pending list to the items: scores new rows against the anchor queries, projects them
// onto the model and gives each a slot. Runs in VACUUM and in cur_flush, under the upkeep lock.
//
// A row moves in one WAL record: a crash leaves it either here or there. A scan reads the pending
// list before the items, so it misses no row that moves meanwhile; one that it meets twice it knows
// by its TID. Scorer calls hold no lock on a page. Rows that the snapshot does not see stay.

#include "pg/boundary/pg.h"

#include "pg/cur/cur.h"

#include <cstring>

extern "C" {
#include "access/xact.h"
#include "utils/resowner.h"
}

#include "pg/boundary/context.h"
#include "pg/cur/fetch.h"
#include "pg/cur/fingerprint.h"
#include "pg/cur/pages.h"
#include "pg/cur/place.h"
#include "pg/cur/project.h"
#include "pg/lid_hnsw/inspect.h"
#include "pg/page/locks.h"

namespace vg::pg {
namespace {

struct Flush {
    Relation index = nullptr;
    Projector* rows = nullptr;
    MemoryContext batch_context = nullptr;
    CurFetch fetch{};
    BlockNumber block = InvalidBlockNumber;  // the pending page of the rows at hand
    node::Tid tids[kProjectRows];
};

// ---- scoring ----------------------------------------------------------------------------------

void score_rows(Flush* f) {
    note_scorer(f->index, f->rows->meta);
    score_items(f->rows);
}

// The same, but an error becomes a warning. No C++ object lives below.
bool score_rows_forgiving(Flush* f) {
    const MemoryContext old = CurrentMemoryContext;
    ResourceOwner const owner = CurrentResourceOwner;
    volatile bool done = false;
    BeginInternalSubTransaction(nullptr);
    MemoryContextSwitchTo(old);
    PG_TRY();
    {
        score_rows(f);
        ReleaseCurrentSubTransaction();
        done = true;
    }
    PG_CATCH();
    {
        MemoryContextSwitchTo(old);
        ErrorData* error = CopyErrorData();
        FlushErrorState();
        RollbackAndReleaseCurrentSubTransaction();
        MemoryContextSwitchTo(old);
        CurrentResourceOwner = owner;
        if (error->sqlerrcode == ERRCODE_QUERY_CANCELED ||
            error->sqlerrcode == ERRCODE_ADMIN_SHUTDOWN ||
            error->sqlerrcode == ERRCODE_OUT_OF_MEMORY)
            ReThrowError(error);
        ereport(WARNING,
                (errcode(error->sqlerrcode),
                 errmsg("new rows of index \"%s\" stay pending: %s",
                        RelationGetRelationName(f->index), error->message),
                 errhint("Scans go on scoring them one by one; cur_flush moves them when the "
                         "scorer works again.")));
    }
    PG_END_TRY();
    MemoryContextSwitchTo(old);
    CurrentResourceOwner = owner;
    return done;
}

// ---- the list ---------------------------------------------------------------------------------

// Copies the TIDs of a pending page; the next block.
BlockNumber copy_pending(Relation index, BlockNumber block, node::Tid* tids, std::uint32_t* count) {
    const Buffer buffer = read_page(index, block, cur::kPendingPage, BUFFER_LOCK_SHARE);
    const Page page = BufferGetPage(buffer);
    *count = pending_used(page);
    std::memcpy(tids, pending_tids(page), *count * sizeof(node::Tid));
    const BlockNumber next = pending_header(page)->next;
    UnlockReleaseBuffer(buffer);
    return next;
}

// New rows go to the first page of the list with room again.
void reset_pending_insert(Relation index) {
    BlockNumber block = cur::kPendingHead;
    for (;;) {
        const Buffer buffer = read_page(index, block, cur::kPendingPage, BUFFER_LOCK_SHARE);
        const bool room = pending_used(BufferGetPage(buffer)) < kPendingPerPage;
        const BlockNumber next = pending_header(BufferGetPage(buffer))->next;
        UnlockReleaseBuffer(buffer);
        if (room || next == cur::kNoBlock)
            break;
        block = next;
    }
    if (read_cur_meta(index).pending_insert == block)
        return;
    PageEdits e;
    begin_edits(&e, index, false);
    cur_page_meta(edit_page(&e, cur::kMetaBlock, cur::kMetaPage))->pending_insert = block;
    commit_edits(&e);
}

// Scores and moves the rows at hand. False when the scorer failed.
bool flush_rows(Flush* f, bool forgiving, int64* moved) {
    Projector* p = f->rows;
    if (p->count == 0)
        return true;
    const bool scored = forgiving ? score_rows_forgiving(f) : (score_rows(f), true);
    if (scored) {
        enter_cpp([&] { project_items(p); });
        for (int i = 0; i < p->count; ++i)
            *moved += p->usable[i] && place_item(p, i, f->tids[i], f->block);
    }
    p->count = 0;
    MemoryContextReset(f->batch_context);
    return scored;
}

int64 flush_page(Flush* f, const node::Tid* tids, std::uint32_t count, int64 limit, bool forgiving,
                 bool* failed) {
    Projector* p = f->rows;
    int64 moved = 0;
    for (std::uint32_t i = 0; i < count && !*failed; ++i) {
        CHECK_FOR_INTERRUPTS();
        if (moved + p->count >= limit)
            break;
        if (!fetch_item(&f->fetch, tids[i], f->batch_context, &p->items[p->count]))
            continue;
        f->tids[p->count++] = tids[i];
        if (p->count == kProjectRows)
            *failed = !flush_rows(f, forgiving, &moved);
    }
    if (!*failed)
        *failed = !flush_rows(f, forgiving, &moved);
    return moved;
}

}  // namespace

int64 cur_flush_pending(Relation heap, Relation index, int64 limit, bool forgiving) {
    const cur::MetaData meta = read_cur_meta(index);
    if (meta.dims == 0 || limit <= 0)
        return 0;
    // A subtransaction cannot begin beside parallel workers of the same vacuum.
    if (forgiving && IsInParallelMode())
        return 0;
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "cur flush", ALLOCSET_DEFAULT_SIZES);
    const MemoryContext old = MemoryContextSwitchTo(context);
    auto* f = enter_cpp([&] { return new_in_context<Flush>(context); });
    f->index = index;
    f->batch_context = AllocSetContextCreate(context, "cur flush batch", ALLOCSET_DEFAULT_SIZES);
    f->rows = new_projector(index, meta, context);
    PushActiveSnapshot(GetLatestSnapshot());
    begin_fetch(&f->fetch, heap, index, GetActiveSnapshot());
    auto* tids = static_cast<node::Tid*>(palloc(sizeof(node::Tid) * kPendingPerPage));
    int64 moved = 0;
    bool failed = false;
    for (BlockNumber block = cur::kPendingHead;
         block != cur::kNoBlock && moved < limit && !failed;) {
        std::uint32_t count;
        const BlockNumber next = copy_pending(index, block, tids, &count);
        f->block = block;
        moved += flush_page(f, tids, count, limit - moved, forgiving, &failed);
        block = next;
    }
    end_fetch(&f->fetch);
    PopActiveSnapshot();
    reset_pending_insert(index);
    MemoryContextSwitchTo(old);
    MemoryContextDelete(context);
    return moved;
}

}  // namespace vg::pg

VG_FUNCTION(vg_cur_flush) {
    using namespace vg::pg;
    const OpenIndex open = open_index(PG_GETARG_OID(0), Right::kOwner, kCurMethod);
    lock_for_vacuum(open.index);
    const AsOwner saved = begin_as_owner(open.heap);
    const int64 moved = cur_flush_pending(open.heap, open.index, PG_INT64_MAX, false);
    end_as_owner(saved);
    unlock_for_vacuum(open.index);
    close_index(open);
    PG_RETURN_INT64(moved);
}
