// How good stored lists are: the exact nearest neighbours of a sample of nodes from one pass over
// all nodes, held against the nodes' lists. An entry of a list counts when its node is among the
// exact ones and its similarity is that of the two vectors. Ties with the last exact one count.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/knn/list.h"
#include "core/knn/similarity.h"

namespace vg::knn {

class ListPanel {
  public:
    ListPanel(const Similarity& similarity, std::size_t dims, std::size_t k)
        : similarity_(similarity), dims_(dims), k_(k) {}

    // A sampled node with its list. All of them before the first add_node. Throws std::bad_alloc.
    void add_sample(SlotId node, const float* vector, std::span<const ListNeighbour> list);
    // Shows a node of the graph to all samples; the order does not matter. Throws nothing.
    void add_node(SlotId node, const float* vector) noexcept;

    std::size_t samples() const noexcept { return samples_.size(); }
    // Share of the exact neighbours that sample i's list has; 1 where the graph has no other node.
    float recall(std::size_t i) const noexcept;
    // Entries of sample i's list whose similarity is not that of the vectors, or whose node was not
    // shown.
    std::size_t wrong(std::size_t i) const noexcept;

  private:
    struct Entry {
        ListNeighbour neighbour;
        float true_similarity;
        bool seen;
    };
    struct Sample {
        SlotId node;
        std::size_t exact = 0;  // in use of k_ places
        std::vector<Entry> list;
    };
    static bool agrees(const Entry& e) noexcept;

    Similarity similarity_;
    std::size_t dims_;
    std::size_t k_;
    std::vector<Sample> samples_;
    std::vector<float> vectors_;
    std::vector<ListNeighbour> exact_;  // k_ places per sample
};

}  // namespace vg::knn
