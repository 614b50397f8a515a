// Rows whose place among the next ones of a scan is not certain by the index's own sums. The
// operator itself is asked about them; they wait here, nearest first, until no further one can come
// before them, so that the executor has nothing to put in order.
//   exact storage    the node has the row's numbers, which the operator may only sum otherwise: it
//                    is asked about those, without a look at the table, where long vectors lie in
//                    pieces elsewhere
//   other storages   the row is read from the table, as the scan's snapshot sees it
//
// Locks: a share lock on one page while a vector is copied; the operator runs under none.
#pragma once

#include "pg/boundary/pg.h"

#include <vector>

#include "core/hnsw/beam_search.h"
#include "pg/index/heap_rows.h"
#include "pg/types/vector.h"

namespace vg::pg::lid_hnsw {

class NearTies {
  public:
    struct Tie {
        hnsw::Found node;     // with all its rows, or one
        node::ChunkId chunk;  // where that one lies; kNoChunk: in the slot
        double value;         // the operator's
    };

    bool empty() const noexcept { return heap_.empty(); }
    double first_value() const noexcept { return heap_.front().value; }
    // All rows of a node.
    void push(const hnsw::Found& node, double value);
    // One of them.
    void push(const hnsw::Found& node, node::ChunkId chunk, const node::Tid& tid, double value);
    Tie take();
    void clear() noexcept { heap_.clear(); }

  private:
    // Equal values in the order of their slots and TIDs, as everywhere.
    static bool later(const Tie& a, const Tie& b) noexcept;
    std::vector<Tie> heap_;
};

// The operator's value of the scan's query, in one piece, and a node in exact storage. `copy` has
// the dimensions of the index. May raise what the operator raises.
double operator_value(IndexScanDesc scan, Datum query, const node::Geometry& geometry,
                      node::SlotId id, Vector* copy);

// The same of a row of the table; kYes only where it has a value.
index::RowSeen operator_value_of_row(IndexScanDesc scan, Datum query, index::HeapRows* rows,
                                     const node::Tid& tid, double* value);

}  // namespace vg::pg::lid_hnsw
