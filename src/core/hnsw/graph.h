// The built graph as plain arrays: what the bulk builder hands to the page writer, and what the
// tests search directly. Nodes are numbered 0..n-1 in the order of the rows given to the builder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace vg::hnsw {

inline constexpr std::uint32_t kNoNode = 0xFFFFFFFFu;

// Adjacency lists of fixed capacity, one per member. At level 0 members are all nodes; above, only
// the nodes of that level, and lists refer to members by node number.
struct Layer {
    std::uint32_t capacity = 0;          // links per list at most
    std::vector<std::uint32_t> members;  // node numbers, ascending; empty means 0..n-1
    std::vector<std::uint16_t> degree;   // per member
    std::vector<std::uint32_t> links;    // members x capacity, nearest first
    std::size_t size() const noexcept { return degree.size(); }
    const std::uint32_t* list(std::size_t member) const noexcept {
        return links.data() + member * capacity;
    }
    std::uint32_t* list(std::size_t member) noexcept { return links.data() + member * capacity; }
};

enum class BuildOrder : std::uint8_t { kAuto = 0, kLid = 1, kRandom = 2 };

struct Graph {
    std::vector<Layer> layers;        // [0] holds every node; back() the top level
    std::vector<std::uint8_t> level;  // per node, its top level
    std::uint32_t entry = kNoNode;    // a node of the top level
    // Spanning tree of level 0 rooted at `entry`: tree_parent[v] is a node that links to v, and
    // following parents ends at the entry. The entry's own parent is kNoNode. It proves that every
    // node is reachable, and the page writer marks these links as never to be evicted.
    std::vector<std::uint32_t> tree_parent;
    // Pages are filled in this order (a permutation of the nodes): neighbours close together.
    std::vector<std::uint32_t> placement;

    BuildOrder order_used = BuildOrder::kRandom;
    std::vector<float> lid;     // per node; 0 where not estimated (prefix nodes, random order)
    std::size_t connected = 0;  // nodes that needed a forced link to become reachable
};

}  // namespace vg::hnsw
