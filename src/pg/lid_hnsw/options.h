// Reloptions and settings of lid_hnsw, which other access methods on the node store share
// (handler.cpp).
#pragma once

#include "pg/boundary/pg.h"

#include "core/hnsw/bulk_builder.h"
#include "core/node/geometry.h"
#include "pg/boundary/compat.h"
#include "pg/index/access_method.h"

namespace vg::pg::lid_hnsw {

inline constexpr index::IntOption kM{.standard = 16, .least = 2, .most = 100};
inline constexpr index::IntOption kEfConstruction{.standard = 64, .least = 4, .most = 1000};
inline constexpr index::IntOption kCodeBits{
    .standard = 0, .least = 0, .most = 64 * node::kMaxWords};
inline constexpr index::IntOption kEfSearch{.standard = 40, .least = 1, .most = 1000};

// Reloptions, laid out for build_reloptions. Options of an access method that builds on this one
// begin with these.
struct Options {
    int32 vl_len_;
    int m;
    int ef_construction;
    int build_order;  // hnsw::BuildOrder
    int storage;      // node::StorageChoice
    int code_bits;    // 0: as the geometry has room
};
inline constexpr Options kDefaults{0,
                                   kM.standard,
                                   kEfConstruction.standard,
                                   static_cast<int>(hnsw::BuildOrder::kAuto),
                                   static_cast<int>(node::StorageChoice::kAuto),
                                   kCodeBits.standard};
int option_m(Relation index);
int option_ef_construction(Relation index);
hnsw::BuildOrder option_build_order(Relation index);
node::GeometryChoice option_geometry(Relation index);

// Registers the options above, all but the struct's header, with a relopt kind.
void add_node_store_options(relopt_kind kind);
// Entries of a relopt_parse_elt table for them, in `type` at `prefix`.
#define VG_NODE_STORE_OPTIONS(type, prefix)                                                    \
    option_at("m", RELOPT_TYPE_INT, offsetof(type, prefix m)),                                 \
        option_at("ef_construction", RELOPT_TYPE_INT, offsetof(type, prefix ef_construction)), \
        option_at("build_order", RELOPT_TYPE_ENUM, offsetof(type, prefix build_order)),        \
        option_at("storage", RELOPT_TYPE_ENUM, offsetof(type, prefix storage)),                \
        option_at("code_bits", RELOPT_TYPE_INT, offsetof(type, prefix code_bits))
// GUC lid_hnsw.ef_search.
extern int lid_hnsw_ef_search;
// GUC lid_hnsw.exact_scan: scans read all of the index and answer exactly.
extern bool lid_hnsw_exact_scan;

}  // namespace vg::pg::lid_hnsw
