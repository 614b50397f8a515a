// Inserting one row into the graph that a store holds. What needs no pages is
// core/hnsw/node_insert.
//
// Locks: between two edits an insert holds none, so what it read may be out of date when it writes.
// A neighbour is therefore known by its vector: an edit looks again whether the slot is live and
// holds the vector that the link was computed from, and leaves it alone otherwise. Slots are freed
// only by a vacuum that has seen every insert end which could still link to them.
// An insert that fails between two edits leaves a valid index: the first edit makes the node
// complete and reachable (slot, its protected in-link and the metapage together), the following
// ones only add links.
#pragma once

#include <cstddef>
#include <vector>

#include "core/hnsw/node_insert.h"
#include "core/store/constants.h"
#include "core/store/store.h"

namespace vg::store {

// Called once a row is in base slot `base`, a new one or one with an equal vector, while `work`
// still holds the candidates of the base level.
using InsertHook = void (*)(void* arg, const hnsw::NodeInsert& work, node::SlotId base,
                            const node::Tid& tid);

class Inserter {
  public:
    // Store and constants outlive it.
    Inserter(Store& store, const Constants& constants, InsertHook hook = nullptr,
             void* hook_arg = nullptr)
        : store_(store),
          constants_(constants),
          g_(constants.geometry),
          hook_(hook),
          hook_arg_(hook_arg),
          work_(constants.geometry, constants.metric, constants.rotation, constants.centre.data()) {
    }

    // vector: geometry.dims floats. False when the metric cannot index it (a zero vector under
    // cosine). The caller sees to it that wait_for_inserts waits for this call.
    bool insert(const float* vector, const node::Tid& tid);

  private:
    // What came of one try.
    enum class Outcome { kDone, kNotIndexable, kAgain };

    // Who holds the protected link to a new node: a chosen neighbour, and a link of its list that
    // gives way although it is protected, because it leads to a dead node; kNoSlot: none need.
    struct Parent {
        std::size_t chosen;
        node::SlotId gives_way;
        std::uint64_t removed;  // MetaData::removed_nodes before gives_way was looked at
    };

    Outcome try_insert(const float* vector, const node::Tid& tid);
    Outcome outcome_of(node::SlotId base, const node::Tid& tid);
    void call_hook(node::SlotId base, const node::Tid& tid);
    void search_level(const node::MetaData& meta, unsigned level);
    bool add_tid(node::SlotId id, const node::Tid& tid);
    bool add_tid_in_new_chunk_of(node::SlotId id, const node::Tid& tid);

    // insert_node.cpp
    node::SlotEdit write_base_slot(node::SlotId id, const node::Tid& tid);
    node::SlotId add_first_slot(const node::Tid& tid);
    node::SlotId add_root_slot(const node::Tid& tid, const node::MetaData& before);
    node::SlotId add_base_slot(const node::Tid& tid, const Parent& parent);
    node::SlotId add_upper_slot(unsigned level, node::SlotId base, node::SlotId below);
    void add_upper_slots(const node::MetaData& meta, node::SlotId base, const node::Tid& tid);
    Parent find_parent();
    Parent find_parent_below(node::SlotId from);
    struct Children {
        node::SlotId dead;
        node::SlotId living;  // some of each, kNoSlot where there is none
    };
    Children look_at_children(node::SlotId of);
    std::size_t place_for_child(const Parent& parent, const node::SlotView& slot,
                                const node::SlotEdit::LinkValue& link);
    std::size_t place_for(std::size_t i, const node::SlotView& slot,
                          const node::SlotEdit::LinkValue& link, bool force);
    void add_back_link(std::size_t i, unsigned level, node::SlotId to);
    void add_back_links(unsigned level, node::SlotId to, std::size_t done);

    Store& store_;
    const Constants& constants_;
    const node::Geometry& g_;
    InsertHook hook_;
    void* hook_arg_;
    hnsw::NodeInsert work_;
    std::vector<std::size_t> by_block_;   // chosen neighbours in the order of their pages
    std::vector<node::SlotId> children_;  // scratch
};

}  // namespace vg::store
