// Measuring recall: the exact answers to many queries from one pass over the rows, and the figures
// that sum up how many of them an index found.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/node/format.h"

namespace vg::hnsw {

// The k smallest distances of every query to the rows that are shown to it. Distances order as the
// metric's operator does: Euclidean, negative inner product, cosine, taxicab.
class ExactPanel {
  public:
    // dims, k >= 1.
    ExactPanel(node::Metric metric, std::size_t dims, std::size_t k)
        : metric_(metric), dims_(dims), k_(k) {}

    // Copies a query, dims floats; false for one that the metric cannot measure (zero under
    // cosine). All queries before the first row. Throws std::bad_alloc.
    bool add_query(const float* query);
    // Shows a row, as node::prepare_row left it, to all queries. Throws nothing once the first row
    // is in.
    void add_row(const float* row);
    // Distance of a query to a prepared row: the same number that add_row saw.
    float distance(std::size_t query, const float* row) const noexcept;

    std::size_t queries() const noexcept { return queries_.size() / dims_; }
    std::uint64_t rows() const noexcept { return rows_; }
    // Rows in an exact answer: k, or all where there are fewer.
    std::size_t wanted() const noexcept {
        return rows_ < k_ ? static_cast<std::size_t>(rows_) : k_;
    }
    // A row at most this far belongs to an exact answer. The slack (1e-5 of the distance) lets rows
    // that tie with the last one count, whichever of them the exact answer happened to take.
    float limit(std::size_t query) const noexcept;
    // The distances of an exact answer, ascending. Throws std::bad_alloc.
    void answer(std::size_t query, std::vector<float>& out) const;
    const float* query(std::size_t i) const noexcept { return queries_.data() + i * dims_; }

  private:
    node::Metric metric_;
    std::size_t dims_;
    std::size_t k_;
    std::uint64_t rows_ = 0;
    std::vector<float> queries_;
    std::vector<float> nearest_;  // per query a max-heap of at most k distances
};

// The recall of many queries in figures. All 0 without queries.
struct RecallSummary {
    double mean = 0;
    double p5 = 0;
    double min = 0;
    double low = 0;  // 95 % confidence interval of the mean
    double high = 0;
};

// recall: per query the share of `wanted` >= 1 rows found. The interval is Wilson's for a share of
// queries x wanted hits, with that number divided by the design effect (Kish 1965): hits of one
// query are not independent of each other. Sorts `recall`.
RecallSummary summarise_recall(std::span<float> recall, std::size_t wanted) noexcept;

}  // namespace vg::hnsw
