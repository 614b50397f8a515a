// How a scan reads the pages of a cur index: one at a time in share lock, shown to a function that
// owns C++ objects. That function may throw; the abort of the transaction then lets go of the page.
// It must call neither PostgreSQL nor the scorer, which nobody may wait for under a buffer lock.
#pragma once

#include "pg/boundary/pg.h"

#include <cstddef>
#include <cstdint>

#include "pg/cur/cur.h"
#include "pg/cur/pages.h"

namespace vg::pg::cur {

// What a page of items holds, valid while it is locked.
struct ItemsView {
    const node::Tid* tids;  // offset 0: no row any more
    const float* means;
    const std::byte* rows;
    std::uint32_t used;
    std::uint32_t row_bytes;
    const std::byte* row(std::uint32_t i) const { return rows + std::size_t{i} * row_bytes; }
};
inline ItemsView view_items(const vg::cur::MetaData& m, Page page) {
    const vg::cur::ItemsLayout l = items_of(m);
    return {item_tids(page), item_means(l, page), item_rows(l, page), items_used(l, page),
            l.row_bytes};
}

inline bool is_kind(std::uint16_t kind, node::PageKind wanted) {
    return kind == static_cast<std::uint16_t>(wanted);
}

inline void let_go(Buffer buffer) {
    call_pg([=] { UnlockReleaseBuffer(buffer); });
}

// Shows one page of items as show(ItemsView).
template <typename Show>
void show_items_page(Relation index, const vg::cur::MetaData& m, BlockNumber block, Show&& show) {
    const Buffer buffer = call_pg(
        [=] { return page::read_page(index, block, vg::cur::kItemsPage, BUFFER_LOCK_SHARE); });
    show(view_items(m, BufferGetPage(buffer)));
    let_go(buffer);
}

// Shows one page of the pending list as show(tids, count), and returns the number of the next.
template <typename Show>
BlockNumber show_pending_page(Relation index, BlockNumber block, Show&& show) {
    const Buffer buffer = call_pg(
        [=] { return page::read_page(index, block, vg::cur::kPendingPage, BUFFER_LOCK_SHARE); });
    const Page page = BufferGetPage(buffer);
    show(pending_tids(page), pending_used(page));
    const BlockNumber next = pending_header(page)->next;
    let_go(buffer);
    return next;
}

// The next page of items on a walk, in share lock; InvalidBuffer at the end. May ereport.
inline Buffer next_items_page(PageWalk* walk) {
    for (;;) {
        std::uint16_t kind;
        const Buffer buffer = next_any_page(walk, &kind);
        if (!BufferIsValid(buffer) || is_kind(kind, vg::cur::kItemsPage))
            return buffer;
        UnlockReleaseBuffer(buffer);
    }
}

// Shows all pages of items in their order, until show(ItemsView) returns false.
template <typename Show>
void show_all_items(Relation index, const vg::cur::MetaData& m, Show&& show) {
    PageWalk walk;
    PageWalk* const at = &walk;
    const BlockNumber first = m.model_block;
    call_pg([=] {
        begin_page_walk(at, index, first, RelationGetNumberOfBlocks(index), nullptr, false);
    });
    bool more = true;
    while (more) {
        const Buffer buffer = call_pg([=] { return next_items_page(at); });
        if (!BufferIsValid(buffer))
            break;
        more = show(view_items(m, BufferGetPage(buffer)));
        let_go(buffer);
    }
    call_pg([=] { end_page_walk(at); });
}

}  // namespace vg::pg::cur
