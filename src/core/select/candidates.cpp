// Collection, canonical order and scaling of candidates.
#include "core/select/candidates.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "core/base/status.h"
#include "core/distance/dot_rows.h"

#include "core/no_postgres.h"

namespace vg::select {
namespace {

[[noreturn]] void bad_row(const std::string& what) {
    throw Error(StatusCode::kInvalidArgument, what);
}

std::size_t padded(std::size_t dims) noexcept {
    return (dims + distance::kDotBlock - 1) / distance::kDotBlock * distance::kDotBlock;
}

void check_row(const Row& row) {
    if (std::isinf(row.relevance))
        bad_row("relevance must be finite");
    if (row.weight < 0 || std::isinf(row.weight))
        bad_row("weight must be finite and not negative");
    if (row.cost < 0 || std::isinf(row.cost))
        bad_row("cost must be finite and not negative");
}

// Writes the vector at unit length. Summed in double: no overflow, and the same
// bits everywhere; in eight parts, for speed.
void write_unit(std::span<const float> vector, float* out) {
    constexpr std::size_t kSums = 8;
    double sums[kSums] = {};
    std::size_t at = 0;
    for (; at + kSums <= vector.size(); at += kSums) {
        for (std::size_t lane = 0; lane < kSums; ++lane)
            sums[lane] += static_cast<double>(vector[at + lane]) * vector[at + lane];
    }
    for (; at < vector.size(); ++at)
        sums[0] += static_cast<double>(vector[at]) * vector[at];
    const double sum = std::accumulate(sums, sums + kSums, 0.0);
    if (!(sum > 0.0))
        bad_row("a zero vector has no direction to compare");
    if (!std::isfinite(sum))
        bad_row("vector must be finite");
    const double scale = 1.0 / std::sqrt(sum);
    for (std::size_t i = 0; i < vector.size(); ++i)
        out[i] = static_cast<float>(vector[i] * scale);
}

}  // namespace

Candidates::Candidates(std::pmr::memory_resource* memory)
    : vectors_(memory), rows_(memory), positions_(memory), scaled_(memory), weights_(memory) {}

void Candidates::reserve(std::size_t rows, std::size_t dims) {
    vectors_.reserve(rows * padded(dims));
    rows_.reserve(rows);
}

void Candidates::add(std::span<const float> vector, const Row& row) {
    check_row(row);
    if (rows_.empty()) {
        dims_ = vector.size();
        stride_ = padded(dims_);
    } else if (vector.size() != dims_) {
        bad_row("vectors of " + std::to_string(dims_) + " and " + std::to_string(vector.size()) +
                " dimensions in one selection");
    }
    if (dims_ > 0) {
        const std::size_t at = vectors_.size();
        vectors_.resize(at + stride_);
        write_unit(vector, vectors_.data() + at);
    }
    rows_.push_back(row);
}

void Candidates::finish() {
    sort_rows();
    scale();
}

bool Candidates::selectable(std::size_t i) const noexcept {
    return !rows_[i].shown && !std::isnan(rows_[i].relevance);
}

void Candidates::sort_rows() {
    std::pmr::memory_resource* memory = positions_.get_allocator().resource();
    std::pmr::vector<std::size_t> order(rows_.size(), memory);
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto relevance = [this](std::size_t i) {
        const double r = rows_[i].relevance;
        return std::isnan(r) ? -std::numeric_limits<double>::infinity() : r;
    };
    const auto before = [&](std::size_t a, std::size_t b) { return relevance(a) > relevance(b); };
    const bool sorted = std::is_sorted(order.begin(), order.end(), before);
    if (!sorted)
        std::stable_sort(order.begin(), order.end(), before);
    positions_ = order;
    if (!sorted)
        move_rows(order);
}

// Row i becomes what row source[i] was, along the cycles of the permutation.
void Candidates::move_rows(std::span<const std::size_t> source) {
    std::pmr::memory_resource* memory = positions_.get_allocator().resource();
    std::pmr::vector<float> held(stride_, memory);
    std::pmr::vector<bool> done(rows_.size(), false, memory);
    const auto at = [this](std::size_t i) { return vectors_.data() + i * stride_; };
    for (std::size_t first = 0; first < rows_.size(); ++first) {
        if (done[first] || source[first] == first)
            continue;
        std::copy_n(at(first), stride_, held.data());
        const Row held_row = rows_[first];
        std::size_t to = first;
        for (; source[to] != first; to = source[to]) {
            std::copy_n(at(source[to]), stride_, at(to));
            rows_[to] = rows_[source[to]];
            done[to] = true;
        }
        std::copy_n(held.data(), stride_, at(to));
        rows_[to] = held_row;
        done[to] = true;
    }
}

void Candidates::scale() {
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    bool weighted = false;
    selectable_ = 0;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        weighted = weighted || !std::isnan(rows_[i].weight);
        if (!selectable(i))
            continue;
        ++selectable_;
        low = std::min(low, rows_[i].relevance);
        high = std::max(high, rows_[i].relevance);
    }
    scaled_.assign(rows_.size(), 0.0);
    weights_.assign(rows_.size(), 0.0);
    // Relevances are divided by a power of two above the greatest magnitude, which loses nothing:
    // then no range overflows or vanishes. Weights keep their unit, which graph_cut measures by
    // similarities, but for those so large that a sum of them may be infinite.
    const auto above = [](double x) { return x > 0.0 ? std::ilogb(x) + 1 : 0; };
    const int exponent = selectable_ > 0 ? above(std::max(std::abs(low), std::abs(high))) : 0;
    const auto scaled = [exponent](double x) { return std::scalbn(x, -exponent); };
    double heaviest = 0.0;
    for (const Row& row : rows_)
        heaviest = std::isnan(row.weight) ? heaviest : std::max(heaviest, row.weight);
    constexpr int kLargest = 900;  // sums of 2^100 such weights are finite
    const int weight_exponent = std::max(0, above(heaviest) - kLargest);
    const double range = scaled(high) - scaled(low);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        if (selectable(i))
            scaled_[i] = range > 0 ? (scaled(rows_[i].relevance) - scaled(low)) / range : 1.0;
        if (!weighted)
            weights_[i] = scaled_[i];
        else if (!std::isnan(rows_[i].weight))
            weights_[i] = std::scalbn(rows_[i].weight, -weight_exponent);
    }
}

std::size_t Candidates::bytes(std::size_t rows, std::size_t dims) noexcept {
    return rows *
           (padded(dims) * sizeof(float) + sizeof(Row) + 2 * sizeof(std::size_t) + sizeof(double));
}

}  // namespace vg::select
