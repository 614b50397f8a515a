// Exact search; see truth.h.
#include "truth.h"

#include <algorithm>
#include <cmath>

#include "core/base/status.h"

namespace vg::bench::shapes {

namespace {

constexpr double kRelativeSlack = 1e-6;
constexpr double kCosineSlack = 2.5e-7;

// Eight running sums, so that the compiler may use vector registers without changing the result
// from machine to machine.
template <typename Term>
double sum(const float* a, const float* b, std::size_t n, Term term) {
    constexpr std::size_t kLanes = 8;
    double lanes[kLanes] = {};
    std::size_t i = 0;
    for (; i + kLanes <= n; i += kLanes)
        for (std::size_t lane = 0; lane < kLanes; ++lane)
            lanes[lane] += term(static_cast<double>(a[i + lane]), static_cast<double>(b[i + lane]));
    for (; i < n; ++i)
        lanes[0] += term(static_cast<double>(a[i]), static_cast<double>(b[i]));
    double total = 0;
    for (const double lane : lanes)
        total += lane;
    return total;
}

double product(const float* a, const float* b, std::size_t n) {
    return sum(a, b, n, [](double x, double y) { return x * y; });
}

}  // namespace

bool keeps(const Shape& shape, Filter filter, std::size_t query, std::size_t row) {
    switch (filter) {
        case Filter::kNone:
            return true;
        case Filter::kHalf:
            return shape.share[row] < 500;
        case Filter::kTenth:
            return shape.share[row] < 100;
        case Filter::kHundredth:
            return shape.share[row] < 10;
        case Filter::kThousandth:
            return shape.share[row] < 1;
        case Filter::kOwnCluster:
            return shape.cluster[row] == shape.own_cluster[query];
        case Filter::kFarCluster:
            return shape.cluster[row] == shape.far_cluster[query];
    }
    return false;
}

double exact_distance(const Shape& shape, Metric metric, std::size_t query, std::size_t row) {
    const float* a = shape.query(query);
    const float* b = shape.row(row);
    const std::size_t n = shape.dim;
    switch (metric) {
        case Metric::kL2:
            return std::sqrt(sum(a, b, n, [](double x, double y) { return (x - y) * (x - y); }));
        case Metric::kCosine:
            return 1 - product(a, b, n) / std::sqrt(product(a, a, n) * product(b, b, n));
        case Metric::kInnerProduct:
            return -product(a, b, n);
        case Metric::kL1:
            return sum(a, b, n, [](double x, double y) { return std::abs(x - y); });
    }
    return 0;
}

std::vector<Nearest> find_nearest(const Shape& shape, Metric metric,
                                  const std::vector<Filter>& filters, std::size_t most) {
    std::vector<Nearest> result(filters.size(), Nearest(shape.query_count()));
    std::vector<double> distances(shape.row_count());
    for (std::size_t q = 0; q < shape.query_count(); ++q) {
        for (std::size_t i = 0; i < distances.size(); ++i)
            distances[i] = exact_distance(shape, metric, q, i);
        for (std::size_t f = 0; f < filters.size(); ++f) {
            std::vector<double>& nearest = result[f][q];
            for (std::size_t i = 0; i < distances.size(); ++i)
                if (keeps(shape, filters[f], q, i))
                    nearest.push_back(distances[i]);
            const std::size_t wanted = std::min(most, nearest.size());
            std::partial_sort(nearest.begin(),
                              nearest.begin() + static_cast<std::ptrdiff_t>(wanted), nearest.end());
            nearest.resize(wanted);
            nearest.shrink_to_fit();
        }
    }
    return result;
}

double recall(const Shape& shape, Metric metric, Filter filter, const Nearest& nearest,
              std::size_t query, std::size_t k, std::vector<std::uint32_t> ids) {
    const std::size_t wanted = std::min(k, nearest[query].size());
    if (wanted == 0)
        return 1;
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    const double farthest = nearest[query][wanted - 1];
    const double slack =
        std::abs(farthest) * kRelativeSlack + (metric == Metric::kCosine ? kCosineSlack : 0);
    std::size_t hits = 0;
    for (const std::uint32_t id : ids) {
        if (id >= shape.row_count() || !keeps(shape, filter, query, id))
            throw Error(StatusCode::kInternal,
                        "row " + std::to_string(id) + " is not one that the filter keeps");
        hits += exact_distance(shape, metric, query, id) <= farthest + slack;
    }
    return static_cast<double>(std::min(hits, wanted)) / static_cast<double>(wanted);
}

}  // namespace vg::bench::shapes
