#include "core/node/node_query.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/distance/distance.h"
#include "core/no_postgres.h"

namespace vg::node {
namespace {

// Float sums of up to kMaxDims terms are off by less than this relative error, whatever the SIMD
// width; lower bounds are widened by it so that they stay below what the operator computes.
constexpr double kSumSlack = 2e-5;

// Far below any distance that differs from 0 for another reason than rounding: the square root of
// what kMaxDims squares can lose at the lower end of the floats.
constexpr double kTinyValue = 1e-18;

// Products below this stay far from the largest float whatever the order of the sum.
constexpr double kOverflows = 1e38;

// What a float sum of up to kMaxDims products may lose to underflow.
constexpr float kSumUnderflow = 1e-41f;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Bounds of the operator's value as floats keep them. What rounding adds to the lower one is far
// less than kSumSlack has taken from it.
NodeDistance ranged(float graph, double low, double high) noexcept {
    const float order = static_cast<float>(low);
    const double width = (high - order) * (1 + 2 * kHalfUlp) + std::numeric_limits<float>::min();
    return {graph, order, static_cast<float>(width)};
}

}  // namespace

NodeQuery::NodeQuery(const Geometry& geometry, Metric metric, const code::Rotation& rotation,
                     const float* centre)
    : geometry_(geometry),
      metric_(metric),
      centre_(centre),
      table_(rotation, geometry.words),
      query_(geometry.dims),
      close_{code::QueryTable(rotation, geometry.words), std::vector<float>(geometry.dims),
             std::vector<float>(geometry.capacity)},
      zeros_(is_exact(geometry.storage) ? 0 : geometry.dims) {}

void NodeQuery::set_query(const float* query) noexcept {
    std::copy(query, query + geometry_.dims, query_.begin());
    // The operator gives NaN for a query of zeros, so any bound is true; for others it may lose the
    // length.
    bool sound = true;
    if (metric_ == Metric::kCosine && prepare_row(metric_, query_.data(), geometry_.dims))
        sound = norm_fits_floats(query, geometry_.dims);
    set_row(query_.data());
    beyond_floats_ = !sound;
}

void NodeQuery::set_row(const float* vector) noexcept {
    if (vector != query_.data())
        std::copy(vector, vector + geometry_.dims, query_.begin());
    beyond_floats_ = false;
    double squared = 0;
    for (const float x : query_)
        squared += static_cast<double>(x) * x;
    norm_ = std::sqrt(squared);
    table_.set(query_.data(), centre_);
}

NodeDistance NodeQuery::distance(const SlotView& slot) const noexcept {
    const float* q = query_.data();
    const StoredVector vector = slot.vector();
    if (!is_exact(geometry_.storage))
        return metric_ == Metric::kInnerProduct ? inexact_product(slot) : inexact_distance(slot);
    if (metric_ == Metric::kInnerProduct) {
        const float ip = vector.inner_product(q);
        // Bounds |q| |x|.
        const float scale = static_cast<float>(norm_ * length_bound(slot));
        // Of sums that may leave the range of floats nothing is known.
        if (!std::isfinite(scale))
            return {-ip, -std::numeric_limits<float>::infinity(), scale};
        return {-ip, -ip - static_cast<float>(rounding()) * scale, scale};
    }
    const float squared = vector.l2_squared(q);
    if (metric_ == Metric::kL1)
        return {squared, vector.l1(q), 0};
    return {squared, squared, 0};
}

// How far two sums of float products over the dimensions may differ, as a share of the sum of their
// magnitudes: ours, and the operator's, which adds in another order and perhaps in four lanes only.
double NodeQuery::rounding() const noexcept {
    return 2 * kHalfUlp * (geometry_.dims / 4.0 + 8);
}

// The same where storage is not exact, whose bounds are wider than any rounding of short rows.
double NodeQuery::slack() const noexcept {
    return std::max(kSumSlack, rounding());
}

ValueRange NodeQuery::value_range(float order, float scale) const noexcept {
    if (!is_exact(geometry_.storage)) {
        const double low = order;
        if (!std::isfinite(scale))
            return {low, low, std::numeric_limits<double>::infinity()};
        return {low, low + scale / 2.0, low + scale};
    }
    if (!std::isfinite(order) && !(order < 0)) {
        // Beyond the range of floats, where a sum in another order may still lie within it.
        constexpr double kLargest = std::numeric_limits<float>::max();
        const double least = metric_ == Metric::kL2 ? std::sqrt(kLargest) : kLargest;
        const double infinity = std::numeric_limits<double>::infinity();
        return {least * (1 - rounding()), infinity, infinity};
    }
    double value = order;
    double slack = 0;
    switch (metric_) {
        case Metric::kL2:
            value = std::sqrt(value);
            slack = rounding() * value;
            break;
        case Metric::kCosine:
            // The operator subtracts from 1 a quotient of sums, each off by its share.
            value /= 2;
            slack = 2 * rounding();
            break;
        case Metric::kInnerProduct:
            if (!std::isfinite(scale))
                return {order, 0, std::numeric_limits<double>::infinity()};
            // The order is the lower end already, so that it alone decides what comes first.
            slack = rounding() * scale;
            return {value - kTinyValue, value + slack, value + 2 * slack + kTinyValue};
        case Metric::kL1:
            slack = rounding() * value;
            break;
    }
    // Products below the range of normal floats are off by an absolute amount.
    slack += kTinyValue;
    return {value - slack, value, value + slack};
}

// Among near-copies of one row, far from the centre: what sets their links apart is below the
// rounding of the query. As seen from the node it is not: with u_q - u_p quantised instead of u_q,
//   |q - n|^2 = |q - p|^2 + |r|^2 - B <o, u_q - u_p>.
// That costs a rotation, for the few nodes that a search reads so close to its query.
void NodeQuery::estimate_close(const SlotView& slot, float graph_distance,
                               float* out) const noexcept {
    slot.read_vector(close_.node.data());
    close_.table.set(query_.data(), close_.node.data());
    distance::LinkCodes links = slot.codes();
    for (std::size_t i = 0; i < links.count; ++i)
        close_.bias[i] = slot.length(i) * slot.length(i);
    links.bias = close_.bias.data();
    distance::estimate_links(close_.table.planes(graph_distance), graph_distance, links, out);
}

void NodeQuery::estimate_products(const SlotView& slot, float graph_distance,
                                  float* out) const noexcept {
    const float product = -graph_distance;
    const float length2 = squared_norm(slot);
    // What of the query the node's own vector explains; the codes estimate the rest.
    const float weight = length2 > 0 ? product / length2 : 0.0f;
    const float rest2 = static_cast<float>(norm_ * norm_ - static_cast<double>(weight) * product);
    distance::estimate_links(table_.planes(rest2), graph_distance, slot.codes(), out, weight);
}

float NodeQuery::squared_norm(const SlotView& slot) const noexcept {
    return slot.vector().squared_norm(zeros_.data());
}

// Of the length of the node's vector. A square below the range of normal floats may be missing from
// the sum, although its root is no small number.
double NodeQuery::length_bound(const SlotView& slot) const noexcept {
    return std::sqrt(static_cast<double>(squared_norm(slot)) +
                     static_cast<double>(geometry_.dims) * std::numeric_limits<float>::min());
}

// The operator sums in float. Where its sum may leave the range of floats there is no bound.
NodeDistance NodeQuery::inexact_product(const SlotView& slot) const noexcept {
    const float product = slot.vector().inner_product(query_.data());
    const double error = slot.header().error;
    const double length = length_bound(slot);
    if (!std::isfinite(product) || !(norm_ * (length + error) < kOverflows))
        return {-product, -kInfinity, kInfinity};
    const double off = norm_ * (error + slack() * (length + error)) + kSumUnderflow;
    const double value = -static_cast<double>(product);
    return ranged(-product, value - off, value + off);
}

// Of rows so far apart that the sum overflows, and of a query that was brought to unit length from
// where the operator's own sums over- or underflow, only that no distance is below 0 is known.
NodeDistance NodeQuery::inexact_distance(const SlotView& slot) const noexcept {
    const float squared = slot.vector().l2_squared(query_.data());
    const double error = slot.header().error;
    if (!(squared < kOverflows) || beyond_floats_)
        return {squared, 0, kInfinity};
    double low = 0;
    double high = kInfinity;
    switch (metric_) {
        case Metric::kL2: {
            low = std::sqrt(std::max(0.0f, squared - kSumUnderflow)) * (1 - slack()) - error;
            const double most = std::sqrt(squared + kSumUnderflow) * (1 + slack()) + error;
            if (most * most < kOverflows)
                high = most * (1 + slack()) + kTinyValue;
            break;
        }
        case Metric::kCosine: {
            // |<q, x> - <q, stored>| <= |q| |x - stored|, and |q| = 1.
            const double value = 1.0 - slot.vector().inner_product(query_.data());
            low = value - error - 2 * slack();
            if (error < kNoBound)
                high = value + error + 2 * slack();
            break;
        }
        case Metric::kL1: {
            const double d = slot.vector().l1(query_.data());
            const double off = std::sqrt(static_cast<double>(geometry_.dims)) * error;
            low = d * (1 - slack()) - off;
            if (d + off < kOverflows)
                high = (d + off) * (1 + slack()) + kTinyValue;
            break;
        }
        case Metric::kInnerProduct:
            break;  // inexact_product
    }
    return ranged(squared, std::max(0.0, low), high);
}

bool norm_fits_floats(const float* vector, std::size_t dims) noexcept {
    double squared = 0;
    for (std::size_t i = 0; i < dims; ++i)
        squared += static_cast<double>(vector[i]) * vector[i];
    return squared > 1e-30 && squared < 1e37;
}

bool prepare_row(Metric metric, float* vector, std::size_t dims) noexcept {
    if (metric != Metric::kCosine)
        return true;
    double squared = 0;
    for (std::size_t i = 0; i < dims; ++i)
        squared += static_cast<double>(vector[i]) * vector[i];
    if (squared == 0)
        return false;
    const double inverse = 1.0 / std::sqrt(squared);
    for (std::size_t i = 0; i < dims; ++i)
        vector[i] = static_cast<float>(vector[i] * inverse);
    return true;
}

}  // namespace vg::node
