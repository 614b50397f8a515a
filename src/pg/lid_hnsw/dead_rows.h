// Marks heap TIDs whose rows no transaction sees any more, so that the next scans ask the table
// for them no more: a counter that was updated 25,000 times since the last VACUUM is 25,000 TIDs
// of one node. The executor says so when it has looked at the row that a scan gave it last
// (kill_prior_tuple).
//
// When a mark is right. VACUUM takes a TID out of the index before the table may use it again, and
// both is written to the WAL. So a page of the index that nobody has written to since the scan
// began still means the row that the scan gave out. Where it was written to, nothing is marked;
// the next scan may.
//
// A mark is a hint: it is not logged, and may be lost or not reach a standby. A standby may have
// older snapshots than its primary and neither marks nor heeds marks (ignore_killed_tuples).
// Indexes that are not logged have no positions to compare, and are not marked.
//
// Locks: an exclusive lock on one page, if it is free at once.
#pragma once

#include "pg/boundary/pg.h"

#include "core/node/geometry.h"
#include "pg/page/page.h"

extern "C" {
#include "access/xlogdefs.h"
}

namespace vg::pg::lid_hnsw {

// Where a scan found a heap TID: in its base slot, or in a chunk of its list.
struct TidPlace {
    node::SlotId slot;
    node::ChunkId chunk;  // kNoChunk: in the slot
    node::Tid tid;
};

// For one scan. Plain memory.
class DeadRows {
  public:
    // Before the scan reads its first page.
    void start(Relation index);
    // The row that was found at `place` is dead to everybody. May ereport.
    void mark(Relation index, const node::Geometry& geometry, const TidPlace& place);

  private:
    XLogRecPtr began_ = InvalidXLogRecPtr;  // invalid: nothing can be marked
    // The page marked last. Marking it may have written its image to the WAL, which is no change.
    BlockNumber marked_ = InvalidBlockNumber;
    XLogRecPtr marked_at_ = InvalidXLogRecPtr;
};

}  // namespace vg::pg::lid_hnsw
