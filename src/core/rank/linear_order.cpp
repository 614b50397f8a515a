// Implements linear_order.h.
#include "core/rank/linear_order.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "core/no_postgres.h"

namespace vg::rank {
namespace {

using Order = std::vector<std::uint32_t>;

constexpr std::size_t kPollEvery = 1024;
// Differences of sums below this share of the block's total weight are rounding.
constexpr double kSlack = 1e-12;

double total_weight(const Matrix& weight, const Order& members) noexcept {
    double sum = 0.0;
    for (const std::uint32_t i : members) {
        for (const std::uint32_t j : members)
            sum += weight(i, j);
    }
    return sum;
}

// Sorts a block by a score of its items, descending.
Order sorted_by(const Order& members, const std::vector<double>& score) {
    std::vector<double> own;
    std::transform(members.begin(), members.end(), std::back_inserter(own),
                   [&score](std::uint32_t i) { return score[i]; });
    Order order;
    for (const std::uint32_t at : order_by_score(own))
        order.push_back(members[at]);
    return order;
}

Order order_block(const Matrix& weight, const Order& members, const std::vector<double>& net,
                  const std::vector<double>& copeland, const Poll& poll) {
    if (members.size() <= kExactLinearItems)
        return exact_linear_block(weight, members, poll);
    Order a = improve_linear_block(weight, sorted_by(members, net), poll);
    Order b = improve_linear_block(weight, sorted_by(members, copeland), poll);
    return linear_weight(weight, b) > linear_weight(weight, a) ? b : a;
}

}  // namespace

std::size_t linear_order_bytes(std::size_t n) noexcept {
    return sizeof(double) * (std::size_t{1} << std::min(n, kExactLinearItems));
}

double linear_weight(const Matrix& weight, const Order& order) noexcept {
    double sum = 0.0;
    for (std::size_t a = 0; a < order.size(); ++a) {
        for (std::size_t b = a + 1; b < order.size(); ++b)
            sum += weight(order[a], order[b]);
    }
    return sum;
}

// Dynamic programme over sets: rest[s] is the most that the items outside s can add, each after s
// and before those that follow it. O(2^n n^2) time, 2^n doubles.
Order exact_linear_block(const Matrix& weight, const Order& members, const Poll& poll) {
    const std::size_t n = members.size();
    const std::uint32_t all = (std::uint32_t{1} << n) - 1;
    const auto gain = [&](std::uint32_t set, std::size_t k) {
        double sum = 0.0;
        for (std::size_t j = 0; j < n; ++j) {
            if ((set >> j & 1u) != 0)
                sum += weight(members[j], members[k]);
        }
        return sum;
    };
    std::vector<double> rest(std::size_t{all} + 1, 0.0);
    for (std::uint32_t set = all; set-- > 0;) {
        if (set % kPollEvery == 0)
            poll();
        double best = -std::numeric_limits<double>::infinity();
        for (std::size_t k = 0; k < n; ++k) {
            if ((set >> k & 1u) == 0)
                best = std::max(best, gain(set, k) + rest[set | std::uint32_t{1} << k]);
        }
        rest[set] = best;
    }
    const double slack = kSlack * total_weight(weight, members);
    Order order;
    for (std::uint32_t set = 0; set != all;) {
        std::size_t k = 0;
        while ((set >> k & 1u) != 0 ||
               gain(set, k) + rest[set | std::uint32_t{1} << k] < rest[set] - slack)
            ++k;
        order.push_back(members[k]);
        set |= std::uint32_t{1} << k;
    }
    return order;
}

Order improve_linear_block(const Matrix& weight, Order order, const Poll& poll) {
    const std::size_t n = order.size();
    const double slack = kSlack * total_weight(weight, order);
    for (bool improved = true; improved;) {
        improved = false;
        for (std::size_t from = 0; from < n; ++from) {
            poll();
            const std::uint32_t item = order[from];
            double best = slack;
            std::size_t to = from;
            double change = 0.0;
            for (std::size_t at = from; at-- > 0;) {
                change += weight(item, order[at]) - weight(order[at], item);
                if (change > best) {
                    best = change;
                    to = at;
                }
            }
            change = 0.0;
            for (std::size_t at = from + 1; at < n; ++at) {
                change += weight(order[at], item) - weight(item, order[at]);
                if (change > best) {
                    best = change;
                    to = at;
                }
            }
            if (to == from)
                continue;
            improved = true;
            const auto begin = order.begin();
            const auto f = static_cast<std::ptrdiff_t>(from);
            const auto t = static_cast<std::ptrdiff_t>(to);
            if (to < from)
                std::rotate(begin + t, begin + f, begin + f + 1);
            else
                std::rotate(begin + f, begin + f + 1, begin + t + 1);
        }
    }
    return order;
}

// By Copeland scores, descending, the first k items form whole blocks exactly when they won all
// their k (n - k) pairs against the rest: their scores then add up to that plus the k (k - 1) / 2
// points they share among themselves, and to less otherwise. Scores are halves, so this is exact.
Order linear_order(const Matrix& weight, const std::vector<double>& net,
                   const std::vector<double>& copeland, const Poll& poll) {
    const std::size_t n = weight.n();
    const Order by_wins = order_by_score(copeland);
    Order order;
    order.reserve(n);
    double wins = 0.0;
    std::size_t begin = 0;
    for (std::size_t k = 1; k <= n; ++k) {
        wins += copeland[by_wins[k - 1]];
        const auto before = static_cast<double>(k);
        if (wins != before * (before - 1.0) / 2.0 + before * static_cast<double>(n - k))
            continue;
        Order members(by_wins.begin() + static_cast<std::ptrdiff_t>(begin),
                      by_wins.begin() + static_cast<std::ptrdiff_t>(k));
        std::sort(members.begin(), members.end());
        const Order block = order_block(weight, members, net, copeland, poll);
        order.insert(order.end(), block.begin(), block.end());
        begin = k;
    }
    return order;
}

}  // namespace vg::rank
