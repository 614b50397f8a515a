// The rows of a bulk build, gathered in heap order: equal vectors become one row with a list of
// heap TIDs. Knows what it weighs, so that the caller can stop before maintenance_work_mem is
// exceeded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <type_traits>
#include <utility>

#include "core/hnsw/bulk_builder.h"
#include "core/node/node_query.h"

namespace vg::hnsw {

// Array that grows by realloc: large blocks are remapped rather than copied, so growing never holds
// two copies in memory, and capacity that was never written costs no memory.
template <typename T>
class GrowArray {
    static_assert(std::is_trivially_copyable_v<T>);

  public:
    GrowArray() = default;
    ~GrowArray() { std::free(data_); }
    GrowArray(const GrowArray&) = delete;
    GrowArray& operator=(const GrowArray&) = delete;

    T* data() noexcept { return data_; }
    const T* data() const noexcept { return data_; }
    std::size_t size() const noexcept { return size_; }
    T& operator[](std::size_t i) noexcept { return data_[i]; }
    const T& operator[](std::size_t i) const noexcept { return data_[i]; }
    std::size_t bytes() const noexcept { return size_ * sizeof(T); }

    void push_back(const T& value) { *grow_by(1) = value; }
    // Room for n more at the end, uninitialised; returns its start.
    T* grow_by(std::size_t n) {
        if (size_ + n > capacity_) {
            const std::size_t wanted = size_ + n + size_ / 2 + 64;
            if (wanted > static_cast<std::size_t>(-1) / sizeof(T))
                throw std::bad_alloc();
            void* p = std::realloc(data_, wanted * sizeof(T));
            if (p == nullptr)
                throw std::bad_alloc();
            data_ = static_cast<T*>(p);
            capacity_ = wanted;
        }
        T* start = data_ + size_;
        size_ += n;
        return start;
    }
    void shrink_by(std::size_t n) noexcept { size_ -= n; }
    void clear() noexcept {
        std::free(data_);
        data_ = nullptr;
        size_ = capacity_ = 0;
    }

  private:
    T* data_ = nullptr;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

// The space that a graph of that metric is built in.
constexpr Space space_of(node::Metric metric) noexcept {
    return metric == node::Metric::kInnerProduct ? Space::kInnerProduct : Space::kEuclidean;
}

class RowStore {
  public:
    RowStore(const node::Geometry& geometry, node::Metric metric);

    // Takes one row; `vector` (dims floats, finite) is copied. False when the metric cannot index
    // it (a zero vector under cosine), in which case nothing is kept.
    bool add(const float* vector, node::Tid tid);

    // Ends gathering and computes the centre of the codes (zero for inner products). Afterwards
    // rows() is valid and add() is not.
    void finish();

    std::size_t size() const noexcept { return keys_.size(); }  // distinct rows
    std::size_t total() const noexcept { return size() + more_.size(); }
    // Row i: dims floats.
    const float* row(std::size_t i) const noexcept { return data_.data() + i * stride_; }
    std::size_t dims() const noexcept { return dims_; }
    // Whether rows are kept as they were given.
    bool exact() const noexcept { return geometry_.exact(); }
    // How row i was brought into the storage; the row itself is what was made of it. Shared by all
    // rows that are stored alike.
    node::Encoding encoding(std::size_t i) const noexcept {
        return geometry_.exact() ? node::Encoding{} : encodings_[i];
    }
    const float* centre() const noexcept { return centre_.data(); }
    node::Metric metric() const noexcept { return metric_; }
    Rows rows() const noexcept;

    // Calls fn(Tid) for each heap TID of row i, first come first.
    template <typename Fn>
    void for_each_tid(std::size_t i, Fn&& fn) const {
        fn(first_[i].tid);
        for (std::uint32_t at = first_[i].next; at != kNoNode; at = more_[at].next)
            fn(more_[at].tid);
    }

    // Bytes held now, and what a build of these rows will need on top (builder, graph, rotations).
    std::size_t bytes() const noexcept;
    std::size_t build_bytes(const BuildParams& params) const noexcept;

  private:
    struct TidNode {
        node::Tid tid;
        std::uint32_t next;
    };
    std::uint32_t* find_cell(const float* row, std::uint64_t hash) noexcept;
    void rehash();

    node::Geometry geometry_;
    node::Metric metric_;
    std::size_t dims_;
    std::size_t stride_;
    GrowArray<float> data_;
    GrowArray<std::uint64_t> keys_;  // first TID of each row, as a number
    GrowArray<std::uint32_t> hashes_;
    GrowArray<TidNode> first_;       // per row: first TID, then a list in more_
    GrowArray<std::uint32_t> last_;  // per row: tail of its list in more_
    GrowArray<TidNode> more_;
    GrowArray<node::Encoding> encodings_;  // where storage is not exact
    GrowArray<float> centre_;
    GrowArray<std::uint32_t> table_;  // open addressing: row numbers
};

}  // namespace vg::hnsw
