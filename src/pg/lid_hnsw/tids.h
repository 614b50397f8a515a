// The heap TIDs of a node: three in its slot, further ones in a list of overflow chunks that starts
// at the slot. Who changes what, so that nobody needs a lock on a whole list:
//   inserts   add to the slot, to the first chunk, or put a new first chunk in front
//   vacuum    removes TIDs anywhere and takes empty chunks other than the first out of the list
//   readers   hold one page at a time. A chunk taken out from under them carries another owner or
//             no owner, or it is the new first chunk of the same list: they notice the former and
//             go along the list again, and drop what they meet twice.
// A slot page is locked before the page of a chunk. A TID never moves.
#pragma once

#include "pg/boundary/pg.h"

#include <cstdint>
#include <optional>
#include <unordered_set>

#include "core/node/geometry.h"
#include "pg/page/page.h"

namespace vg::pg {

// TIDs gathered from a list of chunks, sorted and distinct. Plain memory in `context`.
struct TidList {
    MemoryContext context = nullptr;
    ItemPointerData* tids = nullptr;
    std::size_t count = 0;
    std::size_t capacity = 0;
};

// Reads the list of base slot `owner` that starts at `head` into `out`. A list that changes
// underneath is read again from the slot; none is left when the slot is no longer that node's.
void read_chunks(Relation index, const node::Geometry& g, node::SlotId owner, node::ChunkId head,
                 TidList* out);

// Counts the chunks of a list, which are fewer than the index has in all unless it runs in a
// circle. The index is asked for its size only where a list is long.
struct ListGuard {
    std::uint64_t limit = 64;
    std::uint64_t steps = 0;
};

// Hands out the TIDs of a list one chunk after the other, so that the first ones of very many cost
// one page. What a snapshot sees that is older than start_tids comes exactly once, whatever becomes
// of the list meanwhile: such a TID stays in its chunk, a chunk with one stays in the list, and the
// chunks that were read are remembered. A chunk that was taken out of the list before its turn
// shows by its owner; the reader then goes along the list again and passes over what it has read.
// One that was put in front of the same list holds rows that came later, and leads back to the
// others. Lives in a memory context, as its user does (R9). The functions may ereport and throw.
class TidReader {
  public:
    // The list of base slot `owner` that starts at `head`; kNoChunk: none.
    void start(node::SlotId owner, node::ChunkId head);
    // False when no TID is left.
    bool next(Relation index, const node::Geometry& g, node::Tid* tid);
    // Where the last one came from.
    node::ChunkId chunk() const noexcept { return read_; }

  private:
    void read(Relation index, const node::Geometry& g);

    node::SlotId owner_ = node::kNoSlot;
    node::ChunkId next_ = node::kNoChunk;  // to be read when chunk_ is used up
    node::ChunkId read_ = node::kNoChunk;  // in chunk_
    node::TidChunk chunk_{};
    int at_ = 0;
    int rereads_ = 0;
    ListGuard guard_;
    std::optional<std::unordered_set<node::ChunkId>> seen_;  // read, of lists with more than one
};

// What vacuum asks: whether a TID is to go.
struct TidFilter {
    IndexBulkDeleteCallback callback;
    void* callback_state;
    IndexBulkDeleteResult* stats;
};
bool tid_is_dead(const TidFilter* f, const node::Tid& tid);
// Removes the dead ones in place and counts them; returns how many stay.
std::uint16_t drop_dead(const TidFilter* f, node::Tid* tids, int count);

// Removes dead TIDs from a list, and from the list the chunks that are empty then, except the
// first. Takes page locks of its own.
struct ChunksLeft {
    node::ChunkId head;  // of the list that was cleaned
    std::size_t behind;  // TIDs that stay behind the first chunk
    std::size_t total;   // and in all
};
ChunksLeft clean_chunks(Relation index, node::SlotId owner, node::ChunkId head, const TidFilter* f);
// TIDs in one chunk; the caller may hold the page of its slot.
std::uint16_t chunk_count(Relation index, node::SlotId owner, node::ChunkId chunk);
// Gives all chunks of a dead node back, each in one record with the slot that led to it: whoever is
// interrupted in between leaves a list of the rest.
void release_chunks(Relation index, const node::Geometry& g, node::SlotId owner,
                    node::ChunkId head);

}  // namespace vg::pg
