// Rows that an aggregate must keep until its end, within a budget of bytes. The caller chooses the
// memory; nothing here throws on a full budget, so that the caller can say which setting to raise.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory_resource>
#include <vector>

namespace vg::rank {

template <typename T>
class BoundedRows {
  public:
    // scratch_bytes: what the evaluation at the end needs per row beside the row itself.
    BoundedRows(std::pmr::memory_resource* memory, std::size_t budget_bytes,
                std::size_t scratch_bytes)
        : rows_(memory),
          bytes_per_row_(sizeof(T) + scratch_bytes),
          most_(budget_bytes / bytes_per_row_) {}

    bool full() const noexcept { return rows_.size() == rows_.capacity(); }

    // Makes room for more rows; false when the budget does not allow it. Throws std::bad_alloc.
    bool try_grow() {
        constexpr std::size_t kFirst = 32;
        if (rows_.capacity() >= most_)
            return false;
        rows_.reserve(std::min(most_, std::max(kFirst, 2 * rows_.capacity())));
        return true;
    }

    // Requires !full().
    void push(const T& row) { rows_.push_back(row); }

    // What the rows take of the budget.
    std::size_t bytes() const noexcept { return rows_.size() * bytes_per_row_; }

    std::pmr::vector<T>& rows() noexcept { return rows_; }
    const std::pmr::vector<T>& rows() const noexcept { return rows_; }

  private:
    std::pmr::vector<T> rows_;
    std::size_t bytes_per_row_;
    std::size_t most_;
};

}  // namespace vg::rank
