// The nodes of an index by one pass over its pages, nearest first: what a scan does that has gone
// so far along links, one page here and one there, that reading all pages in their order costs
// less. Misses no row that was there when the scan began: nodes do not move, and rows that come
// later are invisible to its snapshot.
//
// Locks: a share lock on one page at a time. Memory: work_mem, then files.
// Everything here may ereport: callers own no C++ object with a destructor, or use call_pg.
#pragma once

#include "pg/boundary/pg.h"

#include <cstdint>

#include "core/hnsw/beam_search.h"
#include "core/node/node_query.h"

extern "C" {
#include "utils/tuplesort.h"
}

namespace vg::pg::lid_hnsw {

// One heap TID of a node, or the head of its list of overflow chunks.
struct PassRow {
    std::int64_t key;   // order_key
    std::int64_t what;  // the key of the TID, or -1 - the chunk, in 48 bits; above them the scale
};

// What a pass over the pages costs in links followed: half for a page, and a thirty-second for a
// node, or a quarter where so many do not fit in work_mem and go through a sort. (2.2 us for a link
// far out, 1.1 us for a page in its order, .07 us for a node, .5 us for one in the sort, everything
// cached; from a disk a link costs as much as four pages or so.)
inline std::uint64_t pass_in_links(std::uint64_t pages, std::uint64_t nodes) {
    const bool sorted = nodes * sizeof(PassRow) > static_cast<Size>(work_mem) * 1024;
    return pages / 2 + nodes / (sorted ? 4 : 32);
}

// Lives in a context that is reset with the scan. Not begun when zero. There is one row for each
// heap TID in a slot and one for each list of overflow chunks, so that a row that is handed out
// asks for no page again. As long as they fit in work_mem they are a heap, since most scans take
// few of them; then they go through a sort with files.
struct PagePass {
    bool begun;
    PassRow* rows;  // a heap with the nearest row on top
    std::size_t count;
    std::size_t room;
    Tuplesortstate* sort;  // instead of `rows`
    TupleTableSlot* into;
    TupleTableSlot* out_of;
    bool ended;         // no row is left behind `ahead`
    hnsw::Found ahead;  // the next row, unless `ended`
};

// Which nodes a pass reads: those that are not in `skip` and not nearer than `from` (an order of
// NodeDistance), without the TIDs that are marked dead if so asked.
struct PassWanted {
    const node::NodeQuery& query;
    const hnsw::SlotSet& skip;
    float from;
    bool skip_dead;
};
void begin_page_pass(PagePass* pass, Relation index, const PassWanted& wanted);
// The next rows of a node: its order and slot, and one heap TID or the head of its chunks; false
// when none is left.
bool next_of_pass(PagePass* pass, hnsw::Found* out);
// What the next call will return; null when none is left.
inline const hnsw::Found* peek_pass(const PagePass* pass) {
    return pass->ended ? nullptr : &pass->ahead;
}
void end_page_pass(PagePass* pass);

}  // namespace vg::pg::lid_hnsw
