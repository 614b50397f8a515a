#include "pg/boundary/pg.h"

#include "pg/semantic_graph/side.h"

#include <algorithm>
#include <cstring>

#include "pg/lid_hnsw/build.h"

namespace vg::pg {
namespace {

// Entries per bucket aimed at when the number of rows is known: three fifths of a page.
constexpr std::size_t kBucketLoad = 300;
constexpr unsigned kFewestBucketBits = 3;

BlockNumber map_root(const SideStore* s, node::PageKind kind) {
    return kind == node::PageKind::kLists ? s->list_root : s->bucket_root;
}

BlockNumber read_map(const SideStore* s, BlockNumber block, std::uint32_t at) {
    const Buffer buffer = read_page(s->index, block, node::PageKind::kMap, BUFFER_LOCK_SHARE);
    const BlockNumber found = page_map(BufferGetPage(buffer))[at];
    UnlockReleaseBuffer(buffer);
    return found;
}

void clear_map(Page page) {
    std::memset(page_data(page), 0xFF, kMapEntries * sizeof(std::uint32_t));
}

SideStore::Cell* cell_of(SideStore* s, node::PageKind kind, std::uint32_t number,
                         std::uint64_t* page) {
    *page = std::uint64_t{number} << 4 | static_cast<std::uint64_t>(kind);
    return &s->cache[(number * 2 + (kind == node::PageKind::kLists ? 0 : 1)) %
                     SideStore::kCacheSize];
}

void check_number(const SideStore* s, std::uint32_t number) {
    if (unlikely(number / kMapEntries >= kMapEntries))
        ereport(ERROR,
                (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                 errmsg("index \"%s\" has too many nodes", RelationGetRelationName(s->index)),
                 errhint("Partition the table.")));
}

// Fills entry `at` of a map page with a page made for it; what another writer made meanwhile stays.
BlockNumber add_to_map(SideStore* s, BlockNumber map, std::uint32_t at, node::PageKind kind,
                       std::uint32_t number) {
    PageEdits e;
    begin_edits(&e, s->index, s->direct);
    std::uint32_t* entries = page_map(edit_page(&e, map, node::PageKind::kMap));
    if (entries[at] != node::kNoBlock) {
        const BlockNumber found = entries[at];
        abort_edits(&e);
        return found;
    }
    BlockNumber block;
    const Page page = edit_new_page(&e, kind, &block);
    if (kind == node::PageKind::kMap)
        clear_map(page);
    else
        *page_chain(page) = {number, node::kNoBlock, static_cast<std::uint16_t>(kind), 0, 0};
    entries[at] = block;
    commit_edits(&e);
    return block;
}

unsigned bucket_bits_for(std::size_t rows) {
    unsigned bits = kFewestBucketBits;
    while (bits < node::kMaxGenerationBits && (rows >> bits) > kBucketLoad)
        ++bits;
    return bits;
}

}  // namespace

node::SideMeta read_side_meta(const SideStore* s) {
    const Buffer buffer =
        read_page(s->index, s->block, node::PageKind::kSideMeta, BUFFER_LOCK_SHARE);
    const node::SideMeta meta = *page_side_meta(BufferGetPage(buffer));
    UnlockReleaseBuffer(buffer);
    if (const char* fault = node::check_side(meta, kPageUsable))
        report_corrupt(s->index, s->block, fault);
    return meta;
}

SideStore* open_side(Relation index, bool direct) {
    auto* s = static_cast<SideStore*>(palloc0(sizeof(SideStore)));
    s->index = index;
    s->direct = direct;
    s->block = read_meta(index).side_block;
    if (s->block == node::kNoBlock)
        report_corrupt(index, kMetaBlock, "the metapage names no side store");
    const node::SideMeta meta = read_side_meta(s);
    s->g = {kPageUsable, meta.k, meta.slots_per_list_page};
    s->key_kind = static_cast<node::KeyKind>(meta.key_kind);
    s->list_root = meta.list_root;
    s->bucket_root = meta.bucket_root;
    return s;
}

void write_empty_side(Relation index, ForkNumber fork, BlockNumber block, std::uint32_t k,
                      node::KeyKind kind, std::size_t rows) {
    node::SideMeta meta{};
    meta.magic = node::kSideMagic;
    meta.version = node::kSideVersion;
    meta.k = static_cast<std::uint16_t>(k);
    meta.key_kind = static_cast<std::uint8_t>(kind);
    meta.generations = 1;
    meta.generation_bits[0] = static_cast<std::uint8_t>(bucket_bits_for(rows));
    meta.slots_per_list_page = node::plan_side(kPageUsable, k, kind).slots_per_list_page;
    meta.list_root = block + 1;
    meta.bucket_root = block + 2;
    meta.free_page = node::kNoBlock;
    Buffer buffer = add_page(index, fork, node::PageKind::kSideMeta);
    if (BufferGetBlockNumber(buffer) != block)
        elog(ERROR, "the side store begins at block %u, not %u", BufferGetBlockNumber(buffer),
             block);
    *page_side_meta(BufferGetPage(buffer)) = meta;
    finish_page(buffer);
    for (int map = 0; map < 2; ++map) {
        buffer = add_page(index, fork, node::PageKind::kMap);
        clear_map(BufferGetPage(buffer));
        finish_page(buffer);
    }
}

BlockNumber find_side_page(SideStore* s, node::PageKind kind, std::uint32_t number) {
    std::uint64_t page;
    SideStore::Cell* cell = cell_of(s, kind, number, &page);
    if (likely(cell->page == page))
        return cell->block;
    check_number(s, number);
    const BlockNumber map = read_map(s, map_root(s, kind), number / kMapEntries);
    if (map == node::kNoBlock)
        return node::kNoBlock;
    const BlockNumber block = read_map(s, map, number % kMapEntries);
    if (block != node::kNoBlock)
        *cell = {page, block};
    return block;
}

BlockNumber need_side_page(SideStore* s, node::PageKind kind, std::uint32_t number) {
    BlockNumber block = find_side_page(s, kind, number);
    if (likely(block != node::kNoBlock))
        return block;
    const BlockNumber root = map_root(s, kind);
    BlockNumber map = read_map(s, root, number / kMapEntries);
    if (map == node::kNoBlock)
        map = add_to_map(s, root, number / kMapEntries, node::PageKind::kMap, 0);
    return add_to_map(s, map, number % kMapEntries, kind, number);
}

// ---- chains -------------------------------------------------------------------------------------

void ChainGuard::check() {
    limit_ = RelationGetNumberOfBlocks(s_->index);
    if (steps_ > limit_)
        report_corrupt(s_->index, first_, "a chain of overflow pages has no end");
}

bool copy_chain_page(const SideStore* s, const Chain& chain, BlockNumber block,
                     PGAlignedBlock* out) {
    CHECK_FOR_INTERRUPTS();
    const node::PageKind kind = block == chain.first ? chain.of : node::PageKind::kOverflow;
    const Buffer buffer = read_page(s->index, block, kind, BUFFER_LOCK_SHARE);
    std::memcpy(out->data, BufferGetPage(buffer), BLCKSZ);
    UnlockReleaseBuffer(buffer);
    const node::ChainHead* head = page_chain(out->data);
    if (head->owner != chain.number || head->of != static_cast<std::uint16_t>(chain.of))
        return false;
    if (head->used > s->g.entries_room(kind))
        report_corrupt(s->index, block, "the page claims more entries than it can hold");
    return true;
}

namespace {

bool has_room(const SideStore* s, Page page, std::uint32_t bytes) {
    const auto kind = static_cast<node::PageKind>(page_trailer(page)->kind);
    return page_chain(page)->used + bytes <= s->g.entries_room(kind);
}

void append(const SideStore* s, Page page, const void* entry, std::uint32_t bytes) {
    node::ChainHead* head = page_chain(page);
    std::memcpy(page_entries(s, page) + head->used, entry, bytes);
    head->used = static_cast<std::uint16_t>(head->used + bytes);
}

// A generation of buckets is full once it has as many overflow pages as buckets.
void count_overflow(node::SideMeta* meta) {
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
void add_overflow_page(SideStore* s, const Chain& chain) {
    PageEdits e;
    begin_edits(&e, s->index, s->direct);
    node::SideMeta* meta = page_side_meta(edit_page(&e, s->block, node::PageKind::kSideMeta));
    const Page first = edit_page(&e, chain.first, chain.of);
    BlockNumber block = meta->free_page;
    Page page;
    if (block != node::kNoBlock) {
        page = edit_page(&e, block, node::PageKind::kOverflow);
        if (page_chain(page)->owner != node::kNoBlock)
            report_corrupt(s->index, block, "the free list leads to an overflow page in use");
        meta->free_page = page_chain(page)->next;
    } else {
        page = edit_new_page(&e, node::PageKind::kOverflow, &block);
    }
    *page_chain(page) = {chain.number, page_chain(first)->next,
                         static_cast<std::uint16_t>(chain.of), 0, 0};
    page_chain(first)->next = block;
    if (chain.of == node::PageKind::kBuckets)
        count_overflow(meta);
    commit_edits(&e);
}

// Where an entry of a chain goes: the first page, or the overflow page behind it.
struct Place {
    Page page;          // null while it is that overflow page
    BlockNumber block;  // of that overflow page; kNoBlock: there is none
};

Place place_in_first(const SideStore* s, Page first, std::uint32_t bytes) {
    if (has_room(s, first, bytes))
        return {first, node::kNoBlock};
    return {nullptr, page_chain(first)->next};
}

}  // namespace

static bool try_append(SideStore* s, const Chain& rows, const std::byte* row,
                       std::uint32_t row_bytes, const Chain& bucket,
                       const node::BucketEntry& entry) {
    PageEdits e;
    begin_edits(&e, s->index, s->direct);
    const Page list_page = edit_page(&e, rows.first, rows.of);
    const Page bucket_page = edit_page(&e, bucket.first, bucket.of);
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
            p->page = edit_page(&e, p->block, node::PageKind::kOverflow);
            const Chain& chain = p == &a ? rows : bucket;
            if (page_chain(p->page)->owner != chain.number ||
                page_chain(p->page)->of != static_cast<std::uint16_t>(chain.of))
                report_corrupt(s->index, p->block, "an overflow page does not belong to its chain");
        }
        if (!has_room(s, a.page, row_bytes))
            full = &rows;
        else if (!has_room(s, b.page, sizeof entry))
            full = &bucket;
    }
    if (full != nullptr) {
        abort_edits(&e);
        add_overflow_page(s, *full);
        return false;
    }
    append(s, a.page, row, row_bytes);
    append(s, b.page, &entry, sizeof entry);
    commit_edits(&e);
    return true;
}

void append_entries(SideStore* s, const Chain& rows, const std::byte* row, std::uint32_t row_bytes,
                    const Chain& bucket, const node::BucketEntry& entry) {
    while (!try_append(s, rows, row, row_bytes, bucket, entry))
        CHECK_FOR_INTERRUPTS();
}

// Takes overflow page `block` out, which followed `before`; false when that is not so any more, or
// the page not empty.
static bool unlink_page(SideStore* s, const Chain& chain, BlockNumber before, BlockNumber block) {
    PageEdits e;
    begin_edits(&e, s->index, s->direct);
    node::SideMeta* meta = page_side_meta(edit_page(&e, s->block, node::PageKind::kSideMeta));
    const bool behind_first = before == chain.first;
    if (behind_first)
        edit_page(&e, before, chain.of);
    else
        edit_page(&e, std::min(before, block), node::PageKind::kOverflow);
    edit_page(&e, behind_first ? block : std::max(before, block), node::PageKind::kOverflow);
    node::ChainHead* previous =
        page_chain(edit_page(&e, before, behind_first ? chain.of : node::PageKind::kOverflow));
    node::ChainHead* head = page_chain(edit_page(&e, block, node::PageKind::kOverflow));
    if (previous->next != block || head->used != 0) {
        abort_edits(&e);
        return false;
    }
    previous->next = head->next;
    *head = {node::kNoBlock, meta->free_page, 0, 0, 0};
    meta->free_page = block;
    if (chain.of == node::PageKind::kBuckets && meta->overflow > 0 &&
        chain.number >= node::bucket_of(*meta, meta->generations - 1u, 0))
        --meta->overflow;
    commit_edits(&e);
    return true;
}

void unlink_empty_pages(SideStore* s, const Chain& chain) {
    PGAlignedBlock page;
    BlockNumber before = chain.first;
    if (!copy_chain_page(s, chain, before, &page))
        report_corrupt(s->index, before, "the map names a page of another number");
    ChainGuard guard(s, before);
    for (BlockNumber block = page_chain(page.data)->next; block != node::kNoBlock;) {
        guard.step();
        // Vacuum alone takes pages out, so this one belongs to the chain.
        if (!copy_chain_page(s, chain, block, &page))
            report_corrupt(s->index, block, "an overflow page does not belong to its chain");
        const BlockNumber next = page_chain(page.data)->next;
        if (page_chain(page.data)->used != 0 || !unlink_page(s, chain, before, block))
            before = block;
        block = next;
    }
}

}  // namespace vg::pg
