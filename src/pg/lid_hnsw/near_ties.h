// Nodes whose place among the next ones of a scan is not certain by the index's own sums, which the
// operator rounds otherwise. In exact storage the node has the row's numbers, so the operator
// itself is asked, without a look at the table, where long vectors lie in pieces elsewhere; the
// nodes wait here, nearest first, until no further one can come before them.
//
// Locks: a share lock on one page while a vector is copied; the operator runs under none.
#pragma once

#include "pg/boundary/pg.h"

#include <vector>

#include "core/hnsw/beam_search.h"
#include "pg/types/vector.h"

namespace vg::pg {

class NearTies {
  public:
    struct Tie {
        hnsw::Found node;
        double value;  // the operator's
    };

    bool empty() const noexcept { return heap_.empty(); }
    double first_value() const noexcept { return heap_.front().value; }
    void push(const hnsw::Found& node, double value);
    Tie take();
    void clear() noexcept { heap_.clear(); }

  private:
    // Equal values in the order of their slots, as everywhere.
    static bool later(const Tie& a, const Tie& b) noexcept {
        return a.value != b.value ? a.value > b.value : a.node.slot > b.node.slot;
    }
    std::vector<Tie> heap_;
};

// The operator's value of the scan's query, in one piece, and a node in exact storage. `copy` has
// the dimensions of the index. May raise what the operator raises.
double operator_value(IndexScanDesc scan, Datum query, const node::Geometry& geometry,
                      node::SlotId id, Vector* copy);

}  // namespace vg::pg
