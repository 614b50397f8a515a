// Does the insertion order matter? Repeats the experiment of Elliott & Clark 2024 (arXiv
// 2405.17813) on two real sets and a synthetic one: the same rows enter the same builder in six
// orders, with several seeds, and recall@10 is printed against distance computations - for the
// graph as hnswlib leaves it (the paper's setting) and after the refine and connect passes of this
// product.
//
//   order_study GLOVE.f32 DIMS MNIST.f32 MNIST.labels [rows] [seeds] [threads]
//
// GLOVE.f32 holds rows of DIMS float32, MNIST.f32 rows of 784, MNIST.labels one byte per row: the
// files that bench/prepare_data.mjs writes. Rows beyond `rows` (default 60000) are left out by a
// seeded sample; 1,000 rows of each set are held out as queries. Exact LID from 100 neighbours by
// brute force. Output is text on stdout.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <numeric>
#include <queue>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/distance/distance.h"
#include "core/hnsw/bulk_builder.h"
#include "core/hnsw/connect.h"
#include "core/hnsw/hnswlib_graph.h"
#include "core/hnsw/insertion.h"
#include "core/hnsw/refine.h"
#include "core/lid/lid.h"

namespace {

using vg::Random;
using vg::hnsw::Layer;
using vg::hnsw::LayerView;

constexpr std::size_t kQueries = 1000;
constexpr std::size_t kNeighbours = 10;
constexpr std::size_t kLidNeighbours = 100;
constexpr std::uint32_t kM = 16;
constexpr std::uint32_t kEfConstruction = 64;
constexpr std::size_t kWidths[] = {10, 20, 40, 80, 160};
constexpr std::size_t kWidthCount = std::size(kWidths);

struct Set {
    std::string name;
    std::size_t dims = 0;
    std::vector<float> rows;
    std::vector<float> queries;
    std::vector<std::uint32_t> category;  // per row
    std::vector<std::uint64_t> keys;
    std::vector<float> lid;     // exact, per row
    std::vector<float> radius;  // per query: squared distance of its 10th neighbour
    std::size_t n() const { return rows.size() / dims; }
    const float* row(std::size_t i) const { return rows.data() + i * dims; }
    vg::hnsw::Rows view() const { return {rows.data(), n(), dims, dims, keys.data()}; }
};

std::vector<char> read_file(const char* path) {
    std::ifstream in(path, std::ios::binary);
    if (!in)
        throw std::runtime_error(std::string("cannot open ") + path);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void normalise(std::vector<float>& values, std::size_t dims) {
    for (std::size_t i = 0; i < values.size(); i += dims) {
        const float norm = std::sqrt(vg::distance::inner_product(&values[i], &values[i], dims));
        for (std::size_t j = 0; j < dims && norm > 0.0f; ++j)
            values[i + j] /= norm;
    }
}

// Splits `all` into rows and held-out queries; keeps at most `limit` rows, in their file order.
Set split(std::string name, const std::vector<float>& all, std::size_t dims,
          const std::vector<std::uint32_t>& category, std::size_t limit) {
    Set set;
    set.name = std::move(name);
    set.dims = dims;
    std::vector<std::uint32_t> pick(all.size() / dims);
    std::iota(pick.begin(), pick.end(), 0u);
    Random rng(20240517);
    vg::shuffle(pick, rng);
    pick.resize(std::min(pick.size(), limit + kQueries));
    std::sort(pick.begin() + kQueries, pick.end());
    for (std::size_t i = 0; i < pick.size(); ++i) {
        const float* row = &all[pick[i] * dims];
        std::vector<float>& to = i < kQueries ? set.queries : set.rows;
        to.insert(to.end(), row, row + dims);
        if (i >= kQueries && !category.empty())
            set.category.push_back(category[pick[i]]);
    }
    set.keys.resize(set.n());
    std::iota(set.keys.begin(), set.keys.end(), std::uint64_t{0});
    return set;
}

std::vector<float> read_floats(const char* path, std::size_t dims) {
    const std::vector<char> bytes = read_file(path);
    std::vector<float> all(bytes.size() / sizeof(float) / dims * dims);
    std::memcpy(all.data(), bytes.data(), all.size() * sizeof(float));
    if (all.size() / dims <= 2 * kQueries)
        throw std::runtime_error(std::string("too few rows in ") + path);
    return all;
}

Set glove(const char* path, std::size_t dims, std::size_t limit) {
    std::vector<float> all = read_floats(path, dims);
    normalise(all, dims);
    return split("GloVe " + std::to_string(dims) + "-d, cosine", all, dims, {}, limit);
}

Set mnist(const char* images, const char* labels, std::size_t limit) {
    constexpr std::size_t kDims = 784;
    const std::vector<float> all = read_floats(images, kDims);
    const std::vector<char> digits = read_file(labels);
    if (digits.size() != all.size() / kDims)
        throw std::runtime_error("not one label per image");
    std::vector<std::uint32_t> category(digits.size());
    for (std::size_t i = 0; i < category.size(); ++i)
        category[i] = static_cast<unsigned char>(digits[i]);
    return split("MNIST 784-d, L2, categories = labels", all, kDims, category, limit);
}

float gaussian(Random& rng) {
    const double u = 1.0 - rng.uniform();
    return static_cast<float>(std::sqrt(-2.0 * std::log(u)) *
                              std::cos(6.283185307179586 * rng.uniform()));
}

// 60 curved manifolds of intrinsic dimension 2..41 and power-law size around random centres.
Set manifolds(std::size_t limit) {
    constexpr std::size_t kDims = 100;
    constexpr std::size_t kClusters = 60;
    Random rng(99);
    std::vector<double> size(kClusters);
    for (std::size_t c = 0; c < kClusters; ++c)
        size[c] = 1.0 / std::pow(static_cast<double>(c + 1), 0.7);
    const double total = std::accumulate(size.begin(), size.end(), 0.0);
    std::vector<float> all;
    std::vector<std::uint32_t> category;
    for (std::uint32_t c = 0; c < kClusters; ++c) {
        const std::size_t inner = 2 + rng.below(40);
        std::vector<float> centre(kDims);
        std::vector<float> linear(kDims * inner);
        std::vector<float> curve(kDims * inner);
        for (auto* part : {&centre, &linear, &curve})
            for (float& x : *part)
                x = gaussian(rng);
        const float scale = 0.6f / std::sqrt(static_cast<float>(inner));
        const auto count =
            static_cast<std::size_t>(size[c] / total * static_cast<double>(limit + kQueries)) + 1;
        for (std::size_t i = 0; i < count; ++i) {
            std::vector<float> z(inner);
            for (float& x : z)
                x = gaussian(rng);
            for (std::size_t j = 0; j < kDims; ++j) {
                const float flat = vg::distance::inner_product(&linear[j * inner], z.data(), inner);
                const float bend = vg::distance::inner_product(&curve[j * inner], z.data(), inner);
                all.push_back(centre[j] + scale * (flat + std::sin(bend)));
            }
            category.push_back(c);
        }
    }
    normalise(all, kDims);
    return split("60 synthetic manifolds, 100-d, intrinsic dimension 2 to 41", all, kDims, category,
                 limit);
}

// Lloyd's algorithm, a few rounds: cells that stand for topics where the data brings no categories.
void make_categories(Set& set, unsigned threads) {
    constexpr std::size_t kCells = 100;
    constexpr int kRounds = 4;
    Random rng(7);
    std::vector<float> centre;
    for (std::size_t c = 0; c < kCells; ++c) {
        const float* row = set.row(rng.below(set.n()));
        centre.insert(centre.end(), row, row + set.dims);
    }
    set.category.assign(set.n(), 0);
    for (int round = 0; round < kRounds; ++round) {
        vg::parallel_for(threads, set.n(), 256, {}, [&](std::size_t b, std::size_t e, unsigned) {
            for (std::size_t i = b; i < e; ++i) {
                float best = std::numeric_limits<float>::infinity();
                for (std::uint32_t c = 0; c < kCells; ++c) {
                    const float d =
                        vg::distance::l2_squared(set.row(i), &centre[c * set.dims], set.dims);
                    if (d < best) {
                        best = d;
                        set.category[i] = c;
                    }
                }
            }
        });
        std::vector<float> count(kCells, 0.0f);
        std::vector<float> sum(centre.size(), 0.0f);
        for (std::size_t i = 0; i < set.n(); ++i) {
            count[set.category[i]] += 1.0f;
            for (std::size_t j = 0; j < set.dims; ++j)
                sum[set.category[i] * set.dims + j] += set.row(i)[j];
        }
        for (std::size_t x = 0; x < sum.size(); ++x)
            if (count[x / set.dims] > 0.0f)
                centre[x] = sum[x] / count[x / set.dims];
    }
}

// The k smallest squared distances from `query` to the rows other than `self`, ascending.
std::vector<float> nearest(const Set& set, const float* query, std::size_t self, std::size_t k) {
    std::priority_queue<float> heap;
    for (std::size_t i = 0; i < set.n(); ++i) {
        if (i == self)
            continue;
        const float d = vg::distance::l2_squared(query, set.row(i), set.dims);
        if (heap.size() < k) {
            heap.push(d);
        } else if (d < heap.top()) {
            heap.pop();
            heap.push(d);
        }
    }
    std::vector<float> out(heap.size());
    for (std::size_t i = out.size(); i-- > 0; heap.pop())
        out[i] = heap.top();
    return out;
}

void prepare(Set& set, unsigned threads) {
    if (set.category.empty())
        make_categories(set, threads);
    set.lid.resize(set.n());
    vg::parallel_for(threads, set.n(), 16, {}, [&](std::size_t b, std::size_t e, unsigned) {
        for (std::size_t i = b; i < e; ++i)
            set.lid[i] =
                vg::lid::mle(nearest(set, set.row(i), i, kLidNeighbours), vg::lid::Scale::kSquared);
    });
    set.radius.resize(kQueries);
    vg::parallel_for(threads, kQueries, 16, {}, [&](std::size_t b, std::size_t e, unsigned) {
        for (std::size_t q = b; q < e; ++q)
            set.radius[q] =
                nearest(set, &set.queries[q * set.dims], set.n(), kNeighbours).back() * 1.00001f;
    });
}

// Layers with local ids (positions in members), as the passes of the builder see them.
struct Layers {
    std::vector<Layer> layers;
    std::uint32_t entry = 0;
    std::uint32_t local(std::size_t level, std::uint32_t node) const {
        const auto& members = layers[level].members;
        if (level == 0)
            return node;
        return static_cast<std::uint32_t>(std::lower_bound(members.begin(), members.end(), node) -
                                          members.begin());
    }
};

struct Point {
    double recall = 0.0;
    double distances = 0.0;
};

class Searcher {
  public:
    Searcher(const Set& set, const Layers& graph) : set_(set), graph_(graph), seen_(set.n(), 0) {}

    // Returns hits among the true ten nearest; adds to distances().
    std::size_t run(std::size_t query, std::size_t ef) {
        query_ = &set_.queries[query * set_.dims];
        std::uint32_t node = graph_.entry;
        float best = distance(node);
        for (std::size_t level = graph_.layers.size() - 1; level > 0; --level)
            descend(level, node, best);
        return beam(node, best, ef, set_.radius[query]);
    }
    std::size_t distances() const { return distances_; }

  private:
    float distance(std::uint32_t node) {
        ++distances_;
        return vg::distance::l2_squared(query_, set_.row(node), set_.dims);
    }

    void descend(std::size_t level, std::uint32_t& node, float& best) {
        const Layer& layer = graph_.layers[level];
        for (bool moved = true; moved;) {
            moved = false;
            const std::uint32_t member = graph_.local(level, node);
            for (std::size_t j = 0; j < layer.degree[member]; ++j) {
                const std::uint32_t other = layer.members[layer.list(member)[j]];
                const float d = distance(other);
                if (d < best) {
                    best = d;
                    node = other;
                    moved = true;
                }
            }
        }
    }

    std::size_t beam(std::uint32_t start, float best, std::size_t ef, float radius) {
        using Item = std::pair<float, std::uint32_t>;
        std::priority_queue<Item, std::vector<Item>, std::greater<Item>> open;
        std::priority_queue<Item> kept;
        ++stamp_;
        seen_[start] = stamp_;
        open.emplace(best, start);
        kept.emplace(best, start);
        const Layer& base = graph_.layers[0];
        while (!open.empty() && (open.top().first <= kept.top().first || kept.size() < ef)) {
            const std::uint32_t node = open.top().second;
            open.pop();
            for (std::size_t j = 0; j < base.degree[node]; ++j) {
                const std::uint32_t next = base.list(node)[j];
                if (seen_[next] == stamp_)
                    continue;
                seen_[next] = stamp_;
                const float d = distance(next);
                if (kept.size() == ef && d >= kept.top().first)
                    continue;
                open.emplace(d, next);
                kept.emplace(d, next);
                if (kept.size() > ef)
                    kept.pop();
            }
        }
        std::size_t hits = 0;
        for (; !kept.empty(); kept.pop())
            hits += kept.top().first <= radius;
        return std::min(hits, kNeighbours);
    }

    const Set& set_;
    const Layers& graph_;
    std::vector<std::uint32_t> seen_;
    std::uint32_t stamp_ = 0;
    const float* query_ = nullptr;
    std::size_t distances_ = 0;
};

using Curve = std::vector<Point>;

Curve measure(const Set& set, const Layers& graph, unsigned threads) {
    Curve curve(kWidthCount);
    vg::parallel_for(threads, kWidthCount, 1, {}, [&](std::size_t b, std::size_t e, unsigned) {
        for (std::size_t w = b; w < e; ++w) {
            Searcher searcher(set, graph);
            std::size_t hits = 0;
            for (std::size_t q = 0; q < kQueries; ++q)
                hits += searcher.run(q, kWidths[w]);
            curve[w].recall = static_cast<double>(hits) / (kQueries * kNeighbours);
            curve[w].distances = static_cast<double>(searcher.distances()) / kQueries;
        }
    });
    return curve;
}

std::size_t unreachable(const Layers& graph) {
    const Layer& base = graph.layers[0];
    std::vector<bool> seen(base.size(), false);
    std::vector<std::uint32_t> queue{graph.entry};
    seen[graph.entry] = true;
    for (std::size_t head = 0; head < queue.size(); ++head)
        for (std::size_t j = 0; j < base.degree[queue[head]]; ++j)
            if (!seen[base.list(queue[head])[j]]) {
                seen[base.list(queue[head])[j]] = true;
                queue.push_back(base.list(queue[head])[j]);
            }
    return base.size() - queue.size();
}

enum class Order { kRandom, kExactDescending, kExactAscending, kCategory, kPrefixLid, kAuto };
constexpr std::pair<Order, const char*> kOrders[] = {
    {Order::kRandom, "random"},
    {Order::kExactDescending, "exact LID descending"},
    {Order::kExactAscending, "exact LID ascending"},
    {Order::kCategory, "sorted by category"},
    {Order::kPrefixLid, "10 % prefix + probed LID"},
    {Order::kAuto, "auto (the product)"},
};

// A fixed order of all rows: the random permutation of the seed, stably sorted.
std::vector<std::uint32_t> fixed_order(const Set& set, Order kind, std::uint64_t seed) {
    std::vector<std::uint32_t> order(set.n());
    std::iota(order.begin(), order.end(), 0u);
    Random rng(seed);
    vg::shuffle(order, rng);
    const auto key = [&](std::uint32_t i) {
        if (kind == Order::kCategory)
            return static_cast<float>(set.category[i]);
        return kind == Order::kExactAscending ? set.lid[i] : -set.lid[i];
    };
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return key(a) < key(b); });
    return order;
}

struct Outcome {
    Curve raw;
    Curve refined;
    std::size_t lost = 0;  // unreachable in the raw graph
    bool by_lid = false;
};

void insert_fixed(vg::hnsw::HnswlibGraph& index, const std::vector<std::uint32_t>& order,
                  const std::vector<std::uint8_t>& level, unsigned threads) {
    constexpr std::size_t kSerial = 64;
    for (std::size_t i = 0; i < kSerial; ++i)
        index.insert(order[i], level[order[i]], 0);
    vg::parallel_for(threads, order.size() - kSerial, 8, {},
                     [&](std::size_t b, std::size_t e, unsigned worker) {
                         for (std::size_t i = kSerial + b; i < kSerial + e; ++i)
                             index.insert(order[i], level[order[i]], worker);
                     });
}

Outcome trial(const Set& set, Order kind, std::uint64_t seed, unsigned threads) {
    vg::hnsw::BuildParams params;
    params.m = kM;
    params.ef_construction = kEfConstruction;
    params.seed = seed;
    params.threads = threads;
    const vg::hnsw::Rows rows = set.view();
    std::vector<std::uint8_t> level(set.n());
    for (std::size_t i = 0; i < set.n(); ++i)
        level[i] = static_cast<std::uint8_t>(vg::hnsw::level_for(seed, set.keys[i], kM));
    Outcome outcome;
    Layers graph;
    vg::hnsw::RowCodes codes(rows, seed, threads, {}, vg::hnsw::HnswlibGraph::list_bytes(kM));
    {
        vg::hnsw::HnswlibGraph index(rows, codes, kM, kEfConstruction, threads);
        if (kind == Order::kExactDescending || kind == Order::kExactAscending ||
            kind == Order::kCategory) {
            insert_fixed(index, fixed_order(set, kind, seed), level, threads);
        } else {
            params.order = kind == Order::kAuto        ? vg::hnsw::BuildOrder::kAuto
                           : kind == Order::kPrefixLid ? vg::hnsw::BuildOrder::kLid
                                                       : vg::hnsw::BuildOrder::kRandom;
            outcome.by_lid = vg::hnsw::insert_rows(rows, params, level, index).order_used ==
                             vg::hnsw::BuildOrder::kLid;
        }
        graph.entry = index.entry();
        for (unsigned l = 0; l <= index.top_level(); ++l) {
            std::vector<std::uint32_t> members;
            for (std::uint32_t i = 0; l > 0 && i < set.n(); ++i)
                if (level[i] >= l)
                    members.push_back(i);
            graph.layers.push_back(index.layer(l, std::move(members)));
        }
    }
    outcome.raw = measure(set, graph, threads);
    outcome.lost = unreachable(graph);
    vg::hnsw::RefineParams refine;
    refine.threads = threads;
    for (std::size_t l = 0; l < graph.layers.size(); ++l) {
        graph.layers[l] = vg::hnsw::refine_layer(rows, codes, graph.layers[l], refine);
        vg::hnsw::connect_layer(LayerView(rows, graph.layers[l]), graph.layers[l],
                                graph.local(l, graph.entry), {});
    }
    outcome.refined = measure(set, graph, threads);
    return outcome;
}

struct Summary {
    double mean = 0.0;
    double sd = 0.0;
};

Summary summarise(const std::vector<double>& x) {
    Summary s;
    for (const double v : x)
        s.mean += v / static_cast<double>(x.size());
    for (const double v : x)
        s.sd += (v - s.mean) * (v - s.mean);
    s.sd = x.size() > 1 ? std::sqrt(s.sd / static_cast<double>(x.size() - 1)) : 0.0;
    return s;
}

// Distance computations at which a mean curve reaches `recall`, by linear interpolation; 0 if
// never.
double cost_at(const Curve& mean, double recall) {
    for (std::size_t w = 0; w < mean.size(); ++w) {
        if (mean[w].recall < recall)
            continue;
        if (w == 0)
            return mean[0].distances;
        const double t = (recall - mean[w - 1].recall) / (mean[w].recall - mean[w - 1].recall);
        return mean[w - 1].distances + t * (mean[w].distances - mean[w - 1].distances);
    }
    return 0.0;
}

void print_row(const char* label, const std::vector<Curve>& curves) {
    std::printf("%-26s", label);
    Curve mean(kWidthCount);
    for (std::size_t w = 0; w < kWidthCount; ++w) {
        std::vector<double> recall;
        std::vector<double> distances;
        for (const Curve& curve : curves) {
            recall.push_back(curve[w].recall);
            distances.push_back(curve[w].distances);
        }
        const Summary r = summarise(recall);
        mean[w] = {r.mean, summarise(distances).mean};
        std::printf(" | %.4f +-%.4f %5.0f", r.mean, r.sd, mean[w].distances);
    }
    for (const double target : {0.90, 0.95, 0.98}) {
        const double cost = cost_at(mean, target);
        if (cost > 0.0)
            std::printf(" | %5.0f", cost);
        else
            std::printf(" | never");
    }
    std::printf("\n");
    std::fflush(stdout);
}

void print_head(const char* title) {
    std::printf("\n%s\n%-26s", title, "order");
    for (const std::size_t ef : kWidths)
        std::printf(" | ef %-4zu recall, dist.", ef);
    std::printf(" | d@.90 | d@.95 | d@.98\n");
}

void study(Set set, std::size_t seeds, unsigned threads) {
    prepare(set, threads);
    std::vector<float> sorted = set.lid;
    std::sort(sorted.begin(), sorted.end());
    const auto quantile = [&](std::size_t percent) {
        return static_cast<double>(sorted[(sorted.size() - 1) * percent / 100]);
    };
    std::printf(
        "\n=== %s: %zu rows, %zu queries, %zu seeds ===\nexact LID p10 %.1f p50 %.1f p90 %.1f\n",
        set.name.c_str(), set.n(), kQueries, seeds, quantile(10), quantile(50), quantile(90));
    std::fflush(stdout);
    std::vector<std::vector<Outcome>> outcomes(std::size(kOrders));
    for (std::size_t seed = 1; seed <= seeds; ++seed)
        for (std::size_t o = 0; o < std::size(kOrders); ++o)
            outcomes[o].push_back(trial(set, kOrders[o].first, seed, threads));
    for (const bool refined : {false, true}) {
        print_head(refined ? "after refine and connect" : "as hnswlib leaves it");
        for (std::size_t o = 0; o < std::size(kOrders); ++o) {
            std::vector<Curve> curves;
            for (const Outcome& outcome : outcomes[o])
                curves.push_back(refined ? outcome.refined : outcome.raw);
            print_row(kOrders[o].second, curves);
        }
    }
    std::printf(
        "\nunreachable rows before connect, mean over seeds; seeds where auto took LID order\n");
    for (std::size_t o = 0; o < std::size(kOrders); ++o) {
        double lost = 0.0;
        std::size_t by_lid = 0;
        for (const Outcome& outcome : outcomes[o]) {
            lost += static_cast<double>(outcome.lost) / static_cast<double>(seeds);
            by_lid += outcome.by_lid;
        }
        std::printf("%-26s %8.1f", kOrders[o].second, lost);
        if (kOrders[o].first == Order::kAuto)
            std::printf("   LID order in %zu of %zu", by_lid, seeds);
        std::printf("\n");
    }
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 5) {
        std::fprintf(stderr,
                     "usage: %s GLOVE.f32 DIMS MNIST.f32 MNIST.labels [rows] [seeds] [threads]\n",
                     argv[0]);
        return 2;
    }
    const auto number = [&](int i, std::size_t fallback) {
        return argc > i ? static_cast<std::size_t>(std::strtoull(argv[i], nullptr, 10)) : fallback;
    };
    const std::size_t rows = number(5, 60000);
    const std::size_t seeds = std::max<std::size_t>(number(6, 5), 1);
    const auto threads = static_cast<unsigned>(std::max<std::size_t>(number(7, 2), 1));
    try {
        std::printf(
            "m %u, ef_construction %u, recall@10 as mean +- sd over seeds, distance "
            "computations per query\nd@.90: distance computations at recall .90, "
            "interpolated on the mean curve\n",
            kM, kEfConstruction);
        study(glove(argv[1], std::max<std::size_t>(number(2, 100), 1), rows), seeds, threads);
        study(mnist(argv[3], argv[4], rows), seeds, threads);
        study(manifolds(rows), seeds, threads);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "order_study: %s\n", e.what());
        return 1;
    }
    return 0;
}
