// The bulk builder: quality of the graph against brute force, structure, hostile data, threads,
// cancellation and the memory bound.
#include "core/hnsw/bulk_builder.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numeric>
#include <queue>
#include <stdexcept>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <malloc.h>

#include "core/base/random.h"
#include "core/base/status.h"
#include "core/distance/distance.h"

namespace vg::hnsw {
namespace {

struct Data {
    std::size_t n = 0;
    std::size_t dims = 0;
    std::vector<float> values;
    std::vector<std::uint64_t> keys;

    Data(std::size_t rows, std::size_t d) : n(rows), dims(d), values(rows * d), keys(rows) {
        std::iota(keys.begin(), keys.end(), std::uint64_t{1000});
    }
    float* row(std::size_t i) { return values.data() + i * dims; }
    const float* row(std::size_t i) const { return values.data() + i * dims; }
    Rows rows() const { return {values.data(), n, dims, dims, keys.data()}; }
};

float gaussian(Random& rng) {
    const double u = 1.0 - rng.uniform();
    return static_cast<float>(std::sqrt(-2.0 * std::log(u)) *
                              std::cos(6.283185307179586 * rng.uniform()));
}

Data gaussian_data(std::size_t n, std::size_t dims, std::uint64_t seed) {
    Data data(n, dims);
    Random rng(seed);
    for (float& x : data.values)
        x = gaussian(rng);
    return data;
}

// Rows sorted by cluster, as a table loaded category by category.
Data clustered_data(std::size_t n, std::size_t dims, std::size_t clusters, float width) {
    Data data(n, dims);
    Random rng(77);
    std::vector<float> centre(dims);
    for (std::size_t i = 0; i < n; ++i) {
        if (i % (n / clusters) == 0)
            for (float& c : centre)
                c = gaussian(rng);
        for (std::size_t j = 0; j < dims; ++j)
            data.row(i)[j] = centre[j] + width * gaussian(rng);
    }
    return data;
}

float distance_to(const Data& data, const float* query, std::size_t i) {
    return distance::l2_squared(query, data.row(i), data.dims);
}

std::size_t member_of(const Layer& layer, std::uint32_t node) {
    if (layer.members.empty())
        return node;
    return static_cast<std::size_t>(
        std::lower_bound(layer.members.begin(), layer.members.end(), node) - layer.members.begin());
}

// Textbook search: greedy descent, then a beam of width ef over level 0.
std::vector<float> search(const Data& data, const Graph& graph, const float* query,
                          std::size_t ef) {
    std::uint32_t current = graph.entry;
    float best = distance_to(data, query, current);
    for (std::size_t level = graph.layers.size() - 1; level > 0; --level) {
        for (bool moved = true; moved;) {
            moved = false;
            const Layer& layer = graph.layers[level];
            const std::size_t member = member_of(layer, current);
            for (std::size_t j = 0; j < layer.degree[member]; ++j) {
                const float d = distance_to(data, query, layer.list(member)[j]);
                if (d < best) {
                    best = d;
                    current = layer.list(member)[j];
                    moved = true;
                }
            }
        }
    }
    using Item = std::pair<float, std::uint32_t>;
    std::priority_queue<Item, std::vector<Item>, std::greater<Item>> open;
    std::priority_queue<Item> kept;
    std::vector<bool> seen(data.n, false);
    open.emplace(best, current);
    kept.emplace(best, current);
    seen[current] = true;
    const Layer& base = graph.layers[0];
    while (!open.empty() && open.top().first <= kept.top().first) {
        const std::uint32_t node = open.top().second;
        open.pop();
        for (std::size_t j = 0; j < base.degree[node]; ++j) {
            const std::uint32_t next = base.list(node)[j];
            if (seen[next])
                continue;
            seen[next] = true;
            const float d = distance_to(data, query, next);
            if (kept.size() == ef && d >= kept.top().first)
                continue;
            open.emplace(d, next);
            kept.emplace(d, next);
            if (kept.size() > ef)
                kept.pop();
        }
    }
    std::vector<float> found;
    for (; !kept.empty(); kept.pop())
        found.push_back(kept.top().first);
    std::reverse(found.begin(), found.end());
    return found;
}

double recall(const Data& data, const Graph& graph, std::size_t ef) {
    constexpr std::size_t kQueries = 100;
    constexpr std::size_t kNeighbours = 10;
    Random rng(4);
    std::size_t hits = 0;
    std::vector<float> query(data.dims);
    for (std::size_t q = 0; q < kQueries; ++q) {
        // Between two rows of the same neighbourhood of the table: near the data, but not in it.
        const std::size_t a = rng.below(data.n - 1);
        for (std::size_t j = 0; j < data.dims; ++j)
            query[j] = 0.7f * data.row(a)[j] + 0.3f * data.row(a + 1)[j];
        std::vector<float> exact(data.n);
        for (std::size_t i = 0; i < data.n; ++i)
            exact[i] = distance_to(data, query.data(), i);
        std::nth_element(exact.begin(), exact.begin() + kNeighbours - 1, exact.end());
        const float limit = exact[kNeighbours - 1] * (1.0f + 1e-5f);
        const std::vector<float> found = search(data, graph, query.data(), ef);
        for (std::size_t k = 0; k < std::min(kNeighbours, found.size()); ++k)
            hits += found[k] <= limit;
    }
    return static_cast<double>(hits) / (kQueries * kNeighbours);
}

std::size_t reachable(const Graph& graph, std::size_t level) {
    const Layer& layer = graph.layers[level];
    std::vector<bool> seen(layer.size(), false);
    std::vector<std::size_t> queue{member_of(layer, graph.entry)};
    seen[queue[0]] = true;
    for (std::size_t head = 0; head < queue.size(); ++head) {
        for (std::size_t j = 0; j < layer.degree[queue[head]]; ++j) {
            const std::size_t next = member_of(layer, layer.list(queue[head])[j]);
            if (seen[next])
                continue;
            seen[next] = true;
            queue.push_back(next);
        }
    }
    return queue.size();
}

void check_layers(const Data& data, const Graph& graph, const BuildParams& params) {
    for (std::size_t level = 0; level < graph.layers.size(); ++level) {
        const Layer& layer = graph.layers[level];
        ASSERT_EQ(layer.capacity, level == 0 ? params.capacity : params.upper_capacity);
        ASSERT_EQ(layer.links.size(), layer.size() * layer.capacity);
        const auto expected = static_cast<std::size_t>(std::count_if(
            graph.level.begin(), graph.level.end(), [&](auto l) { return l >= level; }));
        ASSERT_EQ(layer.size(), expected);
        ASSERT_EQ(reachable(graph, level), layer.size()) << "level " << level;
        for (std::size_t member = 0; member < layer.size(); ++member) {
            const std::uint32_t node =
                layer.members.empty() ? static_cast<std::uint32_t>(member) : layer.members[member];
            ASSERT_GE(graph.level[node], level);
            const std::vector<std::uint32_t> list(layer.list(member),
                                                  layer.list(member) + layer.degree[member]);
            float previous = 0.0f;
            for (const std::uint32_t other : list) {
                ASSERT_LT(other, data.n);
                ASSERT_NE(other, node);
                ASSERT_GE(graph.level[other], level);
                ASSERT_EQ(std::count(list.begin(), list.end(), other), 1);
                const float d = distance_to(data, data.row(node), other);
                ASSERT_GE(d, previous);
                previous = d;
            }
        }
    }
}

void check(const Data& data, const Graph& graph, const BuildParams& params) {
    ASSERT_FALSE(graph.layers.empty());
    ASSERT_EQ(graph.layers[0].size(), data.n);
    ASSERT_EQ(graph.level.size(), data.n);
    ASSERT_EQ(graph.lid.size(), data.n);
    ASSERT_EQ(graph.level[graph.entry] + 1u, graph.layers.size());
    check_layers(data, graph, params);

    ASSERT_EQ(graph.tree_parent.size(), data.n);
    ASSERT_EQ(graph.tree_parent[graph.entry], kNoNode);
    const Layer& base = graph.layers[0];
    for (std::uint32_t node = 0; node < data.n; ++node) {
        std::size_t steps = 0;
        std::uint32_t at = node;
        for (; at != graph.entry; at = graph.tree_parent[at]) {
            ASSERT_LT(at, data.n);
            ASSERT_LE(++steps, data.n) << "cycle";
        }
        if (node == graph.entry)
            continue;
        const std::uint32_t parent = graph.tree_parent[node];
        const std::uint32_t* list = base.list(parent);
        ASSERT_NE(std::find(list, list + base.degree[parent], node), list + base.degree[parent]);
    }
    std::vector<std::uint32_t> placed = graph.placement;
    std::sort(placed.begin(), placed.end());
    ASSERT_EQ(placed.size(), data.n);
    for (std::uint32_t i = 0; i < data.n; ++i)
        ASSERT_EQ(placed[i], i);
}

Graph build_and_check(const Data& data, BuildParams params = {}) {
    Graph graph = bulk_build(data.rows(), params);
    check(data, graph, params);
    return graph;
}

double full_share(const Graph& graph, std::size_t n) {
    const Layer& base = graph.layers[0];
    const std::size_t target = std::min<std::size_t>(base.capacity, n - 1);
    const auto full =
        std::count_if(base.degree.begin(), base.degree.end(), [&](auto d) { return d >= target; });
    return static_cast<double>(full) / static_cast<double>(n);
}

TEST(BulkBuilder, RecallAgainstBruteForce) {
    Data sorted = gaussian_data(4000, 12, 3);
    std::vector<std::vector<float>> rows;
    for (std::size_t i = 0; i < sorted.n; ++i)
        rows.emplace_back(sorted.row(i), sorted.row(i) + sorted.dims);
    std::sort(rows.begin(), rows.end());
    for (std::size_t i = 0; i < sorted.n; ++i)
        std::copy(rows[i].begin(), rows[i].end(), sorted.row(i));

    const std::vector<std::pair<Data, double>> cases{{gaussian_data(4000, 24, 1), 0.97},
                                                     {sorted, 0.99},
                                                     {clustered_data(4000, 24, 40, 0.2f), 0.98}};
    for (const auto& [data, floor] : cases) {
        for (const BuildOrder order : {BuildOrder::kAuto, BuildOrder::kLid, BuildOrder::kRandom}) {
            BuildParams params;
            params.order = order;
            const Graph graph = build_and_check(data, params);
            EXPECT_GE(recall(data, graph, 64), floor);
            EXPECT_GE(full_share(graph, data.n), 0.95);
        }
    }
}

TEST(BulkBuilder, CapacityMayBeSmallerOrLargerThanTwiceM) {
    const Data data = gaussian_data(1500, 16, 8);
    double last = 0.0;
    for (const std::uint32_t capacity : {2u, 6u, 24u, 60u}) {
        BuildParams params;
        params.capacity = capacity;
        params.upper_capacity = capacity;
        const Graph graph = build_and_check(data, params);
        const double now = recall(data, graph, 40);
        EXPECT_GE(now, last - 0.005);
        last = now;
    }
    EXPECT_GE(last, 0.98);
}

TEST(BulkBuilder, TinyInputs) {
    EXPECT_TRUE(bulk_build({}, {}).layers.empty());
    for (const std::size_t n : {1u, 2u, 3u, 7u, 15u, 17u, 40u}) {
        const Data data = gaussian_data(n, 3, n);
        const Graph graph = build_and_check(data);
        EXPECT_EQ(full_share(graph, n), 1.0) << n;
        EXPECT_EQ(search(data, graph, data.row(n - 1), n).size(), n);
    }
}

TEST(BulkBuilder, HostileData) {
    Data far = gaussian_data(2000, 8, 21);  // two clusters a million widths apart
    for (std::size_t i = 0; i < far.n / 2; ++i)
        far.row(i)[0] += 1e6f;
    build_and_check(far);

    Data outliers = gaussian_data(3000, 8, 22);  // one per thousand
    for (std::size_t i = 500; i < outliers.n; i += 1000)
        outliers.row(i)[i % 7] = 1e4f;
    build_and_check(outliers);

    Data noise = gaussian_data(2000, 8, 23);  // all equal but for the last bits
    for (float& x : noise.values)
        x = 1.0f + 1e-6f * x;
    build_and_check(noise);

    Data clump = gaussian_data(2000, 8, 24);  // a thousand near-copies of one row
    for (std::size_t i = 1000; i < clump.n; ++i)
        for (std::size_t j = 0; j < clump.dims; ++j)
            clump.row(i)[j] = clump.row(0)[j] + 1e-4f * clump.row(i)[j];
    EXPECT_GE(recall(clump, build_and_check(clump), 80), 0.97);
}

TEST(BulkBuilder, OneZeroVectorAmongUnitVectorsDoesNoHarm) {
    Data data = gaussian_data(4000, 48, 31);
    for (std::size_t i = 0; i < data.n; ++i) {
        const float norm = std::sqrt(distance::inner_product(data.row(i), data.row(i), data.dims));
        for (std::size_t j = 0; j < data.dims; ++j)
            data.row(i)[j] /= norm;
    }
    const double clean = recall(data, build_and_check(data), 160);
    std::fill(data.row(1234), data.row(1234) + data.dims, 0.0f);
    EXPECT_GE(recall(data, build_and_check(data), 160), clean - 0.03);
}

TEST(BulkBuilder, LevelsDependOnSeedAndKeyAlone) {
    constexpr std::uint64_t kDraws = 200000;
    std::size_t above[4] = {};
    for (std::uint64_t key = 0; key < kDraws; ++key) {
        const unsigned level = level_for(5, key, 16);
        ASSERT_LE(level, 15u);
        for (unsigned l = 0; l < 4; ++l)
            above[l] += level >= l;
    }
    EXPECT_EQ(above[0], kDraws);
    EXPECT_NEAR(static_cast<double>(above[1]), kDraws / 16.0, 4 * std::sqrt(kDraws / 16.0));
    EXPECT_NEAR(static_cast<double>(above[2]), kDraws / 256.0, 4 * std::sqrt(kDraws / 256.0));

    const Data data = gaussian_data(600, 6, 40);
    BuildParams params;
    params.seed = 9;
    const Graph graph = build_and_check(data, params);
    for (std::size_t i = 0; i < data.n; ++i)
        ASSERT_EQ(graph.level[i], level_for(9, data.keys[i], params.m));
}

TEST(BulkBuilder, OneThreadIsDeterministicAndTwoAreValid) {
    const Data data = clustered_data(3000, 16, 10, 0.5f);
    BuildParams params;
    params.seed = 3;
    const Graph first = build_and_check(data, params);
    const Graph again = build_and_check(data, params);
    EXPECT_EQ(first.layers[0].links, again.layers[0].links);
    EXPECT_EQ(first.placement, again.placement);
    params.threads = 2;
    EXPECT_GE(recall(data, build_and_check(data, params), 64), 0.98);
}

TEST(BulkBuilder, OrderIsReported) {
    // Half of the rows on a line, half in full dimension, interleaved in space: LID differs a lot
    // and no coarse cell explains it.
    Data mixed = gaussian_data(4000, 16, 50);
    for (std::size_t i = 0; i < mixed.n; i += 2)
        std::fill(mixed.row(i) + 1, mixed.row(i) + mixed.dims, 0.0f);
    BuildParams params;
    params.order = BuildOrder::kLid;
    const Graph lid = build_and_check(mixed, params);
    EXPECT_EQ(lid.order_used, BuildOrder::kLid);
    const auto known = std::count_if(lid.lid.begin(), lid.lid.end(), [](float x) { return x > 0; });
    EXPECT_NEAR(static_cast<double>(known), 3000.0, 1.0);  // all but the prefix
    params.order = BuildOrder::kRandom;
    const Graph random = build_and_check(mixed, params);
    EXPECT_EQ(random.order_used, BuildOrder::kRandom);
    EXPECT_EQ(std::count(random.lid.begin(), random.lid.end(), 0.0f), 4000);
    // One Gaussian has one dimension everywhere: nothing to order by.
    EXPECT_EQ(build_and_check(gaussian_data(4000, 4, 51)).order_used, BuildOrder::kRandom);
}

struct Cancelled : std::runtime_error {
    Cancelled() : std::runtime_error("cancelled") {}
};

TEST(BulkBuilder, PollThatThrowsStopsTheBuild) {
    const Data data = gaussian_data(3000, 16, 60);
    struct State {
        int calls = 0;
        int limit = 0;
    };
    for (const unsigned threads : {1u, 2u}) {
        for (const int limit : {1, 50, 200, 420}) {
            State state{0, limit};
            BuildParams params;
            params.threads = threads;
            params.order = BuildOrder::kLid;
            params.poll.arg = &state;
            params.poll.fn = [](void* arg) {
                auto* s = static_cast<State*>(arg);
                if (++s->calls == s->limit)
                    throw Cancelled();
            };
            try {
                bulk_build(data.rows(), params);
                EXPECT_LT(state.calls, limit);
            } catch (const Cancelled&) {
                EXPECT_EQ(state.calls, limit);
            }
            EXPECT_TRUE(limit > 50 || state.calls == limit) << "fewer than fifty polls";
        }
    }
}

TEST(BulkBuilder, ProgressCountsUpInEachPhase) {
    const Data data = gaussian_data(3000, 8, 61);
    BuildParams params;
    params.threads = 2;
    int phase = -1;
    std::size_t done = 0;
    std::size_t finished = 0;
    params.progress = [&](BuildPhase p, std::size_t d, std::size_t total) {
        if (static_cast<int>(p) != phase) {
            EXPECT_EQ(static_cast<int>(p), phase + 1);
            phase = static_cast<int>(p);
            done = 0;
        }
        EXPECT_GE(d, done);
        EXPECT_LE(d, total);
        done = d;
        finished += d == total;
    };
    bulk_build(data.rows(), params);
    EXPECT_EQ(phase, static_cast<int>(BuildPhase::kPlace));
    EXPECT_GE(finished, 6u);
}

TEST(BulkBuilder, BadParametersAreRefused) {
    const Data data = gaussian_data(10, 4, 62);
    const auto refused = [&](const std::function<void(BuildParams&, Rows&)>& spoil) {
        BuildParams params;
        Rows rows = data.rows();
        spoil(params, rows);
        try {
            bulk_build(rows, params);
        } catch (const Error& e) {
            return e.code() == StatusCode::kInvalidArgument;
        }
        return false;
    };
    EXPECT_TRUE(refused([](BuildParams& p, Rows&) { p.m = 1; }));
    EXPECT_TRUE(refused([](BuildParams& p, Rows&) { p.capacity = 1; }));
    EXPECT_TRUE(refused([](BuildParams& p, Rows&) { p.upper_capacity = 70000; }));
    EXPECT_TRUE(refused([](BuildParams& p, Rows&) { p.placement_group = 0; }));
    EXPECT_TRUE(refused([](BuildParams& p, Rows&) { p.threads = 0; }));
    EXPECT_TRUE(refused([](BuildParams& p, Rows&) { p.ef_construction = 0; }));
    EXPECT_TRUE(refused([](BuildParams&, Rows& r) { r.stride = 3; }));
    EXPECT_TRUE(refused([](BuildParams&, Rows& r) { r.keys = nullptr; }));
}

TEST(BulkBuilder, MemoryBoundCoversTheHeapAtEveryPoll) {
    for (const auto& [n, dims] : {std::pair{12000u, 8u}, std::pair{3000u, 200u}}) {
        const Data data = gaussian_data(n, dims, 70);
        struct State {
            std::size_t base;
            std::size_t peak;
        } state{0, 0};
        const auto in_use = [] {
            const struct mallinfo2 info = mallinfo2();
            return static_cast<std::size_t>(info.uordblks) + info.hblkhd;
        };
        state.base = in_use();
        BuildParams params;
        params.order = BuildOrder::kLid;
        params.poll.arg = &state;
        params.poll.fn = [](void* arg) {
            auto* s = static_cast<State*>(arg);
            const struct mallinfo2 info = mallinfo2();
            s->peak = std::max(s->peak, static_cast<std::size_t>(info.uordblks) + info.hblkhd);
        };
        const Graph graph = bulk_build(data.rows(), params);
        const std::size_t bound = bulk_build_bytes(n, dims, Space::kEuclidean, params);
        if (state.peak == 0)
            GTEST_SKIP() << "this allocator keeps no statistics";
        const std::size_t used = state.peak - state.base;
        EXPECT_LE(used, bound);
        EXPECT_GE(used, bound / 2) << "a bound this loose would refuse builds that fit";
    }
}

}  // namespace
}  // namespace vg::hnsw
