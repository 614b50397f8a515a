// Implements pair_methods.h: the two counting methods, and the way to the others.
#include "core/rank/pair_methods.h"

#include <algorithm>
#include <cmath>

#include "core/rank/bradley_terry.h"
#include "core/rank/linear_order.h"
#include "core/rank/matrix.h"
#include "core/rank/path_order.h"

#include "core/no_postgres.h"

namespace vg::rank {
namespace {

using Order = std::vector<std::uint32_t>;

// Scores that are equal but for their noise come by ascending id; none is greater than the one
// before it, so that the list never contradicts them.
void list_by_score(const Tournament& t, const std::vector<double>& score,
                   const std::vector<double>& noise, std::span<RankedItem> out) {
    const Order order = order_by_score(score, noise);
    for (std::size_t r = 0; r < order.size(); ++r) {
        const double own = score[order[r]];
        out[r] = RankedItem{t.items[order[r]], r > 0 ? std::min(own, out[r - 1].score) : own};
    }
}

// What rounding may have done to the net scores.
std::vector<double> net_noise(const Tournament& t) {
    std::vector<double> noise(t.n(), 0.0);
    for (const Pair& p : t.pairs) {
        noise[p.a] += kWeightNoise * (p.ab + p.ba);
        noise[p.b] += kWeightNoise * (p.ab + p.ba);
    }
    return noise;
}

// The solver's accuracy: strengths are logarithms, of no unit.
std::vector<double> strength_noise(const std::vector<double>& strength) {
    constexpr double kAccuracy = 1e-9;
    std::vector<double> noise(strength.size());
    std::transform(strength.begin(), strength.end(), noise.begin(),
                   [](double s) { return kAccuracy * std::max(1.0, std::abs(s)); });
    return noise;
}

void list_strengths(const Tournament& t, const Poll& poll, std::span<RankedItem> out) {
    const std::vector<double> strength = bradley_terry_scores(t, poll);
    list_by_score(t, strength, strength_noise(strength), out);
}

void list_linear(const Tournament& t, const Poll& poll, std::span<RankedItem> out) {
    const Matrix weight(t);
    const Order order = linear_order(weight, net_scores(t), copeland_scores(t), poll);
    for (std::size_t r = 0; r < order.size(); ++r) {
        Sum over;
        for (std::size_t later = r + 1; later < order.size(); ++later)
            over.add(weight(order[r], order[later]));
        out[r] = RankedItem{t.items[order[r]], over.value()};
    }
}

void list_path(const Tournament& t, const Poll& poll, std::span<RankedItem> out) {
    const Matrix weight(t);
    const Order order = path_order(weight, order_by_score(net_scores(t), net_noise(t)), poll);
    for (std::size_t r = 0; r < order.size(); ++r) {
        const bool last = r + 1 == order.size();
        out[r] = RankedItem{t.items[order[r]], last ? 0.0 : weight(order[r], order[r + 1])};
    }
}

}  // namespace

std::size_t scratch_bytes(PairMethod method, std::size_t items, std::size_t pairs) noexcept {
    constexpr std::size_t kVectors = 12 * sizeof(double);  // per item: scores, keys, orders, result
    const std::size_t common = items * kVectors;
    switch (method) {
        case PairMethod::kBradleyTerry:
            return common + pairs * sizeof(double);
        case PairMethod::kKemeny:
            return common + Matrix::bytes(items) + linear_order_bytes(items);
        case PairMethod::kTsp:
            return common + Matrix::bytes(items) + path_order_bytes(items);
        case PairMethod::kNet:
        case PairMethod::kCopeland:
            break;
    }
    return common;
}

std::vector<double> net_scores(const Tournament& t) {
    std::vector<Sum> sum(t.n());
    for (const Pair& p : t.pairs) {
        sum[p.a].add(p.ab);
        sum[p.a].add(-p.ba);
        sum[p.b].add(p.ba);
        sum[p.b].add(-p.ab);
    }
    std::vector<double> score(t.n());
    std::transform(sum.begin(), sum.end(), score.begin(), [](const Sum& s) { return s.value(); });
    return score;
}

std::vector<double> copeland_scores(const Tournament& t) {
    // All pairs that nobody compared are draws.
    const double draws = t.n() == 0 ? 0.0 : 0.5 * static_cast<double>(t.n() - 1);
    std::vector<double> score(t.n(), draws);
    for (const Pair& p : t.pairs) {
        if (std::abs(p.ab - p.ba) <= kWeightNoise * (p.ab + p.ba))
            continue;
        score[p.a] += p.ab > p.ba ? 0.5 : -0.5;
        score[p.b] += p.ba > p.ab ? 0.5 : -0.5;
    }
    return score;
}

void rank_tournament(const Tournament& t, PairMethod method, const Poll& poll,
                     std::span<RankedItem> out) {
    switch (method) {
        case PairMethod::kNet:
            return list_by_score(t, net_scores(t), net_noise(t), out);
        case PairMethod::kBradleyTerry:
            return list_strengths(t, poll, out);
        case PairMethod::kKemeny:
            return list_linear(t, poll, out);
        case PairMethod::kCopeland:
            return list_by_score(t, copeland_scores(t), std::vector<double>(t.n(), 0.0), out);
        case PairMethod::kTsp:
            return list_path(t, poll, out);
    }
}

}  // namespace vg::rank
