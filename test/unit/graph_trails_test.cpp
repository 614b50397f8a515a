// Strongest trails and k strongest paths, against enumeration of all simple paths.
#include "core/graph/trails.h"

#include <algorithm>
#include <map>
#include <memory_resource>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "table_source.h"

namespace vg::graph {
namespace {

std::pmr::memory_resource* heap() {
    return std::pmr::new_delete_resource();
}

// Strength of every simple path from `path.back()` on, by its vertices; parallel arcs: the
// strongest.
void enumerate(const TableSource& s, const TrailOptions& o, std::vector<Vertex>& path,
               double strength, std::map<std::vector<Vertex>, double>& out) {
    double& best = out[path];
    best = std::max(best, strength);
    if (path.size() > o.max_hops)
        return;
    for (const Layer layer : {Layer::kLink, Layer::kNeighbour}) {
        double factor = o.decay;
        if (layer == Layer::kNeighbour)
            factor *= (1 - o.link_share) / o.link_share;
        for (const TableArc& a : s.of(layer, path.back())) {
            if (std::find(path.begin(), path.end(), a.to) != path.end())
                continue;
            path.push_back(a.to);
            enumerate(s, o, path, strength * factor * std::min(1.0, static_cast<double>(a.weight)),
                      out);
            path.pop_back();
        }
    }
}

std::map<std::vector<Vertex>, double> all_paths(const TableSource& s, Vertex from,
                                                const TrailOptions& o) {
    std::map<std::vector<Vertex>, double> out;
    std::vector<Vertex> path{from};
    enumerate(s, o, path, 1.0, out);
    return out;
}

std::vector<Vertex> named(const Explored& graph, const Path& path) {
    std::vector<Vertex> names;
    for (const std::uint32_t id : path.vertices)
        names.push_back(graph.vertex(id));
    return names;
}

TEST(Trails, AreTheStrongest) {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        for (const unsigned max_hops : {1u, 2u, 4u}) {
            TableSource source = random_graph(seed, 14, 18, seed % 2 == 0 ? 2 : 0);
            TrailOptions o;
            o.max_hops = max_hops;
            std::map<Vertex, double> best;
            for (const auto& [path, strength] : all_paths(source, 0, o))
                best[path.back()] = std::max(best[path.back()], strength);
            Explored graph(source, 1000, heap(), {});
            const Seed start{graph.add(0, 0), 1.0};
            const Trails trails = strongest_trails(graph, {&start, 1}, o, {}, heap(), {});
            std::size_t reached = 0;
            for (std::uint32_t id = 0; id < graph.size(); ++id) {
                if (trails.best[id] == kNone)
                    continue;
                ++reached;
                const Path path = path_of(trails, trails.best[id]);
                EXPECT_NEAR(path.strength, best[graph.vertex(id)], 1e-12);
                EXPECT_LE(path.steps.size(), max_hops);
                EXPECT_EQ(path.steps.size() + 1, path.vertices.size());
                EXPECT_EQ(path.vertices.front(), start.id);
                EXPECT_EQ(path.vertices.back(), id);
                for (std::size_t i = 0; i < path.steps.size(); ++i)
                    EXPECT_EQ(
                        graph.arcs(path.vertices[i], path.steps[i].layer)[path.steps[i].arc].to,
                        path.vertices[i + 1]);
            }
            EXPECT_EQ(reached, best.size());
        }
    }
}

TEST(Trails, SeveralStartsWithWeights) {
    TableSource source;
    source.add_both(Layer::kLink, {1, 2, 1.0f});
    source.add_both(Layer::kLink, {2, 3, 1.0f});
    Explored graph(source, 100, heap(), {});
    const std::vector<Seed> starts{{graph.add(1, 0), 1.0}, {graph.add(3, 0), 0.9}};
    TrailOptions o;
    o.decay = 0.5;
    const Trails t = strongest_trails(graph, starts, o, {}, heap(), {});
    const Label& at2 = t.labels[t.best[graph.find(2)]];
    EXPECT_EQ(at2.start, 0u);
    EXPECT_DOUBLE_EQ(at2.strength, 0.5);
    EXPECT_EQ(t.labels[t.best[graph.find(3)]].hops, 0u);
}

TEST(Trails, ALongerWayMayBeStronger) {
    TableSource source;
    source.add(Layer::kLink, {1, 3, 0.1f});
    source.add(Layer::kLink, {1, 2, 1.0f});
    source.add(Layer::kLink, {2, 3, 1.0f});
    TrailOptions o;
    o.decay = 0.9;
    for (const unsigned max_hops : {1u, 2u}) {
        TableSource copy = source;
        Explored graph(copy, 100, heap(), {});
        const Seed start{graph.add(1, 0), 1.0};
        o.max_hops = max_hops;
        const Trails t = strongest_trails(graph, {&start, 1}, o, {}, heap(), {});
        EXPECT_EQ(t.labels[t.best[graph.find(3)]].hops, max_hops);
    }
}

// The walker's own probabilities: a hub passes little to each.
TEST(Trails, TransitionsAreNormalisedByVertexAndLayer) {
    TableSource source;
    for (Vertex v = 10; v < 20; ++v)
        source.add(Layer::kLink, {1, v, 2.0f});
    source.add(Layer::kNeighbour, {1, 30, 0.4f});
    source.add(Layer::kNeighbour, {1, 31, 0.6f});
    Explored graph(source, 100, heap(), {});
    const Seed start{graph.add(1, 0), 1.0};
    TrailOptions o;
    o.strength = Strength::kTransition;
    o.decay = 0.5;
    const Trails t = strongest_trails(graph, {&start, 1}, o, {}, heap(), {});
    EXPECT_NEAR(t.labels[t.best[graph.find(10)]].strength, 0.5 * 0.8 / 10, 1e-12);
    EXPECT_NEAR(t.labels[t.best[graph.find(31)]].strength, 0.5 * 0.2 * 0.6, 1e-8);
}

TEST(Paths, AreTheKStrongest) {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        TableSource source = random_graph(seed, 10, 18, 1);
        TrailOptions o;
        o.max_hops = 4;
        std::vector<double> expected;
        for (const auto& [path, strength] : all_paths(source, 0, o))
            if (path.back() == 7)
                expected.push_back(strength);
        std::sort(expected.rbegin(), expected.rend());
        Explored graph(source, 1000, heap(), {});
        const std::uint32_t from = graph.add(0, 0);
        const std::uint32_t to = graph.add(7, 1000);
        const std::vector<Path> paths = strongest_paths(graph, from, to, 25, o, heap(), {});
        ASSERT_EQ(paths.size(), std::min<std::size_t>(25, expected.size())) << seed;
        std::set<std::vector<Vertex>> distinct;
        for (std::size_t i = 0; i < paths.size(); ++i) {
            EXPECT_NEAR(paths[i].strength, expected[i], 1e-12);
            const std::vector<Vertex> names = named(graph, paths[i]);
            EXPECT_TRUE(distinct.insert(names).second);
            EXPECT_EQ(std::set<Vertex>(names.begin(), names.end()).size(), names.size());
        }
    }
}

TEST(Paths, NoneAndTrivial) {
    TableSource source;
    source.add(Layer::kLink, {1, 2, 1.0f});
    Explored graph(source, 100, heap(), {});
    const std::uint32_t one = graph.add(1, 0);
    const std::uint32_t five = graph.add(5, 1000);
    EXPECT_TRUE(strongest_paths(graph, one, five, 3, {}, heap(), {}).empty());
    EXPECT_TRUE(strongest_paths(graph, one, graph.find(2), 0, {}, heap(), {}).empty());
    const auto self = strongest_paths(graph, one, one, 3, {}, heap(), {});
    ASSERT_EQ(self.size(), 1u);
    EXPECT_TRUE(self[0].steps.empty());
}

}  // namespace
}  // namespace vg::graph
