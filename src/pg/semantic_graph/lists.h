// The stored lists of nearest neighbours: reading, taking new nodes in, repair.
// A list is changed under the lock of its list page alone. What it was made from may be out of date
// by then, so an edit merges into the list as it is: it drops dead nodes and takes nodes in by
// similarity, which depends on the two vectors alone. No list gets a node that was not seen alive
// by an insert or vacuum which ends before the node's slot can be freed (README, "Concurrency").
//
// May ereport: callers own no C++ object with a destructor, or use call_pg.
#pragma once

#include "pg/boundary/pg.h"

#include <span>
#include <vector>

#include "core/hnsw/beam_search.h"
#include "core/hnsw/node_insert.h"
#include "core/knn/list.h"
#include "core/knn/similarity.h"
#include "pg/lid_hnsw/state.h"
#include "pg/lid_hnsw/vacuum.h"
#include "pg/page/page.h"
#include "pg/page/slot_reads.h"
#include "pg/semantic_graph/list_store.h"

namespace vg::pg::semantic_graph {

inline node::ListHead* page_list(const ListStore* s, Page page, node::SlotId slot) {
    return reinterpret_cast<node::ListHead*>(page::data_of(page) + s->g.list_offset(slot));
}
inline node::ListNeighbour* list_items(node::ListHead* list) {
    return reinterpret_cast<node::ListNeighbour*>(list + 1);
}
inline const node::ListNeighbour* list_items(const node::ListHead* list) {
    return reinterpret_cast<const node::ListNeighbour*>(list + 1);
}

// The length of a list on a page; XX002 for one that cannot be.
std::size_t checked_count(const ListStore* s, BlockNumber block, const node::ListHead* list);

// A list copied from its page.
struct ListCopy {
    std::size_t count;
    node::ListNeighbour items[node::kMaxListLength];

    std::span<const node::ListNeighbour> span() const { return {items, count}; }
};
// Empty for a slot whose list was never written.
void read_list(ListStore* s, node::SlotId slot, ListCopy* out);

// Begins an edit of a node's list, whose page is added where there is none yet.
struct ListEdit {
    BlockNumber block;
    node::ListHead* list;
};
ListEdit edit_list(ListStore* s, node::SlotId slot, page::Edits* e);

// Works out lists and writes them; for inserts and vacuum. Its containers live with it, in a memory
// context.
class ListKeeper {
  public:
    ListKeeper(ListStore* lists, const lid_hnsw::IndexState& state)
        : lists_(lists),
          g_(state.geometry),
          metric_(state.metric),
          query_(state.geometry, state.metric, state.rotation, state.centre.data()),
          search_(query_),
          reader_(lists->index, state.geometry),
          similarity_(state.metric, state.geometry.dims, state.geometry.exact()),
          vector_(state.geometry.dims),
          other_(state.geometry.dims) {}

    // A node that an insert has just put a row into: gives it its list if it has none, and puts it
    // into the lists of the nodes found near it.
    void add_node(const hnsw::NodeInsert& work, node::SlotId base);

    // Vacuum: replaces dead nodes in all lists, and fills those that are shorter than the number of
    // nodes lets them be.
    void repair(lid_hnsw::IndexVacuum* v);
    // Vacuum: empties the lists of dead nodes, whose slots are about to be freed.
    void clear_dead(lid_hnsw::IndexVacuum* v);

  private:
    void start(node::SlotId base, const float* vector);
    void offer(node::SlotId slot, float similarity);
    // Offers the neighbours of the list's own members; those that are dead to `v`, if given, not.
    void offer_second_ring(const ListCopy& ring, const lid_hnsw::IndexVacuum* v);
    bool measure(node::SlotId slot);
    void write_own();
    void write_back();
    void search(node::SlotId from, unsigned level, std::size_t enough);
    void run_search();

    // list_repair.cpp
    void find_live(lid_hnsw::IndexVacuum* v);
    void refill(lid_hnsw::IndexVacuum* v, const ListCopy& old);
    void take_nearest_live();
    bool read_node(lid_hnsw::IndexVacuum* v, node::SlotId slot, bool has_list);
    void repair_page(lid_hnsw::IndexVacuum* v, Buffer buffer);
    void write_refills(lid_hnsw::IndexVacuum* v, BlockNumber block);

    ListStore* lists_;
    const node::Geometry& g_;
    node::Metric metric_;
    node::NodeQuery query_;
    hnsw::BeamSearch search_;
    page::LockedReader reader_;
    knn::Similarity similarity_;
    std::vector<float> vector_;  // of the node at hand
    std::vector<float> other_;   // scratch
    node::SlotId base_ = node::kNoSlot;
    hnsw::SlotSet met_;
    ListCopy list_;                            // of the node at hand, as it grows
    std::vector<node::ListNeighbour> others_;  // everything measured for it
    struct Target {
        BlockNumber block;
        node::ListNeighbour node;
    };
    std::vector<Target> targets_;  // scratch of write_back
    ListCopy member_;              // scratch: the list of another node

    struct Refill {
        node::SlotId slot;
        ListCopy list;
    };
    std::vector<Refill> refills_;  // of the list page at hand
    // Live nodes, all of them if exact_, and their vectors then.
    std::vector<node::SlotId> live_;
    std::vector<float> live_vectors_;
    bool exact_ = false;
    std::size_t wanted_ = 0;  // length that lists should have
    PGAlignedBlock page_;
};

}  // namespace vg::pg::semantic_graph
