#include "pg/boundary/pg.h"

#include "pg/index/report.h"
#include "pg/page/page.h"
#include "pg/semantic_graph/lists.h"

#include <algorithm>
#include <cstring>

namespace vg::pg::semantic_graph {
namespace {

// A new node is offered to this many nodes near it, in lengths of a list: a node farther away has
// nearer neighbours, except where many rows lie around one hub.
constexpr std::size_t kOffersPerList = 6;
// Beam of a search for a list, in lengths of a list.
constexpr std::size_t kSearchBeam = 4;

}  // namespace

std::size_t checked_count(const ListStore* s, BlockNumber block, const node::ListHead* list) {
    if (unlikely(list->count > s->g.k))
        index::report_corrupt(s->index, block, "a list is longer than lists can be");
    return list->count;
}

void read_list(ListStore* s, node::SlotId slot, ListCopy* out) {
    out->count = 0;
    const BlockNumber block =
        find_list_store_page(s, node::PageKind::kLists, s->g.list_page_of(slot));
    if (block == node::kNoBlock)
        return;
    const Buffer buffer =
        page::read_page(s->index, block, node::PageKind::kLists, BUFFER_LOCK_SHARE);
    const node::ListHead* list = page_list(s, BufferGetPage(buffer), slot);
    out->count = checked_count(s, block, list);
    std::memcpy(out->items, list_items(list), out->count * sizeof(node::ListNeighbour));
    UnlockReleaseBuffer(buffer);
}

ListEdit edit_list(ListStore* s, node::SlotId slot, page::Edits* e) {
    const BlockNumber block =
        need_list_store_page(s, node::PageKind::kLists, s->g.list_page_of(slot));
    page::begin_edits(e, s->index, s->direct);
    return {block, page_list(s, page::edit_page(e, block, node::PageKind::kLists), slot)};
}

void ListKeeper::start(node::SlotId base, const float* vector) {
    base_ = base;
    if (vector != vector_.data())
        std::copy_n(vector, g_.dims, vector_.begin());
    met_.clear();
    met_.insert(base);
    others_.clear();
    list_.count = 0;
}

void ListKeeper::offer(node::SlotId slot, float similarity) {
    const node::ListNeighbour n{slot, similarity};
    others_.push_back(n);
    if (knn::wants(list_.span(), lists_->g.k, n))
        list_.count = knn::put(list_.items, list_.count, lists_->g.k, n);
}

// Offers a node after a look at its slot; false when that is no live base slot.
bool ListKeeper::measure(node::SlotId slot) {
    bool live = false;
    float similarity = 0;
    store::with_slot(reader_, slot, [&](const node::SlotView& view) {
        live = view.live() && view.header().level == 0;
        if (live)
            similarity = similarity_(vector_.data(), view.vector().as_floats(other_.data()));
    });
    if (live)
        offer(slot, similarity);
    return live;
}

void ListKeeper::offer_second_ring(const ListCopy& ring, const lid_hnsw::IndexVacuum* v) {
    for (std::size_t i = 0; i < ring.count; ++i) {
        read_list(lists_, ring.items[i].node, &member_);
        for (std::size_t j = 0; j < member_.count; ++j) {
            const node::SlotId slot = member_.items[j].node;
            if ((v == nullptr || !v->work.is_dead(slot)) && met_.insert(slot))
                measure(slot);
        }
        CHECK_FOR_INTERRUPTS();
    }
}

// Merges list_ into the stored list of base_.
void ListKeeper::write_own() {
    page::Edits e;
    const auto [block, list] = edit_list(lists_, base_, &e);
    std::size_t count = checked_count(lists_, block, list);
    for (std::size_t i = 0; i < list_.count; ++i) {
        if (knn::wants({list_items(list), count}, lists_->g.k, list_.items[i]))
            count = knn::put(list_items(list), count, lists_->g.k, list_.items[i]);
    }
    list->count = static_cast<std::uint16_t>(count);
    page::commit_edits(&e);
}

// Puts base_ into the lists of the nearest of others_ that want it, a few pages per edit, in the
// order of the pages.
void ListKeeper::write_back() {
    const std::size_t offers = std::min(others_.size(), kOffersPerList * lists_->g.k);
    std::nth_element(others_.begin(), others_.begin() + static_cast<std::ptrdiff_t>(offers),
                     others_.end(), knn::nearer);
    targets_.clear();
    for (std::size_t i = 0; i < offers; ++i) {
        const BlockNumber block = find_list_store_page(lists_, node::PageKind::kLists,
                                                       lists_->g.list_page_of(others_[i].node));
        if (block != node::kNoBlock)
            targets_.push_back({block, others_[i]});
    }
    std::sort(targets_.begin(), targets_.end(),
              [](const Target& a, const Target& b) { return a.block < b.block; });
    page::Edits e;
    page::begin_edits(&e, lists_->index, lists_->direct);
    for (const auto& [block, other] : targets_) {
        if (!page::edits_have_room(&e, block)) {
            page::commit_edits(&e);
            CHECK_FOR_INTERRUPTS();
            page::begin_edits(&e, lists_->index, lists_->direct);
        }
        Page page = page::look_at_page(&e, block, node::PageKind::kLists);
        const bool looking = page != nullptr;
        if (!looking)
            page = page::edit_page(&e, block, node::PageKind::kLists);
        node::ListHead* list = page_list(lists_, page, other.node);
        std::size_t count = checked_count(lists_, block, list);
        const node::ListNeighbour back{base_, other.similarity};
        if (!knn::wants({list_items(list), count}, lists_->g.k, back)) {
            if (looking)
                page::drop_look(&e);
            continue;
        }
        list = page_list(lists_, page::edit_page(&e, block, node::PageKind::kLists), other.node);
        list->count =
            static_cast<std::uint16_t>(knn::put(list_items(list), count, lists_->g.k, back));
    }
    page::commit_edits(&e);
}

void ListKeeper::run_search() {
    store::run_round(reader_, search_, [this](node::SlotId id, const node::SlotView& slot) {
        search_.expand(id, slot);
    });
}

// Offers what a search of the graph for the node at hand finds, from a slot of some level on. Goes
// on until `enough` live nodes were found, or the graph ends.
void ListKeeper::search(node::SlotId from, unsigned level, std::size_t enough) {
    // What is near by inner product is not what is near in the graph's space.
    if (metric_ == node::Metric::kInnerProduct)
        query_.set_query(vector_.data());
    else
        query_.set_row(vector_.data());
    search_.start(from, level, 0, kSearchBeam * lists_->g.k);
    run_search();
    while (search_.found().size() < enough && search_.grow())
        run_search();
    for (const hnsw::Found& f : search_.found()) {
        if (met_.insert(f.slot))
            measure(f.slot);
    }
}

void ListKeeper::add_node(const hnsw::NodeInsert& work, node::SlotId base) {
    read_list(lists_, base, &member_);
    if (member_.count > 0)
        return;  // a node with another row; an insert that did not finish may have left it none
    start(base, work.row());
    for (std::size_t i = 0; i < work.candidates(); ++i) {
        if (met_.insert(work.candidate_slot(i)))
            offer(work.candidate_slot(i), similarity_(work.row(), work.candidate_vector(i)));
    }
    if (metric_ == node::Metric::kInnerProduct) {
        const node::MetaData meta = page::read_meta(lists_->index);
        search(meta.entry, meta.entry_level, 0);
    }
    const ListCopy ring = list_;
    offer_second_ring(ring, nullptr);
    write_own();
    write_back();
}

}  // namespace vg::pg::semantic_graph
