// Retrieval: the formula applied to exact values of every vertex, beside what retrieve() returns
// after looking at few.
#include "core/graph/retrieve.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory_resource>
#include <vector>

#include <gtest/gtest.h>

#include "core/graph/explored.h"
#include "core/graph/trails.h"
#include "core/graph/walk.h"
#include "table_source.h"

namespace vg::graph {
namespace {

std::pmr::memory_resource* heap() {
    return std::pmr::new_delete_resource();
}

constexpr int kRows = 400;

class TableRows final : public Rows {
  public:
    std::map<Vertex, double> similarity;  // of what may be returned
    int described = 0;
    void describe(std::span<const Vertex> asked, std::span<Described> out) override {
        described += static_cast<int>(asked.size());
        for (std::size_t i = 0; i < asked.size(); ++i)
            if (const auto found = similarity.find(asked[i]); found != similarity.end())
                out[i] = {true, found->second};
    }
    std::vector<Similar> nearest(std::size_t k) const {
        std::vector<Similar> all;
        for (const auto& [vertex, s] : similarity)
            all.push_back({vertex, s});
        std::sort(all.begin(), all.end(), [](const Similar& a, const Similar& b) {
            return a.similarity != b.similarity ? a.similarity > b.similarity : a.vertex < b.vertex;
        });
        all.resize(std::min(k, all.size()));
        return all;
    }
};

// Every seventh vertex is no row.
TableRows random_rows(std::uint64_t seed) {
    Random random(seed);
    TableRows rows;
    for (Vertex v = 0; v < kRows; ++v)
        if (v % 7 != 3)
            rows.similarity[v] = 0.9 * random.uniform();
    return rows;
}

Retrieved run(TableSource source, TableRows& rows, const RetrieveOptions& o,
              std::size_t seeds = 5) {
    const auto nearest = rows.nearest(std::max(seeds, o.k));
    return retrieve({nearest.data(), std::min(seeds, nearest.size())}, nearest, source, rows, o,
                    heap(), {});
}

// Values of all vertices the slow way, then the formula, then a full sort.
std::vector<Hit> oracle(TableSource source, const TableRows& rows, const RetrieveOptions& o,
                        std::size_t seeds) {
    const auto nearest = rows.nearest(kRows);
    if (o.method != Method::kPpr)
        source
            .arcs[static_cast<std::size_t>(o.method == Method::kNeighbours ? Layer::kLink
                                                                           : Layer::kNeighbour)]
            .clear();
    Explored graph(source, 1u << 20, heap(), {});
    std::vector<Seed> starts;
    for (std::size_t i = 0; i < seeds; ++i)
        starts.push_back({graph.add(nearest[i].vertex, 0),
                          std::exp(10 * (nearest[i].similarity - nearest[0].similarity))});
    std::map<Vertex, double> value;
    if (o.method == Method::kPpr || o.method == Method::kNeighbours) {
        const auto p = personalised_pagerank(
            graph, starts, {o.restart, o.epsilon, o.link_share, o.max_hops}, heap(), {});
        for (std::uint32_t id = 0; id < p.size(); ++id)
            value[graph.vertex(id)] = p[id];
    } else {
        TrailOptions t;
        t.decay = o.hop_decay;
        t.max_hops = o.max_hops;
        const Trails trails = strongest_trails(graph, starts, t, {}, heap(), {});
        for (std::uint32_t id = 0; id < graph.size(); ++id)
            if (trails.best[id] != kNone)
                value[graph.vertex(id)] =
                    o.method == Method::kExpand ? 1.0 : trails.labels[trails.best[id]].strength;
    }
    double largest = 0;
    for (const auto& [vertex, v] : value)
        largest = std::max(largest, v);
    std::vector<Hit> hits;
    for (const Similar& s : nearest) {
        const double g = std::sqrt(value[s.vertex] / largest);
        hits.push_back({s.vertex,
                        (1 - o.beta) * s.similarity / nearest[0].similarity + o.beta * g,
                        s.similarity,
                        g,
                        {}});
    }
    std::sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) {
        return a.score != b.score ? a.score > b.score : a.similarity > b.similarity;
    });
    hits.resize(std::min(o.k, hits.size()));
    return hits;
}

TEST(Retrieve, EqualsTheFormulaAppliedToEveryRow) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        const TableSource source = random_graph(seed, kRows, 700, 5);
        TableRows rows = random_rows(seed);
        for (const Method method :
             {Method::kPpr, Method::kHopDecay, Method::kExpand, Method::kNeighbours}) {
            for (const double beta : {0.25, 0.5, 0.9}) {
                RetrieveOptions o;
                o.method = method;
                o.beta = beta;
                o.k = 20;
                const auto expected = oracle(source, rows, o, 5);
                const auto got = run(source, rows, o).hits;
                ASSERT_EQ(got.size(), expected.size());
                for (std::size_t i = 0; i < got.size(); ++i) {
                    EXPECT_EQ(got[i].vertex, expected[i].vertex) << i;
                    EXPECT_NEAR(got[i].score, expected[i].score, 1e-12);
                    EXPECT_NEAR(got[i].graph_score, expected[i].graph_score, 1e-12);
                }
            }
        }
    }
}

// The share of links is the walk's: what reads links alone does not ask for it.
TEST(Retrieve, OneFunctionSaysWhichLayersAreRead) {
    for (const double share : {0.0, 0.3, 1.0}) {
        RetrieveOptions o;
        o.link_share = share;
        for (const Method method : {Method::kHopDecay, Method::kExpand}) {
            o.method = method;
            EXPECT_TRUE(layers_of(o).links);
            EXPECT_FALSE(layers_of(o).neighbours);
            const TableSource source = random_graph(7, kRows, 700, 5);
            TableRows rows = random_rows(7);
            const auto expected = oracle(source, rows, o, 5);
            const auto got = run(source, rows, o).hits;
            ASSERT_EQ(got.size(), expected.size());
            for (std::size_t i = 0; i < got.size(); ++i)
                EXPECT_NEAR(got[i].score, expected[i].score, 1e-12) << share;
        }
        o.method = Method::kNeighbours;
        EXPECT_FALSE(layers_of(o).links);
        EXPECT_TRUE(layers_of(o).neighbours);
        o.method = Method::kPpr;
        EXPECT_EQ(layers_of(o).links, share > 0.0);
        EXPECT_EQ(layers_of(o).neighbours, share < 1.0);
    }
}

TEST(Retrieve, WithoutWeightOfTheGraphItIsTopK) {
    const TableSource source = random_graph(1, kRows, 700, 5);
    TableRows rows = random_rows(2);
    for (const Method method :
         {Method::kPpr, Method::kHopDecay, Method::kExpand, Method::kNeighbours}) {
        RetrieveOptions o;
        o.method = method;
        o.beta = 0;
        o.k = 30;
        const Retrieved r = run(source, rows, o);
        const auto nearest = rows.nearest(30);
        ASSERT_EQ(r.hits.size(), nearest.size());
        for (std::size_t i = 0; i < nearest.size(); ++i) {
            EXPECT_EQ(r.hits[i].vertex, nearest[i].vertex);
            EXPECT_EQ(r.hits[i].similarity, nearest[i].similarity);
            EXPECT_TRUE(r.hits[i].trail.empty());
        }
        EXPECT_EQ(r.rounds, 0u);
        EXPECT_EQ(rows.described, 0);
    }
}

TEST(Retrieve, LooksUpOnlyWhatCanStillWin) {
    const TableSource source = random_graph(3, kRows, 3000, 0);
    TableRows rows = random_rows(3);
    RetrieveOptions o;
    o.k = 5;
    o.beta = 0.9;
    o.epsilon = 1e-6;
    o.max_hops = 4;
    const Retrieved r = run(source, rows, o);
    EXPECT_GT(r.touched, 350u);
    EXPECT_LE(rows.described, 256);
}

TEST(Retrieve, TrailsLeadFromASeedToTheRow) {
    const TableSource source = random_graph(4, kRows, 900, 5);
    TableRows rows = random_rows(4);
    const auto seeds = rows.nearest(5);
    for (const Method method :
         {Method::kPpr, Method::kHopDecay, Method::kExpand, Method::kNeighbours}) {
        RetrieveOptions o;
        o.method = method;
        o.k = 50;
        o.beta = 0.8;
        int multi_hop = 0;
        for (const Hit& hit : run(source, rows, o).hits) {
            if (hit.graph_score == 0)
                continue;
            ASSERT_FALSE(hit.trail.empty());
            EXPECT_TRUE(std::any_of(seeds.begin(), seeds.end(), [&](const Similar& s) {
                return s.vertex == hit.trail.front().vertex;
            }));
            EXPECT_EQ(hit.trail.back().vertex, hit.vertex);
            EXPECT_LE(hit.trail.size(), 3u);
            for (std::size_t i = 1; i < hit.trail.size(); ++i) {
                const auto& arcs = source.of(hit.trail[i].layer, hit.trail[i - 1].vertex);
                EXPECT_TRUE(std::any_of(arcs.begin(), arcs.end(), [&](const TableArc& a) {
                    return a.to == hit.trail[i].vertex && a.kind == hit.trail[i].kind;
                }));
            }
            multi_hop += hit.trail.size() > 2;
        }
        EXPECT_GT(multi_hop, 0);
    }
}

TEST(Retrieve, FloorsAndEmptyInput) {
    TableSource source = random_graph(5, kRows, 900, 5);
    TableRows rows = random_rows(5);
    RetrieveOptions o;
    o.k = 100;
    o.min_similarity = 0.5;
    for (const Hit& hit : run(source, rows, o).hits)
        EXPECT_GE(hit.similarity, 0.5);
    o.min_similarity = 2.0;
    EXPECT_TRUE(run(source, rows, o).hits.empty());
    TableRows none;
    EXPECT_TRUE(run(source, none, o).hits.empty());
    o.k = 0;
    EXPECT_TRUE(run(source, rows, o).hits.empty());
}

// A row that is linked to the nearest one, and less similar by a tenth, beats an unlinked one that
// is less similar by half of that, wherever on the scale of similarities the two lie.
TEST(Retrieve, ScoresDoNotDependOnTheSignOfSimilarities) {
    double before = 0.0;
    for (const double nearest : {0.9, 0.3, 0.1, 0.05, 0.01, 0.001, 0.0, -0.001, -0.01, -0.5}) {
        TableSource source;
        source.add_both(Layer::kLink, {0, 2, 1.0f});
        TableRows rows;
        rows.similarity = {{0, nearest}, {1, nearest - 0.05}, {2, nearest - 0.1}};
        RetrieveOptions o;
        o.unit = 0.1;
        o.k = 3;
        o.method = Method::kExpand;
        const auto pool = rows.nearest(1);
        const auto hits = retrieve(pool, rows.nearest(2), source, rows, o, heap(), {}).hits;
        ASSERT_EQ(hits.size(), 3u);
        EXPECT_EQ(hits[1].vertex, 2) << nearest;
        EXPECT_GT(hits[1].score, hits[2].score);
        EXPECT_GT(hits[2].score, 0.0) << nearest;
        // No jump where the nearest row passes zero.
        if (std::abs(nearest) < 0.02 && before != 0.0) {
            EXPECT_NEAR(hits[1].score, before, 0.02) << nearest;
        }
        before = hits[1].score;
    }
}

TEST(Retrieve, ScoresRiseWithSimilarityAndWithLinks) {
    for (const double nearest : {0.5, 0.01, 0.0, -0.001, -0.3}) {
        TableSource source = random_graph(6, kRows, 900, 0);
        TableRows rows = random_rows(6);
        for (auto& [vertex, s] : rows.similarity)
            s += nearest - 0.9;
        for (const Method method : {Method::kPpr, Method::kHopDecay}) {
            RetrieveOptions o;
            o.unit = 0.1;
            o.method = method;
            o.k = 100;
            const auto hits = run(source, rows, o).hits;
            for (const Hit& a : hits)
                for (const Hit& b : hits)
                    if (a.similarity >= b.similarity && a.graph_score >= b.graph_score) {
                        EXPECT_GE(a.score, b.score);
                    }
        }
    }
}

TEST(Retrieve, NegativeSimilaritiesKeepTheirOrder) {
    TableSource source;
    TableRows rows;
    for (Vertex v = 0; v < 10; ++v)
        rows.similarity[v] = -1.0 - static_cast<double>(v);
    RetrieveOptions o;
    const auto hits = run(source, rows, o).hits;
    ASSERT_EQ(hits.size(), 10u);
    for (std::size_t i = 0; i < hits.size(); ++i)
        EXPECT_EQ(hits[i].vertex, static_cast<Vertex>(i));
}

}  // namespace
}  // namespace vg::graph
