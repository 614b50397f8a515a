#include "core/knn/list_panel.h"

#include <algorithm>
#include <cmath>

#include "core/no_postgres.h"

namespace vg::knn {
namespace {

// Rounding differs between machines and instruction sets.
constexpr float kSlack = 1e-5f;

float slack(float similarity) noexcept {
    return kSlack * std::max(1.0f, std::abs(similarity));
}

}  // namespace

void ListPanel::add_sample(SlotId node, const float* vector, std::span<const ListNeighbour> list) {
    Sample s{node, 0, {}};
    for (const ListNeighbour& n : list)
        s.list.push_back({n, 0.0f, false});
    samples_.push_back(std::move(s));
    vectors_.insert(vectors_.end(), vector, vector + dims_);
    exact_.resize(exact_.size() + k_);
}

void ListPanel::add_node(SlotId node, const float* vector) noexcept {
    for (std::size_t i = 0; i < samples_.size(); ++i) {
        Sample& s = samples_[i];
        if (s.node == node)
            continue;
        const float similarity = similarity_(vectors_.data() + i * dims_, vector);
        ListNeighbour* exact = exact_.data() + i * k_;
        const ListNeighbour n{node, similarity};
        if (s.exact < k_ || nearer(n, exact[s.exact - 1]))
            s.exact = put(exact, s.exact, k_, n);
        for (Entry& e : s.list) {
            if (e.neighbour.node == node) {
                e.true_similarity = similarity;
                e.seen = true;
            }
        }
    }
}

bool ListPanel::agrees(const Entry& e) noexcept {
    return e.seen &&
           std::abs(e.true_similarity - e.neighbour.similarity) <= slack(e.true_similarity);
}

float ListPanel::recall(std::size_t i) const noexcept {
    const Sample& s = samples_[i];
    if (s.exact == 0)
        return 1.0f;
    const float last = exact_[i * k_ + s.exact - 1].similarity;
    const float least = last - slack(last);
    const auto hits = std::count_if(s.list.begin(), s.list.end(), [least](const Entry& e) {
        return agrees(e) && e.true_similarity >= least;
    });
    return std::min(1.0f, static_cast<float>(hits) / static_cast<float>(s.exact));
}

std::size_t ListPanel::wrong(std::size_t i) const noexcept {
    const Sample& s = samples_[i];
    return static_cast<std::size_t>(
        std::count_if(s.list.begin(), s.list.end(), [](const Entry& e) { return !agrees(e); }));
}

}  // namespace vg::knn
