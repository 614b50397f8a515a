#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/dead_rows.h"

#include <algorithm>
#include <span>

#include "pg/page/buffer_hints.h"
#include "pg/page/page.h"

extern "C" {
#include "access/rmgr.h"
}

namespace vg::pg::lid_hnsw {
namespace {

// What the server compares after replay under this setting would differ by the marks: generic WAL
// has no way to say which bytes are hints.
bool replay_is_compared() {
    return wal_consistency_checking != nullptr && wal_consistency_checking[RM_GENERIC_ID];
}

std::span<node::Tid> tids_at(const node::Geometry& g, Page page, const TidPlace& place) {
    if (place.chunk != node::kNoChunk) {
        node::TidChunk* chunk = page::page_chunk(page, page::chunk_index(place.chunk));
        return {chunk->tids, std::min<std::size_t>(chunk->count, node::kChunkTids)};
    }
    node::SlotEdit slot(g, page::slot_bytes(g, page, g.index_of(place.slot)));
    node::SlotHeader& h = slot.header();
    return {h.tids, std::min<std::size_t>(h.tid_count, node::kInlineTids)};
}

}  // namespace

void DeadRows::start(Relation index) {
    const bool can = RelationNeedsWAL(index) && !RecoveryInProgress() && !replay_is_compared();
    began_ = can ? GetXLogInsertRecPtr() : InvalidXLogRecPtr;
    marked_ = InvalidBlockNumber;
}

void DeadRows::mark(Relation index, const node::Geometry& geometry, const TidPlace& place) {
    if (XLogRecPtrIsInvalid(began_))
        return;
    const BlockNumber block = place.chunk == node::kNoChunk ? geometry.block_of(place.slot)
                                                            : page::chunk_block(place.chunk);
    const Buffer buffer = page::read_block(index, block);
    if (!ConditionalLockBuffer(buffer)) {
        ReleaseBuffer(buffer);
        return;
    }
    const Page page = BufferGetPage(buffer);
    const XLogRecPtr at = PageGetLSN(page);
    if (at <= began_ || (block == marked_ && at == marked_at_)) {
        for (node::Tid& tid : tids_at(geometry, page, place)) {
            if (tid == place.tid)
                tid.offset |= node::Tid::kDeadRow;
        }
        MarkBufferDirtyHint(buffer, true);
        marked_ = block;
        marked_at_ = PageGetLSN(page);
    }
    UnlockReleaseBuffer(buffer);
}

}  // namespace vg::pg::lid_hnsw
