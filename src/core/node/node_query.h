// A query against the nodes of one index: exact distances to a node from its slot, and the table
// for estimating the distances to its neighbours.
//
// The graph is Euclidean whatever the metric, so that one code and one estimator serve all of them:
//   l2, l1         the vectors themselves
//   cosine         vectors of unit length
//   inner product  one more coordinate, tail = sqrt(M^2 - |x|^2) with M the largest norm, 0 for
//   queries:
//                  nearest in that space is largest inner product (Neyshabur & Srebro 2015)
// Results are ordered by the metric itself, computed exactly on every node that is read.
#pragma once

#include <cstddef>
#include <vector>

#include "core/code/link_code.h"
#include "core/code/rotation.h"
#include "core/node/slot.h"

namespace vg::node {

struct NodeDistance {
    float graph;  // squared Euclidean distance in graph space: navigates
    // Orders results, smaller is nearer: a lower bound of the operator's value, or for Euclidean
    // and cosine distance in float storage an increasing function of one. See value_range.
    float order;
    // Inner product in float storage: bounds the sum of |q_i x_i|, of which rounding is a share. 0
    // elsewhere.
    float scale;
};

// Where the operator's value of a node lies, however its own sum over the heap row is rounded.
// Ascending orders give ascending lows.
struct ValueRange {
    double low;
    double value;  // as near as the index knows it
    double high;   // infinity in 8-bit storage
};

class NodeQuery {
  public:
    // rotation and centre (geometry.dims floats) must outlive the query.
    NodeQuery(const Geometry& geometry, Metric metric, const code::Rotation& rotation,
              const float* centre);

    // Sets a search query: geometry.dims floats, finite. Cosine queries are normalised here.
    void set_query(const float* query) noexcept;
    // Sets a row that is about to be inserted: `vector` as prepare_row left it, with its tail.
    void set_row(const float* vector, float tail) noexcept;

    NodeDistance distance(const SlotView& slot) const noexcept;
    // Of a node with that order and scale.
    ValueRange value_range(float order, float scale) const noexcept;
    // Estimated graph distances to all links of a slot; out holds slot.degree() floats.
    void estimate(const SlotView& slot, float graph_distance, float* out) const noexcept {
        const float tail_gap = slot.header().tail - tail_;
        if (tail_gap == 0 && table_.too_coarse(graph_distance)) {
            estimate_close(slot, graph_distance, out);
            return;
        }
        distance::estimate_links(table_.planes(graph_distance - tail_gap * tail_gap),
                                 graph_distance, slot.codes(), out);
    }
    // Whether value_range holds for every finite row. Cosine nodes in float storage keep the row at
    // unit length: of rows whose square sum is no float the operator makes something else, and the
    // node does not tell them apart.
    bool bounds_the_operator() const noexcept {
        return metric_ != Metric::kCosine || geometry_.storage == Storage::kSq8;
    }
    const Geometry& geometry() const noexcept { return geometry_; }
    Metric metric() const noexcept { return metric_; }
    // Whether `order` is only a lower bound, so that the executor has to recheck.
    bool lower_bound_only() const noexcept { return geometry_.storage == Storage::kSq8; }

  private:
    float lower_bound(const SlotView& slot, float squared) const noexcept;
    double rounding() const noexcept;
    void estimate_close(const SlotView& slot, float graph_distance, float* out) const noexcept;

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
    float norm_ = 0;  // of query_
    float tail_ = 0;
};

// Brings a row into the form the index stores and measures: cosine rows to unit length. Returns
// false when the row cannot be indexed (a zero vector under cosine). In place, dims floats.
bool prepare_row(Metric metric, float* vector, std::size_t dims) noexcept;

// Tail of a prepared row in an inner-product index whose norms complete to max_norm2.
float row_tail(Metric metric, const float* vector, std::size_t dims, float max_norm2) noexcept;

// What max_norm2 becomes with the first row of an index that was built empty: inner-product indexes
// leave room for norms up to twice this one, others need none. A later row with a larger norm gets
// no tail and is found a little later than its product deserves, until a REINDEX.
float first_max_norm2(Metric metric, const float* vector, std::size_t dims) noexcept;

// Quantises to 8 bits over the vector's own range. codes: dims bytes. `error` bounds the L2
// distance between the vector and what readers compute from the codes, their float rounding
// included.
struct Sq8Encoding {
    float low;
    float step;
    float error;
};
Sq8Encoding encode_sq8(const float* vector, std::size_t dims, std::uint8_t* codes) noexcept;
// The same over a given range: a vector that was decoded from it gets its codes back. Returns the
// error.
float quantise_sq8(const float* vector, std::size_t dims, float low, float step,
                   std::uint8_t* codes) noexcept;

}  // namespace vg::node
