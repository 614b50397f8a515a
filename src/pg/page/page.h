// Buffers and pages of a node store: reading with validation, and edits that are WAL-logged.
//
// Locking: readers hold a share lock on one page at a time. Writers hold the index's write lock
// (lock_for_write), which makes them the only writer, and may lock several pages at once in any
// order: nobody who holds one of our page locks ever waits for another one except the single
// writer.
//
// Everything here may ereport: callers own no C++ object with a destructor, or use call_pg.
#pragma once

#include "pg/boundary/pg.h"

#include <cstddef>

#include "core/node/format.h"
#include "core/node/geometry.h"
#include "core/node/slot.h"
#include "pg/boundary/compat.h"

namespace vg::pg {

inline constexpr std::size_t kPageDataOffset = MAXALIGN(SizeOfPageHeaderData);
inline constexpr std::uint32_t kPageUsable =
    BLCKSZ - kPageDataOffset - MAXALIGN(sizeof(node::PageTrailer));
inline constexpr BlockNumber kMetaBlock = 0;
inline constexpr std::uint32_t kChunksPerPage = kPageUsable / sizeof(node::TidChunk);

inline std::byte* page_data(Page page) {
    return reinterpret_cast<std::byte*>(page) + kPageDataOffset;
}
inline node::PageTrailer* page_trailer(Page page) {
    return reinterpret_cast<node::PageTrailer*>(PageGetSpecialPointer(page));
}
inline node::MetaData* page_meta(Page page) {
    return reinterpret_cast<node::MetaData*>(page_data(page));
}
inline std::byte* slot_bytes(const node::Geometry& g, Page page, std::uint32_t index) {
    return page_data(page) + static_cast<std::size_t>(index) * g.slot_bytes;
}
inline node::TidChunk* page_chunk(Page page, std::uint32_t index) {
    return reinterpret_cast<node::TidChunk*>(page_data(page)) + index;
}

// Formats an empty page. Its data area counts as used in whole, so that generic WAL keeps all of
// it.
void init_page(Page page, node::PageKind kind);

[[noreturn]] void report_corrupt(Relation index, BlockNumber block, const char* what);

// Null when the page is one of ours of that kind, else what is wrong.
const char* page_fault(Page page, node::PageKind kind);

// Recognises a link past the end of the index, which the storage manager would report as an I/O
// error, without asking for the file's size on every hop.
struct BlockLimit {
    Relation index;
    BlockNumber blocks = 0;  // size when last asked

    void check(BlockNumber block) {
        if (likely(block < blocks))
            return;
        blocks = RelationGetNumberOfBlocks(index);
        if (block >= blocks)
            report_corrupt(index, block, "a link points past the end of the index");
    }
};

// Reads, locks and validates: XX002 for a page that is not of that kind.
Buffer read_page(Relation index, BlockNumber block, node::PageKind kind, int lock_mode);

// The validated contents of the metapage.
node::MetaData read_meta(Relation index);

// The index's write lock: held by inserts and by vacuum, for the whole of their work. A heavyweight
// lock on the metapage: waits can be cancelled, deadlocks are detected, an error releases it.
inline void lock_for_write(Relation index) {
    LockPage(index, kMetaBlock, ExclusiveLock);
}
inline void unlock_for_write(Relation index) {
    UnlockPage(index, kMetaBlock, ExclusiveLock);
}

// Up to kMaxPages pages changed together: one generic WAL record, all or nothing after a crash.
// With `direct`, for a relation that is logged as a whole afterwards, pages are changed in place.
//   PageEdits e; begin_edits(&e, index, direct);
//   Page p = edit_page(&e, block, kind); ... change p ...; commit_edits(&e);
inline constexpr int kMaxEditPages = MAX_GENERIC_XLOG_PAGES;
struct PageEdits {
    Relation index;
    bool direct;
    GenericXLogState* xlog;
    int count;
    Buffer buffers[kMaxEditPages];
    Page pages[kMaxEditPages];
};
void begin_edits(PageEdits* e, Relation index, bool direct);
// Page `block` for change; the same page again when it is already open. Validates the kind.
Page edit_page(PageEdits* e, BlockNumber block, node::PageKind kind);
// Whether edit_page(block) would find the page open or room for another.
bool edits_have_room(const PageEdits* e, BlockNumber block);
// Extends the relation by a formatted page.
Page edit_new_page(PageEdits* e, node::PageKind kind, BlockNumber* block);
void commit_edits(PageEdits* e);

}  // namespace vg::pg
