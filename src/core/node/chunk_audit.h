// Consistency of the overflow chunks of a node store: every chunk belongs to exactly one list, that
// of its owner or the free list. The caller hands over all chunks in ascending order of id, and the
// head of every list, while it walks the pages; finish() then follows the lists. Memory: 16 bytes
// per chunk and 8 per node that has chunks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/poll.h"
#include "core/node/format.h"

namespace vg::node {

struct ChunkFault {
    const char* what = nullptr;
    ChunkId chunk = kNoChunk;
    explicit operator bool() const noexcept { return what != nullptr; }
};

class ChunkAudit {
  public:
    explicit ChunkAudit(Poll poll) : poll_(poll) {}

    // Ids ascend from call to call. Throws std::bad_alloc.
    ChunkFault add_chunk(ChunkId id, const TidChunk& chunk);
    // A base slot that has a list. Throws std::bad_alloc.
    void add_list(SlotId owner, ChunkId head) { lists_.push_back({owner, head}); }
    ChunkFault finish(ChunkId free_head);

  private:
    struct Entry {
        ChunkId id;
        SlotId owner;
        ChunkId next;
        bool listed;
    };
    struct List {
        SlotId owner;
        ChunkId head;
    };
    ChunkFault follow(SlotId owner, ChunkId head);

    Poll poll_;
    std::vector<Entry> chunks_;
    std::vector<List> lists_;
    std::size_t steps_ = 0;
};

}  // namespace vg::node
