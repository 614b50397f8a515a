// The k best of n documents by a heap of any arity, over an order that only a judge knows. Heapsort
// asks fewer questions than any other exact method here, since a wide node settles its children in
// one.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "core/rerank/protocols.h"

namespace vg::rerank {

// Lets heap[node] sink to its place. `best` takes a node and its children and returns the winner's
// place among them; nullopt: it may not ask any more. False in that case.
template <typename Best>
bool sift(std::span<Document> heap, std::size_t node, std::size_t arity, Best& best,
          Order* window) {
    for (;;) {
        const std::size_t child = arity * node + 1;
        if (child >= heap.size())
            return true;
        const std::size_t end = std::min(child + arity, heap.size());
        window->assign(1, heap[node]);
        window->insert(window->end(), heap.begin() + static_cast<std::ptrdiff_t>(child),
                       heap.begin() + static_cast<std::ptrdiff_t>(end));
        const std::optional<std::size_t> winner = best(Documents(*window));
        if (!winner)
            return false;
        if (*winner == 0)
            return true;
        const std::size_t next = child + *winner - 1;
        std::swap(heap[node], heap[next]);
        node = next;
    }
}

template <typename Best>
bool build_heap(std::span<Document> heap, std::size_t arity, Best& best, Order* window) {
    for (std::size_t node = heap.size() / arity + 1; node-- > 0;) {
        if (!sift(heap, node, arity, best, window))
            return false;
    }
    return true;
}

// Puts the k best first, and leaves the others as they were. Requires k <= order->size(), arity >
// 1. Where the questions end early, those extracted so far are settled: a heap half repaired does
// not know its best.
template <typename Best>
void heap_order(Order* order, std::size_t k, std::size_t arity, Best best) {
    std::pmr::memory_resource* memory = order->get_allocator().resource();
    Order heap(*order, memory);
    Order window(memory);
    Order settled(memory);
    window.reserve(std::min(arity, heap.size()) + 1);
    if (build_heap(std::span(heap), arity, best, &window)) {
        for (std::size_t size = heap.size(); settled.size() < k;) {
            settled.push_back(heap[0]);
            heap[0] = heap[--size];
            if (settled.size() < k && !sift(std::span(heap).first(size), 0, arity, best, &window))
                break;
        }
    }
    std::pmr::vector<bool> taken(order->size(), false, memory);
    for (const Document d : settled)
        taken[d] = true;
    for (const Document d : *order) {
        if (!taken[d])
            settled.push_back(d);
    }
    *order = std::move(settled);
}

}  // namespace vg::rerank
