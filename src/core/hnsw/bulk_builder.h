// Bulk construction of an HNSW graph in memory: hnswlib inserts the rows in LID-aware order
// (docs/architecture.md), then a refine pass fills short lists, re-prunes, connects what is
// unreachable and chooses the page placement. The caller maps every metric
// to one of the spaces below. Rows must be distinct (the caller dedupes) and finite.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "core/base/poll.h"
#include "core/distance/distance.h"
#include "core/hnsw/graph.h"

namespace vg::hnsw {

class RowCodes;

enum class BuildPhase : std::uint8_t { kPrefix, kProbe, kInsert, kRefine, kConnect, kPlace };

struct BuildParams {
    std::uint32_t m = 16;               // links chosen per insert; upper lists
    std::uint32_t capacity = 32;        // level-0 list capacity after refine, >= 2
    std::uint32_t upper_capacity = 32;  // list capacity above level 0
    std::uint32_t ef_construction = 64;
    std::uint32_t placement_group = 6;  // nodes that share one page, >= 1
    BuildOrder order = BuildOrder::kAuto;
    std::uint64_t seed = 0;
    unsigned threads = 1;  // including the caller
    Poll poll;
    // Called by the building thread only: rows done of rows total in a phase.
    std::function<void(BuildPhase, std::size_t, std::size_t)> progress;
};

// By what a graph is built: squared Euclidean distance, or the negative inner product, which may be
// below zero.
enum class Space : std::uint8_t { kEuclidean, kInnerProduct };

// Rows as the builder sees them: n rows of dims floats, `stride` floats apart, and a stable key per
// row (the heap TID) that decides its level.
struct Rows {
    const float* data = nullptr;
    std::size_t n = 0;
    std::size_t dims = 0;
    std::size_t stride = 0;
    const std::uint64_t* keys = nullptr;
    Space space = Space::kEuclidean;
};

// Distance of two rows by the space of the rows. Never NaN.
inline float space_distance(const Rows& rows, std::uint32_t a, std::uint32_t b) noexcept {
    const float* x = rows.data + a * rows.stride;
    const float* y = rows.data + b * rows.stride;
    if (rows.space == Space::kEuclidean)
        return distance::l2_squared(x, y, rows.dims);
    const float product = distance::inner_product(x, y, rows.dims);
    return product == product ? -product : 0.0f;  // sums of infinities of both signs
}

// Upper bound of the bytes the builder and its result use for n rows, codes and graph until the
// slots are written included, `Rows` itself not counted.
std::size_t bulk_build_bytes(std::size_t n, std::size_t dims, Space space,
                             const BuildParams& params) noexcept;

// Of how many nodes of a level one is on the next as well. Sparser levels would save bytes, since a
// node above the base takes as many as one there, but they lose clusters: with 5/2 m, 8,000 rows in
// 20 clusters of different spread loaded cluster by cluster, recall@10 at ef 120 is .986,
// not 1.000, and a wider beam on the way down does not mend it. (Where rows are not so clustered it
// loses nothing: 100,000 GloVe vectors, ef 40: 98.4 pages and recall .988, 94.9 and .988.)
constexpr double level_ratio(std::uint32_t m) noexcept {
    return m;
}
// Lists above the base that n nodes have, on average.
constexpr std::size_t mean_upper_lists(std::size_t n, std::uint32_t m) noexcept {
    return static_cast<std::size_t>(static_cast<double>(n) / (level_ratio(m) - 1));
}

// Level of a row: geometric with ratio 1 / level_ratio(m), from the seed and the row's key alone.
// At most 15.
unsigned level_for(std::uint64_t seed, std::uint64_t key, std::uint32_t m) noexcept;

// n = 0 gives a graph without layers.
// Throws Error(kOutOfMemory / kInvalidArgument / kInternal), std::bad_alloc, and whatever poll
// throws.
Graph bulk_build(const Rows& rows, const BuildParams& params);

// The same, and hands out the codes of the rows, for the links' codes (SlotWriter). They refer to
// the memory of the rows. Null without rows.
struct GraphAndCodes {
    GraphAndCodes();
    GraphAndCodes(GraphAndCodes&&) noexcept;
    ~GraphAndCodes();
    Graph graph;
    std::unique_ptr<const RowCodes> codes;
};
GraphAndCodes bulk_build_with_codes(const Rows& rows, const BuildParams& params);

}  // namespace vg::hnsw
