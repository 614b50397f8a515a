// Explored graphs and personalised PageRank, against dense power iteration.
#include "core/graph/walk.h"

#include <algorithm>
#include <cmath>
#include <memory_resource>
#include <vector>

#include <gtest/gtest.h>

#include "core/graph/explored.h"
#include "table_source.h"

namespace vg::graph {
namespace {

std::pmr::memory_resource* heap() {
    return std::pmr::new_delete_resource();
}

double sum_of(const std::vector<TableArc>& arcs, Vertex self) {
    double sum = 0;
    for (const TableArc& a : arcs)
        sum += a.to == self ? 0.0 : a.weight;
    return sum;
}

// Steps from the nearest seed, by breadth-first search over both layers.
std::vector<unsigned> hops_from(const TableSource& s, int n, const std::vector<Seed>& seeds) {
    std::vector<unsigned> hop(static_cast<std::size_t>(n), 1000u);
    std::vector<Vertex> queue;
    for (const Seed& seed : seeds) {
        hop[seed.id] = 0;
        queue.push_back(seed.id);
    }
    for (std::size_t i = 0; i < queue.size(); ++i)
        for (const Layer layer : {Layer::kLink, Layer::kNeighbour})
            for (const TableArc& a : s.of(layer, queue[i]))
                if (hop[static_cast<std::size_t>(a.to)] == 1000u) {
                    hop[static_cast<std::size_t>(a.to)] =
                        hop[static_cast<std::size_t>(queue[i])] + 1;
                    queue.push_back(a.to);
                }
    return hop;
}

// Walkers who arrive at each vertex, iterated to the fixed point; then those who end there.
std::vector<double> exact(const TableSource& s, int n, const std::vector<Seed>& seeds,
                          const WalkOptions& o) {
    const auto size = static_cast<std::size_t>(n);
    const std::vector<unsigned> hop = hops_from(s, n, seeds);
    std::vector<double> start(size, 0.0);
    double total = 0;
    for (const Seed& seed : seeds)
        total += seed.weight;
    for (const Seed& seed : seeds)
        start[seed.id] += seed.weight / total;
    std::vector<double> arrived = start;
    std::vector<bool> dangling(size, false);
    for (int round = 0; round < 2000; ++round) {
        std::vector<double> next = start;
        for (std::size_t v = 0; v < size; ++v) {
            if (hop[v] >= o.max_hops)
                continue;
            const auto vertex = static_cast<Vertex>(v);
            const double links = sum_of(s.of(Layer::kLink, vertex), vertex);
            const double neighbours = sum_of(s.of(Layer::kNeighbour, vertex), vertex);
            dangling[v] = links == 0 && neighbours == 0;
            for (const Layer layer : {Layer::kLink, Layer::kNeighbour}) {
                double share = layer == Layer::kLink ? o.link_share : 1 - o.link_share;
                if (links == 0 || neighbours == 0)
                    share = 1;
                const double weight = layer == Layer::kLink ? links : neighbours;
                for (const TableArc& a : s.of(layer, vertex))
                    if (a.to != vertex)
                        next[static_cast<std::size_t>(a.to)] +=
                            (1 - o.restart) * arrived[v] * share * a.weight / weight;
            }
        }
        arrived = next;
    }
    for (std::size_t v = 0; v < size; ++v)
        arrived[v] *= dangling[v] ? 1.0 : o.restart;
    return arrived;
}

std::vector<double> pushed(TableSource source, int n, const std::vector<Seed>& seeds,
                           const WalkOptions& o, Poll poll = {}) {
    Explored graph(source, 1u << 20, heap(), poll);
    std::vector<Seed> starts;
    for (const Seed& s : seeds)
        starts.push_back({graph.add(static_cast<Vertex>(s.id), 0), s.weight});
    const auto p = personalised_pagerank(graph, starts, o, heap(), poll);
    std::vector<double> result(static_cast<std::size_t>(n), 0.0);
    for (std::uint32_t id = 0; id < p.size(); ++id)
        result[static_cast<std::size_t>(graph.vertex(id))] = p[id];
    return result;
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
    double d = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        d = std::max(d, std::abs(a[i] - b[i]));
    return d;
}

TEST(Walk, EqualsPowerIterationInTheLimit) {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        const int n = 200;
        const TableSource source = random_graph(seed, n, 250, seed % 2 == 0 ? 4 : 0);
        const std::vector<Seed> seeds{{3, 1.0}, {50, 0.5}, {120, 0.01}};
        for (const unsigned max_hops : {0u, 1u, 2u, 3u, 60u}) {
            const WalkOptions o{seed < 5 ? 0.5 : 0.15, 1e-13, 0.8, max_hops};
            EXPECT_LT(largest_difference(pushed(source, n, seeds, o), exact(source, n, seeds, o)),
                      1e-8)
                << "seed " << seed << ", hops " << max_hops;
        }
    }
}

TEST(Walk, MissesNoMoreThanEpsilonPromises) {
    const int n = 500;
    const TableSource source = random_graph(11, n, 1500, 6);
    const std::vector<Seed> seeds{{1, 1.0}, {2, 1.0}};
    for (const double epsilon : {1e-3, 1e-4, 1e-5}) {
        const WalkOptions o{0.5, epsilon, 0.8, 100};
        const auto approximate = pushed(source, n, seeds, o);
        const auto truth = exact(source, n, seeds, o);
        double missing = 0;
        for (std::size_t v = 0; v < truth.size(); ++v) {
            EXPECT_LE(approximate[v], truth[v] + 1e-12);
            missing += truth[v] - approximate[v];
        }
        // What waits at a vertex: epsilon for every arc.
        EXPECT_LE(missing, epsilon * (2 * 1500 + 6 * n));
    }
}

TEST(Walk, KnownValues) {
    // 1 - 2 - 3 in a row, restart 1/2: a1 = 1 + a2/4, a2 = a1/2 + a3/2, a3 = a2/4.
    TableSource source;
    source.add_both(Layer::kLink, {1, 2, 5.0f});
    source.add_both(Layer::kLink, {2, 3, 5.0f});
    Explored graph(source, 100, heap(), {});
    const Seed start{graph.add(1, 0), 7.0};
    const auto p = personalised_pagerank(graph, {&start, 1}, {0.5, 1e-14, 0.8, 50}, heap(), {});
    const double a2 = 0.5 / (1 - 0.25);
    EXPECT_NEAR(p[graph.find(1)], 0.5 * (1 + a2 / 4), 1e-9);
    EXPECT_NEAR(p[graph.find(2)], 0.5 * a2, 1e-9);
    EXPECT_NEAR(p[graph.find(3)], 0.5 * a2 / 4, 1e-9);
}

// Only the proportions of the seeds' weights matter, however large they are.
TEST(Walk, LargeWeightsOfSeedsDoNotOverflow) {
    const TableSource source = random_graph(3, 50, 120, 3);
    const WalkOptions o{0.5, 1e-10, 0.8, 4};
    const auto plain = pushed(source, 50, {{1, 1.0}, {2, 2.0}, {3, 2.0}}, o);
    EXPECT_GT(plain[1], 0.0);
    EXPECT_LT(
        largest_difference(pushed(source, 50, {{1, 5e307}, {2, 1e308}, {3, 1e308}}, o), plain),
        1e-12);
}

TEST(Walk, DanglingVerticesKeepTheirWalkers) {
    TableSource source;
    source.add(Layer::kLink, {1, 2, 1.0f});
    Explored graph(source, 100, heap(), {});
    const Seed start{graph.add(1, 0), 1.0};
    const auto p = personalised_pagerank(graph, {&start, 1}, {0.5, 1e-9, 0.8, 5}, heap(), {});
    EXPECT_DOUBLE_EQ(p[graph.find(1)], 0.5);
    EXPECT_DOUBLE_EQ(p[graph.find(2)], 0.5);
}

TEST(Walk, AsksInRoundsAndNeverTwice) {
    TableSource source = random_graph(5, 2000, 6000, 8);
    Explored graph(source, 1u << 20, heap(), {});
    std::vector<Seed> seeds;
    for (Vertex v = 0; v < 10; ++v)
        seeds.push_back({graph.add(v, 0), 1.0});
    personalised_pagerank(graph, seeds, {0.5, 1e-4, 0.8, 2}, heap(), {});
    EXPECT_GT(graph.size(), 50u);
    EXPECT_LE(source.questions, 8);
    EXPECT_EQ(source.questions, static_cast<int>(graph.rounds()));
}

TEST(Walk, DoesNotDependOnTheOrderOfAnswers) {
    TableSource source = random_graph(6, 300, 900, 5);
    const std::vector<Seed> seeds{{1, 1.0}, {2, 0.3}};
    const WalkOptions o{0.5, 1e-4, 0.8, 3};
    const auto forward = pushed(source, 300, seeds, o);
    source.reverse_answers = true;
    EXPECT_EQ(forward, pushed(source, 300, seeds, o));
}

TEST(Walk, WorkDoesNotGrowWithTheGraph) {
    const WalkOptions o{0.5, 1e-4, 0.8, 20};
    for (const int n : {2000, 50000}) {
        TableSource source = random_graph(7, n, 2 * n, 0);
        Explored graph(source, 1u << 20, heap(), {});
        const Seed start{graph.add(1, 0), 1.0};
        personalised_pagerank(graph, {&start, 1}, o, heap(), {});
        EXPECT_LT(graph.size(), 2000u) << n;
    }
}

TEST(Explored, StopsAtItsLimit) {
    TableSource source = random_graph(8, 1000, 4000, 0);
    Explored graph(source, 20, heap(), {});
    const std::uint32_t id = graph.add(1, 0);
    std::vector<std::uint32_t> ids{id};
    for (int i = 0; i < 5; ++i) {
        graph.load_links(ids);
        ids.clear();
        for (std::uint32_t v = 0; v < graph.size(); ++v)
            ids.push_back(v);
    }
    EXPECT_EQ(graph.size(), 20u);
    EXPECT_TRUE(graph.truncated());
    for (std::uint32_t v = 0; v < graph.size(); ++v)
        for (const LocalArc& a : graph.arcs(v, Layer::kLink))
            EXPECT_LT(a.to, 20u);
    EXPECT_EQ(graph.find(123456789), kNone);
}

TEST(Walk, Polls) {
    struct Stop {};
    int calls = 0;
    const Poll poll{[](void* arg) {
                        if (++*static_cast<int*>(arg) == 3)
                            throw Stop{};
                    },
                    &calls};
    EXPECT_THROW(
        pushed(random_graph(9, 5000, 20000, 0), 5000, {{1, 1.0}}, {0.1, 1e-7, 0.8, 50}, poll),
        Stop);
}

}  // namespace
}  // namespace vg::graph
