// What functions that look into a node store have in common.
#pragma once

#include "pg/boundary/pg.h"

#include <span>
#include <vector>

#include "core/node/audit.h"
#include "pg/index/open.h"
#include "pg/lid_hnsw/lid_hnsw.h"

namespace vg::pg::lid_hnsw {

inline constexpr index::Method kNodeStore{"lid_hnsw", lid_hnsw_beginscan, true};

// The part of vectorgraph_index_check for an index with a list store, which the room of its access
// method provides. Lives in a memory context; may ereport and throw.
class ListCheck {
  public:
    virtual ~ListCheck() = default;
    // Everything, after the node store was found sound. kinds: of the pages by block, PageKind{0}
    // for one that was never written. tids: those of the node store, sorted by Tid::key().
    virtual void walk(const node::Audit& audit, const std::vector<node::PageKind>& kinds,
                      std::span<const node::HeldTid> tids) = 0;
    // A row of the table that the node store holds.
    virtual void check_row(const ItemPointerData& tid, const Datum* values, const bool* nulls) = 0;
};
using MakeListCheck = ListCheck*(const index::OpenIndex& open, const node::MetaData& meta,
                                 MemoryContext context);
extern MakeListCheck* make_list_check;  // set when the library is loaded

}  // namespace vg::pg::lid_hnsw
