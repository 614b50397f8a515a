// Components, centrality, communities and the dot text of whole graphs.
#include "core/graph/analysis.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory_resource>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.h"
#include "core/base/status.h"
#include "core/graph/communities.h"
#include "core/graph/csr.h"
#include "core/graph/dot.h"

namespace vg::graph {
namespace {

std::pmr::memory_resource* heap() {
    return std::pmr::new_delete_resource();
}

Csr make(std::uint32_t n, const std::vector<WeightedArc>& arcs, bool symmetric = true) {
    return {n, arcs, symmetric, heap(), {}};
}

std::vector<WeightedArc> random_arcs(std::uint64_t seed, std::uint32_t n, int count) {
    Random random(seed);
    std::vector<WeightedArc> arcs;
    for (int i = 0; i < count; ++i)
        arcs.push_back({static_cast<std::uint32_t>(random.below(n)),
                        static_cast<std::uint32_t>(random.below(n)), 0.1 + random.uniform()});
    return arcs;
}

TEST(Csr, MergesParallelArcsAndDropsLoops) {
    const Csr g = make(3, {{0, 1, 1.0f}, {1, 0, 2.0f}, {2, 2, 5.0f}, {0, 2, 1.0f}});
    ASSERT_EQ(g.arc_count(), 4u);
    EXPECT_EQ(g.targets(0)[0], 1u);
    EXPECT_EQ(g.weights(0)[0], 3.0f);
    EXPECT_EQ(g.weights(1)[0], 3.0f);
    EXPECT_EQ(g.targets(2).size(), 1u);
    EXPECT_EQ(make(3, {{0, 1, 1.0f}}, false).targets(1).size(), 0u);
    EXPECT_THROW(make(2, {{0, 2, 1.0f}}), Error);
    EXPECT_EQ(make(0, {}).size(), 0u);
}

TEST(Csr, DoesNotDependOnTheOrderOfArcs) {
    auto arcs = random_arcs(1, 50, 600);
    const Csr a = make(50, arcs);
    Random random(2);
    shuffle(arcs, random);
    const Csr b = make(50, arcs);
    for (std::uint32_t v = 0; v < 50; ++v) {
        EXPECT_TRUE(std::ranges::equal(a.targets(v), b.targets(v)));
        EXPECT_TRUE(std::ranges::equal(a.weights(v), b.weights(v)));
    }
}

TEST(Components, EqualUnionFind) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        const auto arcs = random_arcs(seed, 300, 200);
        std::vector<std::uint32_t> root(300);
        std::iota(root.begin(), root.end(), 0u);
        const std::function<std::uint32_t(std::uint32_t)> find = [&](std::uint32_t v) {
            return root[v] == v ? v : root[v] = find(root[v]);
        };
        for (const WeightedArc& a : arcs) {
            const auto [low, high] = std::minmax({find(a.from), find(a.to)});
            root[high] = low;
        }
        const auto got = components(make(300, arcs), heap(), {});
        for (std::uint32_t v = 0; v < 300; ++v)
            EXPECT_EQ(got[v], find(v));
    }
    EXPECT_TRUE(components(make(0, {}), heap(), {}).empty());
}

TEST(Pagerank, IsAFixedPointAndSumsToOne) {
    const Csr g = make(100, random_arcs(3, 100, 150), false);
    const auto rank = pagerank(g, {}, heap(), {});
    EXPECT_NEAR(std::accumulate(rank.begin(), rank.end(), 0.0), 1.0, 1e-9);
    std::vector<double> next(100, 0.15 / 100);
    for (std::uint32_t v = 0; v < 100; ++v) {
        double degree = 0;
        for (const double w : g.weights(v))
            degree += w;
        for (std::uint32_t to = 0; to < 100; ++to)
            if (degree == 0)
                next[to] += 0.85 * rank[v] / 100;
        for (std::size_t i = 0; i < g.targets(v).size(); ++i)
            next[g.targets(v)[i]] += 0.85 * rank[v] * g.weights(v)[i] / degree;
    }
    for (std::uint32_t v = 0; v < 100; ++v)
        EXPECT_NEAR(next[v], rank[v], 1e-9);
}

// All shortest paths by Floyd and counting.
std::vector<double> slow_betweenness(const Csr& g) {
    const std::size_t n = g.size();
    std::vector<std::vector<double>> d(n, std::vector<double>(n, 1e9));
    std::vector<std::vector<double>> paths(n, std::vector<double>(n, 0.0));
    for (std::uint32_t s = 0; s < n; ++s) {
        std::vector<std::uint32_t> queue{s};
        d[s][s] = 0;
        paths[s][s] = 1;
        for (std::size_t i = 0; i < queue.size(); ++i)
            for (const std::uint32_t to : g.targets(queue[i])) {
                if (d[s][to] > 1e8) {
                    d[s][to] = d[s][queue[i]] + 1;
                    queue.push_back(to);
                }
                if (d[s][to] == d[s][queue[i]] + 1)
                    paths[s][to] += paths[s][queue[i]];
            }
    }
    std::vector<double> result(n, 0.0);
    for (std::size_t s = 0; s < n; ++s)
        for (std::size_t t = s + 1; t < n; ++t)
            for (std::size_t v = 0; v < n; ++v)
                if (v != s && v != t && d[s][t] < 1e8 && d[s][v] + d[v][t] == d[s][t])
                    result[v] += paths[s][v] * paths[v][t] / paths[s][t];
    return result;
}

TEST(Betweenness, EqualsCountingPaths) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        const Csr g = make(40, random_arcs(seed, 40, 60));
        const auto fast = betweenness(g, heap(), {});
        const auto slow = slow_betweenness(g);
        for (std::uint32_t v = 0; v < 40; ++v)
            EXPECT_NEAR(fast[v], slow[v], 1e-9);
    }
    const auto path = betweenness(make(3, {{0, 1, 1.0f}, {1, 2, 1.0f}}), heap(), {});
    EXPECT_DOUBLE_EQ(path[1], 1.0);
}

// Cliques of ten in a ring.
std::vector<WeightedArc> ring_of_cliques(std::uint32_t cliques) {
    std::vector<WeightedArc> arcs;
    for (std::uint32_t c = 0; c < cliques; ++c) {
        for (std::uint32_t i = 0; i < 10; ++i)
            for (std::uint32_t j = 0; j < i; ++j)
                arcs.push_back({10 * c + i, 10 * c + j, 1.0f});
        arcs.push_back({10 * c, 10 * ((c + 1) % cliques) + 5, 1.0f});
    }
    return arcs;
}

TEST(Communities, FindCliques) {
    const Csr g = make(80, ring_of_cliques(8));
    for (const std::uint64_t seed : {0u, 1u, 2u}) {
        CommunityOptions o;
        o.seed = seed;
        const auto by_louvain = louvain(g, o, heap(), {});
        const auto by_label = label_propagation(g, o, heap(), {});
        for (std::uint32_t v = 0; v < 80; ++v) {
            EXPECT_EQ(by_louvain[v], v / 10 * 10);
            EXPECT_EQ(by_label[v], v / 10 * 10);
        }
    }
}

TEST(Communities, ModularityOfKnownPartition) {
    // Two triangles joined by an edge: m = 7, inside 6 of them, degrees 7 and 7.
    const Csr g = make(6, {{0, 1, 1.0f},
                           {1, 2, 1.0f},
                           {0, 2, 1.0f},
                           {3, 4, 1.0f},
                           {4, 5, 1.0f},
                           {3, 5, 1.0f},
                           {2, 3, 1.0f}});
    const std::pmr::vector<std::uint32_t> two{0, 0, 0, 3, 3, 3};
    EXPECT_NEAR(modularity(g, two, 1.0, heap()), 6.0 / 7.0 - 0.5, 1e-12);
    EXPECT_EQ(louvain(g, {}, heap(), {}), two);
}

TEST(Communities, LouvainDoesNotLoseToLabelPropagation) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        const Csr g = make(200, random_arcs(seed, 200, 500));
        const auto a = louvain(g, {}, heap(), {});
        const auto b = label_propagation(g, {}, heap(), {});
        EXPECT_GE(modularity(g, a, 1.0, heap()), modularity(g, b, 1.0, heap()));
        for (std::uint32_t v = 0; v < 200; ++v) {
            EXPECT_LE(a[v], v);
            EXPECT_EQ(a[a[v]], a[v]);
        }
    }
}

TEST(Communities, ResolutionDecidesHowMany) {
    const Csr g = make(200, random_arcs(9, 200, 600));
    const auto count = [&](double resolution) {
        CommunityOptions o;
        o.resolution = resolution;
        const auto group = louvain(g, o, heap(), {});
        return std::set<std::uint32_t>(group.begin(), group.end()).size();
    };
    EXPECT_LT(count(0.2), count(1.0));
    EXPECT_LT(count(1.0), count(5.0));
}

// Weights as large as links can have: their sums are beyond a float.
TEST(Analysis, LargeWeightsDoNotOverflow) {
    std::vector<WeightedArc> large;
    std::vector<WeightedArc> plain;
    for (const WeightedArc& a : ring_of_cliques(4)) {
        for (int i = 0; i < 3; ++i) {
            large.push_back({a.from, a.to, 3e38});
            plain.push_back({a.from, a.to, 1.0});
        }
    }
    std::uint32_t n = 0;
    for (const WeightedArc& a : plain)
        n = std::max({n, a.from + 1, a.to + 1});
    const Csr g = make(n, large);
    const Csr same = make(n, plain);
    const auto rank = pagerank(g, {}, heap(), {});
    const auto expected = pagerank(same, {}, heap(), {});
    for (std::uint32_t v = 0; v < n; ++v)
        EXPECT_NEAR(rank[v], expected[v], 1e-12);
    const auto groups = louvain(g, {}, heap(), {});
    EXPECT_EQ(groups, louvain(same, {}, heap(), {}));
    EXPECT_EQ(std::set<std::uint32_t>(groups.begin(), groups.end()).size(), 4u);
}

TEST(Analysis, Polls) {
    struct Stop {};
    const Poll stop{[](void*) { throw Stop{}; }, nullptr};
    const Csr g = make(20000, random_arcs(1, 20000, 60000));
    EXPECT_THROW(components(g, heap(), stop), Stop);
    EXPECT_THROW(pagerank(g, {}, heap(), stop), Stop);
    EXPECT_THROW(betweenness(g, heap(), stop), Stop);
    EXPECT_THROW(louvain(g, {}, heap(), stop), Stop);
    EXPECT_THROW(label_propagation(g, {}, heap(), stop), Stop);
}

TEST(Dot, QuotesAndStyles) {
    const std::vector<DotVertex> vertices{{"1", "a \"quoted\"\nname\\", 0}, {"2", "b", 1}};
    const std::vector<DotArc> arcs{{0, 1, Layer::kNeighbour, Heads::kTo, "", 0.5},
                                   {1, 0, Layer::kLink, Heads::kNone, "cites", 1.0}};
    const std::string dot = write_dot("g", vertices, arcs);
    EXPECT_NE(dot.find("\"1\" [label=\"a \\\"quoted\\\"\\nname\\\\\""), std::string::npos);
    EXPECT_NE(dot.find("\"1\" -> \"2\" [penwidth=1.00, style=dashed"), std::string::npos);
    EXPECT_NE(dot.find("\"2\" -> \"1\" [penwidth=1.50, dir=none, label=\"cites\"];"),
              std::string::npos);
}

TEST(Dot, IsLaidOutInRingsWithALegendOfWhatOccurs) {
    const auto has = [](const std::string& dot, const char* text) {
        return dot.find(text) != std::string::npos;
    };
    const std::vector<DotVertex> vertices{{"far", "far", 2}, {"2", "b", 1}, {"first", "a", 0}};
    const std::string dot = write_dot("g", vertices,
                                      {{2, 1, Layer::kLink, Heads::kTo, "cites", 1.0},
                                       {1, 0, Layer::kLink, Heads::kBoth, "knows", 1.0}});
    EXPECT_TRUE(has(dot, "layout=twopi"));
    EXPECT_TRUE(has(dot, "root=\"first\";"));
    EXPECT_TRUE(has(dot, "\"first\" -> \"2\" [penwidth=1.50, dir=forward"));
    EXPECT_TRUE(has(dot, "\"2\" -> \"far\" [penwidth=1.50, dir=both"));
    for (const char* entry : {">start<", ">one step away<", ">farther<", " directed link<"})
        EXPECT_TRUE(has(dot, entry)) << entry;
    EXPECT_FALSE(has(dot, "&#8212;&#8212; link"));
    EXPECT_FALSE(has(dot, "nearest"));
    EXPECT_FALSE(has(write_dot("empty", {}, {}), "label="));
}

}  // namespace
}  // namespace vg::graph
