#include "core/graph/csr.h"

#include <algorithm>
#include <utility>

#include "core/base/status.h"

#include "core/no_postgres.h"

namespace vg::graph {
namespace {

constexpr std::size_t kPollEvery = 1u << 16;

}  // namespace

Csr::Csr(std::uint32_t n, std::span<const WeightedArc> arcs, bool symmetric,
         std::pmr::memory_resource* memory, Poll poll)
    : begin_(std::size_t{n} + 1, 0, memory), targets_(memory), weights_(memory) {
    std::size_t work = 0;
    const auto each = [&](auto&& fn) {
        for (const WeightedArc& a : arcs) {
            if (++work % kPollEvery == 0)
                poll();
            if (a.from == a.to)
                continue;
            fn(a.from, a.to, a.weight);
            if (symmetric)
                fn(a.to, a.from, a.weight);
        }
    };
    for (const WeightedArc& a : arcs)
        if (a.from >= n || a.to >= n)
            throw Error(StatusCode::kInternal, "arc leads outside the graph");
    each([&](std::uint32_t from, std::uint32_t, double) { ++begin_[from + 1]; });
    for (std::uint32_t v = 0; v < n; ++v)
        begin_[v + 1] += begin_[v];
    targets_.resize(begin_[n]);
    weights_.resize(begin_[n]);
    std::pmr::vector<std::size_t> at(begin_.begin(), begin_.end() - 1, memory);
    each([&](std::uint32_t from, std::uint32_t to, double weight) {
        targets_[at[from]] = to;
        weights_[at[from]++] = weight;
    });
    sort_rows(n, poll);
}

void Csr::sort_rows(std::uint32_t n, Poll poll) {
    std::pmr::vector<std::pair<std::uint32_t, double>> row(targets_.get_allocator());
    std::size_t out = 0;
    std::size_t work = 0;
    for (std::uint32_t v = 0; v < n; ++v) {
        row.clear();
        for (std::size_t i = begin_[v]; i < begin_[v + 1]; ++i)
            row.emplace_back(targets_[i], weights_[i]);
        // By weight too: sums then do not depend on the order of the arcs given.
        std::sort(row.begin(), row.end());
        work += row.size() + 1;
        if (work > kPollEvery) {
            poll();
            work = 0;
        }
        begin_[v] = out;
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (i > 0 && row[i].first == row[i - 1].first) {
                weights_[out - 1] += row[i].second;
                continue;
            }
            targets_[out] = row[i].first;
            weights_[out++] = row[i].second;
        }
    }
    begin_[n] = out;
    targets_.resize(out);
    weights_.resize(out);
}

std::size_t Csr::bytes(std::uint32_t n, std::size_t arcs, bool symmetric) noexcept {
    const std::size_t entries = symmetric ? 2 * arcs : arcs;
    return (std::size_t{n} + 1) * 2 * sizeof(std::size_t) +
           entries * (sizeof(std::uint32_t) + sizeof(double));
}

}  // namespace vg::graph
