// A query against the nodes of one index: exact distances to a node from its slot, and the table
// for estimating the distances to its neighbours.
//
// What a graph is built and walked by:
//   l2, l1         squared Euclidean distance
//   cosine         the same between vectors of unit length
//   inner product  the negative inner product: it may be below zero, and no row is at distance 0
//                  of itself
// Results are ordered by the metric itself, computed exactly on every node that is read.
#pragma once

#include <cstddef>
#include <vector>

#include "core/code/link_code.h"
#include "core/code/rotation.h"
#include "core/node/slot.h"

namespace vg::node {

struct NodeDistance {
    float graph;  // navigates
    // Orders results, smaller is nearer: a lower bound of the operator's value, or for Euclidean
    // and cosine distance in exact storage an increasing function of one. See value_range.
    float order;
    // Inner product in exact storage: bounds the sum of |q_i x_i|, of which rounding is a share. In
    // inexact storage: the operator's value lies at most that far above `order`, for every row of
    // the node. 0 elsewhere.
    float scale;
};

// Where the operator's value of a node lies, however its own sum over the heap row is rounded.
// Ascending orders give ascending lows.
struct ValueRange {
    double low;
    double value;  // as near as the index knows it
    double high;   // infinity where nothing is known
};

class NodeQuery {
  public:
    // rotation and centre (geometry.dims floats) must outlive the query.
    NodeQuery(const Geometry& geometry, Metric metric, const code::Rotation& rotation,
              const float* centre);

    // Sets a search query: geometry.dims floats, finite. Cosine queries are normalised here.
    void set_query(const float* query) noexcept;
    // Sets a row that is about to be inserted: `vector` as prepare_row left it.
    void set_row(const float* vector) noexcept;

    NodeDistance distance(const SlotView& slot) const noexcept;
    // Of a node with that order and scale.
    ValueRange value_range(float order, float scale) const noexcept;
    // Estimated graph distances to all links of a slot, given its own; out holds slot.degree()
    // floats.
    void estimate(const SlotView& slot, float graph_distance, float* out) const noexcept {
        if (metric_ == Metric::kInnerProduct)
            estimate_products(slot, graph_distance, out);
        else if (table_.too_coarse(graph_distance))
            estimate_close(slot, graph_distance, out);
        else
            distance::estimate_links(table_.planes(graph_distance), graph_distance, slot.codes(),
                                     out);
    }
    // Whether value_range holds for every finite row. Cosine nodes in exact storage keep the row at
    // unit length: of rows whose square sum is no float the operator makes something else, and the
    // node does not tell them apart.
    bool bounds_the_operator() const noexcept {
        return metric_ != Metric::kCosine || !is_exact(geometry_.storage);
    }
    const Geometry& geometry() const noexcept { return geometry_; }
    Metric metric() const noexcept { return metric_; }

  private:
    NodeDistance inexact_distance(const SlotView& slot) const noexcept;
    NodeDistance inexact_product(const SlotView& slot) const noexcept;
    double rounding() const noexcept;
    double slack() const noexcept;
    void estimate_close(const SlotView& slot, float graph_distance, float* out) const noexcept;
    float squared_norm(const SlotView& slot) const noexcept;
    double length_bound(const SlotView& slot) const noexcept;
    void estimate_products(const SlotView& slot, float graph_distance, float* out) const noexcept;

    Geometry geometry_;
    Metric metric_;
    const float* centre_;
    code::QueryTable table_;
    std::vector<float> query_;
    // Of estimate_close: a table of the query as seen from one node, and that node.
    struct Close {
        code::QueryTable table;
        std::vector<float> node;
        std::vector<float> bias;
    };
    mutable Close close_;
    std::vector<float> zeros_;    // where storage is not exact
    double norm_ = 0;             // of query_
    bool beyond_floats_ = false;  // see inexact_distance
};

// Whether the operators' float sums of squares neither over- nor underflow.
bool norm_fits_floats(const float* vector, std::size_t dims) noexcept;

// Brings a row into the form the index stores and measures: cosine rows to unit length. Returns
// false when the row cannot be indexed (a zero vector under cosine). In place, dims floats.
bool prepare_row(Metric metric, float* vector, std::size_t dims) noexcept;

// The code of a link between two rotated rows, by the metric of the index.
inline code::LinkFactors link_factors(const Geometry& g, Metric metric, const float* u_p,
                                      const float* u_n, std::uint64_t* code) noexcept {
    return metric == Metric::kInnerProduct
               ? code::encode_product_link(u_p, u_n, g.code_shape(), code)
               : code::encode_link(u_p, u_n, g.code_shape(), code);
}

}  // namespace vg::node
