// Working state of one VACUUM of one index, shared by the files that do the passes: vacuum.cpp
// (heap TIDs, release), repair.cpp (links), reparent.cpp (protected links). All containers are
// members of this object, which lives in a memory context: the functions themselves own nothing and
// may ereport.
#pragma once

#include "pg/boundary/pg.h"

#include <array>
#include <span>
#include <vector>

#include "core/hnsw/beam_search.h"
#include "core/hnsw/code_prune.h"
#include "core/hnsw/node_insert.h"
#include "core/hnsw/row_store.h"
#include "pg/lid_hnsw/lid_hnsw.h"
#include "pg/lid_hnsw/space.h"
#include "pg/lid_hnsw/tids.h"

namespace vg::pg {

struct Vacuum {
    Vacuum(Relation rel, const IndexState& s)
        : index(rel),
          state(s),
          g(s.geometry),
          query(s.geometry, s.metric, s.rotation, s.centre.data()),
          search(query),
          vector(s.geometry.dims),
          rotated_node(s.rotation.padded_dims()),
          rotated_other(s.rotation.padded_dims()),
          code(s.geometry.words) {}

    Relation index;
    const IndexState& state;
    const node::Geometry& g;
    TidFilter filter{};
    BufferAccessStrategy strategy = nullptr;

    PGAlignedBlock page;   // copy of the slots page at hand
    PGAlignedBlock other;  // copy of a second one

    struct Upper {
        node::SlotId slot;
        node::SlotId base;
        unsigned level;
    };
    std::vector<bool> dead;      // by slot id, as the first pass found them
    std::size_t dead_slots = 0;  // how many of them
    std::size_t dead_nodes = 0;  // base slots among them
    std::size_t live_nodes = 0;  // that the first pass left
    std::size_t free_slots = 0;  // there were, and there are after the release
    std::vector<Upper> uppers;
    node::SlotId any_live = node::kNoSlot;  // some live base slot
    node::SlotId highest = node::kNoSlot;   // some live slot of the highest level met so far
    unsigned highest_level = 0;
    std::uint64_t inserted_before = 0;  // MetaData::inserted_nodes when the vacuum began
    std::vector<node::SlotId> orphans;
    std::vector<ChunksLeft> chunks;  // scratch of the first pass: by slot of the page at hand

    bool is_dead(node::SlotId id) const { return id < dead.size() && dead[id]; }

    // Lists chosen anew (relist.cpp), by level; empty where they are mended instead.
    struct Level {
        std::vector<node::SlotId> slots;  // live ones, ascending
        std::vector<std::uint64_t> keys;
        hnsw::GrowArray<float> rows;     // dims floats and the tail each
        std::vector<std::size_t> first;  // by place in slots, and one more: first of its links
        std::vector<node::SlotId> links;
    };
    std::array<Level, node::kMaxLevel + 1> levels;

    // Scratch of the repair.
    struct NewLink {
        std::uint32_t index;  // slot on the page
        hnsw::SlotId to;
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

// Frame of ambulkdelete: runs the passes of one access method under the upkeep lock, on a Vacuum in
// a context of its own (CurrentMemoryContext while they run).
using VacuumPasses = void (*)(Vacuum*);
IndexBulkDeleteResult* vacuum_index(IndexVacuumInfo* info, IndexBulkDeleteResult* stats,
                                    IndexBulkDeleteCallback callback, void* callback_state,
                                    VacuumPasses passes);

// Pass 1: drops dead heap TIDs and marks nodes without any dead.
void forget_all(Vacuum* v);

// The pages of the index from the first behind the metapage to before `end`.
void begin_vacuum_walk(const Vacuum* v, PageWalk* walk, BlockNumber end);
// The next of them, pinned, after the pause that a cost limit asks for; InvalidBuffer at the end.
inline Buffer next_vacuum_page(PageWalk* walk) {
    delay_point();
    return next_page(walk);
}
// Copies a pinned page and lets it go; false when it is no slots page.
bool copy_pinned_slots(Buffer buffer, PGAlignedBlock* out);
// Copies a slots page; false when the block holds something else.
bool copy_slots_page(Vacuum* v, BlockNumber block, PGAlignedBlock* out);
// Copies the page of a slot; XX002 when it is no slots page.
node::SlotView copy_slot(Vacuum* v, node::SlotId id, PGAlignedBlock* out);
// Progress of a pass over all pages.
void report_pages(const Vacuum* v, int64 step, BlockNumber block, BlockNumber blocks);
// Slots in use on a copied page.
std::uint32_t used_slots(const Vacuum* v, PGAlignedBlock* page);
inline node::SlotView slot_of(const Vacuum* v, PGAlignedBlock* page, std::uint32_t i) {
    return {v->g, slot_bytes(v->g, page->data, i)};
}

// Before pass 2, where at least a quarter of the nodes is dead and memory suffices: chooses the
// lists of the live ones anew.
void choose_lists_anew(Vacuum* v);
// The list chosen anew for a slot of a level; false when there is none.
bool new_list(const Vacuum* v, node::SlotId id, unsigned level,
              std::span<const node::SlotId>* list);

// Pass 2: replaces links to dead slots, level by level the same; collects the orphans, and
// reparents them when they become many.
void repair_links(Vacuum* v);
// The same for the slots of one page, which is copied into v->page.
void repair_page(Vacuum* v, BlockNumber block);
// A live slot above the base, met by a pass over the pages.
inline void note_upper(Vacuum* v, node::SlotId id, unsigned level) {
    if (level > v->highest_level) {
        v->highest = id;
        v->highest_level = level;
    }
}
// Moves the entry point and the root to live nodes, the entry point to the highest level there is.
void repair_entry(Vacuum* v);
// Pass 3: gives every orphan collected so far another parent.
void reparent_orphans(Vacuum* v);
// Pass 4: puts dead slots and their overflow chunks on the free lists.
void release_all(Vacuum* v);

}  // namespace vg::pg
