#include "pg/boundary/pg.h"

#include "pg/page/buffer_hints.h"

#include "pg/boundary/compat.h"

extern "C" {
#include "storage/buf_internals.h"
}

namespace vg::pg::page {
namespace {

// By relation and block, direct-mapped. Zero is no buffer (InvalidBuffer). Only the parts that are
// used take memory: 4 bytes for a page of an index.
constexpr std::uint32_t kHints = 1u << 20;
Buffer hints[kHints];

Buffer& hint_of(Relation index, BlockNumber block) {
    return hints[(storage_id(index) * 0x9E3779B1u + block) & (kHints - 1)];
}

// The contents of a buffer that other backends may replace at any moment: an address for
// prefetching.
const char* address_of(Buffer buffer) {
    return BufferBlocks + static_cast<std::size_t>(buffer - 1) * BLCKSZ;
}

bool often_used(Buffer buffer) {
    const auto state = read_atomic(&GetBufferDescriptor(buffer - 1)->state);
    return BUF_STATE_GET_USAGECOUNT(state) == BM_MAX_USAGE_COUNT;
}

}  // namespace

Buffer read_block(Relation index, BlockNumber block, BufferAccessStrategy strategy) {
    // A temporary index may have the number of a permanent one, and ReadRecentBuffer looks at no
    // more.
    if (RelationUsesLocalBuffers(index))
        return ReadBufferExtended(index, MAIN_FORKNUM, block, RBM_NORMAL, strategy);
    Buffer& hint = hint_of(index, block);
    if (hint != InvalidBuffer && often_used(hint) && read_recent_buffer(index, block, hint)) {
        pgstat_count_buffer_read(index);
        pgstat_count_buffer_hit(index);
        charge_vacuum_for_hit();
        return hint;
    }
    hint = ReadBufferExtended(index, MAIN_FORKNUM, block, RBM_NORMAL, strategy);
    return hint;
}

Buffer release_and_read_block(Buffer pinned, Relation index, BlockNumber block) {
    if (BufferIsValid(pinned)) {
        if (BufferGetBlockNumber(pinned) == block)
            return pinned;
        ReleaseBuffer(pinned);
    }
    return read_block(index, block);
}

void prefetch_block(Relation index, BlockNumber block, std::size_t offset, std::size_t bytes) {
    constexpr std::size_t kLine = 64;
    const Buffer buffer = hint_of(index, block);
    if (buffer == InvalidBuffer)
        return;
    __builtin_prefetch(GetBufferDescriptor(buffer - 1), 1);
    const char* page = address_of(buffer);
    __builtin_prefetch(page);
    __builtin_prefetch(page + BLCKSZ - 1);  // the trailer
    for (std::size_t at = offset & ~(kLine - 1); at < offset + bytes; at += kLine)
        __builtin_prefetch(page + at);
}

}  // namespace vg::pg::page
