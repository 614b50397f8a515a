// Where the time of a bulk build goes, without a server: the same steps as CREATE INDEX (gather
// rows, build the graph, rotate, encode every slot), each with its wall and CPU seconds and the
// most memory resident meanwhile beyond what was before the first, then recall@10 and pages read
// per query of a search of the encoded slots. The encoded slots, which CREATE INDEX does not keep,
// are part of the last step's memory. What the builder counts on is printed beside.
//
//   build_profile ROWS.f32 QUERIES.f32 DIMS cosine|l2 [threads] [rows] [queries] [repeats] [efc]
//
// The files hold raw float32 rows, as bench/prepare_data.mjs writes them. Rows beyond `rows` (0:
// all) are left out. CPU seconds are those of the whole process, all threads: they hardly depend on
// what else runs on the machine. Compare two versions of the builder in the same minute.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/base/large_blocks.h"
#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/hnsw/assemble.h"
#include "core/hnsw/beam_search.h"
#include "core/hnsw/bulk_builder.h"
#include "core/hnsw/recall.h"
#include "core/hnsw/row_store.h"

namespace {

using vg::hnsw::BuildPhase;
using vg::node::Metric;
using vg::node::SlotId;

constexpr std::uint32_t kUsable = 8152;
constexpr std::uint32_t kFirstBlock = 2;
constexpr std::uint64_t kSeed = 0x76656374'6F726772ull;
constexpr std::uint32_t kM = 16;
constexpr std::size_t kNeighbours = 10;
constexpr std::size_t kEfs[] = {10, 20, 40, 80, 160};

struct Options {
    std::string rows_file;
    std::string queries_file;
    std::size_t dims = 0;
    Metric metric = Metric::kL2;
    unsigned threads = 2;
    std::size_t rows = 0;
    std::size_t queries = 1000;
    int repeats = 1;
    std::uint32_t ef_construction = 64;
};

std::vector<float> read_floats(const std::string& path, std::size_t dims, std::size_t limit) {
    std::ifstream in(path, std::ios::binary);
    if (!in)
        throw std::runtime_error("cannot open " + path);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(in),
                                  std::istreambuf_iterator<char>()};
    std::size_t rows = bytes.size() / sizeof(float) / dims;
    if (limit != 0)
        rows = std::min(rows, limit);
    if (rows < kNeighbours)
        throw std::runtime_error("too few rows in " + path);
    std::vector<float> all(rows * dims);
    std::memcpy(all.data(), bytes.data(), all.size() * sizeof(float));
    return all;
}

// Heap order does not matter to the builder, but file order would flatter the gathering.
void shuffle_rows(std::vector<float>& values, std::size_t dims) {
    vg::Random rng(1);
    for (std::size_t i = values.size() / dims; i > 1; --i) {
        const std::size_t j = rng.below(i);
        std::swap_ranges(&values[(i - 1) * dims], &values[(i - 1) * dims] + dims,
                         &values[j * dims]);
    }
}

double seconds(const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
}

// Bytes of a line of /proc/self/status; 0 where there is none.
std::size_t status_bytes(const std::string& name) {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        std::size_t kilobytes = 0;
        if (word == name + ":" && status >> kilobytes)
            return kilobytes * 1024;
    }
    return 0;
}

// Makes VmHWM, the peak of resident memory, start anew from what is resident now.
void forget_peak() {
    std::ofstream("/proc/self/clear_refs") << 5;
}

// Prints one line per step: wall and CPU seconds since the last line, and peak memory.
class Steps {
  public:
    void start(const char* name) {
        finish();
        forget_peak();
        name_ = name;
        wall_ = now();
        cpu_ = cpu();
    }
    void finish() {
        if (name_ == nullptr)
            return;
        const double wall = now() - wall_;
        const double used = cpu() - cpu_;
        const std::size_t peak = std::max(status_bytes("VmHWM"), before_) - before_;
        std::printf("  %-22s %8.2f s wall %8.2f s CPU %8.1f MB\n", name_, wall, used,
                    static_cast<double>(peak) * 1e-6);
        total_wall_ += wall;
        total_cpu_ += used;
        name_ = nullptr;
    }
    void total() {
        finish();
        std::printf("  %-22s %8.2f s wall %8.2f s CPU\n", "total", total_wall_, total_cpu_);
    }

  private:
    static double now() {
        return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
            .count();
    }
    static double cpu() {
        rusage u{};
        getrusage(RUSAGE_SELF, &u);
        return seconds(u.ru_utime) + seconds(u.ru_stime);
    }
    const char* name_ = nullptr;
    std::size_t before_ = status_bytes("VmRSS");
    double wall_ = 0;
    double cpu_ = 0;
    double total_wall_ = 0;
    double total_cpu_ = 0;
};

struct Index {
    vg::node::Geometry geometry;
    std::vector<float> centre;
    std::vector<std::byte> slots;
    SlotId entry = vg::node::kNoSlot;
    SlotId root = vg::node::kNoSlot;
    unsigned entry_level = 0;
    std::size_t base_pages = 0;
    std::size_t pages = 0;

    vg::node::SlotView slot(SlotId id) const {
        const std::size_t at = id - std::size_t{kFirstBlock} * geometry.slots_per_page;
        return {geometry, slots.data() + at * geometry.slot_bytes};
    }
};

const char* const kPhases[] = {"insert prefix", "probe LID", "insert",
                               "refine",        "connect",   "place"};

Index build(const std::vector<float>& values, const Options& o) {
    vg::return_large_blocks();
    Index index;
    index.geometry = vg::node::plan_geometry(static_cast<std::uint32_t>(o.dims), kM, kUsable);
    const vg::node::Geometry& g = index.geometry;
    Steps steps;
    steps.start("gather rows");
    vg::hnsw::RowStore store(g, o.metric);
    for (std::size_t i = 0; i < values.size() / o.dims; ++i)
        store.add(&values[i * o.dims],
                  {static_cast<std::uint16_t>(i >> 16), static_cast<std::uint16_t>(i), 1});
    steps.start("finish rows");
    store.finish();
    steps.start("levels, hubs");

    vg::hnsw::BuildParams p;
    p.m = kM;
    p.capacity = p.upper_capacity = g.capacity;
    p.ef_construction = o.ef_construction;
    p.placement_group = g.slots_per_page;
    p.seed = kSeed;
    p.threads = o.threads;
    int last = -1;
    p.progress = [&](BuildPhase phase, std::size_t done, std::size_t total) {
        if (static_cast<int>(phase) != last) {
            last = static_cast<int>(phase);
            steps.start(kPhases[last]);
        } else if (done == total && phase == BuildPhase::kInsert) {
            steps.start("take lists");
        }
    };
    const std::size_t counted = store.bytes() + store.build_bytes(p);
    const vg::hnsw::GraphAndCodes built = vg::hnsw::bulk_build_with_codes(store.rows(), p);
    const vg::hnsw::Graph& graph = built.graph;
    const vg::code::Rotation rotation(g.dims, kSeed);
    steps.start("plan slots");
    const vg::hnsw::SlotPlan plan(graph, g, kFirstBlock);
    index.slots.resize(std::size_t{plan.pages()} * g.slots_per_page * g.slot_bytes);
    steps.start("encode slots");
    const vg::hnsw::SlotWriter writer(graph, store, built.codes.get(), rotation, plan, g);
    vg::parallel_for(o.threads, plan.pages(), 8, {}, [&](std::size_t b, std::size_t e, unsigned) {
        vg::hnsw::SlotWriter::Scratch scratch(rotation);
        for (std::size_t page = b; page < e; ++page)
            for (std::uint32_t i = 0; i < g.slots_per_page; ++i) {
                const auto& who = plan.occupant(static_cast<std::uint32_t>(page), i);
                if (who.node != vg::hnsw::kNoNode)
                    writer.write(who,
                                 index.slots.data() + (page * g.slots_per_page + i) * g.slot_bytes,
                                 scratch);
            }
    });
    steps.total();
    std::printf("  counted %30.1f MB\n", static_cast<double>(counted) * 1e-6);

    index.centre.assign(store.centre(), store.centre() + g.dims);
    index.entry = plan.entry();
    index.entry_level = plan.entry_level();
    index.root = plan.base_slot(graph.entry);
    index.pages = plan.pages();
    index.base_pages = (store.size() + g.slots_per_page - 1) / g.slots_per_page;
    std::size_t links = 0;
    for (const std::uint16_t d : graph.layers[0].degree)
        links += d;
    std::printf(
        "  %zu rows, order %s, %zu connected, mean degree %.1f of %u, %zu pages (%zu base)\n",
        store.size(), graph.order_used == vg::hnsw::BuildOrder::kLid ? "lid" : "random",
        graph.connected, static_cast<double>(links) / static_cast<double>(store.size()), g.capacity,
        index.pages, index.base_pages);
    return index;
}

std::vector<float> limits(const std::vector<float>& values, const std::vector<float>& queries,
                          const Options& o) {
    const std::size_t count = queries.size() / o.dims;
    std::vector<float> limit(count);
    std::vector<float> rows = values;
    for (std::size_t i = 0; i < rows.size(); i += o.dims)
        vg::node::prepare_row(o.metric, &rows[i], o.dims);
    vg::parallel_for(o.threads, count, 50, {}, [&](std::size_t b, std::size_t e, unsigned) {
        vg::hnsw::ExactPanel panel(o.metric, o.dims, kNeighbours);
        for (std::size_t q = b; q < e; ++q)
            panel.add_query(&queries[q * o.dims]);
        for (std::size_t i = 0; i < rows.size(); i += o.dims)
            panel.add_row(&rows[i]);
        for (std::size_t q = b; q < e; ++q)
            limit[q] = panel.limit(q - b);
    });
    return limit;
}

void search(const Index& index, const std::vector<float>& values, const std::vector<float>& queries,
            const std::vector<float>& limit, const Options& o) {
    const vg::code::Rotation rotation(index.geometry.dims, kSeed);
    std::vector<float> rows = values;
    for (std::size_t i = 0; i < rows.size(); i += o.dims)
        vg::node::prepare_row(o.metric, &rows[i], o.dims);
    vg::hnsw::ExactPanel panel(o.metric, o.dims, 1);
    for (std::size_t q = 0; q < limit.size(); ++q)
        panel.add_query(&queries[q * o.dims]);
    for (const std::size_t ef : kEfs) {
        vg::node::NodeQuery query(index.geometry, o.metric, rotation, index.centre.data());
        vg::hnsw::BeamSearch beam(query);
        std::size_t hits = 0;
        std::size_t slots = 0;
        std::size_t upper = 0;
        std::size_t pages = 0;
        std::unordered_set<std::uint32_t> touched;
        for (std::size_t q = 0; q < limit.size(); ++q) {
            query.set_query(&queries[q * o.dims]);
            beam.set_root(index.root);
            beam.start(index.entry, index.entry_level, 0, ef);
            touched.clear();
            for (SlotId id; (id = beam.next()) != vg::node::kNoSlot;) {
                const vg::node::SlotView slot = index.slot(id);
                beam.expand(id, slot);
                ++slots;
                upper += slot.header().level > 0 ? 1 : 0;
                touched.insert(index.geometry.block_of(id));
            }
            pages += touched.size();
            vg::hnsw::Found f;
            for (std::size_t k = 0; k < kNeighbours && beam.pop(&f); ++k) {
                const std::size_t row =
                    static_cast<std::size_t>(f.tids[0].block_high) << 16 | f.tids[0].block_low;
                hits += panel.distance(q, &rows[row * o.dims]) <= limit[q] ? 1 : 0;
            }
        }
        const auto n = static_cast<double>(limit.size());
        std::printf(
            "  ef %4zu recall@10 %.4f  slots read %.1f (upper levels %.1f), distinct pages "
            "%.1f\n",
            ef, static_cast<double>(hits) / n / kNeighbours, static_cast<double>(slots) / n,
            static_cast<double>(upper) / n, static_cast<double>(pages) / n);
    }
}

void run(const Options& o) {
    std::vector<float> values = read_floats(o.rows_file, o.dims, o.rows);
    const std::vector<float> queries = read_floats(o.queries_file, o.dims, o.queries);
    shuffle_rows(values, o.dims);
    const std::vector<float> limit = limits(values, queries, o);
    for (int repeat = 0; repeat < o.repeats; ++repeat) {
        const Index index = build(values, o);
        search(index, values, queries, limit, o);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 5 || (std::strcmp(argv[4], "cosine") != 0 && std::strcmp(argv[4], "l2") != 0)) {
        std::fprintf(stderr,
                     "usage: build_profile ROWS.f32 QUERIES.f32 DIMS cosine|l2 [threads] [rows] "
                     "[queries] [repeats] [efc]\n");
        return 2;
    }
    Options o;
    o.rows_file = argv[1];
    o.queries_file = argv[2];
    o.dims = static_cast<std::size_t>(std::atoi(argv[3]));
    o.metric = std::strcmp(argv[4], "cosine") == 0 ? Metric::kCosine : Metric::kL2;
    if (argc > 5)
        o.threads = static_cast<unsigned>(std::max(1, std::atoi(argv[5])));
    if (argc > 6)
        o.rows = static_cast<std::size_t>(std::atoi(argv[6]));
    if (argc > 7)
        o.queries = static_cast<std::size_t>(std::atoi(argv[7]));
    if (argc > 8)
        o.repeats = std::atoi(argv[8]);
    if (argc > 9)
        o.ef_construction = static_cast<std::uint32_t>(std::max(1, std::atoi(argv[9])));
    try {
        run(o);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "build_profile: %s\n", e.what());
        return 1;
    }
    return 0;
}
