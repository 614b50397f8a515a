#include "core/node/chunk_audit.h"

#include <algorithm>

#include "core/no_postgres.h"

namespace vg::node {

ChunkFault ChunkAudit::add_chunk(ChunkId id, const TidChunk& chunk) {
    if (chunk.count > kChunkTids)
        return {"an overflow chunk claims more heap TIDs than it can hold", id};
    if (chunk.owner == kNoSlot && chunk.count != 0)
        return {"a free overflow chunk holds heap TIDs", id};
    chunks_.push_back({id, chunk.owner, chunk.next, false});
    return {};
}

ChunkFault ChunkAudit::follow(SlotId owner, ChunkId head) {
    constexpr std::size_t kPollEvery = 65536;
    for (ChunkId id = head; id != kNoChunk;) {
        const auto at = std::lower_bound(chunks_.begin(), chunks_.end(), id,
                                         [](const Entry& e, ChunkId c) { return e.id < c; });
        if (at == chunks_.end() || at->id != id)
            return {"a list of overflow chunks leads to one that does not exist", id};
        if (at->listed)
            return {"an overflow chunk is on two lists, or its list runs in a circle", id};
        if (at->owner != owner)
            return {owner == kNoSlot ? "the free list leads to an overflow chunk in use"
                                     : "an overflow chunk does not belong to its node",
                    id};
        at->listed = true;
        id = at->next;
        if (++steps_ % kPollEvery == 0)
            poll_();
    }
    return {};
}

ChunkFault ChunkAudit::finish(ChunkId free_head) {
    for (const List& list : lists_) {
        if (const ChunkFault f = follow(list.owner, list.head))
            return f;
    }
    if (const ChunkFault f = follow(kNoSlot, free_head))
        return f;
    for (const Entry& e : chunks_) {
        if (!e.listed)
            return {e.owner == kNoSlot ? "a free overflow chunk is missing from the free list"
                                       : "an overflow chunk is missing from its node's list",
                    e.id};
    }
    return {};
}

}  // namespace vg::node
