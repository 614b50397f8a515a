// What stays the same about an index, kept in the relation cache (state.cpp).
#pragma once

#include "pg/boundary/pg.h"

#include <cstdint>

#include "core/store/constants.h"
#include "pg/page/page.h"
#include "pg/types/vector.h"

namespace vg::pg::lid_hnsw {

// Support function 1 of an operator class: takes internal, returns the node::Metric as int4.
inline constexpr int kMetricProc = 1;

node::Metric index_metric(Relation index);

// What stays the same about an index, and where it is kept. Owned by the relation cache.
struct IndexState : store::Constants {
    Oid index;
    Oid storage;
    MemoryContext context;  // where it lives
    IndexState* next;       // all states of this backend

    IndexState(Relation rel, MemoryContext where, const node::MetaData& meta);
    ~IndexState();
    IndexState(const IndexState&) = delete;
    IndexState& operator=(const IndexState&) = delete;
};

// The state of an index that has storage; reads the metapage and the centre pages the first time.
// Stays valid while the relation is open. May ereport.
const IndexState& index_state(Relation index);
// For builds, before anything is written: TRUNCATE in the transaction that made a table builds anew
// in the same file, so that the storage does not tell the states apart. Requires: no scan is open.
void forget_state(Relation index);

// The vector in a datum, detoasted; 22000 unless it has `dims` dimensions.
const Vector* checked_vector(Datum value, std::uint32_t dims);

}  // namespace vg::pg::lid_hnsw
