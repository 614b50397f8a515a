// What stays the same about an index for the life of its storage: what everybody needs who reads or
// changes its nodes.
#pragma once

#include <cstdint>
#include <vector>

#include "core/code/rotation.h"
#include "core/node/format.h"
#include "core/node/geometry.h"

namespace vg::store {

struct Constants {
    explicit Constants(const node::MetaData& meta)
        : geometry(node::geometry_of(meta)),
          metric(static_cast<node::Metric>(meta.metric)),
          m(meta.m),
          ef_construction(meta.ef_construction),
          seed(meta.seed),
          build_id(meta.build_id),
          rotation(meta.dims, meta.seed),
          centre(meta.dims) {}

    // Rotates a row for the codes of its links. row: dims floats; out: rotation.padded_dims().
    void rotate(const float* row, float* out) const { rotation.apply(row, centre.data(), out); }

    node::Geometry geometry;
    node::Metric metric;
    std::uint32_t m;
    std::uint32_t ef_construction;
    std::uint64_t seed;
    std::uint64_t build_id;
    code::Rotation rotation;
    std::vector<float> centre;  // dims floats; read from the centre pages by whoever makes this
};

}  // namespace vg::store
