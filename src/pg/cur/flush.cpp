// From the pending list to the items: scores new rows against the anchor queries, projects them
// onto the model and gives each a slot. Runs in VACUUM and in cur_flush, under the upkeep lock.
//
// A row moves in one WAL record: a crash leaves it either here or there. A scan reads the pending
// list before the items, so it misses no row that moves meanwhile; one that it meets twice it knows
// by its TID. Scorer calls hold no lock on a page. Rows that the snapshot does not see stay.

#include "pg/boundary/pg.h"

#include "pg/cur/cur.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

extern "C" {
#include "access/xact.h"
#include "storage/indexfsm.h"
#include "utils/resowner.h"
}

#include "pg/boundary/context.h"
#include "pg/cur/anchors.h"
#include "pg/cur/fetch.h"
#include "pg/cur/pages.h"
#include "pg/cur/scorer.h"
#include "pg/lid_hnsw/inspect.h"

namespace vg::pg {
namespace {

constexpr int kFlushRows = 256;

struct Flush {
    Relation heap = nullptr;
    Relation index = nullptr;
    cur::MetaData meta{};
    MemoryContext batch_context = nullptr;
    CurScorer scorer{};
    CurFetch fetch{};
    int16 query_length = 0;
    bool query_by_value = false;
    std::byte* queries = nullptr;  // the packed anchor queries
    cur::Model model;
    cur::Codec codec;

    // The rows at hand.
    BlockNumber block = InvalidBlockNumber;
    node::Tid tids[kFlushRows];
    Datum items[kFlushRows];
    int count = 0;
    double distances[kFlushRows];
    bool nulls[kFlushRows];
    bool usable[kFlushRows];
    std::vector<float> columns;
    std::vector<float> means;
    std::vector<float> latents;
    std::vector<std::byte> row;
};

void load_model(Flush* f, MemoryContext context) {
    const cur::MetaData& m = f->meta;
    const cur::ModelLayout l = cur::model_layout(m.anchors, m.dims, m.anchor_items);
    enter_cpp([&] {
        f->model.anchors = m.anchors;
        f->model.dims = m.dims;
        f->model.components.resize(std::size_t{m.anchors} * m.dims);
        f->codec = {static_cast<cur::Storage>(m.storage), m.dims, std::vector<float>(m.dims),
                    std::vector<float>(m.dims)};
        f->columns.resize(std::size_t{kFlushRows} * m.anchors);
        f->means.resize(kFlushRows);
        f->latents.resize(std::size_t{kFlushRows} * m.dims);
        f->row.resize(m.row_bytes);
    });
    const std::size_t floats = sizeof(float) * std::size_t{m.dims};
    read_model(f->index, m, l.low, floats, f->codec.low.data());
    read_model(f->index, m, l.step, floats, f->codec.step.data());
    read_model(f->index, m, l.components, floats * m.anchors, f->model.components.data());
    f->queries =
        static_cast<std::byte*>(MemoryContextAllocHuge(context, m.model_bytes - l.queries));
    read_model(f->index, m, l.queries, m.model_bytes - l.queries, f->queries);
    char align;
    get_typlenbyvalalign(cur_query_type(f->index), &f->query_length, &f->query_by_value, &align);
}

// ---- scoring ----------------------------------------------------------------------------------

void describe_flush(void* arg) {
    errcontext("scoring new rows of index \"%s\" against its anchor queries",
               RelationGetRelationName(static_cast<const Flush*>(arg)->index));
}

void score_rows(Flush* f) {
    ErrorContextCallback context{error_context_stack, describe_flush, f};
    error_context_stack = &context;
    std::fill_n(f->usable, f->count, true);
    std::byte* at = f->queries;
    for (std::uint32_t a = 0; a < f->meta.anchors; ++a) {
        std::uint32_t bytes;
        std::memcpy(&bytes, at, sizeof bytes);
        at += MAXALIGN(sizeof bytes);
        call_scorer(&f->scorer, load_query(f->query_length, f->query_by_value, at), f->items,
                    f->count, f->distances, f->nulls);
        at += MAXALIGN(bytes);
        for (int i = 0; i < f->count; ++i) {
            const auto score = static_cast<float>(-f->distances[i]);
            f->usable[i] &= !f->nulls[i] && std::isfinite(score);
            f->columns[static_cast<std::size_t>(i) * f->meta.anchors + a] = score;
        }
    }
    error_context_stack = context.previous;
}

// The same, but an error of the scorer becomes a warning. No C++ object lives below.
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

// ---- moving -----------------------------------------------------------------------------------

// A page of items with a free slot: the tail, one that vacuum remembered, or a new one.
struct Place {
    BlockNumber block;  // InvalidBlockNumber: extend
    std::uint32_t slot;
};

bool find_slot(const cur::ItemsLayout& l, Page page, std::uint32_t* slot) {
    const std::uint32_t used = items_used(l, page);
    for (std::uint32_t i = 0; i < used; ++i) {
        if (item_tids(page)[i].offset == 0) {
            *slot = i;
            return true;
        }
    }
    *slot = used;
    return used < l.slots;
}

bool page_has_room(Flush* f, BlockNumber block, Place* place) {
    if (block >= RelationGetNumberOfBlocks(f->index))
        return false;
    std::uint16_t kind;
    const Buffer buffer = read_any_page(f->index, block, nullptr, &kind);
    const bool room = kind == static_cast<std::uint16_t>(cur::kItemsPage) &&
                      find_slot(items_of(f->meta), BufferGetPage(buffer), &place->slot);
    UnlockReleaseBuffer(buffer);
    place->block = block;
    return room;
}

Place find_place(Flush* f) {
    Place place{InvalidBlockNumber, 0};
    if (f->meta.item_tail != cur::kNoBlock && page_has_room(f, f->meta.item_tail, &place))
        return place;
    for (;;) {
        const BlockNumber block = GetFreeIndexPage(f->index);
        if (block == InvalidBlockNumber)
            return {InvalidBlockNumber, 0};
        if (page_has_room(f, block, &place)) {
            f->meta.item_tail = block;
            return place;
        }
    }
}

// Takes a TID off a pending page; false when it is not there any more.
bool drop_pending(Page page, const node::Tid& tid) {
    const std::uint32_t used = pending_used(page);
    node::Tid* tids = pending_tids(page);
    node::Tid* at = std::find(tids, tids + used, tid);
    if (at == tids + used)
        return false;
    *at = tids[used - 1];
    page_trailer(page)->used = static_cast<std::uint16_t>(used - 1);
    return true;
}

void move_row(Flush* f, int i) {
    const cur::ItemsLayout l = items_of(f->meta);
    const Place place = find_place(f);
    f->codec.encode(f->latents.data() + static_cast<std::size_t>(i) * f->meta.dims, f->row.data());
    PageEdits e;
    begin_edits(&e, f->index, false);
    cur::MetaData* meta = cur_page_meta(edit_page(&e, cur::kMetaBlock, cur::kMetaPage));
    const bool before = place.block < f->block;
    Page items = nullptr;
    if (before)
        items = edit_page(&e, place.block, cur::kItemsPage);
    const Page pending = edit_page(&e, f->block, cur::kPendingPage);
    BlockNumber block = place.block;
    if (block == InvalidBlockNumber)
        items = edit_new_page(&e, cur::kItemsPage, &block);
    else if (!before)
        items = edit_page(&e, block, cur::kItemsPage);
    if (drop_pending(pending, f->tids[i])) {
        item_tids(items)[place.slot] = f->tids[i];
        item_means(l, items)[place.slot] = f->means[static_cast<std::size_t>(i)];
        std::memcpy(item_rows(l, items) + std::size_t{place.slot} * l.row_bytes, f->row.data(),
                    l.row_bytes);
        page_trailer(items)->used = static_cast<std::uint16_t>(
            std::max<std::uint32_t>(page_trailer(items)->used, place.slot + 1));
        meta->item_tail = block;
        ++meta->live_items;
        ++meta->flushed_items;
    }
    f->meta.item_tail = block;
    commit_edits(&e);
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
    if (f->count == 0)
        return true;
    const bool scored = forgiving ? score_rows_forgiving(f) : (score_rows(f), true);
    if (scored) {
        enter_cpp([&] {
            cur::project(f->model, f->columns.data(), static_cast<std::size_t>(f->count),
                         f->means.data(), f->latents.data());
        });
        for (int i = 0; i < f->count; ++i) {
            if (!f->usable[i])
                continue;
            move_row(f, i);
            ++*moved;
        }
    }
    f->count = 0;
    MemoryContextReset(f->batch_context);
    return scored;
}

int64 flush_page(Flush* f, const node::Tid* tids, std::uint32_t count, int64 limit, bool forgiving,
                 bool* failed) {
    int64 moved = 0;
    for (std::uint32_t i = 0; i < count && !*failed; ++i) {
        CHECK_FOR_INTERRUPTS();
        if (moved + f->count >= limit)
            break;
        if (!fetch_item(&f->fetch, tids[i], f->batch_context, &f->items[f->count]))
            continue;
        f->tids[f->count++] = tids[i];
        if (f->count == kFlushRows)
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
    f->heap = heap;
    f->index = index;
    f->meta = meta;
    f->batch_context = AllocSetContextCreate(context, "cur flush batch", ALLOCSET_DEFAULT_SIZES);
    init_scorer(&f->scorer, index, context);
    load_model(f, context);
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
