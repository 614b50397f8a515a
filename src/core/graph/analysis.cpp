#include "core/graph/analysis.h"

#include <algorithm>
#include <cmath>
#include <utility>

// Its assertions would end the server process, which is not ours to end.
#define BOOST_DISABLE_ASSERTS
#include <boost/graph/betweenness_centrality.hpp>
#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <boost/graph/connected_components.hpp>
#include <boost/property_map/property_map.hpp>

#include "core/no_postgres.h"

namespace vg::graph {
namespace {

using BoostGraph =
    boost::compressed_sparse_row_graph<boost::directedS, boost::no_property, boost::no_property,
                                       boost::no_property, std::uint32_t, std::size_t>;

BoostGraph to_boost(const Csr& graph) {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> arcs;
    arcs.reserve(graph.arc_count());
    for (std::uint32_t v = 0; v < graph.size(); ++v)
        for (const std::uint32_t to : graph.targets(v))
            arcs.emplace_back(v, to);
    return {boost::edges_are_sorted, arcs.begin(), arcs.end(), graph.size()};
}

constexpr unsigned kPollEvery = 1u << 14;

// Boost's algorithms know no interrupts, but they write to property maps at every vertex: this one
// asks.
template <typename T>
class PolledMap {
  public:
    using value_type = T;
    using key_type = std::uint32_t;
    using reference = T&;
    using category = boost::lvalue_property_map_tag;

    PolledMap(T* values, const Poll* poll, unsigned* count)
        : values_(values), poll_(poll), count_(count) {}
    T& operator[](std::uint32_t v) const {
        if (++*count_ % kPollEvery == 0)
            (*poll_)();
        return values_[v];
    }
    friend T& get(const PolledMap& map, std::uint32_t v) { return map[v]; }
    friend void put(const PolledMap& map, std::uint32_t v, const T& value) { map[v] = value; }

  private:
    T* values_;
    const Poll* poll_;
    unsigned* count_;
};

}  // namespace

std::pmr::vector<std::uint32_t> components(const Csr& graph, std::pmr::memory_resource* memory,
                                           Poll poll) {
    std::pmr::vector<std::uint32_t> component(graph.size(), 0, memory);
    if (graph.size() == 0)
        return component;
    const BoostGraph g = to_boost(graph);
    unsigned count = 0;
    const PolledMap<std::uint32_t> map(component.data(), &poll, &count);
    const std::uint32_t found = boost::connected_components(g, map);
    std::pmr::vector<std::uint32_t> smallest(found, graph.size(), memory);
    for (std::uint32_t v = graph.size(); v-- > 0;)
        smallest[component[v]] = v;
    for (std::uint32_t& c : component)
        c = smallest[c];
    return component;
}

std::pmr::vector<double> weighted_degree(const Csr& graph, std::pmr::memory_resource* memory) {
    std::pmr::vector<double> degree(graph.size(), 0.0, memory);
    for (std::uint32_t v = 0; v < graph.size(); ++v)
        for (const double weight : graph.weights(v))
            degree[v] += weight;
    return degree;
}

std::pmr::vector<double> pagerank(const Csr& graph, const PagerankOptions& options,
                                  std::pmr::memory_resource* memory, Poll poll) {
    const std::uint32_t n = graph.size();
    const std::pmr::vector<double> degree = weighted_degree(graph, memory);
    std::pmr::vector<double> rank(n, n > 0 ? 1.0 / n : 0.0, memory);
    std::pmr::vector<double> next(n, 0.0, memory);
    for (unsigned i = 0; i < options.iterations; ++i) {
        double lost = 0.0;
        std::fill(next.begin(), next.end(), 0.0);
        for (std::uint32_t v = 0; v < n; ++v) {
            if (v % kPollEvery == 0)
                poll();
            if (!(degree[v] > 0.0)) {
                lost += rank[v];
                continue;
            }
            const double share = (1.0 - options.restart) * rank[v] / degree[v];
            const auto targets = graph.targets(v);
            const auto weights = graph.weights(v);
            for (std::size_t a = 0; a < targets.size(); ++a)
                next[targets[a]] += share * weights[a];
        }
        const double anywhere = (options.restart + (1.0 - options.restart) * lost) / n;
        double change = 0.0;
        for (std::uint32_t v = 0; v < n; ++v) {
            next[v] += anywhere;
            change += std::abs(next[v] - rank[v]);
        }
        rank.swap(next);
        if (change < options.tolerance)
            break;
    }
    return rank;
}

std::pmr::vector<double> betweenness(const Csr& graph, std::pmr::memory_resource* memory,
                                     Poll poll) {
    std::pmr::vector<double> centrality(graph.size(), 0.0, memory);
    if (graph.size() == 0)
        return centrality;
    const BoostGraph g = to_boost(graph);
    unsigned count = 0;
    const PolledMap<double> map(centrality.data(), &poll, &count);
    boost::brandes_betweenness_centrality(g, map);
    // Both directions of every pair were counted.
    for (double& c : centrality)
        c /= 2.0;
    return centrality;
}

}  // namespace vg::graph
