#include "pg/boundary/pg.h"

#include "pg/semantic_graph/list_store.h"

#include <algorithm>
#include <cstring>

#include "pg/index/report.h"
#include "pg/lid_hnsw/build.h"
#include "pg/page/page.h"

namespace vg::pg::semantic_graph {
namespace {

// Entries per bucket aimed at when the number of rows is known: three fifths of a page.
constexpr std::size_t kBucketLoad = 300;
constexpr unsigned kFewestBucketBits = 3;

BlockNumber map_root(const ListStore* s, node::PageKind kind) {
    return kind == node::PageKind::kLists ? s->list_root : s->bucket_root;
}

BlockNumber read_map(const ListStore* s, BlockNumber block, std::uint32_t at) {
    const Buffer buffer = page::read_page(s->index, block, node::PageKind::kMap, BUFFER_LOCK_SHARE);
    const BlockNumber found = page_map(BufferGetPage(buffer))[at];
    UnlockReleaseBuffer(buffer);
    return found;
}

void clear_map(Page page) {
    std::memset(page::data_of(page), 0xFF, kMapEntries * sizeof(std::uint32_t));
}

ListStore::Cell* cell_of(ListStore* s, node::PageKind kind, std::uint32_t number,
                         std::uint64_t* page) {
    *page = std::uint64_t{number} << 4 | static_cast<std::uint64_t>(kind);
    return &s->cache[(number * 2 + (kind == node::PageKind::kLists ? 0 : 1)) %
                     ListStore::kCacheSize];
}

void check_number(const ListStore* s, std::uint32_t number) {
    if (unlikely(number / kMapEntries >= kMapEntries))
        ereport(ERROR,
                (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                 errmsg("index \"%s\" has too many nodes", RelationGetRelationName(s->index)),
                 errhint("Partition the table.")));
}

// Fills entry `at` of a map page with a page made for it; what another writer made meanwhile stays.
BlockNumber add_to_map(ListStore* s, BlockNumber map, std::uint32_t at, node::PageKind kind,
                       std::uint32_t number) {
    page::Edits e;
    page::begin_edits(&e, s->index, s->direct);
    std::uint32_t* entries = page_map(page::edit_page(&e, map, node::PageKind::kMap));
    if (entries[at] != node::kNoBlock) {
        const BlockNumber found = entries[at];
        page::abort_edits(&e);
        return found;
    }
    BlockNumber block;
    const Page page = page::edit_new_page(&e, kind, &block);
    if (kind == node::PageKind::kMap)
        clear_map(page);
    else
        *page_chain(page) = {number, node::kNoBlock, static_cast<std::uint16_t>(kind), 0, 0};
    entries[at] = block;
    page::commit_edits(&e);
    return block;
}

unsigned bucket_bits_for(std::size_t rows) {
    unsigned bits = kFewestBucketBits;
    while (bits < node::kMaxGenerationBits && (rows >> bits) > kBucketLoad)
        ++bits;
    return bits;
}

}  // namespace

node::ListMeta read_list_meta(const ListStore* s) {
    const Buffer buffer =
        page::read_page(s->index, s->block, node::PageKind::kListMeta, BUFFER_LOCK_SHARE);
    const node::ListMeta meta = *page_list_meta(BufferGetPage(buffer));
    UnlockReleaseBuffer(buffer);
    if (const char* fault = node::check_list_meta(meta, page::kPageUsable))
        index::report_corrupt(s->index, s->block, fault);
    return meta;
}

ListStore* open_lists(Relation index, bool direct) {
    auto* s = static_cast<ListStore*>(palloc0(sizeof(ListStore)));
    s->index = index;
    s->direct = direct;
    s->block = page::read_meta(index).list_block;
    if (s->block == node::kNoBlock)
        index::report_corrupt(index, node::kMetaBlock, "the metapage names no list store");
    const node::ListMeta meta = read_list_meta(s);
    s->g = {page::kPageUsable, meta.k, meta.slots_per_list_page};
    s->key_kind = static_cast<node::KeyKind>(meta.key_kind);
    s->list_root = meta.list_root;
    s->bucket_root = meta.bucket_root;
    return s;
}

void write_empty_lists(Relation index, ForkNumber fork, BlockNumber block, std::uint32_t k,
                       node::KeyKind kind, std::size_t rows) {
    node::ListMeta meta{};
    meta.magic = node::kListMagic;
    meta.version = node::kListVersion;
    meta.k = static_cast<std::uint16_t>(k);
    meta.key_kind = static_cast<std::uint8_t>(kind);
    meta.generations = 1;
    meta.generation_bits[0] = static_cast<std::uint8_t>(bucket_bits_for(rows));
    meta.slots_per_list_page = node::plan_lists(page::kPageUsable, k, kind).slots_per_list_page;
    meta.list_root = block + 1;
    meta.bucket_root = block + 2;
    meta.free_page = node::kNoBlock;
    Buffer buffer = page::add_page(index, fork, node::PageKind::kListMeta);
    if (BufferGetBlockNumber(buffer) != block)
        elog(ERROR, "the list store begins at block %u, not %u", BufferGetBlockNumber(buffer),
             block);
    *page_list_meta(BufferGetPage(buffer)) = meta;
    page::finish_page(buffer);
    for (int map = 0; map < 2; ++map) {
        buffer = page::add_page(index, fork, node::PageKind::kMap);
        clear_map(BufferGetPage(buffer));
        page::finish_page(buffer);
    }
}

BlockNumber find_list_store_page(ListStore* s, node::PageKind kind, std::uint32_t number) {
    std::uint64_t page;
    ListStore::Cell* cell = cell_of(s, kind, number, &page);
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

BlockNumber need_list_store_page(ListStore* s, node::PageKind kind, std::uint32_t number) {
    BlockNumber block = find_list_store_page(s, kind, number);
    if (likely(block != node::kNoBlock))
        return block;
    const BlockNumber root = map_root(s, kind);
    BlockNumber map = read_map(s, root, number / kMapEntries);
    if (map == node::kNoBlock)
        map = add_to_map(s, root, number / kMapEntries, node::PageKind::kMap, 0);
    return add_to_map(s, map, number % kMapEntries, kind, number);
}

}  // namespace vg::pg::semantic_graph
