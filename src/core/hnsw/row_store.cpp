#include "core/hnsw/row_store.h"

#include <algorithm>
#include <cstring>

#include "core/base/status.h"
#include "core/code/centre.h"
#include "core/no_postgres.h"

namespace vg::hnsw {

RowStore::RowStore(const node::Geometry& geometry, node::Metric metric)
    : geometry_(geometry), metric_(metric), dims_(geometry.dims), stride_(geometry.dims) {
    std::fill_n(table_.grow_by(1024), 1024, kNoNode);
}

std::uint32_t* RowStore::find_cell(const float* row, std::uint64_t hash) noexcept {
    const std::size_t mask = table_.size() - 1;
    std::size_t i = hash & mask;
    while (table_[i] != kNoNode) {
        const std::uint32_t other = table_[i];
        if (hashes_[other] == static_cast<std::uint32_t>(hash >> 32) &&
            std::memcmp(this->row(other), row, dims_ * sizeof(float)) == 0)
            break;
        i = (i + 1) & mask;
    }
    return &table_[i];
}

void RowStore::rehash() {
    const std::size_t cells = table_.size() * 2;
    table_.clear();
    std::fill_n(table_.grow_by(cells), cells, kNoNode);
    for (std::size_t r = 0; r < size(); ++r) {
        std::size_t i = node::hash_row(row(r), dims_) & (cells - 1);
        while (table_[i] != kNoNode)
            i = (i + 1) & (cells - 1);
        table_[i] = static_cast<std::uint32_t>(r);
    }
}

bool RowStore::add(const float* vector, node::Tid tid) {
    if (size() + 1 >= kNoNode || more_.size() + 1 >= kNoNode)
        throw Error(StatusCode::kLimitExceeded, "too many rows for one in-memory build");
    if (2 * (size() + 1) > table_.size())
        rehash();

    float* row = data_.grow_by(stride_);
    const auto undo = [&] { data_.shrink_by(stride_); };
    std::copy(vector, vector + dims_, row);
    // From here on the row is what the index will hold, so that the graph, the codes and the stored
    // vectors agree.
    node::Encoding encoding;
    if (!node::make_storable(geometry_.storage, metric_, row, dims_, &encoding)) {
        undo();
        return false;
    }

    const std::uint64_t hash = node::hash_row(row, dims_);
    std::uint32_t* cell = find_cell(row, hash);
    if (*cell != kNoNode) {
        undo();
        const std::uint32_t same = *cell;
        const std::uint32_t at = static_cast<std::uint32_t>(more_.size());
        more_.push_back({tid, kNoNode});
        (last_[same] == kNoNode ? first_[same].next : more_[last_[same]].next) = at;
        last_[same] = at;
        if (encodings_.size() != 0)
            node::share(&encodings_[same], encoding);
        return true;
    }
    *cell = static_cast<std::uint32_t>(size());
    keys_.push_back(tid.key());
    hashes_.push_back(static_cast<std::uint32_t>(hash >> 32));
    first_.push_back({tid, kNoNode});
    last_.push_back(kNoNode);
    if (!geometry_.exact())
        encodings_.push_back(encoding);
    return true;
}

void RowStore::finish() {
    table_.clear();
    hashes_.clear();
    last_.clear();

    // Estimates of inner products need no centre.
    const std::size_t counted = metric_ == node::Metric::kInnerProduct ? 0 : size();
    const std::vector<float> centre = code::robust_centre(data_.data(), counted, stride_, dims_);
    std::copy(centre.begin(), centre.end(), centre_.grow_by(dims_));
}

Rows RowStore::rows() const noexcept {
    return {data_.data(), size(), dims_, stride_, keys_.data(), space_of(metric_)};
}

std::size_t RowStore::bytes() const noexcept {
    return data_.bytes() + keys_.bytes() + hashes_.bytes() + first_.bytes() + last_.bytes() +
           more_.bytes() + encodings_.bytes() + centre_.bytes() + table_.bytes();
}

std::size_t RowStore::build_bytes(const BuildParams& params) const noexcept {
    return bulk_build_bytes(size(), dims_, space_of(metric_), params);
}

}  // namespace vg::hnsw
