// Removing rows: passes over all pages of a store, beside inserts and scans.
//   1. forget        drop dead heap TIDs; nodes left without any are marked dead, with their slots
//                    above the base
//   -  wait until the inserts that had begun by then are over: they alone may still link to a dead
//                    node, for an insert links to what it has seen alive
//   2. repair        every live slot gives up its links to dead ones and takes others (repair.cpp);
//                    where many nodes are dead its list is chosen anew before (relist.cpp)
//   3. reparent      nodes whose protected in-link came from a dead node get another (reparent.cpp)
//   4. release       dead slots and their overflow chunks go to the free lists, those above the
//                    base first: by its base an upper slot is known to be dead
// Whoever stops in between, by an error or a crash, leaves a valid index: dead nodes are passed
// through by searches and return nothing, and the next vacuum starts over with them. Memory: one
// bit per slot, one entry per upper-level slot and per orphan, and for lists chosen anew what a
// build takes, within a limit.
//
// One vacuum at a time; the caller sees to that. All containers are members of Vacuum: the
// functions own nothing (store.h, "Errors").
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/poll.h"
#include "core/hnsw/beam_search.h"
#include "core/hnsw/code_prune.h"
#include "core/hnsw/row_store.h"
#include "core/store/constants.h"
#include "core/store/store.h"
#include "core/store/tids.h"

namespace vg::store {

enum class VacuumPass { kForget, kWait, kRelist, kRepair, kReparent, kRelease };

// Slot ids of one page lie beside each other, so a vector in slot order is one in page order.
struct UpperSlot {
    node::SlotId slot;
    node::SlotId base;
    unsigned level;
};

// Lists of one level that were chosen anew; empty where they are repaired instead.
struct NewLists {
    std::vector<node::SlotId> slots;  // live ones, ascending
    std::vector<std::uint64_t> keys;
    hnsw::GrowArray<float> rows;     // dims floats and the tail each
    std::vector<std::size_t> first;  // by place in slots, and one more: first of its links
    std::vector<node::SlotId> links;
};

struct Vacuum {
    // memory: bytes that lists chosen anew may take. poll: asked where C++ objects are alive.
    Vacuum(Store& s, const Constants& c, const TidFilter& f, std::size_t memory_bytes, Poll p)
        : store(s),
          constants(c),
          g(c.geometry),
          filter(f),
          memory(memory_bytes),
          poll(p),
          page(c.geometry),
          other(c.geometry),
          query(c.geometry, c.metric, c.rotation, c.centre.data()),
          search(query),
          vector(c.geometry.dims),
          rotated_node(c.rotation.padded_dims()),
          rotated_other(c.rotation.padded_dims()),
          code(c.geometry.words) {}

    Store& store;
    const Constants& constants;
    const node::Geometry& g;
    TidFilter filter;
    std::size_t memory;
    Poll poll;
    // How far a pass is: done of total slots, total 0 while it is not known. May be null.
    void (*report)(VacuumPass pass, double done, double total) = nullptr;

    // What there was to do, and what came of it.
    std::uint64_t tids_left = 0;
    std::size_t dead_slots = 0;   // as the first pass found them
    std::size_t dead_nodes = 0;   // base slots among them
    std::size_t live_nodes = 0;   // that the first pass left
    std::size_t free_slots = 0;   // there were, and there are after the release
    std::size_t empty_pages = 0;  // all of whose slots are free
    std::size_t unlinked = 0;     // nodes for which no parent was found

    bool is_dead(node::SlotId id) const { return id < dead.size() && dead[id]; }

    // ---- between the passes ----
    std::vector<bool> dead;  // by slot id, as the first pass found them
    std::vector<UpperSlot> uppers;
    node::SlotId any_live = node::kNoSlot;  // some live base slot
    node::SlotId highest = node::kNoSlot;   // some live slot of the highest level met so far
    unsigned highest_level = 0;
    std::uint64_t inserted_before = 0;  // MetaData::inserted_nodes when the vacuum began
    std::vector<node::SlotId> orphans;
    std::array<NewLists, node::kMaxLevel + 1> levels;

    // ---- scratch ----
    SlotsCopy page;                  // the slots page at hand
    SlotsCopy other;                 // a second one
    std::vector<ChunksLeft> chunks;  // of the first pass: by slot of the page at hand
    struct NewLink {
        std::uint32_t index;  // slot on the page
        node::SlotId to;
        code::LinkFactors factors;
    };
    struct Option {
        float distance;
        node::SlotId id;
        code::LinkFactors factors;
    };
    node::NodeQuery query;
    hnsw::BeamSearch search;
    std::vector<float> vector;
    std::vector<float> rotated_node;
    std::vector<float> rotated_other;
    std::vector<std::uint64_t> code;
    std::vector<float> estimates;
    std::vector<Option> found;
    hnsw::SlotSet known;
    std::vector<Option> options;
    std::vector<std::uint64_t> option_codes;  // words per option
    std::vector<hnsw::CodedLink> coded;
    std::vector<NewLink> new_links;
    std::vector<std::uint64_t> new_codes;  // words per new link
};

// All passes.
void vacuum(Vacuum* v);

// The passes one by one, for whoever has others to do between them (pg/semantic_graph).
void forget_rows(Vacuum* v);
// False when no node is dead: there is nothing more to do.
inline bool has_work(const Vacuum* v) {
    return v->dead_slots > 0;
}
void wait_for_inserts(Vacuum* v);
// Repairs all lists, and reparents the orphans met when they become many.
void repair_links(Vacuum* v);
// Moves the entry point and the root to live nodes, the entry point to the highest level there is.
void repair_entry(Vacuum* v);
// Gives every orphan collected so far another parent.
void reparent_orphans(Vacuum* v);
void release_slots(Vacuum* v);

// ---- between the files of this room ----

// That a pass begins whose length is not known; how far a pass over all pages is.
void report_begin(const Vacuum* v, VacuumPass pass);
void report_pages(const Vacuum* v, VacuumPass pass, Block block, Block blocks);
// Before the lists are repaired, where at least a quarter of the nodes is dead and memory suffices:
// chooses those of the live ones anew.
void choose_lists_anew(Vacuum* v);
// The list chosen anew for a slot of a level; false when there is none.
bool new_list(const Vacuum* v, node::SlotId id, unsigned level,
              std::span<const node::SlotId>* list);
// Repairs the slots of one page, which is copied into v->page.
void repair_page(Vacuum* v, Block block);
// A live slot above the base, met by a pass over the pages.
inline void note_upper(Vacuum* v, node::SlotId id, unsigned level) {
    if (level > v->highest_level) {
        v->highest = id;
        v->highest_level = level;
    }
}

}  // namespace vg::store
