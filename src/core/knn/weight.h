// Weights of the edges of a nearest-neighbour graph, derived from the lists of both ends. Lists
// hold similarities; nothing of a weight is stored, so it is always that of the lists as they are.
//   similarity     the similarity, 0 where it is negative
//   local scaling  exp(-d^2 / (s_i s_j)), s the distance of an end to the last of its list
//                  (Zelnik-Manor & Perona 2004): comparable between dense and sparse regions
//   shared         share of common neighbours among k, each end counted as its own neighbour
//                  (Jarvis & Patrick 1973): robust against hubs
//   mutual         the similarity where both ends list each other, else 0; the nearest neighbour
//                  keeps its weight, so that no node is left alone
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/knn/list.h"

namespace vg::knn {

enum class EdgeWeight : std::uint8_t {
    kSimilarity = 0,
    kLocalScaling = 1,
    kShared = 2,
    kMutual = 3
};

// One end of an edge: its node and its list.
struct End {
    SlotId node;
    std::span<const ListNeighbour> list;
};

// Whether the weight needs the list of the far end.
constexpr bool needs_far_list(EdgeWeight kind) noexcept {
    return kind != EdgeWeight::kSimilarity;
}

// Weight of the edge from `from` to its neighbour at `position`. `to` may have an empty list where
// needs_far_list is false. k: length of full lists.
float edge_weight(EdgeWeight kind, node::Metric metric, std::size_t k, const End& from,
                  std::size_t position, const End& to) noexcept;

}  // namespace vg::knn
