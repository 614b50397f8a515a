// Lists of the nearest neighbours of all rows of a bulk build: every row searches the finished
// graph for itself, starting at itself, with exact distances. Threads: as params.threads says; each
// list is written by one of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/base/poll.h"
#include "core/hnsw/graph.h"
#include "core/hnsw/row_store.h"
#include "core/knn/list.h"
#include "core/knn/similarity.h"

namespace vg::knn {

struct BulkParams {
    std::size_t k = 16;
    std::size_t beam = 100;  // rows a search keeps, at least k + 1
    unsigned threads = 1;
    Poll poll;
    std::function<void(std::size_t)> progress;  // rows done; by the caller's thread only
};

class BulkLists {
  public:
    // `graph` was built from `rows`. ListNeighbour::node is the number of a row here. Throws
    // std::bad_alloc and whatever poll throws.
    BulkLists(const hnsw::RowStore& rows, const hnsw::Graph& graph, const Similarity& similarity,
              const BulkParams& params);

    std::span<const ListNeighbour> of(std::uint32_t row) const noexcept {
        return {lists_.data() + row * k_, counts_[row]};
    }
    // Bytes of the lists of n rows, and of building them.
    static std::size_t bytes(std::size_t n, std::size_t k, unsigned threads) noexcept {
        return n * (k * sizeof(ListNeighbour) + sizeof(std::uint16_t) +
                    threads * sizeof(std::uint32_t));
    }

  private:
    std::size_t k_;
    hnsw::GrowArray<ListNeighbour> lists_;
    std::vector<std::uint16_t> counts_;
};

}  // namespace vg::knn
