// Implements linear_order.h.
#include "core/rank/linear_order.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "core/no_postgres.h"

namespace vg::rank {
namespace {

using Order = std::vector<std::uint32_t>;

constexpr std::size_t kPollEvery = 1024;
// Changes below this share of the weights that take part in them are rounding.
constexpr double kSlack = 1e-12;

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
    return sizeof(std::int64_t) * (std::size_t{1} << std::min(n, kExactLinearItems));
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
// and before those that follow it. O(2^n n^2) time, 2^n numbers. In whole numbers, which do not
// round; two units for every pair that is still open make up for what became whole.
Order exact_linear_block(const Matrix& weight, const Order& members, const Poll& poll) {
    const std::size_t n = members.size();
    const std::vector<std::int64_t> whole = weight.whole(members);
    const std::uint32_t all = (std::uint32_t{1} << n) - 1;
    const auto gain = [&](std::uint32_t set, std::size_t k) {
        std::int64_t sum = 0;
        for (std::size_t j = 0; j < n; ++j) {
            if ((set >> j & 1u) != 0)
                sum += whole[j * n + k];
        }
        return sum;
    };
    std::vector<std::int64_t> rest(std::size_t{all} + 1, 0);
    for (std::uint32_t set = all; set-- > 0;) {
        if (set % kPollEvery == 0)
            poll();
        std::int64_t best = -1;
        for (std::size_t k = 0; k < n; ++k) {
            if ((set >> k & 1u) == 0)
                best = std::max(best, gain(set, k) + rest[set | std::uint32_t{1} << k]);
        }
        rest[set] = best;
    }
    Order order;
    for (std::uint32_t set = 0; set != all;) {
        const auto open = static_cast<std::int64_t>(n - order.size());
        const std::int64_t least = rest[set] - open * (open - 1);
        std::size_t k = 0;
        while ((set >> k & 1u) != 0 || gain(set, k) + rest[set | std::uint32_t{1} << k] < least)
            ++k;
        order.push_back(members[k]);
        set |= std::uint32_t{1} << k;
    }
    return order;
}

Order improve_linear_block(const Matrix& weight, Order order, const Poll& poll) {
    const std::size_t n = order.size();
    for (bool improved = true; improved;) {
        improved = false;
        for (std::size_t from = 0; from < n; ++from) {
            poll();
            const std::uint32_t item = order[from];
            double best = 0.0;
            std::size_t to = from;
            double change = 0.0;
            double size = 0.0;  // of the weights that the change is made of
            const auto step = [&](double won, double lost, std::size_t at) {
                change += won - lost;
                size += won + lost;
                if (change > best && change > kSlack * size) {
                    best = change;
                    to = at;
                }
            };
            for (std::size_t at = from; at-- > 0;)
                step(weight(item, order[at]), weight(order[at], item), at);
            change = size = 0.0;
            for (std::size_t at = from + 1; at < n; ++at)
                step(weight(order[at], item), weight(item, order[at]), at);
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
