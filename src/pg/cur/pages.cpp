#include "pg/boundary/pg.h"

#include "pg/cur/pages.h"

#include <algorithm>
#include <cstring>

#include "pg/index/stored_format.h"

namespace vg::pg::cur {

vg::cur::MetaData read_cur_meta(Relation index) {
    const Buffer buffer =
        page::read_page(index, vg::cur::kMetaBlock, vg::cur::kMetaPage, BUFFER_LOCK_SHARE);
    const vg::cur::MetaData meta = *cur_page_meta(BufferGetPage(buffer));
    UnlockReleaseBuffer(buffer);
    if (meta.magic == vg::cur::kMagic)
        index::require_format(index, meta.version, vg::cur::kFormatVersion);
    if (const char* fault = vg::cur::check_meta(meta, BLCKSZ, page::kPageUsable))
        index::report_corrupt(index, vg::cur::kMetaBlock, fault);
    return meta;
}

void read_model(Relation index, const vg::cur::MetaData& m, std::size_t offset, std::size_t bytes,
                void* out) {
    if (offset + bytes > m.model_bytes)
        index::report_corrupt(index, vg::cur::kMetaBlock, "the model is shorter than its parts");
    auto* to = static_cast<std::byte*>(out);
    while (bytes > 0) {
        const auto block =
            static_cast<BlockNumber>(m.model_block + offset / std::size_t{page::kPageUsable});
        const std::size_t at = offset % page::kPageUsable;
        const std::size_t n = std::min<std::size_t>(bytes, page::kPageUsable - at);
        const Buffer buffer = page::read_page(index, block, vg::cur::kModelPage, BUFFER_LOCK_SHARE);
        std::memcpy(to, page::data_of(BufferGetPage(buffer)) + at, n);
        UnlockReleaseBuffer(buffer);
        to += n;
        offset += n;
        bytes -= n;
        CHECK_FOR_INTERRUPTS();
    }
}

const Cache* cache_of(Relation index, const vg::cur::MetaData& m) {
    if (m.dims == 0)
        return nullptr;
    auto* cache = static_cast<Cache*>(index->rd_amcache);
    if (cache != nullptr && cache->dims == m.dims && cache->anchor_items == m.anchor_items)
        return cache;
    const vg::cur::ModelLayout layout = vg::cur::model_layout(m.anchors, m.dims, m.anchor_items);
    cache = static_cast<Cache*>(
        MemoryContextAlloc(index->rd_indexcxt, sizeof(Cache) + layout.components));
    cache->dims = m.dims;
    cache->anchor_items = m.anchor_items;
    read_model(index, m, 0, layout.components, cache + 1);
    index->rd_amcache = cache;
    return cache;
}

// Locks a pinned page and returns its kind.
static std::uint16_t lock_any_page(Relation index, Buffer buffer) {
    LockBuffer(buffer, BUFFER_LOCK_SHARE);
    const Page page = BufferGetPage(buffer);
    if (PageIsNew(page))
        return 0;
    // Where the trailer is elsewhere, kind 0 is a fault.
    const bool has_kind = PageGetSpecialSize(page) == MAXALIGN(sizeof(node::PageTrailer));
    const std::uint16_t kind = has_kind ? page::trailer_of(page)->kind : std::uint16_t{0};
    if (const char* fault = page::fault_of(page, static_cast<node::PageKind>(kind)))
        index::report_corrupt(index, BufferGetBlockNumber(buffer), fault);
    return kind;
}

Buffer read_any_page(Relation index, BlockNumber block, std::uint16_t* kind) {
    const Buffer buffer = ReadBuffer(index, block);
    *kind = lock_any_page(index, buffer);
    return buffer;
}

Buffer next_any_page(PageWalk* walk, std::uint16_t* kind) {
    CHECK_FOR_INTERRUPTS();
    const Buffer buffer = next_page(walk);
    if (BufferIsValid(buffer))
        *kind = lock_any_page(walk->index, buffer);
    return buffer;
}

void write_cur_head(Relation index, ForkNumber fork, const vg::cur::MetaData& m) {
    Buffer buffer = page::add_page(index, fork, vg::cur::kMetaPage);
    *cur_page_meta(BufferGetPage(buffer)) = m;
    page::finish_page(buffer);
    page::finish_page(page::add_page(index, fork, vg::cur::kStatsPage));
    buffer = page::add_page(index, fork, vg::cur::kPendingPage);
    pending_header(BufferGetPage(buffer))->next = vg::cur::kNoBlock;
    page::finish_page(buffer);
}

void write_model(Relation index, const std::byte* bytes, std::size_t count) {
    for (std::size_t at = 0; at < count; at += page::kPageUsable) {
        const Buffer buffer = page::add_page(index, MAIN_FORKNUM, vg::cur::kModelPage);
        std::memcpy(page::data_of(BufferGetPage(buffer)), bytes + at,
                    std::min<std::size_t>(page::kPageUsable, count - at));
        page::finish_page(buffer);
    }
}

// ---- pending rows ----------------------------------------------------------------------------

static void put_pending(Page page, const node::Tid& tid) {
    pending_tids(page)[page::trailer_of(page)->used++] = tid;
}

// The page after a full one, made if need be. Under the metapage's lock, so that one backend at a
// time extends the list; new rows start there from now on.
static void add_on_next_page(Relation index, const node::Tid& tid, bool direct) {
    page::Edits e;
    page::begin_edits(&e, index, direct);
    vg::cur::MetaData* meta =
        cur_page_meta(page::edit_page(&e, vg::cur::kMetaBlock, vg::cur::kMetaPage));
    Page page = page::edit_page(&e, meta->pending_insert, vg::cur::kPendingPage);
    if (pending_used(page) == kPendingPerPage) {
        BlockNumber next = pending_header(page)->next;
        Page next_page;
        if (next == vg::cur::kNoBlock) {
            next_page = page::edit_new_page(&e, vg::cur::kPendingPage, &next);
            pending_header(next_page)->next = vg::cur::kNoBlock;
            pending_header(page)->next = next;
        } else {
            next_page = page::edit_page(&e, next, vg::cur::kPendingPage);
        }
        meta->pending_insert = next;
        if (pending_used(next_page) == kPendingPerPage) {
            page::commit_edits(&e);
            add_on_next_page(index, tid, direct);
            return;
        }
        page = next_page;
    }
    put_pending(page, tid);
    page::commit_edits(&e);
}

void add_pending(Relation index, const node::Tid& tid, bool direct) {
    const BlockNumber block = read_cur_meta(index).pending_insert;
    page::Edits e;
    page::begin_edits(&e, index, direct);
    const Page page = page::edit_page(&e, block, vg::cur::kPendingPage);
    if (pending_used(page) < kPendingPerPage) {
        put_pending(page, tid);
        page::commit_edits(&e);
        return;
    }
    page::abort_edits(&e);
    add_on_next_page(index, tid, direct);
}

// ---- statistics ------------------------------------------------------------------------------

static vg::cur::StatsData* page_stats(Page page) {
    return reinterpret_cast<vg::cur::StatsData*>(page::data_of(page));
}

void note_scan(Relation index, const ScanStats& s) {
    // What a scan weighs in the moving averages.
    constexpr double kWeight = 0.05;
    if (RecoveryInProgress())
        return;
    const Buffer buffer = ReadBuffer(index, vg::cur::kStatsBlock);
    if (!ConditionalLockBuffer(buffer)) {
        ReleaseBuffer(buffer);
        return;
    }
    const Page page = BufferGetPage(buffer);
    if (const char* fault = page::fault_of(page, vg::cur::kStatsPage))
        index::report_corrupt(index, vg::cur::kStatsBlock, fault);
    vg::cur::StatsData* stats = page_stats(page);
    ++stats->scans;
    stats->calls += s.calls;
    if (s.residuals > 0) {
        const double n = static_cast<double>(s.residuals);
        const double weight = stats->residuals == 0 ? 1.0 : kWeight;
        stats->mean_square += weight * (s.squares / n - stats->mean_square);
        stats->bias += weight * (s.sum / n - stats->bias);
        stats->residuals += s.residuals;
    }
    MarkBufferDirtyHint(buffer, true);
    UnlockReleaseBuffer(buffer);
}

void note_flush(Relation index, std::uint32_t block, std::uint32_t at, std::uint32_t rows) {
    const Buffer buffer =
        page::read_page(index, vg::cur::kStatsBlock, vg::cur::kStatsPage, BUFFER_LOCK_EXCLUSIVE);
    vg::cur::StatsData* stats = page_stats(BufferGetPage(buffer));
    stats->flush_block = block;
    stats->flush_at = at;
    stats->flush_rows = rows;
    MarkBufferDirtyHint(buffer, true);
    UnlockReleaseBuffer(buffer);
}

vg::cur::StatsData read_scan_stats(Relation index) {
    const Buffer buffer =
        page::read_page(index, vg::cur::kStatsBlock, vg::cur::kStatsPage, BUFFER_LOCK_SHARE);
    const vg::cur::StatsData stats = *page_stats(BufferGetPage(buffer));
    UnlockReleaseBuffer(buffer);
    return stats;
}

}  // namespace vg::pg::cur
