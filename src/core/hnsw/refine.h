// Second pass over a layer: every node chooses its links again from its two-hop neighbourhood,
// lists are filled up to their capacity, and come out nearest first. Threads: reads the raw layer
// and writes disjoint lists of the new one; the reverse fill at the end is done by the caller's
// thread alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/base/poll.h"
#include "core/hnsw/graph.h"
#include "core/hnsw/layer_view.h"

namespace vg::hnsw {

struct Candidate {
    float distance;  // squared L2 to the node whose list is chosen
    std::uint32_t id;
};

// Relative-neighbourhood pruning with slack (the alpha of Vamana, Subramanya et al. 2019) and fill
// (keepPrunedConnections of the HNSW paper, Malkov & Yashunin 2018), in this order:
//   1. nearest first, take c unless a taken s is closer to c than the node is: d(s,c) < d(c);
//   2. the rest again, only refusing where 1.2 d(s,c) < d(c) (distances, not squares);
//   3. the nearest of what is left, until `capacity`.
// A taken link that is far shorter than d(c) refuses nobody: from a near-copy of the node
// everything is as far as from the node, give or take nothing. And near-copies of a taken link are
// not filled in. So a crowd of near-copies gets one link from outside, and its members, whose
// candidates are all in the crowd but for a few, keep a quarter of their lists for the way out.
// Candidates exactly as far away as a taken s are refused already where d(s,c) <= d(c), so that a
// clump of near-duplicates cannot take all links of its members. `candidates` must be sorted by
// distance; the result, also sorted, is written to `chosen`. Steps 1 and 2 alone when `fill` is
// false.
void choose_links(const LayerView& view, const std::vector<Candidate>& candidates,
                  std::size_t capacity, bool fill, std::vector<Candidate>& chosen);

// Where in the sorted candidates those begin that are far away beside three quarters of a list:
// what leads out of a crowd of near-copies. Their number, mostly, for there are none.
// Requires at least `capacity` candidates for the limit, the squared distance beyond which they
// lie.
std::size_t far_candidates(const std::vector<Candidate>& candidates, std::size_t capacity) noexcept;
float far_limit(const std::vector<Candidate>& candidates, std::size_t capacity) noexcept;

struct RefineParams {
    std::uint32_t capacity = 32;
    unsigned threads = 1;
    Poll poll;
    // The order in which nodes take their turn, a permutation of the members (empty: as they are).
    // It does not change the result; neighbours in a row share most of what they read.
    std::vector<std::uint32_t> order;
    std::function<void(std::size_t)> progress;  // nodes done; called by the caller's thread only
};

// The refined layer; `raw` holds local ids and stays as it is. Members are copied. Links are chosen
// by the rows' codes and put in order by their true distances.
Layer refine_layer(const Rows& rows, const RowCodes& codes, const Layer& raw,
                   const RefineParams& params);

}  // namespace vg::hnsw
