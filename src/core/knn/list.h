// Lists of nearest neighbours: fixed capacity, by falling similarity, ties by rising node, no node
// twice. Plain functions on arrays, because the arrays lie in pages.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/node/list_format.h"

namespace vg::knn {

using node::ListNeighbour;
using node::SlotId;

inline bool nearer(const ListNeighbour& a, const ListNeighbour& b) noexcept {
    return a.similarity > b.similarity || (a.similarity == b.similarity && a.node < b.node);
}

inline bool contains(std::span<const ListNeighbour> list, SlotId node) noexcept {
    return std::any_of(list.begin(), list.end(),
                       [node](const ListNeighbour& n) { return n.node == node; });
}

// Whether a list of at most k would take the neighbour.
inline bool wants(std::span<const ListNeighbour> list, std::size_t k,
                  const ListNeighbour& n) noexcept {
    return (list.size() < k || nearer(n, list.back())) && !contains(list, n.node);
}

// Puts a neighbour into a list with room for k, dropping the last where that is full. Returns the
// new length. Requires: wants().
inline std::size_t put(ListNeighbour* list, std::size_t count, std::size_t k,
                       const ListNeighbour& n) noexcept {
    ListNeighbour* at = std::upper_bound(list, list + count, n, nearer);
    const std::size_t kept = count < k ? count : k - 1;
    std::copy_backward(at, list + kept, list + kept + 1);
    *at = n;
    return kept + 1;
}

// Removes the neighbours for which gone(node); returns the new length.
template <typename Fn>
std::size_t drop(ListNeighbour* list, std::size_t count, Fn&& gone) {
    return static_cast<std::size_t>(
        std::remove_if(list, list + count,
                       [&gone](const ListNeighbour& n) { return gone(n.node); }) -
        list);
}

}  // namespace vg::knn
