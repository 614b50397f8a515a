// Inserting one row into an existing graph, the part that needs no pages: the search with its
// candidates, the choice of links, the bytes of the new slot, the links its neighbours get, and
// which link a full neighbour gives up. Works for one level of one row at a time; reusable.
//
// Protected links. Every base node but the root has exactly one in-link that is marked and never
// given up: following parents from any node ends at the root, so every node stays reachable
// whatever else is pruned.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/hnsw/beam_search.h"
#include "core/hnsw/refine.h"
#include "core/hnsw/row_store.h"

namespace vg::hnsw {

// Beam of the search for a new node's neighbours. At the base it is wider than the one of a build:
// the build computes distances, this search estimates most of them. Inner products are estimated
// worse (scan_breadth). 13,000 rows of log-normal lengths, 64 dimensions, inserted one by one,
// recall@10 of a scan: .953 with twice ef_construction, .969 with four times.
constexpr std::size_t insert_beam(std::size_t ef_construction, unsigned level,
                                  node::Metric metric) noexcept {
    const std::size_t wider = metric == node::Metric::kInnerProduct ? 4 : 2;
    return level == 0 ? wider * ef_construction : ef_construction;
}

class NodeInsert {
  public:
    NodeInsert(const node::Geometry& geometry, node::Metric metric, const code::Rotation& rotation,
               const float* centre);

    // Takes the row to insert, dims floats; false when the metric cannot index it.
    bool set_row(const float* vector);

    BeamSearch& search() noexcept { return search_; }

    // Hands a slot to the search and, if it is a node of the target level, keeps its vector.
    void expand(SlotId id, const node::SlotView& slot);
    void clear_candidates() noexcept;
    // After the search: slots to read and hand to keep_far before choose(). There are none but
    // where all that was found is a crowd of near-copies: then these lead out of it.
    const std::vector<SlotId>& far_slots();
    void keep_far(SlotId id, const node::SlotView& slot);
    // A candidate with an identical vector, kNoSlot if none.
    SlotId duplicate() const noexcept;
    // Chooses links among the candidates, nearest first, at most geometry.capacity.
    void choose();
    std::size_t chosen() const noexcept { return chosen_.size(); }
    SlotId chosen_slot(std::size_t i) const noexcept { return slots_[chosen_[i].id]; }

    // The row as it is stored, and the candidates, after choose() nearest first: slot and vector.
    const float* row() const noexcept { return row_.data(); }
    // How the row as given became the row as stored.
    const node::Encoding& encoding() const noexcept { return encoding_; }
    std::size_t candidates() const noexcept { return candidates_.size(); }
    SlotId candidate_slot(std::size_t i) const noexcept { return slots_[candidates_[i].id]; }
    const float* candidate_vector(std::size_t i) const noexcept {
        return vectors_.data() + candidates_[i].id * stride_;
    }

    // Whether a slot, looked at again later, still is a live base slot with this row's vector, or
    // what chosen neighbour i was on `level`. Links depend on the vectors alone, so a slot that was
    // freed and taken by an equal row is as good as the one that was read.
    bool is_same_row(const node::SlotView& slot) const noexcept {
        return slot.live() && slot.header().level == 0 && slot.vector().holds(row_.data());
    }
    bool is_chosen(std::size_t i, unsigned level, const node::SlotView& slot) const noexcept {
        return slot.live() && slot.header().level == level &&
               slot.vector().holds(vectors_.data() + chosen_[i].id * stride_);
    }

    // Takes a slot of the target level into the choice, in place of the farthest one when the
    // list is full; returns its position. For the parent of a node whose chosen neighbours have no
    // room for a protected link: somewhere below them, along protected links, there is one that
    // has.
    std::size_t choose_also(SlotId id, const node::SlotView& slot);

    // Writes a live slot of `level` with its links, none protected; other, base, parent and heap
    // TIDs are the caller's to set. slot_bytes bytes.
    void write_slot(unsigned level, std::byte* out);

    // The link from chosen neighbour i to the new node. Requires: write_slot has been called since
    // the choice; the code stays valid until the next call.
    node::SlotEdit::LinkValue back_link(std::size_t i, SlotId to, bool is_protected);
    // Which link of the full list of chosen neighbour i, whose slot this is, makes room for that
    // link; see choose_victim.
    std::size_t victim(std::size_t i, const node::SlotView& slot,
                       const node::SlotEdit::LinkValue& link, bool force);

  private:
    void sort_candidates();
    void keep(SlotId id, const node::SlotView& slot, float distance);
    float* rotated_of(std::size_t i) noexcept { return rotated_.data() + i * rotated_row_.size(); }

    node::Geometry geometry_;
    node::Metric metric_;
    const code::Rotation* rotation_;
    const float* centre_;
    node::NodeQuery query_;
    BeamSearch search_;

    std::size_t stride_;
    std::vector<float> row_;  // prepared, as stored; dims floats
    node::Encoding encoding_{};
    std::vector<float> rotated_row_;
    std::vector<float> rotated_;  // the chosen neighbours, as write_slot left them
    std::vector<std::uint64_t> code_;

    GrowArray<float> vectors_;  // candidates: dims floats each
    std::vector<SlotId> slots_;
    std::vector<SlotId> far_;
    std::vector<Candidate> candidates_;  // id indexes slots_
    std::vector<Candidate> chosen_;
};

}  // namespace vg::hnsw
