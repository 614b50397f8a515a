// Finds pages of an index in shared buffers without the buffer mapping table.
//
// A search reads some hundred pages that are far apart. For each, the server's look-up waits for
// the memory of a hash bucket, its entry and the buffer's header, then for the page, one after the
// other; in a cached index that is a third of a search. Every backend therefore remembers in which
// buffer it last met a block. A memory is verified by the server (ReadRecentBuffer) and never
// trusted. And it tells the processor in advance which memory the next page will need
// (prefetch_block).
//
// Fair to the buffer replacement: ReadRecentBuffer does not raise the usage count of a buffer, so
// it serves only those that have the highest count anyway.
//
// Reading may ereport as ReadBuffer does; prefetching calls nothing. PostgreSQL 14 and newer; 13
// reads as ever.
#pragma once

#include "pg/boundary/pg.h"

#include <cstddef>
#include <cstdint>

namespace vg::pg::page {

// As ReadBuffer and ReleaseAndReadBuffer, main fork. `strategy` is for blocks that are in no
// buffer.
Buffer read_block(Relation index, BlockNumber block, BufferAccessStrategy strategy = nullptr);
Buffer release_and_read_block(Buffer pinned, Relation index, BlockNumber block);

// A hint that bytes [offset, offset + bytes) of that block, and what every reader looks at, will be
// read soon. Takes no pin; any block may be named.
void prefetch_block(Relation index, BlockNumber block, std::size_t offset, std::size_t bytes);

}  // namespace vg::pg::page
