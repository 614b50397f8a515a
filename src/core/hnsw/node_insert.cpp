#include "core/hnsw/node_insert.h"

#include <algorithm>
#include <cstring>

#include "core/hnsw/code_prune.h"
#include "core/no_postgres.h"

namespace vg::hnsw {

NodeInsert::NodeInsert(const node::Geometry& geometry, node::Metric metric,
                       const code::Rotation& rotation, const float* centre)
    : geometry_(geometry),
      metric_(metric),
      rotation_(&rotation),
      centre_(centre),
      query_(geometry, metric, rotation, centre),
      search_(query_),
      stride_(geometry.dims),
      row_(geometry.dims),
      rotated_row_(rotation.padded_dims()),
      code_(geometry.words) {}

bool NodeInsert::set_row(const float* vector) {
    std::copy(vector, vector + geometry_.dims, row_.begin());
    if (!node::make_storable(geometry_.storage, metric_, row_.data(), geometry_.dims, &encoding_))
        return false;
    query_.set_row(row_.data());
    rotation_->apply(row_.data(), centre_, rotated_row_.data());
    clear_candidates();
    return true;
}

void NodeInsert::clear_candidates() noexcept {
    vectors_.shrink_by(vectors_.size());
    slots_.clear();
    candidates_.clear();
    chosen_.clear();
}

void NodeInsert::expand(SlotId id, const node::SlotView& slot) {
    const std::size_t before = search_.found().size();
    search_.expand(id, slot);
    if (search_.found().size() != before)
        keep(id, slot, search_.found().back().graph);
}

void NodeInsert::keep(SlotId id, const node::SlotView& slot, float distance) {
    float* copy = vectors_.grow_by(stride_);
    slot.read_vector(copy);
    candidates_.push_back({distance, static_cast<std::uint32_t>(slots_.size())});
    slots_.push_back(id);
}

std::size_t NodeInsert::choose_also(SlotId id, const node::SlotView& slot) {
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
        if (chosen_slot(i) == id)
            return i;
    }
    keep(id, slot, query_.distance(slot).graph);
    if (chosen_.size() == geometry_.capacity)
        chosen_.pop_back();
    chosen_.push_back(candidates_.back());
    return chosen_.size() - 1;
}

SlotId NodeInsert::duplicate() const noexcept {
    // Distances do not tell: on 8-bit storage the kernel's fused arithmetic gives equal vectors a
    // distance just above zero.
    for (const Candidate& c : candidates_) {
        if (std::memcmp(vectors_.data() + c.id * stride_, row_.data(),
                        geometry_.dims * sizeof(float)) == 0)
            return slots_[c.id];
    }
    return kNoSlot;
}

void NodeInsert::sort_candidates() {
    std::sort(candidates_.begin(), candidates_.end(), [](const Candidate& a, const Candidate& b) {
        return a.distance < b.distance || (a.distance == b.distance && a.id < b.id);
    });
}

// Those that a list keeps a quarter of its places for, and as many to choose from.
const std::vector<SlotId>& NodeInsert::far_slots() {
    far_.clear();
    const std::size_t capacity = geometry_.capacity;
    const std::size_t wanted = capacity / 2;
    // Products know no clusters of near-copies: who is near is who is long.
    if (candidates_.size() < capacity || metric_ == node::Metric::kInnerProduct)
        return far_;
    sort_candidates();
    const std::size_t known = candidates_.size() - far_candidates(candidates_, capacity);
    if (known < wanted)
        search_.unread_beyond(far_limit(candidates_, capacity), wanted - known, &far_);
    return far_;
}

void NodeInsert::keep_far(SlotId id, const node::SlotView& slot) {
    if (slot.live() && slot.header().level == search_.level())
        keep(id, slot, query_.distance(slot).graph);
}

void NodeInsert::choose() {
    sort_candidates();
    const Rows rows{vectors_.data(), slots_.size(), geometry_.dims,
                    stride_,         nullptr,       space_of(metric_)};
    LayerView view;
    view.rows = &rows;
    view.size = slots_.size();
    choose_links(view, candidates_, geometry_.capacity, true, chosen_);
}

void NodeInsert::write_slot(unsigned level, std::byte* out) {
    std::memset(out, 0, geometry_.slot_bytes);
    const node::SlotEdit slot(geometry_, out);
    node::SlotHeader& h = slot.header();
    h.state = static_cast<std::uint8_t>(node::SlotState::kLive);
    h.level = static_cast<std::uint8_t>(level);
    h.other = h.base = h.parent = kNoSlot;
    h.chunk = node::kNoChunk;
    slot.write_vector(row_.data(), encoding_);
    rotated_.resize(chosen_.size() * rotated_row_.size());
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
        const float* neighbour = vectors_.data() + chosen_[i].id * stride_;
        rotation_->apply(neighbour, centre_, rotated_of(i));
        const code::LinkFactors f = node::link_factors(geometry_, metric_, rotated_row_.data(),
                                                       rotated_of(i), code_.data());
        slot.set_link(i, {chosen_slot(i), false, f.bias, f.scale, f.length, code_.data()});
    }
    h.degree = static_cast<std::uint16_t>(chosen_.size());
}

node::SlotEdit::LinkValue NodeInsert::back_link(std::size_t i, SlotId to, bool is_protected) {
    const code::LinkFactors f =
        node::link_factors(geometry_, metric_, rotated_of(i), rotated_row_.data(), code_.data());
    return {to, is_protected, f.bias, f.scale, f.length, code_.data()};
}

std::size_t NodeInsert::victim(std::size_t i, const node::SlotView& slot,
                               const node::SlotEdit::LinkValue& link, bool force) {
    return choose_victim(metric_, slot, rotated_of(i), link, force);
}

}  // namespace vg::hnsw
