#include "pg/boundary/pg.h"

#include "pg/cur/place.h"

#include <algorithm>
#include <cstring>

#include "pg/cur/pages.h"

namespace vg::pg::cur {
namespace {

// A page of items with a free slot: the tail, one that vacuum remembered, or a new one.
struct Place {
    BlockNumber block;  // InvalidBlockNumber: extend
    std::uint32_t slot;
};

bool find_slot(const vg::cur::ItemsLayout& l, Page page, std::uint32_t* slot) {
    const std::uint32_t used = items_used(l, page);
    for (std::uint32_t i = 0; i < used; ++i) {
        if (item_tids(page)[i].offset == 0) {
            *slot = i;
            return true;
        }
    }
    *slot = used;
    return used < l.slots;
}

bool page_has_room(Projector* p, BlockNumber block, Place* place) {
    if (block >= RelationGetNumberOfBlocks(p->index))
        return false;
    std::uint16_t kind;
    const Buffer buffer = read_any_page(p->index, block, &kind);
    const bool room = kind == static_cast<std::uint16_t>(vg::cur::kItemsPage) &&
                      find_slot(items_of(p->meta), BufferGetPage(buffer), &place->slot);
    UnlockReleaseBuffer(buffer);
    place->block = block;
    return room;
}

Place find_place(Projector* p) {
    Place place{InvalidBlockNumber, 0};
    if (p->meta.item_tail != vg::cur::kNoBlock && page_has_room(p, p->meta.item_tail, &place))
        return place;
    for (;;) {
        const BlockNumber block = GetFreeIndexPage(p->index);
        if (block == InvalidBlockNumber)
            return {InvalidBlockNumber, 0};
        if (page_has_room(p, block, &place)) {
            p->meta.item_tail = block;
            return place;
        }
    }
}

// Takes a TID off a pending page; false when it is not there any more.
bool drop_pending(Page page, const node::Tid& tid) {
    const std::uint32_t used = pending_used(page);
    node::Tid* tids = pending_tids(page);
    node::Tid* at = std::find(tids, tids + used, tid);
    if (at == tids + used)
        return false;
    *at = tids[used - 1];
    page::trailer_of(page)->used = static_cast<std::uint16_t>(used - 1);
    return true;
}

void fill_slot(Projector* p, int i, const node::Tid& tid, Page page, std::uint32_t slot) {
    const vg::cur::ItemsLayout l = items_of(p->meta);
    item_tids(page)[slot] = tid;
    item_means(l, page)[slot] = p->means[static_cast<std::size_t>(i)];
    std::memcpy(item_rows(l, page) + std::size_t{slot} * l.row_bytes, p->row.data(), l.row_bytes);
    page::trailer_of(page)->used =
        static_cast<std::uint16_t>(std::max<std::uint32_t>(page::trailer_of(page)->used, slot + 1));
}

}  // namespace

bool place_item(Projector* p, int i, const node::Tid& tid, BlockNumber pending) {
    const Place place = find_place(p);
    encode_item(p, i);
    page::Edits e;
    page::begin_edits(&e, p->index, false);
    vg::cur::MetaData* meta =
        cur_page_meta(page::edit_page(&e, vg::cur::kMetaBlock, vg::cur::kMetaPage));
    // By ascending block, whichever kind comes first; a page that is added comes last.
    Page items = nullptr;
    if (place.block < pending && place.block != InvalidBlockNumber)
        items = page::edit_page(&e, place.block, vg::cur::kItemsPage);
    const Page from = pending == InvalidBlockNumber
                          ? nullptr
                          : page::edit_page(&e, pending, vg::cur::kPendingPage);
    BlockNumber block = place.block;
    if (block == InvalidBlockNumber)
        items = page::edit_new_page(&e, vg::cur::kItemsPage, &block);
    else if (items == nullptr)
        items = page::edit_page(&e, block, vg::cur::kItemsPage);
    p->meta.item_tail = block;
    const bool placed = from == nullptr || drop_pending(from, tid);
    if (placed) {
        fill_slot(p, i, tid, items, place.slot);
        meta->item_tail = block;
        ++meta->live_items;
        ++meta->flushed_items;
    }
    page::commit_edits(&e);
    return placed;
}

}  // namespace vg::pg::cur
