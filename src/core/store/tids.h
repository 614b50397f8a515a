// The heap TIDs of a node: three in its slot, further ones in a list of overflow chunks that starts
// at the slot. Who changes what, so that nobody needs a lock on a whole list:
//   inserts   add to the slot, to the first chunk, or put a new first chunk in front
//   vacuum    removes TIDs anywhere and takes empty chunks other than the first out of the list
//   readers   hold one page at a time. A chunk taken out from under them carries another owner or
//             no owner, or it is the new first chunk of the same list: they notice the former and
//             go along the list again, and drop what they meet twice.
// A slot page is locked before the page of a chunk. A TID never moves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_set>

#include "core/node/slot.h"
#include "core/store/store.h"

namespace vg::store {

// Counts the chunks of a list, which are fewer than the index has in all unless it runs in a
// circle. The index is asked for its size only where a list is long.
struct ListGuard {
    std::uint64_t limit = 64;
    std::uint64_t steps = 0;
};

// ---- inserts ----

enum class Added { kYes, kNodeIsGone, kNoRoom };

// Adds a TID to base slot `id`, which the edit has open: in the slot, or in the first chunk, which
// is opened then. kNoRoom, and nothing changed, where neither has room.
Added add_tid_in_place(Store& store, node::SlotId id, node::SlotHeader* header,
                       const node::Tid& tid);
// Puts a new first chunk with the TID in front of the list. Requires: the edit has opened the
// metapage and the slot.
void add_tid_in_new_chunk(Store& store, node::SlotId id, node::SlotHeader* header,
                          const node::Tid& tid);

// ---- readers ----

// Hands out the TIDs of a list one chunk after the other, so that the first ones of very many cost
// one page. What a snapshot sees that is older than start() comes exactly once, whatever becomes
// of the list meanwhile: such a TID stays in its chunk, a chunk with one stays in the list, and the
// chunks that were read are remembered. A chunk that was taken out of the list before its turn
// shows by its owner; the reader then goes along the list again and passes over what it has read.
// One that was put in front of the same list holds rows that came later, and leads back to the
// others.
class TidReader {
  public:
    // The list of base slot `owner` that starts at `head`; kNoChunk: none.
    void start(node::SlotId owner, node::ChunkId head);
    // False when no TID is left.
    bool next(Store& store, node::Tid* tid);
    // Where the last one came from.
    node::ChunkId chunk() const noexcept { return read_; }

  private:
    void read(Store& store);

    node::SlotId owner_ = node::kNoSlot;
    node::ChunkId next_ = node::kNoChunk;  // to be read when chunk_ is used up
    node::ChunkId read_ = node::kNoChunk;  // in chunk_
    node::TidChunk chunk_{};
    int at_ = 0;
    int rereads_ = 0;
    ListGuard guard_;
    std::optional<std::unordered_set<node::ChunkId>> seen_;  // read, of lists with more than one
};

// ---- vacuum ----

// Which TIDs are to go, and how many went.
struct TidFilter {
    bool (*is_dead)(const node::Tid& tid, void* arg);
    void* arg;
    std::uint64_t removed;

    bool operator()(const node::Tid& tid) const { return is_dead(tid, arg); }
};
// Removes the dead ones in place and counts them; returns how many stay.
std::uint16_t drop_dead(TidFilter* f, node::Tid* tids, int count);

// Removes dead TIDs from a list, and from the list the chunks that are empty then, except the
// first. Makes edits of its own.
struct ChunksLeft {
    node::ChunkId head;  // of the list that was cleaned
    std::size_t behind;  // TIDs that stay behind the first chunk
    std::size_t total;   // and in all
};
ChunksLeft clean_chunks(Store& store, node::SlotId owner, node::ChunkId head, TidFilter* f);
// TIDs in one chunk; the page of its slot may be open for change.
std::uint16_t chunk_count(Store& store, node::SlotId owner, node::ChunkId chunk);
// Gives all chunks of a dead node back, each in one edit with the slot that led to it: whoever is
// interrupted in between leaves a list of the rest.
void release_chunks(Store& store, node::SlotId owner, node::ChunkId head);

}  // namespace vg::store
