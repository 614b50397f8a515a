// The passes of a bulk build in their order, and the bound on their memory. hnswlib's graph is gone
// before the refine pass begins; its lists of level 0 stay behind, unused, between the codes.
#include "core/hnsw/bulk_builder.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/base/random.h"
#include "core/base/status.h"
#include "core/hnsw/connect.h"
#include "core/hnsw/hnswlib_graph.h"
#include "core/hnsw/insertion.h"
#include "core/hnsw/place.h"
#include "core/hnsw/refine.h"

#include "core/no_postgres.h"

namespace vg::hnsw {
namespace {

constexpr unsigned kMaxLevel = 15;
// Nodes refined one after another that are taken from one neighbourhood.
constexpr std::uint32_t kRefineGroup = 16;

void validate(const Rows& rows, const BuildParams& params) {
    const auto require = [](bool ok, const char* what) {
        if (!ok)
            throw Error(StatusCode::kInvalidArgument, what);
    };
    require(params.m >= 2 && params.m <= 1000, "m must be between 2 and 1000");
    require(params.capacity >= 2 && params.capacity <= 65535, "capacity must be in [2, 65535]");
    require(params.upper_capacity >= 2 && params.upper_capacity <= 65535,
            "upper_capacity must be in [2, 65535]");
    require(params.ef_construction >= 1, "ef_construction must be positive");
    require(params.placement_group >= 1, "placement_group must be positive");
    require(params.threads >= 1, "threads must be positive");
    if (rows.n == 0)
        return;
    require(rows.data != nullptr && rows.keys != nullptr, "rows without data or keys");
    require(rows.dims >= 1 && rows.stride >= rows.dims, "rows need dims >= 1 and stride >= dims");
    if (rows.n > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
        throw Error(StatusCode::kLimitExceeded, "too many rows for one graph");
}

class Builder {
  public:
    Builder(const Rows& rows, const BuildParams& params) : rows_(rows), params_(params) {}

    GraphAndCodes run() {
        draw_levels();
        auto made = std::make_unique<RowCodes>(rows_, params_.seed, params_.threads, params_.poll,
                                               HnswlibGraph::list_bytes(params_.m));
        RowCodes& codes = *made;
        {
            HnswlibGraph index(rows_, codes, params_.m, params_.ef_construction, params_.threads);
            Insertion insertion = insert_rows(rows_, params_, graph_.level, index);
            graph_.lid = std::move(insertion.lid);
            graph_.order_used = insertion.order_used;
            take_layers(index);
        }
        refine(codes);
        connect();
        report(BuildPhase::kPlace, 0, rows_.n);
        graph_.placement =
            place_nodes(graph_.layers[0], graph_.entry, params_.placement_group, params_.poll);
        report(BuildPhase::kPlace, rows_.n, rows_.n);
        GraphAndCodes out;
        out.graph = std::move(graph_);
        out.codes = std::move(made);
        return out;
    }

  private:
    void report(BuildPhase phase, std::size_t done, std::size_t total) const {
        if (params_.progress)
            params_.progress(phase, done, total);
    }

    void draw_levels() {
        graph_.level.resize(rows_.n);
        for (std::size_t i = 0; i < rows_.n; ++i)
            graph_.level[i] =
                static_cast<std::uint8_t>(level_for(params_.seed, rows_.keys[i], params_.m));
    }

    void take_layers(const HnswlibGraph& index) {
        graph_.entry = index.entry();
        for (unsigned level = 0; level <= index.top_level(); ++level) {
            std::vector<std::uint32_t> members;
            for (std::uint32_t i = 0; level > 0 && i < rows_.n; ++i)
                if (graph_.level[i] >= level)
                    members.push_back(i);
            graph_.layers.push_back(index.layer(level, std::move(members)));
        }
    }

    void refine(const RowCodes& codes) {
        report(BuildPhase::kRefine, 0, rows_.n);
        for (std::size_t level = graph_.layers.size(); level-- > 0;) {
            RefineParams refine;
            refine.capacity = level == 0 ? params_.capacity : params_.upper_capacity;
            refine.threads = params_.threads;
            refine.poll = params_.poll;
            if (level == 0)
                refine.progress = [&](std::size_t done) {
                    report(BuildPhase::kRefine, done, rows_.n);
                };
            if (level == 0)
                refine.order =
                    place_nodes(graph_.layers[0], graph_.entry, kRefineGroup, params_.poll);
            graph_.layers[level] = refine_layer(rows_, codes, graph_.layers[level], refine);
        }
        report(BuildPhase::kRefine, rows_.n, rows_.n);
    }

    void connect() {
        report(BuildPhase::kConnect, 0, rows_.n);
        for (std::size_t level = graph_.layers.size(); level-- > 0;) {
            Layer& layer = graph_.layers[level];
            const LayerView view(rows_, layer);
            std::uint32_t root = graph_.entry;
            if (level > 0)
                root = static_cast<std::uint32_t>(
                    std::lower_bound(layer.members.begin(), layer.members.end(), root) -
                    layer.members.begin());
            ConnectResult result = connect_layer(view, layer, root, params_.poll);
            if (level == 0) {
                graph_.connected = result.forced;
                graph_.tree_parent = std::move(result.parent);
                continue;
            }
            for (std::size_t member = 0; member < layer.size(); ++member)
                for (std::size_t j = 0; j < layer.degree[member]; ++j)
                    layer.list(member)[j] = layer.members[layer.list(member)[j]];
        }
        report(BuildPhase::kConnect, rows_.n, rows_.n);
    }

    const Rows& rows_;
    const BuildParams& params_;
    Graph graph_;
};

// Room for the lists of all upper layers together.
std::size_t upper_lists(std::size_t n, std::uint32_t m) noexcept {
    const std::size_t mean = mean_upper_lists(n, m);
    return mean + mean / 8 + 64;
}

}  // namespace

std::size_t bulk_build_bytes(std::size_t n, std::size_t dims, Space space,
                             const BuildParams& params) noexcept {
    const std::size_t m = params.m;
    const std::size_t upper = upper_lists(n, params.m);
    // Result and bookkeeping that live from start to end: level, lid, order and its sort (3 x 4 +
    // 2).
    const std::size_t lasting = n * (1 + 4 + 16) + (std::size_t{1} << 20);
    const std::size_t raw = n * (2 + 8 * m) + upper * (6 + 4 * m);
    const std::size_t refined = n * (2 + 4 * std::size_t{params.capacity}) +
                                upper * (6 + 4 * std::size_t{params.upper_capacity});
    const std::size_t codes = RowCodes::bytes(n, dims, space, HnswlibGraph::list_bytes(params.m));
    // Near-copies are put off: their ids, twice for the vector's growth, and all together. While
    // hnswlib's graph exists it is copied to raw lists; while those exist they are refined, and the
    // reverse fill keeps up to one id per free slot (twice, for the vector's growth).
    const std::size_t inserting =
        codes + HnswlibGraph::bytes(n, params.m, params.threads) + raw + n * 12;
    const std::size_t reverse = n * 8 * std::size_t{params.capacity} / 4;
    const std::size_t refining = codes + raw + refined + reverse + n * 64;
    // Tree, marks, queue, breadth-first order and placement.
    const std::size_t placing = codes + refined + n * 32;
    // The plan of the slots takes less than that bookkeeping did.
    return lasting + std::max({inserting, refining, placing});
}

unsigned level_for(std::uint64_t seed, std::uint64_t key, std::uint32_t m) noexcept {
    // floor(-ln U / ln r) = number of k >= 1 with U <= r^-k; repeated division is exact everywhere,
    // logarithms are not.
    const double u = static_cast<double>((mix64(seed ^ mix64(key)) >> 11) + 1) * 0x1.0p-53;
    unsigned level = 0;
    const double ratio = level_ratio(m);
    for (double limit = 1.0 / ratio; level < kMaxLevel && u <= limit; limit /= ratio)
        ++level;
    return level;
}

GraphAndCodes::GraphAndCodes() = default;
GraphAndCodes::GraphAndCodes(GraphAndCodes&&) noexcept = default;
GraphAndCodes::~GraphAndCodes() = default;

GraphAndCodes bulk_build_with_codes(const Rows& rows, const BuildParams& params) {
    validate(rows, params);
    if (rows.n == 0)
        return {};
    return Builder(rows, params).run();
}

Graph bulk_build(const Rows& rows, const BuildParams& params) {
    return std::move(bulk_build_with_codes(rows, params).graph);
}

}  // namespace vg::hnsw
