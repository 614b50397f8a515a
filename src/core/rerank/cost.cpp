// Implements cost.h. A heap is bounded by its paths: a document that sinks asks one question per
// level that still has children, and never more levels than the leftmost path below its node.
#include "core/rerank/cost.h"

#include <algorithm>

#include "core/no_postgres.h"

namespace vg::rerank {
namespace {

std::uint64_t ceil_div(std::uint64_t a, std::uint64_t b) noexcept {
    return (a + b - 1) / b;
}

// Levels below the root of a heap of n nodes.
std::uint64_t height(std::uint64_t n, std::uint64_t arity) noexcept {
    std::uint64_t levels = 0;
    for (std::uint64_t leftmost = 1; leftmost < n; leftmost = leftmost * arity + 1)
        ++levels;
    return levels;
}

// The heights of all nodes, summed: for every t, the nodes whose leftmost path is t levels or
// longer.
std::uint64_t sum_of_heights(std::uint64_t n, std::uint64_t arity) noexcept {
    std::uint64_t sum = 0;
    std::uint64_t width = arity;  // arity^t
    for (std::uint64_t leftmost = 1; leftmost < n; leftmost = leftmost * arity + 1) {
        sum += (n - 1 - leftmost) / width + 1;
        width *= arity;
    }
    return sum;
}

// Windows that sinking documents ask about: to build, and after each extraction but the last.
std::uint64_t heap_windows(std::uint64_t n, std::uint64_t k, std::uint64_t arity) noexcept {
    std::uint64_t windows = sum_of_heights(n, arity);
    for (std::uint64_t extracted = 1; extracted < k; ++extracted)
        windows += height(n - extracted, arity);
    return windows;
}

Cost setwise_heap(const Shape& s, std::uint64_t n, std::uint64_t k) noexcept {
    const std::uint64_t calls = s.votes * heap_windows(n, k, s.fanout);
    return {calls, calls * std::min<std::uint64_t>(s.fanout + 1, n), calls == 0};
}

// A node with two children takes two comparisons, each of them shown in both orders.
Cost pairwise_heap(std::uint64_t n, std::uint64_t k) noexcept {
    constexpr std::uint64_t kArity = 2;
    const std::uint64_t calls = kArity * heap_windows(n, k, kArity);
    return {calls, 4 * calls, calls == 0};
}

// Neighbouring windows share one document.
Cost setwise_bubble(const Shape& s, std::uint64_t n, std::uint64_t k) noexcept {
    Cost c{0, 0, true};
    for (std::uint64_t place = 0; place < std::min(k, n - 1); ++place) {
        const std::uint64_t others = n - 1 - place;
        const std::uint64_t windows = ceil_div(others, s.fanout);
        c.calls += s.votes * windows;
        c.shown += s.votes * (others + windows);
    }
    return c;
}

Cost listwise(const Shape& s, std::uint64_t n) noexcept {
    if (n < 2)
        return {0, 0, true};
    const std::uint64_t size = std::min<std::uint64_t>(s.win, n);
    const std::uint64_t calls = s.passes * (1 + ceil_div(n - size, s.step));
    return {calls, calls * size, true};
}

}  // namespace

Cost cost(const Shape& s, std::size_t count) noexcept {
    const std::uint64_t n = count;
    if (n == 0)
        return {0, 0, true};
    const std::uint64_t k = std::min<std::uint64_t>(s.k, n);
    switch (s.protocol) {
        case Protocol::kPointwise:
            return {ceil_div(n, s.batch), n, true};
        case Protocol::kGroupwise:
            return {s.epochs * ceil_div(n, s.group_size), s.epochs * n, true};
        case Protocol::kSetwiseHeap:
            return setwise_heap(s, n, k);
        case Protocol::kSetwiseBubble:
            return setwise_bubble(s, n, k);
        case Protocol::kPairwiseHeap:
            return pairwise_heap(n, k);
        case Protocol::kListwise:
            return listwise(s, n);
        case Protocol::kEliminate:
            return {n - 1, n * (n + 1) / 2 - 1, true};
    }
    return {0, 0, true};
}

}  // namespace vg::rerank
