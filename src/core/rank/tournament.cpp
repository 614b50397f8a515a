// Implements tournament.h: sorting and merging of rows.
#include "core/rank/tournament.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "core/base/status.h"
#include "core/rank/polled_sort.h"

#include "core/no_postgres.h"

namespace vg::rank {
namespace {

// Per row at the end: a Pair, two item ids before duplicates go, what the methods keep per pair,
// and the buffer of the merge sort.
constexpr std::size_t kScratchBytes = sizeof(Pair) + 2 * sizeof(std::int64_t) + sizeof(double) + 16;
constexpr std::size_t kPollEvery = 4096;
constexpr double kScoreNoise = 1e-12;  // of the largest score, where nothing else is known

}  // namespace

std::vector<std::uint32_t> order_by_score(std::span<const double> score,
                                          std::span<const double> noise) {
    std::vector<std::uint32_t> order(score.size());
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(),
                     [score](std::uint32_t a, std::uint32_t b) { return score[a] > score[b]; });
    const auto tied = [&](std::uint32_t a, std::uint32_t b) {
        return score[a] - score[b] <= noise[a] + noise[b];
    };
    for (auto begin = order.begin(); begin != order.end();) {
        auto end = begin + 1;
        while (end != order.end() && tied(end[-1], *end))
            ++end;
        std::sort(begin, end);
        begin = end;
    }
    return order;
}

std::vector<std::uint32_t> order_by_score(std::span<const double> score) {
    double largest = 0.0;
    for (const double s : score)
        largest = std::max(largest, std::abs(s));
    const std::vector<double> noise(score.size(), largest * kScoreNoise / 2.0);
    return order_by_score(score, noise);
}

Comparisons::Comparisons(std::pmr::memory_resource* memory, std::size_t budget_bytes)
    : rows_(memory, budget_bytes, kScratchBytes) {}

bool Comparisons::try_add(std::int64_t i, std::int64_t j, double weight, const Poll& poll) {
    if (rows_.full()) {
        // Repeated pairs may take half of the rows: then merging them is enough. Once nothing can
        // grow, a merge must free a fair share of the rows, or every few rows would need one.
        merge_rows(poll);
        const std::size_t capacity = rows_.rows().capacity();
        const std::size_t kept = rows_.rows().size();
        if (2 * kept >= capacity && !rows_.try_grow() && capacity - kept <= capacity / 16)
            return false;
    }
    rows_.push(Row{i, j, Sum{weight, 0.0}});
    return true;
}

void Comparisons::merge_rows(const Poll& poll) {
    std::pmr::vector<Row>& rows = rows_.rows();
    polled_sort(
        rows.begin(), rows.end(),
        [](const Row& a, const Row& b) { return std::tie(a.i, a.j) < std::tie(b.i, b.j); }, poll);
    std::size_t kept = 0;
    for (std::size_t at = 0; at < rows.size(); ++at) {
        if (kept > 0 && rows[kept - 1].i == rows[at].i && rows[kept - 1].j == rows[at].j)
            rows[kept - 1].weight.add(rows[at].weight);
        else
            rows[kept++] = rows[at];
    }
    rows.resize(kept, Row{});
}

Tournament Comparisons::tournament(const Poll& poll) {
    merge_rows(poll);
    const std::pmr::vector<Row>& rows = rows_.rows();
    Tournament t;
    t.items.reserve(2 * rows.size());
    for (const Row& row : rows) {
        t.items.push_back(row.i);
        t.items.push_back(row.j);
    }
    polled_sort(t.items.begin(), t.items.end(), std::less<>(), poll);
    t.items.erase(std::unique(t.items.begin(), t.items.end()), t.items.end());

    const auto index = [&t](std::int64_t item) {
        return static_cast<std::uint32_t>(std::lower_bound(t.items.begin(), t.items.end(), item) -
                                          t.items.begin());
    };
    t.pairs.reserve(rows.size());
    for (std::size_t at = 0; at < rows.size(); ++at) {
        if (at % kPollEvery == 0)
            poll();
        const double weight = rows[at].weight.value();
        if (!std::isfinite(weight))
            throw Error(StatusCode::kInvalidArgument, "sum of weights is out of range");
        const std::uint32_t i = index(rows[at].i);
        const std::uint32_t j = index(rows[at].j);
        t.pairs.push_back(i < j ? Pair{i, j, weight, 0.0} : Pair{j, i, 0.0, weight});
    }
    polled_sort(
        t.pairs.begin(), t.pairs.end(),
        [](const Pair& p, const Pair& q) { return std::tie(p.a, p.b) < std::tie(q.a, q.b); }, poll);
    // At most two rows are left of each pair, one per direction: adding a zero loses nothing.
    std::size_t kept = 0;
    for (std::size_t at = 0; at < t.pairs.size(); ++at) {
        const Pair pair = t.pairs[at];
        if (kept > 0 && t.pairs[kept - 1].a == pair.a && t.pairs[kept - 1].b == pair.b) {
            t.pairs[kept - 1].ab += pair.ab;
            t.pairs[kept - 1].ba += pair.ba;
        } else {
            t.pairs[kept++] = pair;
        }
    }
    t.pairs.resize(kept);
    return t;
}

}  // namespace vg::rank
