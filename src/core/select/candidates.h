// The rows a selection chooses from: unit vectors, relevances and what else is known of each row.
//
// Life cycle: add() every row, then finish() once; the rest is for afterwards. finish() puts the
// rows into canonical order, most relevant first and equal ones as they were added, so that neither
// rounding of sums nor the breaking of ties depends on the order in which a table is read. Indexes
// below count in canonical order. Memory comes from the resource given; not thread-safe.
#pragma once

#include <cstddef>
#include <limits>
#include <memory_resource>
#include <span>
#include <vector>

namespace vg::select {

inline constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();

// What is known of a row besides its vector.
struct Row {
    double relevance = kAbsent;  // any finite scale; absent: the row cannot be chosen
    double weight = kAbsent;     // how much the row counts where rows are to be covered; >= 0
    double cost = 0.0;           // finite and >= 0; absent: the row cannot be chosen under a budget
    int group = -1;              // number of its group, -1 for none
    bool shown = false;          // in the set from the start, and not to be chosen
};

class Candidates {
  public:
    explicit Candidates(std::pmr::memory_resource* memory);

    void reserve(std::size_t rows, std::size_t dims);

    // Adds a row; its position is the number of rows added before. Either all rows have a vector,
    // of the same length, or none has one. Throws Error for a zero vector and for values out of
    // range.
    void add(std::span<const float> vector, const Row& row);

    // Sorts, and scales relevances to [0, 1]. Where no row has a weight of its own, a row's weight
    // is its scaled relevance; where some have, the others weigh nothing.
    void finish();

    std::size_t size() const noexcept { return rows_.size(); }
    std::size_t dims() const noexcept { return dims_; }      // as given; 0 without vectors
    std::size_t stride() const noexcept { return stride_; }  // floats from a vector to the next
    const float* vectors() const noexcept { return vectors_.data(); }
    const float* vector(std::size_t i) const noexcept { return vectors_.data() + i * stride_; }
    const Row& row(std::size_t i) const noexcept { return rows_[i]; }
    std::size_t position(std::size_t i) const noexcept { return positions_[i]; }

    // Min-max scaled over the rows that can be chosen, 1 where all are equal; 0 for other rows.
    std::span<const double> relevance() const noexcept { return scaled_; }
    // What each row counts where rows are to be covered.
    std::span<const double> weights() const noexcept { return weights_; }
    bool selectable(std::size_t i) const noexcept;
    std::size_t selectable_count() const noexcept { return selectable_; }

    // Bytes that so many rows of so many dimensions occupy here.
    static std::size_t bytes(std::size_t rows, std::size_t dims) noexcept;

  private:
    void sort_rows();
    void move_rows(std::span<const std::size_t> source);
    void scale();

    std::size_t dims_ = 0;
    std::size_t stride_ = 0;
    std::size_t selectable_ = 0;
    std::pmr::vector<float> vectors_;
    std::pmr::vector<Row> rows_;
    std::pmr::vector<std::size_t> positions_;
    std::pmr::vector<double> scaled_;
    std::pmr::vector<double> weights_;
};

}  // namespace vg::select
