#include "core/hnsw/recall.h"

#include <algorithm>
#include <cmath>

#include "core/distance/distance.h"
#include "core/node/node_query.h"

#include "core/no_postgres.h"

namespace vg::hnsw {
namespace {

constexpr float kTieSlack = 1e-5f;
constexpr double kNormal95 = 1.959963984540054;

}  // namespace

bool ExactPanel::add_query(const float* query) {
    queries_.insert(queries_.end(), query, query + dims_);
    if (node::prepare_row(metric_, queries_.data() + queries_.size() - dims_, dims_))
        return true;
    queries_.resize(queries_.size() - dims_);
    return false;
}

float ExactPanel::distance(std::size_t i, const float* row) const noexcept {
    switch (metric_) {
        case node::Metric::kL2:
            return std::sqrt(distance::l2_squared(query(i), row, dims_));
        case node::Metric::kInnerProduct:
            return -distance::inner_product(query(i), row, dims_);
        case node::Metric::kCosine:
            return 1.0f - distance::inner_product(query(i), row, dims_);
        case node::Metric::kL1:
            return distance::l1(query(i), row, dims_);
    }
    return 0;
}

void ExactPanel::add_row(const float* row) {
    if (nearest_.empty())
        nearest_.resize(queries() * k_);
    const std::size_t held = wanted();
    ++rows_;
    for (std::size_t i = 0; i < queries(); ++i) {
        float* heap = nearest_.data() + i * k_;
        const float d = distance(i, row);
        if (held < k_) {
            heap[held] = d;
            std::push_heap(heap, heap + held + 1);
        } else if (d < heap[0]) {
            std::pop_heap(heap, heap + k_);
            heap[k_ - 1] = d;
            std::push_heap(heap, heap + k_);
        }
    }
}

float ExactPanel::limit(std::size_t query) const noexcept {
    const float last = nearest_[query * k_];
    return last + kTieSlack * std::fabs(last);
}

void ExactPanel::answer(std::size_t query, std::vector<float>& out) const {
    out.clear();
    if (nearest_.empty())
        return;
    const float* heap = nearest_.data() + query * k_;
    out.assign(heap, heap + wanted());
    std::sort_heap(out.begin(), out.end());
}

RecallSummary summarise_recall(std::span<float> recall, std::size_t wanted) noexcept {
    if (recall.empty() || wanted == 0)
        return {};
    std::sort(recall.begin(), recall.end());
    const auto n = static_cast<double>(recall.size());
    const auto per_query = static_cast<double>(wanted);
    double mean = 0;
    for (const float r : recall)
        mean += r;
    mean /= n;
    double variance = 0;
    for (const float r : recall)
        variance += (r - mean) * (r - mean);
    variance /= std::max(n - 1, 1.0);

    const double independent = mean * (1 - mean) / per_query;
    const double effect = independent > 0 ? std::max(1.0, variance / independent) : 1.0;
    const double trials = n * per_query / effect;
    const double z2 = kNormal95 * kNormal95;
    const double centre = (mean + z2 / (2 * trials)) / (1 + z2 / trials);
    const double half = kNormal95 / (1 + z2 / trials) *
                        std::sqrt(mean * (1 - mean) / trials + z2 / (4 * trials * trials));
    RecallSummary s;
    s.mean = mean;
    s.p5 = recall[static_cast<std::size_t>(0.05 * (n - 1))];
    s.min = recall.front();
    s.low = std::max(0.0, centre - half);
    s.high = std::min(1.0, centre + half);
    return s;
}

}  // namespace vg::hnsw
