// From the pending list to the items: scores new rows against the anchor queries, projects them
// onto the model and gives each a slot. Runs in cur_flush and in the process that VACUUM asks for
// (flush_worker.cpp), under the upkeep lock; never in VACUUM (vacuum.cpp says why).
//
// A row moves in one WAL record: a crash leaves it either here or there. A scan reads the pending
// list before the items, so it misses no row that moves meanwhile; one that it meets twice it knows
// by its TID. Scorer calls hold no lock on a page. Rows that the snapshot does not see stay.

#include "pg/boundary/pg.h"

#include "pg/cur/cur.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "pg/boundary/arguments.h"
#include "pg/boundary/context.h"
#include "pg/cur/fetch.h"
#include "pg/cur/fingerprint.h"
#include "pg/cur/pages.h"
#include "pg/cur/place.h"
#include "pg/cur/project.h"
#include "pg/index/locks.h"
#include "pg/index/open.h"

namespace vg::pg::cur {
namespace {

// A stretch of the pending list: TIDs of a page from one on, up to another.
struct Stretch {
    BlockNumber block;
    std::uint32_t from;
    std::uint32_t to;
};

// Lives in a memory context: the functions own nothing and may ereport.
struct Flush {
    Relation index = nullptr;
    bool limited = false;
    int at_once = kProjectRows;
    Flushed done{};
    std::vector<Stretch> stretches;
    Projector* rows = nullptr;
    MemoryContext batch_context = nullptr;
    Fetch fetch{};
    BlockNumber block = InvalidBlockNumber;  // the pending page of the rows at hand
};

// ---- the list ---------------------------------------------------------------------------------

// Copies the TIDs of a pending page.
void copy_pending(Relation index, BlockNumber block, node::Tid* tids, std::uint32_t* count) {
    const Buffer buffer = page::read_page(index, block, vg::cur::kPendingPage, BUFFER_LOCK_SHARE);
    const Page page = BufferGetPage(buffer);
    *count = pending_used(page);
    std::memcpy(tids, pending_tids(page), *count * sizeof(node::Tid));
    UnlockReleaseBuffer(buffer);
}

// New rows go to the first page of the list with room again.
void reset_pending_insert(Relation index) {
    BlockNumber block = vg::cur::kPendingHead;
    for (;;) {
        const Buffer buffer =
            page::read_page(index, block, vg::cur::kPendingPage, BUFFER_LOCK_SHARE);
        const bool room = pending_used(BufferGetPage(buffer)) < kPendingPerPage;
        const BlockNumber next = pending_header(BufferGetPage(buffer))->next;
        UnlockReleaseBuffer(buffer);
        if (room || next == vg::cur::kNoBlock)
            break;
        block = next;
    }
    if (read_cur_meta(index).pending_insert == block)
        return;
    page::Edits e;
    page::begin_edits(&e, index, false);
    cur_page_meta(page::edit_page(&e, vg::cur::kMetaBlock, vg::cur::kMetaPage))->pending_insert =
        block;
    page::commit_edits(&e);
}

// The whole list, from `at` of `block` on and round again; from its head where that is no page of
// it.
void collect_stretches(Flush* f, BlockNumber block, std::uint32_t at) {
    constexpr std::uint32_t kAll = kPendingPerPage;
    const BlockNumber blocks = RelationGetNumberOfBlocks(f->index);
    for (BlockNumber b = vg::cur::kPendingHead; b != vg::cur::kNoBlock;) {
        CHECK_FOR_INTERRUPTS();
        if (f->stretches.size() > blocks)
            index::report_corrupt(f->index, b, "the list of new rows never ends");
        enter_cpp([&] { f->stretches.push_back({b, 0, kAll}); });
        const Buffer buffer =
            page::read_page(f->index, b, vg::cur::kPendingPage, BUFFER_LOCK_SHARE);
        b = pending_header(BufferGetPage(buffer))->next;
        UnlockReleaseBuffer(buffer);
    }
    const auto start = std::find_if(f->stretches.begin(), f->stretches.end(),
                                    [&](const Stretch& s) { return s.block == block; });
    if (start == f->stretches.end() || at == 0)
        return;
    std::rotate(f->stretches.begin(), start, f->stretches.end());
    f->stretches.front().from = at;
    enter_cpp([&] { f->stretches.push_back({block, 0, at}); });
}

// Scores the rows at hand, from `start` to `end` of their page, and moves those that can be. An
// error of the scorer may end all: a flush with a limit notes first that the next one should try
// half as many, and that a row which fails alone is to be left for later.
void flush_rows(Flush* f, std::uint32_t start, std::uint32_t end) {
    Projector* p = f->rows;
    if (p->count == 0)
        return;
    if (f->limited && p->count > 1)
        note_flush(f->index, f->block, start, static_cast<std::uint32_t>(p->count) / 2);
    else if (f->limited)
        note_flush(f->index, f->block, end, 1);
    note_scorer(f->index, p->meta);
    score_items(p);
    enter_cpp([&] { project_items(p); });
    for (int i = 0; i < p->count; ++i)
        f->done.moved += p->usable[i] && place_item(p, i, p->tids[i], f->block);
    f->done.scored += p->count;
    p->count = 0;
    MemoryContextReset(f->batch_context);
    f->at_once = std::min(2 * f->at_once, kProjectRows);
    if (f->limited)
        note_flush(f->index, f->block, end, static_cast<std::uint32_t>(f->at_once));
}

void flush_stretch(Flush* f, const Stretch& s, int64 limit) {
    Projector* p = f->rows;
    node::Tid tids[kPendingPerPage];
    std::uint32_t used;
    copy_pending(f->index, s.block, tids, &used);
    f->block = s.block;
    const std::uint32_t end = std::min(s.to, used);
    std::uint32_t start = s.from;
    std::uint32_t i = start;
    for (; i < end && f->done.scored + p->count < limit; ++i) {
        CHECK_FOR_INTERRUPTS();
        if (!fetch_item(&f->fetch, tids[i], f->batch_context, &p->items[p->count]))
            continue;
        p->tids[p->count++] = tids[i];
        if (p->count == f->at_once) {
            flush_rows(f, start, i + 1);
            start = i + 1;
        }
    }
    flush_rows(f, start, i);
}

}  // namespace

Flushed cur_flush_pending(Relation heap, Relation index, int64 limit) {
    const vg::cur::MetaData meta = read_cur_meta(index);
    if (meta.dims == 0 || limit <= 0)
        return {0, 0};
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "cur flush", ALLOCSET_DEFAULT_SIZES);
    const MemoryContext old = MemoryContextSwitchTo(context);
    auto* f = enter_cpp([&] { return new_in_context<Flush>(context); });
    f->index = index;
    f->limited = limit != kNoFlushLimit;
    f->batch_context = AllocSetContextCreate(context, "cur flush batch", ALLOCSET_DEFAULT_SIZES);
    f->rows = new_projector(index, meta, context);
    const vg::cur::StatsData stats = read_scan_stats(index);
    if (f->limited && stats.flush_rows > 0)
        f->at_once = static_cast<int>(std::min<std::uint32_t>(stats.flush_rows, kProjectRows));
    collect_stretches(f, f->limited ? stats.flush_block : vg::cur::kPendingHead,
                      f->limited ? stats.flush_at : 0);
    PushActiveSnapshot(GetLatestSnapshot());
    begin_fetch(&f->fetch, heap, index, GetActiveSnapshot());
    for (std::size_t i = 0; i < f->stretches.size() && f->done.scored < limit; ++i)
        flush_stretch(f, f->stretches[i], limit);
    end_fetch(&f->fetch);
    PopActiveSnapshot();
    reset_pending_insert(index);
    const Flushed done = f->done;
    MemoryContextSwitchTo(old);
    MemoryContextDelete(context);
    return done;
}

VG_FUNCTION(vg_cur_flush) {
    require_argument(fcinfo, 0, "index");
    // Before ALTER EXTENSION UPDATE from 0.1.0 the function has one argument.
    const int64 limit = PG_NARGS() < 2 || PG_ARGISNULL(1) ? kNoFlushLimit : PG_GETARG_INT64(1);
    check_at_least(limit, "rows", 0);
    const index::OpenIndex open = index::open(PG_GETARG_OID(0), index::Right::kOwner, kMethod);
    index::lock_for_vacuum(open.index);
    const index::AsOwner saved = index::begin_as_owner(open.heap);
    const Flushed done = cur_flush_pending(open.heap, open.index, limit);
    index::end_as_owner(saved);
    index::unlock_for_vacuum(open.index);
    index::close(open);
    PG_RETURN_INT64(done.moved);
}

}  // namespace vg::pg::cur
