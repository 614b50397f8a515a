// The walk of core/graph on a graph in memory: 71,000 vertices with 172,000 arcs of links and lists
// of 16 neighbours, as the WordNet benchmark has, from 10 seeds.
#include <memory_resource>
#include <vector>

#include <benchmark/benchmark.h>

#include "core/base/random.h"
#include "core/graph/explored.h"
#include "core/graph/walk.h"

namespace {

using vg::graph::Arcs;
using vg::graph::Vertex;

constexpr std::uint64_t kVertices = 71000;

class Memory final : public vg::graph::NeighbourSource {
  public:
    Memory() : links_(kVertices), lists_(kVertices) {
        vg::Random random(1);
        for (int i = 0; i < 86000; ++i) {
            // Squared: some vertices get many links.
            const double x = random.uniform();
            const auto a = static_cast<Vertex>(x * x * kVertices);
            const auto b = static_cast<Vertex>(random.below(kVertices));
            links_[static_cast<std::size_t>(a)].push_back(b);
            links_[static_cast<std::size_t>(b)].push_back(a);
        }
        for (auto& list : lists_)
            for (int i = 0; i < 16; ++i)
                list.push_back(static_cast<Vertex>(random.below(kVertices)));
    }
    void read_links(std::span<const Vertex> asked, Arcs& out,
                    std::span<std::uint32_t> neighbours) override {
        read(links_, asked, out);
        for (std::uint32_t& n : neighbours)
            n = 16;
    }
    void read_neighbours(std::span<const Vertex> asked, Arcs& out) override {
        read(lists_, asked, out);
    }

  private:
    using Lists = std::vector<std::vector<Vertex>>;
    static void read(const Lists& lists, std::span<const Vertex> asked, Arcs& out) {
        for (std::uint32_t i = 0; i < asked.size(); ++i)
            for (const Vertex to : lists[static_cast<std::size_t>(asked[i])])
                out.push_back({i, 1, 1.0f, to});
    }
    Lists links_;
    Lists lists_;
};

void walk(benchmark::State& state) {
    static Memory source;
    vg::graph::WalkOptions options;
    options.max_hops = static_cast<unsigned>(state.range(0));
    options.link_share = state.range(1) == 0 ? 1.0 : 0.8;
    vg::Random random(2);
    std::size_t touched = 0;
    for (auto _ : state) {
        std::pmr::monotonic_buffer_resource memory;
        vg::graph::Explored graph(source, 20000, &memory, {});
        std::vector<vg::graph::Seed> seeds;
        for (int i = 0; i < 10; ++i)
            seeds.push_back({graph.add(static_cast<Vertex>(random.below(kVertices)), 0), 1.0});
        benchmark::DoNotOptimize(
            vg::graph::personalised_pagerank(graph, seeds, options, &memory, {}));
        touched += graph.size();
    }
    state.counters["touched"] =
        static_cast<double>(touched) / static_cast<double>(state.iterations());
}
BENCHMARK(walk)->ArgNames({"hops", "lists"})->Args({2, 0})->Args({2, 1})->Args({16, 0});

}  // namespace
