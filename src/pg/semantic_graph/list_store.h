// The list store of a semantic_graph index (core/node/list_format.h): its metapage, its maps, pages
// by number, and the chains of entries behind list and bucket pages.
//
// Locks, in the order of page.h: list metapage, map pages, list pages, bucket pages, overflow
// pages, each kind by ascending block. Node store pages are never locked together with these.
// Chains. Who changes what, so that nobody needs a lock on a whole chain:
//   inserts   add entries to the numbered page or to the first overflow page, or put an empty
//             overflow page in front of the others
//   vacuum    removes entries anywhere, moves entries to other pages of the chain and counts that
//             in the first page (ChainHead::moves), and takes empty overflow pages out of the chain
//   readers   copy one page at a time. An overflow page taken out from under them has another owner
//             or none: they start over. So they do when the first page, looked at again at the end,
//             says that entries have moved: one may have passed them. A page that came back to the
//             same chain shows entries twice.
//
// Everything here may ereport: callers own no C++ object with a destructor, or use call_pg.
#pragma once

#include "pg/boundary/pg.h"

#include <cstddef>
#include <cstdint>

#include "core/node/list_format.h"
#include "pg/boundary/boundary.h"
#include "pg/index/report.h"
#include "pg/page/page.h"

namespace vg::pg::semantic_graph {

// What never changes about a list store, and where its pages are, as far as was asked. Plain
// memory.
struct ListStore {
    Relation index;
    bool direct;  // see Edits
    BlockNumber block;
    node::ListGeometry g;
    node::KeyKind key_kind;
    BlockNumber list_root;
    BlockNumber bucket_root;
    static constexpr std::uint32_t kCacheSize = 2048;
    struct Cell {
        std::uint64_t page;  // kind and number, 0: none
        BlockNumber block;
    } cache[kCacheSize];
};

// In CurrentMemoryContext.
ListStore* open_lists(Relation index, bool direct);
node::ListMeta read_list_meta(const ListStore* s);
// Writes an empty list store to the next three blocks of a fork, of which `block` is the first.
//   rows   how many to choose the number of buckets for
void write_empty_lists(Relation index, ForkNumber fork, BlockNumber block, std::uint32_t k,
                       node::KeyKind kind, std::size_t rows);

inline node::ListMeta* page_list_meta(Page page) {
    return reinterpret_cast<node::ListMeta*>(page::data_of(page));
}
inline std::uint32_t* page_map(Page page) {
    return reinterpret_cast<std::uint32_t*>(page::data_of(page));
}
inline constexpr std::uint32_t kMapEntries = page::kPageUsable / sizeof(std::uint32_t);

// Block of list or bucket page `number`; kNoBlock when it has not been used yet.
BlockNumber find_list_store_page(ListStore* s, node::PageKind kind, std::uint32_t number);
// The same, added when it is not there.
BlockNumber need_list_store_page(ListStore* s, node::PageKind kind, std::uint32_t number);

// ---- chains -------------------------------------------------------------------------------------

inline node::ChainHead* page_chain(Page page) {
    return reinterpret_cast<node::ChainHead*>(page::data_of(page));
}
// Where the entries of a page of a chain begin.
inline std::byte* page_entries(const ListStore* s, Page page) {
    const auto kind = static_cast<node::PageKind>(page::trailer_of(page)->kind);
    return page::data_of(page) + s->g.entries_offset(kind);
}

struct Chain {
    node::PageKind of;  // kLists or kBuckets
    std::uint32_t number;
    BlockNumber first;
};

// Copies a page of a chain. False when it belongs to another chain by now.
bool copy_chain_page(const ListStore* s, const Chain& chain, BlockNumber block,
                     PGAlignedBlock* out);

// Counts the pages of a chain as they are read: more than the index has, and the chain runs in a
// circle. Chains that change under a reader let him start over, but not for ever.
class ChainGuard {
  public:
    explicit ChainGuard(const ListStore* s, BlockNumber first) : s_(s), first_(first) {}
    // May ereport.
    void step() {
        if (unlikely(++steps_ > limit_))
            check();
    }
    // After a vacuum has moved entries, which it does not do for ever.
    void begin_again() { steps_ = 0; }
    void restart() {
        steps_ = 0;
        if (unlikely(++restarts_ > kMaxRestarts))
            index::report_corrupt(s_->index, first_,
                                  "an overflow page does not belong to its chain");
    }

  private:
    static constexpr int kMaxRestarts = 100;
    void check();
    const ListStore* s_;
    BlockNumber first_;
    std::uint64_t steps_ = 0;
    std::uint64_t limit_ = 16;
    int restarts_ = 0;
};

// For callers that may own C++ objects. Reads a chain page by page: copy(block, page) as
// copy_chain_page, take(entries, bytes) for the entries of each, restart() when what was taken is
// void.
template <typename Copy, typename Take, typename Restart>
void read_chain(const ListStore* s, const Chain& chain, PGAlignedBlock* page, Copy&& copy,
                Take&& take, Restart&& restart) {
    ChainGuard guard(s, chain.first);
    std::uint32_t moves = 0;
    for (BlockNumber block = chain.first;;) {
        call_pg([&] { guard.step(); });
        const bool at_end = block == node::kNoBlock;
        const bool ours = copy(at_end ? chain.first : block, page);
        const node::ChainHead* head = page_chain(page->data);
        if (at_end && ours && head->moves == moves)
            return;
        if (at_end || !ours) {
            call_pg([&] { ours ? guard.begin_again() : guard.restart(); });
            restart();
            block = chain.first;
            continue;
        }
        take(page_entries(s, page->data), static_cast<std::size_t>(head->used));
        if (block == chain.first && head->next == node::kNoBlock)
            return;
        if (block == chain.first)
            moves = head->moves;
        block = head->next;
    }
}

// Adds entries to two chains in one edit: a row to the list page of its slot, and where its bucket
// is. Sizes in bytes, multiples of 4.
void append_entries(ListStore* s, const Chain& rows, const std::byte* row, std::uint32_t row_bytes,
                    const Chain& bucket, const node::BucketEntry& entry);

// Moves entries together, so that at most one page with much room is left, where inserts find it,
// and takes the empty overflow pages out. For vacuum.
void compact_chain(ListStore* s, const Chain& chain);

}  // namespace vg::pg::semantic_graph
