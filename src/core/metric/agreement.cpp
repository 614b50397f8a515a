#include "core/metric/agreement.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/base/pace.h"
#include "core/base/random.h"
#include "core/no_postgres.h"

namespace vg::metric {
namespace {

double pairs_of(std::size_t n) {
    return 0.5 * static_cast<double>(n) * (static_cast<double>(n) - 1.0);
}

// Calls run(first, last) for every maximal run of equal neighbours in [0, n).
template <typename Equal, typename Run>
void for_runs(std::size_t n, Equal&& equal, Run&& run) {
    for (std::size_t first = 0; first < n;) {
        std::size_t last = first + 1;
        while (last < n && equal(first, last))
            ++last;
        run(first, last);
        first = last;
    }
}

// Sorts v and returns the number of pairs that were out of order: bottom-up merge sort.
double count_inversions(std::vector<double>& v, Pace& pace) {
    std::vector<double> merged(v.size());
    double inversions = 0.0;
    for (std::size_t width = 1; width < v.size(); width *= 2) {
        for (std::size_t low = 0; low < v.size(); low += 2 * width) {
            const std::size_t middle = std::min(low + width, v.size());
            const std::size_t high = std::min(low + 2 * width, v.size());
            std::size_t a = low;
            std::size_t b = middle;
            for (std::size_t out = low; out < high; ++out) {
                pace();
                if (b == high || (a < middle && v[a] <= v[b])) {
                    merged[out] = v[a++];
                } else {
                    inversions += static_cast<double>(middle - a);
                    merged[out] = v[b++];
                }
            }
        }
        v.swap(merged);
    }
    return inversions;
}

// -sum p ln p over runs of equal codes; sorts.
double entropy(std::span<std::uint64_t> codes, Pace& pace) {
    sort_paced(codes.begin(), codes.end(), pace);
    double sum = 0.0;
    const auto n = static_cast<double>(codes.size());
    for_runs(
        codes.size(), [&](std::size_t i, std::size_t j) { return codes[i] == codes[j]; },
        [&](std::size_t first, std::size_t last) {
            const double p = static_cast<double>(last - first) / n;
            sum -= p * std::log(p);
        });
    return sum;
}

// Rows in the order of their x; rows of equal x in the order given.
std::vector<std::size_t> order_by_x(std::span<const Codes> rows, Pace& pace) {
    std::vector<std::size_t> order(rows.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    sort_paced(order.begin(), order.end(), pace, [&](std::size_t a, std::size_t b) {
        return rows[a].x != rows[b].x ? rows[a].x < rows[b].x : a < b;
    });
    return order;
}

}  // namespace

std::optional<double> kendall_tau(std::span<Pair> pairs, Poll poll) {
    Pace pace(poll);
    sort_paced(pairs.begin(), pairs.end(), pace,
               [](const Pair& a, const Pair& b) { return a.x != b.x ? a.x < b.x : a.y < b.y; });
    double ties_x = 0.0;
    double ties_both = 0.0;
    double ties_y = 0.0;
    for_runs(
        pairs.size(), [&](std::size_t i, std::size_t j) { return pairs[i].x == pairs[j].x; },
        [&](std::size_t first, std::size_t last) {
            ties_x += pairs_of(last - first);
            for_runs(
                last - first,
                [&](std::size_t i, std::size_t j) {
                    return pairs[first + i].y == pairs[first + j].y;
                },
                [&](std::size_t i, std::size_t j) { ties_both += pairs_of(j - i); });
        });
    std::vector<double> y;
    y.reserve(pairs.size());
    for (const Pair& pair : pairs)
        y.push_back(pair.y);
    const double discordant = count_inversions(y, pace);
    for_runs(
        y.size(), [&](std::size_t i, std::size_t j) { return y[i] == y[j]; },
        [&](std::size_t first, std::size_t last) { ties_y += pairs_of(last - first); });

    const double all = pairs_of(pairs.size());
    const double scale = std::sqrt(all - ties_x) * std::sqrt(all - ties_y);
    if (!(scale > 0.0))
        return std::nullopt;
    return (all - ties_x - ties_y + ties_both - 2.0 * discordant) / scale;
}

std::optional<double> auc(std::span<Pair> pairs, Poll poll) {
    Pace pace(poll);
    sort_paced(pairs.begin(), pairs.end(), pace,
               [](const Pair& a, const Pair& b) { return a.x < b.x; });
    double negatives = 0.0;  // with a lower score than the run at hand
    double positives = 0.0;
    double won = 0.0;
    for_runs(
        pairs.size(), [&](std::size_t i, std::size_t j) { return pairs[i].x == pairs[j].x; },
        [&](std::size_t first, std::size_t last) {
            double here = 0.0;
            for (std::size_t i = first; i < last; ++i)
                here += pairs[i].y != 0.0;
            const double others = static_cast<double>(last - first) - here;
            won += here * (negatives + 0.5 * others);
            positives += here;
            negatives += others;
        });
    if (positives == 0.0 || negatives == 0.0)
        return std::nullopt;
    return won / (positives * negatives);
}

double mutual_info(std::span<const Codes> rows, Poll poll) {
    if (rows.empty())
        return 0.0;
    Pace pace(poll);
    const std::vector<std::size_t> order = order_by_x(rows, pace);
    std::vector<std::uint64_t> y;
    y.reserve(rows.size());
    for (const std::size_t i : order)
        y.push_back(rows[i].y);
    // H(y) - H(y | x), the second from the y of every value of x.
    double conditional = 0.0;
    const auto n = static_cast<double>(rows.size());
    for_runs(
        order.size(),
        [&](std::size_t i, std::size_t j) { return rows[order[i]].x == rows[order[j]].x; },
        [&](std::size_t first, std::size_t last) {
            conditional += static_cast<double>(last - first) / n *
                           entropy(std::span(y).subspan(first, last - first), pace);
        });
    return std::max(0.0, entropy(y, pace) - conditional);
}

double mutual_info_corrected(std::span<const Codes> rows, Poll poll) {
    Pace pace(poll);
    const std::vector<std::size_t> order = order_by_x(rows, pace);
    const auto n = static_cast<double>(rows.size());
    std::vector<std::uint64_t> own;
    std::vector<std::uint64_t> shifted;
    double sum = 0.0;
    for_runs(
        order.size(),
        [&](std::size_t i, std::size_t j) { return rows[order[i]].x == rows[order[j]].x; },
        [&](std::size_t first, std::size_t last) {
            const std::size_t count = last - first;
            if (count == 1)
                return;
            own.clear();
            shifted.clear();
            for (std::size_t i = first; i < last; ++i) {
                own.push_back(rows[order[i]].y);
                shifted.push_back(rows[(order[i] + count) % rows.size()].y);
            }
            sum += static_cast<double>(count) / n * (entropy(shifted, pace) - entropy(own, pace));
        });
    return sum;
}

void shuffle_codes(std::span<Codes> rows, std::uint64_t seed, Poll poll) {
    Pace pace(poll);
    sort_paced(rows.begin(), rows.end(), pace,
               [](const Codes& a, const Codes& b) { return a.x != b.x ? a.x < b.x : a.y < b.y; });
    Random random(seed);
    for (std::size_t i = rows.size(); i > 1; --i) {
        pace();
        std::swap(rows[i - 1], rows[random.below(i)]);
    }
}

}  // namespace vg::metric
