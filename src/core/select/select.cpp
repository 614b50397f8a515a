// From a method's name and its diversity to an objective.
#include "core/select/select.h"

#include <algorithm>
#include <cmath>

#include "core/base/status.h"

#include "core/no_postgres.h"

namespace vg::select {
namespace {

// So much of ln(volume) weighs as one unit of relevance at diversity 1/2 (bench/selection).
constexpr double kVolumeUnit = 2.0;

// Rows that will be chosen, or a guess where only a budget limits them.
double expected_picks(const Candidates& candidates, const Limits& limits) {
    double picks = std::max<double>(1.0, static_cast<double>(candidates.selectable_count()));
    if (limits.k != kNoLimit)
        picks = std::min(picks, static_cast<double>(limits.k));
    if (std::isnan(limits.budget))
        return picks;
    // In units of the greatest cost: the sum of costs may be infinite.
    double dearest = 0.0;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        if (candidates.selectable(i) && candidates.row(i).cost > dearest)
            dearest = candidates.row(i).cost;
    }
    if (!(dearest > 0.0))
        return picks;
    const int exponent = std::ilogb(dearest);
    double cost = 0.0;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        if (candidates.selectable(i) && !std::isnan(candidates.row(i).cost))
            cost += std::scalbn(candidates.row(i).cost, -exponent);
    }
    const double mean =
        cost / static_cast<double>(std::max<std::size_t>(1, candidates.selectable_count()));
    return mean > 0 ? std::clamp(std::scalbn(limits.budget, -exponent) / mean, 1.0, picks) : picks;
}

// Rows max_min chooses from: k at diversity 0, all at 1, few more than k where selections are any
// use.
std::size_t relevant_rows(const Candidates& candidates, double picks, double diversity) {
    const auto all = static_cast<double>(candidates.selectable_count());
    if (all <= picks || diversity >= 1.0)
        return candidates.size();
    return static_cast<std::size_t>(
        std::lround(picks * std::pow(all / picks, diversity * diversity)));
}

std::size_t volume_columns(std::size_t rows, std::size_t dims, std::size_t k) noexcept {
    return std::min({rows, dims, k});
}

class Builder {
  public:
    Builder(const Ground& ground, const Limits& limits) : ground_(ground), limits_(limits) {}

    Objective build(const Request& request) {
        const double d = request.diversity;
        if (request.method == Method::kCompression)
            return compression(request.compression);
        Objective objective;
        if (request.method == Method::kTopK || d == 0.0)
            return objective;
        objective.relevance_weight = request.method == Method::kMaxMin ? 0.0 : 1.0 - d;
        objective.terms.push_back(term_of(request.method, d));
        return objective;
    }

  private:
    Objective::Weighted term_of(Method method, double d) const {
        switch (method) {
            case Method::kMmr:
                return {d, redundancy_term(ground_)};
            case Method::kDpp:
                return {d / kVolumeUnit, volume()};
            case Method::kFacilityLocation:
                return {d, facility_term(ground_)};
            case Method::kSaturated:
                return {d, saturated()};
            case Method::kGraphCut:
                return {d, graph_cut_term(ground_)};
            case Method::kMaxMin:
                return {1.0,
                        separation_term(ground_, relevant_rows(ground_.candidates, picks(), d))};
            case Method::kMaxSum:
                return {d * pair_weight(), dispersion_term(ground_)};
            case Method::kCompression:
            case Method::kTopK:
                break;
        }
        throw Error(StatusCode::kInternal, "a selection method without a term");
    }

    Objective compression(const CompressionWeights& w) const {
        Objective objective;
        objective.relevance_weight = w.relevance;
        if (w.coverage > 0)
            objective.terms.push_back({w.coverage, facility_term(ground_)});
        if (!(w.diversity > 0))
            return objective;
        switch (w.dispersion) {
            case Dispersion::kLogDet:
                objective.terms.push_back({w.diversity / kVolumeUnit, volume()});
                break;
            case Dispersion::kGraphCut:
                objective.terms.push_back({w.diversity * pair_weight(), overlap_term(ground_)});
                break;
            case Dispersion::kMaxSum:
                objective.terms.push_back({w.diversity * pair_weight(), dispersion_term(ground_)});
                break;
        }
        return objective;
    }

    double picks() const { return expected_picks(ground_.candidates, limits_); }
    // Makes a sum over pairs of k rows as large as a sum over k rows (Gollapudi & Sharma 2009).
    double pair_weight() const { return 2.0 / std::max(1.0, picks() - 1.0); }

    std::unique_ptr<Term> volume() const {
        const Candidates& c = ground_.candidates;
        const std::size_t shown = c.size() - c.selectable_count();  // at most
        const std::size_t k = limits_.k == kNoLimit ? kNoLimit : limits_.k + shown;
        return volume_term(ground_, volume_columns(c.size(), c.dims(), k));
    }
    // A row is covered by half of what as many average rows as will be chosen would give it.
    std::unique_ptr<Term> saturated() const {
        const auto rows = static_cast<double>(ground_.candidates.size());
        return saturated_term(ground_, 0.5 * picks() / rows);
    }

    const Ground& ground_;
    const Limits& limits_;
};

bool uses_volume(const Request& request) noexcept {
    if (request.method == Method::kCompression)
        return request.compression.diversity > 0 &&
               request.compression.dispersion == Dispersion::kLogDet;
    return request.method == Method::kDpp && request.diversity > 0;
}

}  // namespace

CompressionWeights compression_weights(double diversity) noexcept {
    return {1.0 - diversity, 0.5 * diversity, 0.5 * diversity, Dispersion::kLogDet};
}

bool needs_all_pairs(const Request& request) noexcept {
    switch (request.method) {
        case Method::kFacilityLocation:
        case Method::kSaturated:
        case Method::kGraphCut:
            return request.diversity > 0;
        case Method::kCompression:
            return request.compression.coverage > 0;
        default:
            return false;
    }
}

std::size_t working_bytes(const Request& request, std::size_t rows, std::size_t dims,
                          std::size_t k) noexcept {
    const std::size_t chosen = std::min(rows, k);
    // Bounds, eligibility, values and counters of two terms, and a row of similarities.
    std::size_t bytes = rows * (8 * sizeof(double) + 1 + sizeof(float));
    if (uses_volume(request))
        bytes += rows * (volume_columns(rows, dims, k) + 1) * sizeof(double);
    if (!needs_all_pairs(request))
        bytes += chosen * dims * sizeof(float);
    return bytes;
}

std::pmr::vector<Pick> select(const Candidates& candidates, const Request& request,
                              const Limits& limits, std::size_t spare_bytes,
                              std::pmr::memory_resource* memory, Poll poll) {
    Similarities similarities(candidates, memory, poll);
    if (needs_all_pairs(request))
        similarities.keep_all(spare_bytes);
    const Ground ground{candidates, similarities, memory};
    // The weights of a compression have a unit of their own, which the gains are given in.
    Request scaled = request;
    CompressionWeights& w = scaled.compression;
    const double heaviest = request.method == Method::kCompression
                                ? std::max({w.relevance, w.coverage, w.diversity})
                                : 0.0;
    const int exponent = heaviest > 0.0 ? std::ilogb(heaviest) : 0;
    for (double* weight : {&w.relevance, &w.coverage, &w.diversity})
        *weight = exponent == 0 ? *weight : std::scalbn(*weight, -exponent);
    Objective objective = Builder(ground, limits).build(scaled);
    std::pmr::vector<Pick> picks =
        greedy(candidates, &similarities, objective, limits, memory, poll);
    for (Pick& pick : picks)
        pick.gain = std::scalbn(pick.gain, exponent);
    return picks;
}

}  // namespace vg::select
