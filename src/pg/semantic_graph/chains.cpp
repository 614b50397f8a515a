// Chains of entries behind list and bucket pages: adding, and closing ranks after a sweep. Who
// changes what, and what readers rely on: list_store.h.

#include "pg/boundary/pg.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "pg/index/report.h"
#include "pg/lid_hnsw/vacuum.h"
#include "pg/page/page.h"
#include "pg/semantic_graph/list_store.h"

namespace vg::pg::semantic_graph {

void ChainGuard::check() {
    limit_ = RelationGetNumberOfBlocks(s_->index);
    if (steps_ > limit_)
        index::report_corrupt(s_->index, first_, "a chain of overflow pages has no end");
}

bool copy_chain_page(const ListStore* s, const Chain& chain, BlockNumber block,
                     PGAlignedBlock* out) {
    CHECK_FOR_INTERRUPTS();
    const node::PageKind kind = block == chain.first ? chain.of : node::PageKind::kOverflow;
    const Buffer buffer = page::read_page(s->index, block, kind, BUFFER_LOCK_SHARE);
    std::memcpy(out->data, BufferGetPage(buffer), BLCKSZ);
    UnlockReleaseBuffer(buffer);
    const node::ChainHead* head = page_chain(out->data);
    if (head->owner != chain.number || head->of != static_cast<std::uint16_t>(chain.of))
        return false;
    if (head->used > s->g.entries_room(kind))
        index::report_corrupt(s->index, block, "the page claims more entries than it can hold");
    return true;
}

namespace {

bool has_room(const ListStore* s, Page page, std::uint32_t bytes) {
    const auto kind = static_cast<node::PageKind>(page::trailer_of(page)->kind);
    return page_chain(page)->used + bytes <= s->g.entries_room(kind);
}

void append(const ListStore* s, Page page, const void* entry, std::uint32_t bytes) {
    node::ChainHead* head = page_chain(page);
    std::memcpy(page_entries(s, page) + head->used, entry, bytes);
    head->used = static_cast<std::uint16_t>(head->used + bytes);
}

// A generation of buckets is full once it has as many overflow pages as buckets.
void count_overflow(node::ListMeta* meta) {
    const std::size_t newest = meta->generations - 1;
    const unsigned bits = meta->generation_bits[newest];
    if (++meta->overflow <= (1u << bits) || meta->generations == node::kMaxGenerations ||
        bits + node::kGenerationStep > node::kMaxGenerationBits)
        return;
    meta->generation_bits[meta->generations++] =
        static_cast<std::uint8_t>(bits + node::kGenerationStep);
    meta->overflow = 0;
}

// Puts an empty overflow page in front of the others of the chain.
void add_overflow_page(ListStore* s, const Chain& chain) {
    page::Edits e;
    page::begin_edits(&e, s->index, s->direct);
    node::ListMeta* meta = page_list_meta(page::edit_page(&e, s->block, node::PageKind::kListMeta));
    const Page first = page::edit_page(&e, chain.first, chain.of);
    BlockNumber block = meta->free_page;
    Page page;
    if (block != node::kNoBlock) {
        page = page::edit_page(&e, block, node::PageKind::kOverflow);
        if (page_chain(page)->owner != node::kNoBlock)
            index::report_corrupt(s->index, block,
                                  "the free list leads to an overflow page in use");
        meta->free_page = page_chain(page)->next;
    } else {
        page = page::edit_new_page(&e, node::PageKind::kOverflow, &block);
    }
    *page_chain(page) = {chain.number, page_chain(first)->next,
                         static_cast<std::uint16_t>(chain.of), 0, 0};
    page_chain(first)->next = block;
    if (chain.of == node::PageKind::kBuckets)
        count_overflow(meta);
    page::commit_edits(&e);
}

// Where an entry of a chain goes: the first page, or the overflow page behind it.
struct Place {
    Page page;          // null while it is that overflow page
    BlockNumber block;  // of that overflow page; kNoBlock: there is none
};

Place place_in_first(const ListStore* s, Page first, std::uint32_t bytes) {
    if (has_room(s, first, bytes))
        return {first, node::kNoBlock};
    return {nullptr, page_chain(first)->next};
}

}  // namespace

static bool try_append(ListStore* s, const Chain& rows, const std::byte* row,
                       std::uint32_t row_bytes, const Chain& bucket,
                       const node::BucketEntry& entry) {
    page::Edits e;
    page::begin_edits(&e, s->index, s->direct);
    const Page list_page = page::edit_page(&e, rows.first, rows.of);
    const Page bucket_page = page::edit_page(&e, bucket.first, bucket.of);
    Place a = place_in_first(s, list_page, row_bytes);
    Place b = place_in_first(s, bucket_page, sizeof entry);
    const Chain* full = nullptr;
    if (a.page == nullptr && a.block == node::kNoBlock)
        full = &rows;
    else if (b.page == nullptr && b.block == node::kNoBlock)
        full = &bucket;
    if (full == nullptr) {
        Place* by_block[] = {&a, &b};
        if (a.block > b.block)
            std::swap(by_block[0], by_block[1]);
        for (Place* p : by_block) {
            if (p->page != nullptr)
                continue;
            p->page = page::edit_page(&e, p->block, node::PageKind::kOverflow);
            const Chain& chain = p == &a ? rows : bucket;
            if (page_chain(p->page)->owner != chain.number ||
                page_chain(p->page)->of != static_cast<std::uint16_t>(chain.of))
                index::report_corrupt(s->index, p->block,
                                      "an overflow page does not belong to its chain");
        }
        if (!has_room(s, a.page, row_bytes))
            full = &rows;
        else if (!has_room(s, b.page, sizeof entry))
            full = &bucket;
    }
    if (full != nullptr) {
        page::abort_edits(&e);
        add_overflow_page(s, *full);
        return false;
    }
    append(s, a.page, row, row_bytes);
    append(s, b.page, &entry, sizeof entry);
    page::commit_edits(&e);
    return true;
}

void append_entries(ListStore* s, const Chain& rows, const std::byte* row, std::uint32_t row_bytes,
                    const Chain& bucket, const node::BucketEntry& entry) {
    while (!try_append(s, rows, row, row_bytes, bucket, entry))
        CHECK_FOR_INTERRUPTS();
}

// Takes overflow page `block` out, which followed `before`; false when that is not so any more, or
// the page not empty.
static bool unlink_page(ListStore* s, const Chain& chain, BlockNumber before, BlockNumber block) {
    page::Edits e;
    page::begin_edits(&e, s->index, s->direct);
    node::ListMeta* meta = page_list_meta(page::edit_page(&e, s->block, node::PageKind::kListMeta));
    const bool behind_first = before == chain.first;
    if (behind_first)
        page::edit_page(&e, before, chain.of);
    else
        page::edit_page(&e, std::min(before, block), node::PageKind::kOverflow);
    page::edit_page(&e, behind_first ? block : std::max(before, block), node::PageKind::kOverflow);
    node::ChainHead* previous = page_chain(
        page::edit_page(&e, before, behind_first ? chain.of : node::PageKind::kOverflow));
    node::ChainHead* head = page_chain(page::edit_page(&e, block, node::PageKind::kOverflow));
    if (previous->next != block || head->used != 0) {
        page::abort_edits(&e);
        return false;
    }
    previous->next = head->next;
    *head = {node::kNoBlock, meta->free_page, 0, 0, 0};
    meta->free_page = block;
    if (chain.of == node::PageKind::kBuckets && meta->overflow > 0 &&
        chain.number >= node::bucket_of(*meta, meta->generations - 1u, 0))
        --meta->overflow;
    page::commit_edits(&e);
    return true;
}

static void unlink_empty_pages(ListStore* s, const Chain& chain) {
    PGAlignedBlock page;
    BlockNumber before = chain.first;
    if (!copy_chain_page(s, chain, before, &page))
        index::report_corrupt(s->index, before, "the map names a page of another number");
    ChainGuard guard(s, before);
    for (BlockNumber block = page_chain(page.data)->next; block != node::kNoBlock;) {
        guard.step();
        // Vacuum alone takes pages out, so this one belongs to the chain.
        if (!copy_chain_page(s, chain, block, &page))
            index::report_corrupt(s->index, block, "an overflow page does not belong to its chain");
        const BlockNumber next = page_chain(page.data)->next;
        if (page_chain(page.data)->used != 0 || !unlink_page(s, chain, before, block))
            before = block;
        block = next;
    }
}

// ---- compaction ---------------------------------------------------------------------------------

namespace {

constexpr std::uint32_t kLeastEntry = 16;

std::uint32_t entry_bytes(const Chain& chain, const std::byte* entry) {
    if (chain.of == node::PageKind::kBuckets)
        return sizeof(node::BucketEntry);
    return node::row_entry_bytes(reinterpret_cast<const node::RowEntry*>(entry)->key_bytes);
}

// The page of a chain that an edit has open; null, and the edit to be given up, when it is
// another's.
node::ChainHead* open_chain_page(page::Edits* e, const Chain& chain, BlockNumber block) {
    const bool first = block == chain.first;
    node::ChainHead* head =
        page_chain(page::edit_page(e, block, first ? chain.of : node::PageKind::kOverflow));
    const bool ours =
        head->owner == chain.number && head->of == static_cast<std::uint16_t>(chain.of);
    return ours ? head : nullptr;
}

struct Moved {
    bool emptied;        // `from` has no entry left
    std::uint32_t room;  // that `to` has left
};

// Moves entries of page `from` to the room that page `to` has, as many as fit.
Moved move_entries(ListStore* s, const Chain& chain, BlockNumber to, BlockNumber from) {
    page::Edits e;
    page::begin_edits(&e, s->index, s->direct);
    node::ChainHead* first = open_chain_page(&e, chain, chain.first);
    const BlockNumber lower = std::min(to == chain.first ? from : to, from);
    open_chain_page(&e, chain, lower);
    node::ChainHead* target = open_chain_page(&e, chain, to);
    node::ChainHead* source = open_chain_page(&e, chain, from);
    if (first == nullptr || target == nullptr || source == nullptr)
        index::report_corrupt(s->index, from, "an overflow page does not belong to its chain");
    const Page target_page =
        page::edit_page(&e, to, to == chain.first ? chain.of : node::PageKind::kOverflow);
    std::byte* entries = page_entries(s, page::edit_page(&e, from, node::PageKind::kOverflow));
    std::uint32_t kept = 0;
    for (std::uint32_t at = 0; at < source->used;) {
        const std::uint32_t bytes = entry_bytes(chain, entries + at);
        if (bytes > source->used - at)
            index::report_corrupt(s->index, from, "an entry reaches past the end of the page");
        if (has_room(s, target_page, bytes)) {
            append(s, target_page, entries + at, bytes);
        } else {
            std::memmove(entries + kept, entries + at, bytes);
            kept += bytes;
        }
        at += bytes;
    }
    const Moved moved{
        kept == 0,
        s->g.entries_room(to == chain.first ? chain.of : node::PageKind::kOverflow) - target->used};
    if (kept == source->used) {
        page::abort_edits(&e);
        return moved;
    }
    source->used = static_cast<std::uint16_t>(kept);
    ++first->moves;
    page::commit_edits(&e);
    return moved;
}

}  // namespace

void compact_chain(ListStore* s, const Chain& chain) {
    struct Member {
        BlockNumber block;
        std::uint32_t room;
    };
    PGAlignedBlock page;
    std::vector<Member> pages;
    ChainGuard guard(s, chain.first);
    // Vacuum alone takes pages out, and inserts put new ones in front of those that are met here.
    for (BlockNumber block = chain.first; block != node::kNoBlock;
         block = page_chain(page.data)->next) {
        guard.step();
        if (!copy_chain_page(s, chain, block, &page))
            index::report_corrupt(s->index, block, "an overflow page does not belong to its chain");
        const auto kind = block == chain.first ? chain.of : node::PageKind::kOverflow;
        pages.push_back({block, s->g.entries_room(kind) - page_chain(page.data)->used});
    }
    // The first page is filled, then the others from the last one on: inserts use the first page
    // and the one behind it, so the page that is not quite full belongs there.
    std::reverse(pages.begin() + 1, pages.end());
    std::size_t to = 0;
    std::size_t from = pages.size() - 1;
    while (to < from) {
        delay_point();
        if (pages[to].room < kLeastEntry) {
            ++to;
            continue;
        }
        const Moved moved = move_entries(s, chain, pages[to].block, pages[from].block);
        pages[to].room = moved.room;
        if (moved.emptied)
            --from;
        else
            ++to;
    }
    unlink_empty_pages(s, chain);
}

}  // namespace vg::pg::semantic_graph
