#include "core/hnsw/bulk_builder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <utility>

#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/base/status.h"
#include "core/hnsw/connect.h"
#include "core/hnsw/hnswlib_graph.h"
#include "core/hnsw/hubs.h"
#include "core/hnsw/place.h"
#include "core/hnsw/refine.h"
#include "core/lid/lid.h"
#include "core/lid/order.h"

#include "core/no_postgres.h"

namespace vg::hnsw {
namespace {

constexpr unsigned kMaxLevel = 15;
// Inserted one by one before threads start: concurrent inserts into a nearly empty graph do not see
// each other.
constexpr std::size_t kSerialRows = 64;
// An insert takes 0.1 to 1 ms, a probe a tenth of that.
constexpr std::size_t kInsertChunk = 8;
constexpr std::size_t kProbeChunk = 64;
// The prefix graph is a 10 % sample, so that the kProbeNeighbours nearest rows in it lie about where
// the 100 to 120 nearest rows of all lie: the scale at which the LID literature measures.
constexpr double kPrefixShare = 0.10;
constexpr std::size_t kMinPrefix = 1000;
constexpr std::size_t kMaxPrefix = 200000;
constexpr std::size_t kProbeBeam = 16;
constexpr std::size_t kProbeNeighbours = 12;

// Independent streams from one seed.
constexpr std::uint64_t kPermutationStream = 0x7065726d75746174ull;
constexpr std::uint64_t kOrderStream = 0x6f72646572206c69ull;

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

std::size_t prefix_size(std::size_t n) noexcept {
    const auto share = static_cast<std::size_t>(kPrefixShare * static_cast<double>(n));
    return std::clamp(share, std::min(n, kMinPrefix), kMaxPrefix);
}

class Builder {
  public:
    Builder(const Rows& rows, const BuildParams& params) : rows_(rows), params_(params) {}

    Graph run() {
        draw_levels();
        {
            HnswlibGraph index(rows_, params_.m, params_.ef_construction);
            insert_all(index);
            take_layers(index);
        }
        refine();
        connect();
        report(BuildPhase::kPlace, 0, rows_.n);
        graph_.placement = place_nodes(graph_.layers[0], graph_.entry, params_.placement_group,
                                       params_.poll);
        report(BuildPhase::kPlace, rows_.n, rows_.n);
        return std::move(graph_);
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

    void insert_all(HnswlibGraph& index) {
        std::vector<std::uint32_t> order(rows_.n);
        for (std::size_t i = 0; i < rows_.n; ++i)
            order[i] = static_cast<std::uint32_t>(i);
        Random rng(params_.seed ^ kPermutationStream);
        shuffle(order, rng);

        const std::size_t hubs = defer_hubs(rows_, params_, order);
        const std::size_t ordinary = rows_.n - hubs;
        const std::size_t prefix = hubs == rows_.n ? rows_.n : prefix_size(ordinary);
        insert(index, order, 0, prefix, BuildPhase::kPrefix, prefix);
        graph_.lid.assign(rows_.n, 0.0f);
        if (params_.order != BuildOrder::kRandom && prefix < rows_.n) {
            probe(index, order, prefix);
            reorder(order, prefix, ordinary);
        }
        insert(index, order, prefix, rows_.n, BuildPhase::kInsert, rows_.n - prefix);
    }

    // Inserts order[begin, end).
    void insert(HnswlibGraph& index, const std::vector<std::uint32_t>& order, std::size_t begin,
                std::size_t end, BuildPhase phase, std::size_t total) {
        report(phase, 0, total);
        const std::size_t serial = begin == 0 ? std::min(end, kSerialRows) : begin;
        for (std::size_t i = begin; i < serial; ++i) {
            index.insert(order[i], graph_.level[order[i]]);
            params_.poll();
        }
        parallel_for(params_.threads, end - serial, kInsertChunk, params_.poll,
                     [&](std::size_t from, std::size_t to, unsigned worker) {
                         for (std::size_t i = serial + from; i < serial + to; ++i)
                             index.insert(order[i], graph_.level[order[i]]);
                         if (worker == 0)
                             report(phase, serial - begin + to, total);
                     });
        report(phase, total, total);
    }

    // LID of every row behind the prefix, from its nearest rows in the prefix.
    void probe(const HnswlibGraph& index, const std::vector<std::uint32_t>& order,
               std::size_t prefix) {
        const std::size_t total = rows_.n - prefix;
        report(BuildPhase::kProbe, 0, total);
        struct Scratch {
            std::vector<Hit> hits;
            std::vector<float> distances;
        };
        std::vector<Scratch> scratch(params_.threads);
        parallel_for(params_.threads, total, kProbeChunk, params_.poll,
                     [&](std::size_t from, std::size_t to, unsigned worker) {
                         auto& [hits, distances] = scratch[worker];
                         for (std::size_t i = prefix + from; i < prefix + to; ++i) {
                             const std::uint32_t row = order[i];
                             index.search(rows_.data + row * rows_.stride, kProbeBeam,
                                          kProbeNeighbours, hits);
                             distances.clear();
                             for (const Hit& hit : hits)
                                 distances.push_back(hit.distance);
                             graph_.lid[row] = lid::mle(distances, lid::Scale::kSquared);
                         }
                         if (worker == 0)
                             report(BuildPhase::kProbe, to, total);
                     });
        report(BuildPhase::kProbe, total, total);
    }

    // Puts order[prefix, end) into LID order if that is asked for or looks worth it.
    void reorder(std::vector<std::uint32_t>& order, std::size_t prefix, std::size_t end) {
        std::vector<float> lid(end - prefix);
        for (std::size_t i = 0; i < lid.size(); ++i)
            lid[i] = graph_.lid[order[prefix + i]];
        if (params_.order == BuildOrder::kAuto &&
            !lid::worth_ordering(lid::spread(lid), cluster_confounding(lid, order, prefix)))
            return;
        graph_.order_used = BuildOrder::kLid;
        const std::vector<std::uint32_t> positions =
            lid::lid_order(lid, params_.seed ^ kOrderStream);
        std::vector<std::uint32_t> reordered(positions.size());
        for (std::size_t i = 0; i < positions.size(); ++i)
            reordered[i] = order[prefix + positions[i]];
        std::copy(reordered.begin(), reordered.end(),
                  order.begin() + static_cast<std::ptrdiff_t>(prefix));
    }

    // Cells are those of the first prefix rows; the permutation makes any run of rows a sample.
    double cluster_confounding(const std::vector<float>& lid,
                               const std::vector<std::uint32_t>& order, std::size_t prefix) const {
        const std::size_t sample = std::min<std::size_t>(lid.size(), lid::kConfoundingRows);
        const auto pivots = static_cast<std::uint32_t>(std::min<std::size_t>(prefix, lid::kPivots));
        const LayerView view = all_rows();
        std::vector<std::uint32_t> cell(sample, 0);
        parallel_for(params_.threads, sample, kProbeChunk, params_.poll,
                     [&](std::size_t from, std::size_t to, unsigned) {
                         for (std::size_t i = from; i < to; ++i) {
                             float best = std::numeric_limits<float>::infinity();
                             for (std::uint32_t p = 0; p < pivots; ++p) {
                                 const float d = view.distance(order[p], order[prefix + i]);
                                 if (d < best) {
                                     best = d;
                                     cell[i] = p;
                                 }
                             }
                         }
                     });
        return lid::confounding({lid.data(), sample}, cell, pivots);
    }

    LayerView all_rows() const noexcept {
        LayerView view;
        view.rows = &rows_;
        view.size = rows_.n;
        return view;
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

    void refine() {
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
            graph_.layers[level] = refine_layer(rows_, graph_.layers[level], refine);
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

// Lists of all upper layers together: the level-0 share is n / (m - 1) on average.
std::size_t upper_lists(std::size_t n, std::uint32_t m) noexcept {
    const std::size_t mean = n / std::max(m - 1, 1u);
    return mean + mean / 8 + 64;
}

}  // namespace

std::size_t bulk_build_bytes(std::size_t n, std::size_t dims, const BuildParams& params) noexcept {
    const std::size_t m = params.m;
    const std::size_t upper = upper_lists(n, params.m);
    // Result and bookkeeping that live from start to end: level, lid, order and its sort (3 x 4 + 2).
    const std::size_t lasting = n * (1 + 4 + 16) + (std::size_t{1} << 20);
    const std::size_t raw = n * (2 + 8 * m) + upper * (6 + 4 * m);
    const std::size_t refined = n * (2 + 4 * std::size_t{params.capacity}) +
                                upper * (6 + 4 * std::size_t{params.upper_capacity});
    // While hnswlib's graph exists it is copied to raw lists; while those exist they are refined, and
    // the reverse fill keeps up to one id per free slot (twice, for the vector's growth).
    const std::size_t inserting = HnswlibGraph::bytes(n, dims, params.m, params.threads) + raw;
    const std::size_t reverse = n * 8 * std::size_t{params.capacity} / 4;
    const std::size_t refining = raw + refined + reverse + n * 64;
    // Tree, marks, queue, breadth-first order and placement.
    const std::size_t placing = refined + n * 32;
    return lasting + std::max({inserting, refining, placing});
}

unsigned level_for(std::uint64_t seed, std::uint64_t key, std::uint32_t m) noexcept {
    // floor(-ln U / ln m) = number of k >= 1 with U <= m^-k; repeated division is exact everywhere,
    // logarithms are not.
    const double u = static_cast<double>((mix64(seed ^ mix64(key)) >> 11) + 1) * 0x1.0p-53;
    unsigned level = 0;
    for (double limit = 1.0 / m; level < kMaxLevel && u <= limit; limit /= m)
        ++level;
    return level;
}

Graph bulk_build(const Rows& rows, const BuildParams& params) {
    validate(rows, params);
    if (rows.n == 0)
        return {};
    return Builder(rows, params).run();
}

}  // namespace vg::hnsw
