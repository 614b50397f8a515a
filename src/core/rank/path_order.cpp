// Implements path_order.h.
#include "core/rank/path_order.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/rank/sum.h"

#include "core/no_postgres.h"

namespace vg::rank {
namespace {

using Order = std::vector<std::uint32_t>;

constexpr std::size_t kPollEvery = 256;
// Differences below this share of the weights that were added up are rounding.
constexpr double kSlack = 1e-14;
// Nearest-neighbour paths are tried from the first this many items by net score, ...
constexpr std::size_t kStarts = 128;
// ... and the best few are improved.
constexpr std::size_t kImproved = 4;
// Longest segment that is moved.
constexpr std::size_t kSegment = 3;

// Always to the heaviest link that leads to an unvisited item.
Order nearest_neighbour_path(const Matrix& weight, std::uint32_t start) {
    const std::size_t n = weight.n();
    Order left(n);
    std::iota(left.begin(), left.end(), 0u);
    left.erase(left.begin() + start);
    Order path{start};
    path.reserve(n);
    while (!left.empty()) {
        const std::uint32_t last = path.back();
        const auto next = std::max_element(left.begin(), left.end(),
                                           [&weight, last](std::uint32_t a, std::uint32_t b) {
                                               return weight(last, a) < weight(last, b);
                                           });
        path.push_back(*next);
        left.erase(next);  // keeps the order, so that ties go to the smaller index
    }
    return path;
}

// Moves the segment of `length` items at `from` to where it adds most; false if nowhere. Segments
// are not reversed: links have a direction.
bool move_segment(const Matrix& weight, Order& path, std::size_t from, std::size_t length) {
    const std::size_t n = path.size();
    const std::size_t end = from + length;
    // Link between the items at two places of the path; none beyond its ends.
    const auto link = [&](std::size_t u, std::size_t v, bool exists) {
        return exists ? weight(path[u], path[v]) : 0.0;
    };
    const bool has_before = from > 0;
    const bool has_after = end < n;
    const double cut = link(from - 1, from, has_before) + link(end - 1, end, has_after);
    const double joined = link(from - 1, end, has_before && has_after);
    double best = 0.0;
    std::size_t to = from;
    for (std::size_t gap = 0; gap <= n; ++gap) {  // between places gap - 1 and gap
        if (gap >= from && gap <= end)
            continue;
        const double won = joined + link(gap - 1, from, gap > 0) + link(end - 1, gap, gap < n);
        const double lost = cut + link(gap - 1, gap, gap > 0 && gap < n);
        if (won - lost > best && won - lost > kSlack * (won + lost)) {
            best = won - lost;
            to = gap;
        }
    }
    if (to == from)
        return false;
    const auto at = [&path](std::size_t i) {
        return path.begin() + static_cast<std::ptrdiff_t>(i);
    };
    if (to < from)
        std::rotate(at(to), at(from), at(end));
    else
        std::rotate(at(from), at(end), at(to));
    return true;
}

void improve_path(const Matrix& weight, Order& path, const Poll& poll) {
    for (bool improved = true; improved;) {
        improved = false;
        for (std::size_t length = 1; length <= kSegment; ++length) {
            for (std::size_t from = 0; from + length <= path.size(); ++from) {
                poll();
                improved |= move_segment(weight, path, from, length);
            }
        }
    }
}

}  // namespace

std::size_t path_order_bytes(std::size_t n) noexcept {
    if (n <= kExactPathItems)
        return sizeof(std::int64_t) * n * (std::size_t{1} << n);
    return sizeof(std::uint32_t) * n * (kStarts + kImproved);
}

double path_weight(const Matrix& weight, const Order& order) noexcept {
    Sum sum;
    for (std::size_t r = 0; r + 1 < order.size(); ++r)
        sum.add(weight(order[r], order[r + 1]));
    return sum.value();
}

// rest[set * n + j]: the most that the items outside the set can add to a path that has visited the
// set and stands at j. O(2^n n^2) time, 2^n n numbers. In whole numbers, which do not round; two
// units for every link that is still open make up for what became whole.
Order exact_path(const Matrix& weight, const Poll& poll) {
    const std::size_t n = weight.n();
    if (n == 0)
        return {};
    Order items(n);
    std::iota(items.begin(), items.end(), 0u);
    const std::vector<std::int64_t> whole = weight.whole(items);
    const std::uint32_t all = (std::uint32_t{1} << n) - 1;
    std::vector<std::int64_t> rest((std::size_t{all} + 1) * n, 0);
    const auto via = [&](std::uint32_t set, std::size_t j, std::size_t k) {
        return whole[j * n + k] + rest[(set | std::size_t{1} << k) * n + k];
    };
    for (std::uint32_t set = all; set-- > 1;) {
        if (set % kPollEvery == 0)
            poll();
        for (std::size_t j = 0; j < n; ++j) {
            if ((set >> j & 1u) == 0)
                continue;
            std::int64_t best = -1;
            for (std::size_t k = 0; k < n; ++k) {
                if ((set >> k & 1u) == 0)
                    best = std::max(best, via(set, j, k));
            }
            rest[set * n + j] = best;
        }
    }
    const auto from_start = [&](std::size_t j) { return rest[(std::size_t{1} << j) * n + j]; };
    std::int64_t best = from_start(0);
    for (std::size_t j = 1; j < n; ++j)
        best = std::max(best, from_start(j));
    const auto slack = [n](const Order& path) {
        return 2 * static_cast<std::int64_t>(n - path.size());
    };
    std::size_t at = 0;
    while (from_start(at) < best - slack({}))
        ++at;
    Order path{static_cast<std::uint32_t>(at)};
    for (std::uint32_t set = std::uint32_t{1} << at; set != all;) {
        const std::int64_t least = rest[set * n + at] - slack(path);
        std::size_t k = 0;
        while ((set >> k & 1u) != 0 || via(set, at, k) < least)
            ++k;
        path.push_back(static_cast<std::uint32_t>(k));
        set |= std::uint32_t{1} << k;
        at = k;
    }
    return path;
}

Order heuristic_path(const Matrix& weight, const Order& by_net, const Poll& poll) {
    std::vector<std::pair<double, Order>> paths;
    for (std::size_t s = 0; s < std::min(kStarts, by_net.size()); ++s) {
        poll();
        Order path = nearest_neighbour_path(weight, by_net[s]);
        const double sum = path_weight(weight, path);
        paths.emplace_back(sum, std::move(path));
    }
    std::stable_sort(paths.begin(), paths.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    paths.resize(std::min(kImproved, paths.size()));
    Order best = by_net;
    improve_path(weight, best, poll);
    for (auto& [sum, path] : paths) {
        improve_path(weight, path, poll);
        if (path_weight(weight, path) > path_weight(weight, best) * (1.0 + kSlack))
            best = std::move(path);
    }
    return best;
}

Order path_order(const Matrix& weight, const Order& by_net, const Poll& poll) {
    return weight.n() <= kExactPathItems ? exact_path(weight, poll)
                                         : heuristic_path(weight, by_net, poll);
}

}  // namespace vg::rank
