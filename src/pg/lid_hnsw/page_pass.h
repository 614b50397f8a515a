// The nodes of an index by one pass over its pages, nearest first: what a scan does that has gone
// so far along links, one page here and one there, that reading all pages in their order costs
// less. Misses no row that was there when the scan began: nodes do not move, and rows that come
// later are invisible to its snapshot.
//
// Locks: a share lock on one page at a time. Memory: work_mem, then files.
// Everything here may ereport: callers own no C++ object with a destructor, or use call_pg.
#pragma once

#include "pg/boundary/pg.h"

#include "core/hnsw/beam_search.h"
#include "core/node/node_query.h"

extern "C" {
#include "utils/tuplesort.h"
}

namespace vg::pg {

// Lives in a context that is reset with the scan. Empty when zero. The sort has one row for each
// heap TID in a slot and one for each list of overflow chunks, so that a row that is handed out
// asks for no page again.
struct PagePass {
    Tuplesortstate* sort;
    TupleTableSlot* row;
    float scale;        // the largest of all nodes (NodeDistance)
    bool ended;         // no row is left behind `ahead`
    hnsw::Found ahead;  // the next row, unless `ended`
};

// Reads all nodes that are not in `skip` and not nearer than `from` (an order of NodeDistance).
void begin_page_pass(PagePass* pass, Relation index, const node::NodeQuery& query,
                     const hnsw::SlotSet& skip, float from);
// The next rows of a node: its order and slot, and one heap TID or the head of its chunks; false
// when none is left.
bool next_of_pass(PagePass* pass, hnsw::Found* out);
// What the next call will return; null when none is left.
inline const hnsw::Found* peek_pass(const PagePass* pass) {
    return pass->ended ? nullptr : &pass->ahead;
}
void end_page_pass(PagePass* pass);

}  // namespace vg::pg
