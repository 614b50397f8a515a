#include "pg/boundary/pg.h"

#include "pg/page/page.h"

#include <cstring>

namespace vg::pg {

void init_page(Page page, node::PageKind kind) {
    PageInit(page, BLCKSZ, sizeof(node::PageTrailer));
    PageHeader header = reinterpret_cast<PageHeader>(page);
    header->pd_lower = header->pd_upper = header->pd_special;
    node::PageTrailer* t = page_trailer(page);
    std::memset(t, 0, sizeof *t);
    t->kind = static_cast<std::uint16_t>(kind);
    t->page_id = node::kPageId;
}

void report_corrupt(Relation index, BlockNumber block, const char* what) {
    ereport(ERROR,
            (errcode(ERRCODE_INDEX_CORRUPTED),
             errmsg("index \"%s\" is corrupted", RelationGetRelationName(index)),
             errdetail("Block %u: %s.", block, what), errhint("Rebuild the index with REINDEX.")));
    pg_unreachable();
}

const char* page_fault(Page page, node::PageKind kind) {
    if (PageIsNew(page))
        return "the page is empty";
    if (PageGetSpecialSize(page) != MAXALIGN(sizeof(node::PageTrailer)))
        return "the page has a special area of another size";
    const node::PageTrailer* t = page_trailer(page);
    if (t->page_id != node::kPageId)
        return "the page does not carry our page id";
    if (t->kind != static_cast<std::uint16_t>(kind))
        return "the page is of another kind than expected";
    return nullptr;
}

Buffer read_page(Relation index, BlockNumber block, node::PageKind kind, int lock_mode) {
    const Buffer buffer = ReadBuffer(index, block);
    LockBuffer(buffer, lock_mode);
    const char* fault = page_fault(BufferGetPage(buffer), kind);
    if (unlikely(fault != nullptr))
        report_corrupt(index, block, fault);
    return buffer;
}

node::MetaData read_meta(Relation index) {
    const Buffer buffer = ReadBuffer(index, kMetaBlock);
    LockBuffer(buffer, BUFFER_LOCK_SHARE);
    const char* fault = page_fault(BufferGetPage(buffer), node::PageKind::kMeta);
    if (fault != nullptr)
        report_corrupt(index, kMetaBlock, fault);
    const node::MetaData meta = *page_meta(BufferGetPage(buffer));
    UnlockReleaseBuffer(buffer);
    fault = node::check_meta(meta, BLCKSZ, kPageUsable);
    if (fault != nullptr)
        report_corrupt(index, kMetaBlock, fault);
    return meta;
}

void begin_edits(PageEdits* e, Relation index, bool direct) {
    e->index = index;
    e->direct = direct;
    e->count = 0;
    e->xlog = direct ? nullptr : GenericXLogStart(index);
}

static Page open_buffer(PageEdits* e, Buffer buffer, int flags) {
    if (e->count == kMaxEditPages)
        elog(ERROR, "too many pages in one edit");  // callers ask edits_have_room
    e->buffers[e->count] = buffer;
    e->pages[e->count] =
        e->direct ? BufferGetPage(buffer) : GenericXLogRegisterBuffer(e->xlog, buffer, flags);
    return e->pages[e->count++];
}

Page edit_page(PageEdits* e, BlockNumber block, node::PageKind kind) {
    for (int i = 0; i < e->count; ++i) {
        if (BufferGetBlockNumber(e->buffers[i]) == block)
            return e->pages[i];
    }
    return open_buffer(e, read_page(e->index, block, kind, BUFFER_LOCK_EXCLUSIVE), 0);
}

bool edits_have_room(const PageEdits* e, BlockNumber block) {
    for (int i = 0; i < e->count; ++i) {
        if (BufferGetBlockNumber(e->buffers[i]) == block)
            return true;
    }
    return e->count < kMaxEditPages;
}

Page edit_new_page(PageEdits* e, node::PageKind kind, BlockNumber* block) {
    LockRelationForExtension(e->index, ExclusiveLock);
    const Buffer buffer = ReadBuffer(e->index, P_NEW);
    LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
    UnlockRelationForExtension(e->index, ExclusiveLock);
    *block = BufferGetBlockNumber(buffer);
    const Page page = open_buffer(e, buffer, GENERIC_XLOG_FULL_IMAGE);
    init_page(page, kind);
    return page;
}

void commit_edits(PageEdits* e) {
    if (e->direct) {
        for (int i = 0; i < e->count; ++i)
            MarkBufferDirty(e->buffers[i]);
    } else if (e->count > 0) {
        GenericXLogFinish(e->xlog);
    } else {
        GenericXLogAbort(e->xlog);
    }
    for (int i = 0; i < e->count; ++i)
        UnlockReleaseBuffer(e->buffers[i]);
    e->count = 0;
}

}  // namespace vg::pg
