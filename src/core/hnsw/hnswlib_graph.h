// Thin wrapper around hnswlib 0.6.2 that keeps its header, its exceptions and its quirks in one
// .cpp. Ownership: the codes belong to the caller and must outlive the object; hnswlib keeps a copy
// of each record. Threads: insert() may run from several threads for distinct rows once a first row
// is in; search() is read-only, needs no lock, and must not overlap an insert.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/hnsw/bulk_builder.h"
#include "core/hnsw/graph.h"
#include "core/hnsw/row_codes.h"

namespace vg::hnsw {

struct Hit {
    float distance;  // squared L2
    std::uint32_t row;
};

class HnswlibGraph {
  public:
    // Room for `rows.n` rows. The lists of level 0 lie in the blocks of `codes`, which must have
    // room for list_bytes(m) and outlive the graph. Throws Error(kOutOfMemory).
    HnswlibGraph(const Rows& rows, RowCodes& codes, std::uint32_t m, std::uint32_t ef_construction,
                 unsigned threads);
    ~HnswlibGraph();
    HnswlibGraph(const HnswlibGraph&) = delete;
    HnswlibGraph& operator=(const HnswlibGraph&) = delete;

    // Adds row `row` with the given top level. Each row at most once. `worker` in [0, threads) is
    // the calling thread's number: here and below, one call per worker at a time.
    // Throws Error(kInternal) where hnswlib reports a broken invariant, std::bad_alloc.
    // With `refuse_copies`, false and nothing done where the row is a near-copy of one that is in.
    bool insert(std::uint32_t row, unsigned level, unsigned worker, bool refuse_copies);

    // The k rows nearest to `row`, which need not be in, found by a beam of width ef, nearest
    // first, in `out` (reused).
    void search(std::uint32_t row, std::size_t ef, std::size_t k, unsigned worker,
                std::vector<Hit>& out) const;

    // Top level of the graph, and the row where searches start. Undefined while empty.
    unsigned top_level() const noexcept;
    std::uint32_t entry() const noexcept;

    // The lists of one level as hnswlib left them: unsorted, capacity 2m at level 0 and m above.
    // `members` are the rows of that level, ascending (empty: all rows), and the lists hold
    // positions in `members`, not rows.
    Layer layer(unsigned level, std::vector<std::uint32_t> members) const;

    // What a row's list of level 0 takes, in the blocks of the codes.
    static std::size_t list_bytes(std::uint32_t m) noexcept;
    // Upper bound of the heap bytes of a graph of n rows built by `threads` threads, those blocks
    // not counted.
    static std::size_t bytes(std::size_t n, std::uint32_t m, unsigned threads) noexcept;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace vg::hnsw
