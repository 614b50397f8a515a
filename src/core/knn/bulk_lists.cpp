#include "core/knn/bulk_lists.h"

#include <algorithm>

#include "core/base/parallel.h"
#include "core/no_postgres.h"

namespace vg::knn {
namespace {

// A search takes about 0.1 ms.
constexpr std::size_t kChunk = 16;

struct Candidate {
    float gap;
    std::uint32_t row;
    bool expanded;
};

// Beam search of one thread over the base layer, and its scratch.
class Searcher {
  public:
    Searcher(const hnsw::RowStore& rows, const hnsw::Graph& graph, const Similarity& similarity,
             std::size_t beam)
        : rows_(rows),
          layer_(graph.layers[0]),
          entry_(graph.entry),
          similarity_(similarity),
          beam_(beam),
          seen_(rows.size()) {
        pool_.reserve(beam + 1);
    }

    // Leaves the rows nearest to `row`, itself among them, in pool().
    void run(std::uint32_t row) {
        if (++generation_ == 0) {
            std::fill(seen_.begin(), seen_.end(), 0u);
            generation_ = 1;
        }
        pool_.clear();
        query_ = rows_.row(row);
        offer(row);
        // The nearest by inner product may lie anywhere, whatever the row itself links to.
        offer(entry_);
        for (std::size_t at = 0; at < pool_.size();) {
            if (pool_[at].expanded) {
                ++at;
                continue;
            }
            pool_[at].expanded = true;
            first_new_ = at + 1;
            expand(pool_[at].row);
            at = std::min(at + 1, first_new_);
        }
    }
    const std::vector<Candidate>& pool() const noexcept { return pool_; }

  private:
    void expand(std::uint32_t row) {
        const std::uint32_t* links = layer_.list(row);
        const std::size_t degree = layer_.degree[row];
        fresh_.clear();
        for (std::size_t i = 0; i < degree; ++i) {
            if (seen_[links[i]] == generation_)
                continue;
            seen_[links[i]] = generation_;
            fresh_.push_back(links[i]);
            const float* vector = rows_.row(links[i]);
            for (std::size_t b = 0; b < 8; ++b)
                __builtin_prefetch(vector + 16 * b);
        }
        for (const std::uint32_t r : fresh_)
            measure(r);
    }

    void offer(std::uint32_t row) {
        if (seen_[row] == generation_)
            return;
        seen_[row] = generation_;
        measure(row);
    }

    void measure(std::uint32_t row) {
        const float gap = similarity_.gap(query_, rows_.row(row));
        if (pool_.size() == beam_) {
            if (gap >= pool_.back().gap)
                return;
            pool_.pop_back();
        }
        const auto at = std::upper_bound(pool_.begin(), pool_.end(), gap,
                                         [](float g, const Candidate& c) { return g < c.gap; });
        first_new_ = std::min(first_new_, static_cast<std::size_t>(at - pool_.begin()));
        pool_.insert(at, {gap, row, false});
    }

    const hnsw::RowStore& rows_;
    const hnsw::Layer& layer_;
    std::uint32_t entry_;
    const Similarity& similarity_;
    std::size_t beam_;
    const float* query_ = nullptr;
    std::vector<std::uint32_t> seen_;  // generation in which a row was met
    std::uint32_t generation_ = 0;
    std::vector<Candidate> pool_;  // by rising gap
    std::vector<std::uint32_t> fresh_;
    std::size_t first_new_ = 0;  // least position that took a new row
};

}  // namespace

BulkLists::BulkLists(const hnsw::RowStore& rows, const hnsw::Graph& graph,
                     const Similarity& similarity, const BulkParams& params)
    : k_(params.k), counts_(rows.size()) {
    const std::size_t n = rows.size();
    if (n == 0)
        return;
    lists_.grow_by(n * k_);
    const std::size_t beam = std::max(params.beam, k_ + 1);
    std::vector<Searcher> searchers;
    searchers.reserve(params.threads);
    for (unsigned t = 0; t < params.threads; ++t)
        searchers.emplace_back(rows, graph, similarity, beam);
    const auto find = [&](std::uint32_t row, Searcher& searcher) {
        searcher.run(row);
        ListNeighbour* list = lists_.data() + row * k_;
        std::size_t count = 0;
        for (const Candidate& c : searcher.pool()) {
            const ListNeighbour neighbour{c.row, similarity.of_gap(c.gap)};
            if (c.row != row && wants({list, count}, k_, neighbour))
                count = put(list, count, k_, neighbour);
        }
        counts_[row] = static_cast<std::uint16_t>(count);
    };
    // In placement order, in which neighbours in a row share most of what they read.
    parallel_for(params.threads, n, kChunk, params.poll,
                 [&](std::size_t begin, std::size_t end, unsigned worker) {
                     for (std::size_t i = begin; i < end; ++i)
                         find(graph.placement[i], searchers[worker]);
                     if (worker == 0 && params.progress)
                         params.progress(end);
                 });
}

}  // namespace vg::knn
