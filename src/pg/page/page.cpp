#include "pg/boundary/pg.h"

#include "pg/page/page.h"

#include <algorithm>
#include <cstring>

#include "pg/index/stored_format.h"
#include "pg/page/buffer_hints.h"

namespace vg::pg::page {

void init_page(Page page, node::PageKind kind) {
    PageInit(page, BLCKSZ, sizeof(node::PageTrailer));
    PageHeader header = reinterpret_cast<PageHeader>(page);
    header->pd_lower = header->pd_upper = header->pd_special;
    node::PageTrailer* t = trailer_of(page);
    std::memset(t, 0, sizeof *t);
    t->kind = static_cast<std::uint16_t>(kind);
    t->page_id = node::kPageId;
}

// Size of the index that was asked about last.
static Oid sized_storage = InvalidOid;
static BlockNumber sized_blocks = 0;

BlockNumber blocks_known(Relation index) {
    if (unlikely(sized_storage != storage_id(index))) {
        sized_blocks = RelationGetNumberOfBlocks(index);
        sized_storage = storage_id(index);
    }
    return sized_blocks;
}

Buffer add_page(Relation index, ForkNumber fork, node::PageKind kind) {
    sized_storage = InvalidOid;  // a build may have begun anew in a file that was longer
    const Buffer buffer = ReadBufferExtended(index, fork, P_NEW, RBM_ZERO_AND_LOCK, nullptr);
    init_page(BufferGetPage(buffer), kind);
    return buffer;
}

void finish_page(Buffer buffer) {
    MarkBufferDirty(buffer);
    UnlockReleaseBuffer(buffer);
}

const char* fault_of(Page page, node::PageKind kind) {
    if (PageIsNew(page))
        return "the page is empty";
    if (PageGetSpecialSize(page) != MAXALIGN(sizeof(node::PageTrailer)))
        return "the page has a special area of another size";
    const node::PageTrailer* t = trailer_of(page);
    if (t->page_id != node::kPageId)
        return "the page does not carry our page id";
    if (t->kind != static_cast<std::uint16_t>(kind))
        return "the page is of another kind than expected";
    return nullptr;
}

void check_block(Relation index, BlockNumber block) {
    if (likely(block < blocks_known(index)))
        return;
    sized_storage = InvalidOid;  // it may have grown
    if (block >= blocks_known(index))
        index::report_corrupt(index, block, "a link points past the end of the index");
}

Buffer read_page(Relation index, BlockNumber block, node::PageKind kind, BufferLock lock_mode,
                 BufferAccessStrategy strategy) {
    check_block(index, block);
    const Buffer buffer = read_block(index, block, strategy);
    LockBuffer(buffer, lock_mode);
    const char* fault = fault_of(BufferGetPage(buffer), kind);
    if (unlikely(fault != nullptr))
        index::report_corrupt(index, block, fault);
    return buffer;
}

bool copy_page(Relation index, BlockNumber block, BufferAccessStrategy strategy,
               PGAlignedBlock* out) {
    return copy_pinned_page(ReadBufferExtended(index, MAIN_FORKNUM, block, RBM_NORMAL, strategy),
                            out);
}

bool copy_pinned_page(Buffer buffer, PGAlignedBlock* out) {
    LockBuffer(buffer, BUFFER_LOCK_SHARE);
    const bool written = !PageIsNew(BufferGetPage(buffer));
    if (written)
        std::memcpy(out->data, BufferGetPage(buffer), BLCKSZ);
    UnlockReleaseBuffer(buffer);
    return written;
}

node::PageKind copied_kind(Relation index, BlockNumber block, PGAlignedBlock* page) {
    node::PageKind kind = node::PageKind::kMeta;
    if (PageGetSpecialSize(page->data) == MAXALIGN(sizeof(node::PageTrailer)))
        kind = static_cast<node::PageKind>(trailer_of(page->data)->kind);
    const char* fault = fault_of(page->data, kind);
    if (fault != nullptr)
        index::report_corrupt(index, block, fault);
    if (kind < node::PageKind::kMeta || kind > node::PageKind::kOverflow)
        index::report_corrupt(index, block, "the page is of an unknown kind");
    return kind;
}

node::MetaData read_meta(Relation index) {
    const Buffer buffer = read_block(index, node::kMetaBlock);
    LockBuffer(buffer, BUFFER_LOCK_SHARE);
    const char* fault = fault_of(BufferGetPage(buffer), node::PageKind::kMeta);
    if (fault != nullptr)
        index::report_corrupt(index, node::kMetaBlock, fault);
    const node::MetaData meta = *meta_of(BufferGetPage(buffer));
    UnlockReleaseBuffer(buffer);
    if (meta.magic == node::kMagic)
        index::require_format(index, meta.version, node::kFormatVersion);
    fault = node::check_meta(meta, BLCKSZ, kPageUsable);
    if (fault != nullptr)
        index::report_corrupt(index, node::kMetaBlock, fault);
    return meta;
}

void begin_edits(Edits* e, Relation index, bool direct) {
    e->index = index;
    e->direct = direct;
    e->count = 0;
    e->looked_at = InvalidBuffer;
}

static Page open_buffer(Edits* e, Buffer buffer, bool is_new) {
    if (e->count == kMaxEditPages)
        elog(ERROR, "too many pages in one edit");  // callers ask edits_have_room
    e->opened[e->count] = {buffer, is_new};
    e->pages[e->count] = e->direct ? BufferGetPage(buffer) : copy_for_edit(e->count, buffer);
    return e->pages[e->count++];
}

static BlockNumber opened_block(const Edits* e, int i) {
    return BufferGetBlockNumber(e->opened[i].buffer);
}

static Page find_open(const Edits* e, BlockNumber block) {
    for (int i = 0; i < e->count; ++i) {
        if (opened_block(e, i) == block)
            return e->pages[i];
    }
    return nullptr;
}

// Locks a page that is not open yet.
static Buffer lock_next(Edits* e, BlockNumber block, node::PageKind kind) {
    // Kinds in the order of their numbers, each by ascending block; block 0 before all.
    Assert(e->count == 0 || opened_block(e, e->count - 1) < block ||
           kind > static_cast<node::PageKind>(trailer_of(e->pages[e->count - 1])->kind));
    return read_page(e->index, block, kind, BUFFER_LOCK_EXCLUSIVE);
}

Page edit_page(Edits* e, BlockNumber block, node::PageKind kind) {
    if (const Page page = find_open(e, block))
        return page;
    Buffer buffer = e->looked_at;
    if (BufferIsValid(buffer) && BufferGetBlockNumber(buffer) == block)
        e->looked_at = InvalidBuffer;
    else
        buffer = lock_next(e, block, kind);
    return open_buffer(e, buffer, false);
}

Page look_at_page(Edits* e, BlockNumber block, node::PageKind kind) {
    Assert(!BufferIsValid(e->looked_at));
    if (find_open(e, block) != nullptr)
        return nullptr;
    e->looked_at = lock_next(e, block, kind);
    return BufferGetPage(e->looked_at);
}

void drop_look(Edits* e) {
    UnlockReleaseBuffer(e->looked_at);
    e->looked_at = InvalidBuffer;
}

bool edits_have_room(const Edits* e, BlockNumber block) {
    return e->count < kMaxEditPages || find_open(e, block) != nullptr;
}

Page edit_new_page(Edits* e, node::PageKind kind, BlockNumber* block) {
    LockRelationForExtension(e->index, ExclusiveLock);
    const Buffer buffer = ReadBuffer(e->index, P_NEW);
    LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
    UnlockRelationForExtension(e->index, ExclusiveLock);
    *block = BufferGetBlockNumber(buffer);
    const Page page = open_buffer(e, buffer, true);
    init_page(page, kind);
    return page;
}

static void close_buffers(Edits* e) {
    for (int i = 0; i < e->count; ++i)
        UnlockReleaseBuffer(e->opened[i].buffer);
    e->count = 0;
}

void commit_edits(Edits* e) {
    if (e->direct) {
        for (int i = 0; i < e->count; ++i)
            MarkBufferDirty(e->opened[i].buffer);
    } else if (e->count > 0) {
        log_edit(e->index, e->opened, e->count);
    }
    close_buffers(e);
}

void abort_edits(Edits* e) {
    close_buffers(e);
}

}  // namespace vg::pg::page
