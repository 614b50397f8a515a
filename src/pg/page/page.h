// Buffers and pages of a node store: reading with validation, and edits that are WAL-logged.
//
// Locking. Readers hold a share lock on one page at a time. An edit may hold up to four pages, and
// asks for them in this order, which rules out deadlocks between edits: the metapage, slots pages
// by ascending block, chunk pages by ascending block, then the pages of a list store: its metapage,
// map, list, bucket, overflow pages, each kind by ascending block (the numbers of the kinds are the
// order), last a page that the edit itself adds. Pages of the node store and of the list store are
// never held together. Whoever
// holds a slots page may share-lock one chunk page, under the same order.
//
// Above the pages there are heavyweight locks: pg/index/locks.h.
//
// Everything here may ereport: callers own no C++ object with a destructor, or use call_pg.
#pragma once

#include "pg/boundary/pg.h"

#include <cstddef>

#include "core/node/format.h"
#include "core/node/geometry.h"
#include "core/node/slot.h"
#include "pg/boundary/compat.h"
#include "pg/index/report.h"
#include "pg/index/tid.h"
#include "pg/page/edit_log.h"

namespace vg::pg::page {

inline constexpr std::size_t kPageDataOffset = MAXALIGN(SizeOfPageHeaderData);
inline constexpr std::uint32_t kPageUsable =
    BLCKSZ - kPageDataOffset - MAXALIGN(sizeof(node::PageTrailer));
inline constexpr std::uint32_t kChunksPerPage = kPageUsable / sizeof(node::TidChunk);

inline node::ChunkId chunk_id(BlockNumber block, std::uint32_t index) {
    return node::ChunkId{block} * kChunksPerPage + index;
}
inline BlockNumber chunk_block(node::ChunkId id) {
    return static_cast<BlockNumber>(id / kChunksPerPage);
}
inline std::uint32_t chunk_index(node::ChunkId id) {
    return static_cast<std::uint32_t>(id % kChunksPerPage);
}

inline std::byte* data_of(Page page) {
    return reinterpret_cast<std::byte*>(page) + kPageDataOffset;
}
inline node::PageTrailer* trailer_of(Page page) {
    return reinterpret_cast<node::PageTrailer*>(PageGetSpecialPointer(page));
}
inline node::MetaData* meta_of(Page page) {
    return reinterpret_cast<node::MetaData*>(data_of(page));
}
inline std::byte* slot_bytes(const node::Geometry& g, Page page, std::uint32_t index) {
    return data_of(page) + static_cast<std::size_t>(index) * g.slot_bytes;
}
inline node::TidChunk* page_chunk(Page page, std::uint32_t index) {
    return reinterpret_cast<node::TidChunk*>(data_of(page)) + index;
}

// Formats an empty page, all zeros. Its data area counts as used in whole, so that generic WAL
// keeps all of it.
void init_page(Page page, node::PageKind kind);

// For builds, which log the index as a whole: adds a formatted page at the end and returns it
// locked; marks it dirty and lets go.
Buffer add_page(Relation index, ForkNumber fork, node::PageKind kind);
void finish_page(Buffer buffer);

// Null when the page is one of ours of that kind, else what is wrong.
const char* fault_of(Page page, node::PageKind kind);

// XX002 for a block past the end of the index, which the storage manager would report as an I/O
// error. Asks for the file's size only when a block lies past the size it was told last.
void check_block(Relation index, BlockNumber block);
// Blocks that the index has at least, mostly without asking the system.
BlockNumber blocks_known(Relation index);

// Reads, locks and validates: XX002 for a page that is not of that kind.
Buffer read_page(Relation index, BlockNumber block, node::PageKind kind, BufferLock lock_mode,
                 BufferAccessStrategy strategy = nullptr);

// Copies a page under a share lock. False, and the copy unusable, for a page that was never
// written, which a crash or an error while the index grew may leave behind.
bool copy_page(Relation index, BlockNumber block, BufferAccessStrategy strategy,
               PGAlignedBlock* out);
// The same of a pinned page, which is let go.
bool copy_pinned_page(Buffer buffer, PGAlignedBlock* out);
// The kind of a copied page; XX002 when it is none of ours.
node::PageKind copied_kind(Relation index, BlockNumber block, PGAlignedBlock* page);

// The validated contents of the metapage.
node::MetaData read_meta(Relation index);

// Up to kMaxEditPages pages changed together: one generic WAL record, all or nothing after a crash.
// With `direct`, for a relation that is logged as a whole afterwards, pages are changed in place.
//   Edits e; begin_edits(&e, index, direct);
//   Page p = edit_page(&e, block, kind); ... change p ...; commit_edits(&e);
// After abort_edits(&e) instead, nothing has happened: a page that turns out not to be what it was
// when it was read ends an edit that way, before anything is changed.
// One edit at a time per backend (edit_log.h).
struct Edits {
    Relation index;
    bool direct;
    int count;
    Buffer looked_at;  // of look_at_page, else invalid
    EditedPage opened[kMaxEditPages];
    Page pages[kMaxEditPages];  // where the changes are made: working copies, unless direct
};
void begin_edits(Edits* e, Relation index, bool direct);
// Page `block` for change; the same page again when it is already open. Validates the kind. Pages
// that are not open yet must come in lock order (see above).
Page edit_page(Edits* e, BlockNumber block, node::PageKind kind);
// A page that the edit may want to change, locked, to look at: edit_page then opens it for change,
// and drop_look lets go of it. Null, and nothing to drop, when it is open for change already.
// Cheaper than edit_page for pages that mostly stay as they are. At most one at a time.
Page look_at_page(Edits* e, BlockNumber block, node::PageKind kind);
void drop_look(Edits* e);
// Whether edit_page(block) would find the page open or room for another.
bool edits_have_room(const Edits* e, BlockNumber block);
// Extends the relation by a formatted page.
Page edit_new_page(Edits* e, node::PageKind kind, BlockNumber* block);
void commit_edits(Edits* e);
// Requires: no page was changed or added.
void abort_edits(Edits* e);

}  // namespace vg::pg::page
