// What an index scan keeps between two rows. scan.cpp is the access method's side of it,
// scan_order.cpp puts the nodes in order.
#pragma once

#include "pg/boundary/pg.h"

#include "core/hnsw/beam_search.h"
#include "core/node/node_query.h"
#include "core/store/tids.h"
#include "pg/index/heap_rows.h"
#include "pg/lid_hnsw/dead_rows.h"
#include "pg/lid_hnsw/near_ties.h"
#include "pg/lid_hnsw/page_pass.h"
#include "pg/lid_hnsw/state.h"
#include "pg/page/buffer_store.h"
#include "pg/page/slot_reads.h"
#include "pg/types/vector.h"

namespace vg::pg::lid_hnsw {

// Lives in its own context under the scan; destructors run when that is deleted.
struct ScanState {
    ScanState(Relation index, const IndexState& s)
        : query(s.geometry, s.metric, s.rotation, s.centre.data()),
          search(query),
          reader(index, s.geometry),
          pages(index, s.geometry, s.build_id) {}

    MemoryContext context = nullptr;
    node::NodeQuery query;
    hnsw::BeamSearch search;
    page::PinnedReader reader;
    bool running = false;
    std::uint64_t pass_cost = 0;
    PagePass pass{};       // instead of the search, once begun
    float last_order = 0;  // of the last node handed out
    bool null_query = false;
    bool any_order = false;  // the query has no distances: NULL, or zeros under cosine
    // Of the table. Once opened as long as the scan, which may begin anew for every row of another
    // table.
    index::HeapRows rows{};

    // Values of the operator that the rows handed out so far may have: no further row may lie below
    // `given`, and one that lies below `reached` might tie with one of them.
    double given = 0;
    double reached = 0;
    node::ValueRange range{};    // of `current`
    NearTies ties;               // read from the search or the pass, and still to be handed out
    Vector* copy = nullptr;      // for the operator, in exact storage
    Datum query_vector = 0;      // the other operand, in one piece
    Vector* unpacked = nullptr;  // its memory, where the query came compressed

    // Heap TIDs of the current result that are still to be returned.
    hnsw::Found current{};
    node::ChunkId chunk = node::kNoChunk;  // where those in `current` lie; kNoChunk: in the slot
    int next_tid = 0;
    store::TidReader more;    // from overflow chunks
    page::BufferStore pages;  // where those are

    bool skip_dead = false;  // TIDs that are marked
    TidPlace given_out{};    // the last TID
    DeadRows dead;
};

// Goes on along links until a beam is full that was made wider.
void run_round(ScanState* s);
// Goes on with a pass over what was not handed out yet.
void begin_pass(Relation index, ScanState* s);

// The next node, or one row of it, that comes in order, into s->current; false when none is left.
bool next_node(IndexScanDesc scan, ScanState* s);

// XX002 for a heap TID that no row of the table can have, which only damage brings: the table would
// be asked for a page that it has not, an I/O error.
void check_heap_tid(IndexScanDesc scan, ScanState* s, const node::Tid& tid);

}  // namespace vg::pg::lid_hnsw
