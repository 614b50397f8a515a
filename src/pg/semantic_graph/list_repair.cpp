// Vacuum's part of the lists: lists that name dead nodes or are short are made anew, and those of
// dead nodes emptied. Runs after the node store's own repair, so that a search from a live node
// finds live nodes; ownership and locks are those of lists.h.
//
// Where few nodes are left, every list is made from all of them: that is exact, and cheaper than
// searches. Where there are many, from what is left of the old list, its second ring and a search.

#include "pg/boundary/pg.h"

#include <algorithm>
#include <cstring>

#include "pg/index/progress.h"
#include "pg/page/page.h"
#include "pg/semantic_graph/lists.h"

namespace vg::pg::semantic_graph {
namespace {

// Up to so many nodes with so many bytes of vectors a list is made from all: its distances then
// cost about what a search does.
constexpr std::size_t kMostExactNodes = 32768;
constexpr std::size_t kMostExactBytes = std::size_t{16} << 20;

}  // namespace

// Counts the live nodes and keeps their vectors, until there are too many for that.
void ListKeeper::find_live(lid_hnsw::IndexVacuum* v) {
    const std::size_t row_bytes = g_.dims * sizeof(float);
    const std::size_t bytes =
        std::min<std::size_t>(kMostExactBytes, std::size_t{1024} * maintenance_work_mem);
    const std::size_t most = std::min(kMostExactNodes, bytes / row_bytes);
    const std::size_t enough = std::max<std::size_t>(most, lists_->g.k) + 1;
    v->store.begin_walk(v->store.blocks());
    store::SlotsCopy& page = v->work.page;
    for (BlockNumber block; live_.size() < enough && v->store.next_of_walk(&block, &page);) {
        for (std::uint32_t i = 0; i < page.used(); ++i) {
            const node::SlotView slot = page.slot(i);
            if (!slot.live() || slot.header().level != 0)
                continue;
            live_.push_back(g_.slot_id(block, i));
            if (live_.size() > most)
                continue;
            live_vectors_.resize(live_.size() * g_.dims);
            slot.read_vector(&live_vectors_[(live_.size() - 1) * g_.dims]);
        }
    }
    v->store.end_walk();
    exact_ = live_.size() <= most;
    wanted_ = std::min<std::size_t>(lists_->g.k, live_.empty() ? 0 : live_.size() - 1);
}

// Makes the list of base_ anew from its old one; the result is in list_.
void ListKeeper::refill(lid_hnsw::IndexVacuum* v, const ListCopy& old) {
    for (std::size_t i = 0; i < old.count; ++i) {
        met_.insert(old.items[i].node);
        if (!v->work.is_dead(old.items[i].node))
            offer(old.items[i].node, old.items[i].similarity);
    }
    if (exact_) {
        take_nearest_live();
        return;
    }
    // The lists of dead neighbours are still there, and lie just where the gap is.
    offer_second_ring(old, v);
    search(base_, 0, wanted_ + 1);
    if (list_.count >= wanted_)
        return;
    // The part of the graph that the node can reach is too small.
    const node::MetaData meta = page::read_meta(lists_->index);
    search(meta.entry, meta.entry_level, wanted_ + 1);
}

void ListKeeper::take_nearest_live() {
    const std::size_t k = lists_->g.k;
    for (std::size_t i = 0; i < live_.size(); ++i) {
        if (live_[i] == base_)
            continue;
        const node::ListNeighbour n{live_[i],
                                    similarity_(vector_.data(), &live_vectors_[i * g_.dims])};
        if (knn::wants(list_.span(), k, n))
            list_.count = knn::put(list_.items, list_.count, k, n);
    }
    CHECK_FOR_INTERRUPTS();
}

// Reads the vector of a slot into vector_. False where that is no live node: a slot without a list
// may be of another level, free, or not there at all.
bool ListKeeper::read_node(lid_hnsw::IndexVacuum* v, node::SlotId slot, bool has_list) {
    const BlockNumber block = g_.block_of(slot);
    store::SlotsCopy& page = v->work.other;
    if (has_list) {
        v->store.copy_slot(slot, &page);
    } else if (block >= v->store.blocks() || !v->store.copy(block, &page) ||
               g_.index_of(slot) >= page.used()) {
        return false;
    }
    const node::SlotView view = page.slot(g_.index_of(slot));
    if (const char* fault = view.check())
        index::report_corrupt(lists_->index, block, fault);
    if (!view.live() || view.header().level != 0)
        return false;
    view.read_vector(vector_.data());
    return true;
}

void ListKeeper::repair_page(lid_hnsw::IndexVacuum* v, Buffer buffer) {
    const BlockNumber block = BufferGetBlockNumber(buffer);
    LockBuffer(buffer, BUFFER_LOCK_SHARE);
    const bool ours = page::fault_of(BufferGetPage(buffer), node::PageKind::kLists) == nullptr;
    if (ours)
        std::memcpy(page_.data, BufferGetPage(buffer), BLCKSZ);
    UnlockReleaseBuffer(buffer);
    if (!ours)
        return;
    refills_.clear();
    const node::SlotId first = page_chain(page_.data)->owner * lists_->g.slots_per_list_page;
    for (node::SlotId slot = first; slot < first + lists_->g.slots_per_list_page; ++slot) {
        if (v->work.is_dead(slot))
            continue;
        const node::ListHead* list = page_list(lists_, page_.data, slot);
        ListCopy old;
        old.count = checked_count(lists_, block, list);
        std::copy_n(list_items(list), old.count, old.items);
        const bool names_dead =
            std::any_of(old.items, old.items + old.count,
                        [v](const node::ListNeighbour& n) { return v->work.is_dead(n.node); });
        if ((!names_dead && old.count >= wanted_) || !read_node(v, slot, old.count > 0))
            continue;
        start(slot, vector_.data());
        refill(v, old);
        refills_.push_back({slot, list_});
    }
    if (!refills_.empty())
        write_refills(v, block);
}

// Into the lists as they are by now.
void ListKeeper::write_refills(lid_hnsw::IndexVacuum* v, BlockNumber block) {
    page::Edits e;
    page::begin_edits(&e, lists_->index, lists_->direct);
    const Page page = page::edit_page(&e, block, node::PageKind::kLists);
    for (const Refill& r : refills_) {
        node::ListHead* list = page_list(lists_, page, r.slot);
        std::size_t count = knn::drop(list_items(list), checked_count(lists_, block, list),
                                      [v](node::SlotId slot) { return v->work.is_dead(slot); });
        for (std::size_t i = 0; i < r.list.count; ++i) {
            if (knn::wants({list_items(list), count}, lists_->g.k, r.list.items[i]))
                count = knn::put(list_items(list), count, lists_->g.k, r.list.items[i]);
        }
        list->count = static_cast<std::uint16_t>(count);
    }
    page::commit_edits(&e);
}

void ListKeeper::repair(lid_hnsw::IndexVacuum* v) {
    find_live(v);
    const BlockNumber blocks = RelationGetNumberOfBlocks(lists_->index);
    PageWalk walk;
    lid_hnsw::begin_vacuum_walk(v, &walk, blocks);
    for (Buffer buffer; BufferIsValid(buffer = lid_hnsw::next_vacuum_page(&walk));) {
        index::report_progress(
            index::kMendingLists,
            static_cast<double>(BufferGetBlockNumber(buffer)) * g_.slots_per_page,
            static_cast<double>(blocks) * g_.slots_per_page);
        repair_page(v, buffer);
    }
    end_page_walk(&walk);
}

void ListKeeper::clear_dead(lid_hnsw::IndexVacuum* v) {
    const std::uint32_t per_page = lists_->g.slots_per_list_page;
    for (std::size_t first = 0; first < v->work.dead.size(); first += per_page) {
        const std::size_t end = std::min(first + per_page, v->work.dead.size());
        const auto at = v->work.dead.begin();
        if (std::find(at + static_cast<std::ptrdiff_t>(first),
                      at + static_cast<std::ptrdiff_t>(end),
                      true) == at + static_cast<std::ptrdiff_t>(end))
            continue;
        delay_point();
        const BlockNumber block = find_list_store_page(
            lists_, node::PageKind::kLists, static_cast<std::uint32_t>(first / per_page));
        if (block == node::kNoBlock)
            continue;
        page::Edits e;
        page::begin_edits(&e, lists_->index, lists_->direct);
        const Page page = page::edit_page(&e, block, node::PageKind::kLists);
        for (std::size_t slot = first; slot < end; ++slot) {
            if (v->work.dead[slot])
                std::memset(page_list(lists_, page, static_cast<node::SlotId>(slot)), 0,
                            lists_->g.list_bytes());
        }
        page::commit_edits(&e);
    }
}

}  // namespace vg::pg::semantic_graph
