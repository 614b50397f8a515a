// Implements insertion.h. The permutation makes every run of rows in it a random sample.
#include "core/hnsw/insertion.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/hnsw/hubs.h"
#include "core/hnsw/layer_view.h"
#include "core/lid/lid.h"
#include "core/lid/order.h"

#include "core/no_postgres.h"

namespace vg::hnsw {
namespace {

// Inserted one by one before threads start: concurrent inserts into a nearly empty graph do not see
// each other.
constexpr std::size_t kSerialRows = 64;
// An insert takes 0.1 to 1 ms, a probe a tenth of that.
constexpr std::size_t kInsertChunk = 8;
constexpr std::size_t kProbeChunk = 64;
constexpr std::size_t kProbeBeam = 16;

// Independent streams from one seed.
constexpr std::uint64_t kPermutationStream = 0x7065726d75746174ull;
constexpr std::uint64_t kOrderStream = 0x6f72646572206c69ull;

class Inserter {
  public:
    Inserter(const Rows& rows, const BuildParams& params, const std::vector<std::uint8_t>& level,
             HnswlibGraph& index)
        : rows_(rows), params_(params), level_(level), index_(index), put_off_(params.threads) {}

    Insertion run() {
        std::vector<std::uint32_t> order(rows_.n);
        for (std::size_t i = 0; i < rows_.n; ++i)
            order[i] = static_cast<std::uint32_t>(i);
        Random rng(params_.seed ^ kPermutationStream);
        shuffle(order, rng);

        // Distances alone have a dimensionality, and the hubs of an inner product are its answers.
        const bool distances = rows_.space == Space::kEuclidean;
        const std::size_t hubs = distances ? defer_hubs(rows_, params_, order) : 0;
        const std::size_t ordinary = rows_.n - hubs;
        const std::size_t prefix = hubs == rows_.n ? rows_.n : lid::prefix_rows(ordinary);
        insert(order, 0, prefix, BuildPhase::kPrefix, prefix);
        result_.lid.assign(rows_.n, 0.0f);
        if (distances && params_.order != BuildOrder::kRandom && prefix < rows_.n) {
            probe(order, prefix);
            reorder(order, prefix, ordinary);
        }
        insert(order, prefix, rows_.n, BuildPhase::kInsert, rows_.n - prefix);
        insert_copies();
        return std::move(result_);
    }

  private:
    void report(BuildPhase phase, std::size_t done, std::size_t total) const {
        if (params_.progress)
            params_.progress(phase, done, total);
    }

    // Inserts order[begin, end), without near-copies of what is in already.
    void insert(const std::vector<std::uint32_t>& order, std::size_t begin, std::size_t end,
                BuildPhase phase, std::size_t total) {
        report(phase, 0, total);
        const std::size_t serial = begin == 0 ? std::min(end, kSerialRows) : begin;
        for (std::size_t i = begin; i < serial; ++i) {
            insert_or_put_off(order[i], 0);
            params_.poll();
        }
        parallel_for(params_.threads, end - serial, kInsertChunk, params_.poll,
                     [&](std::size_t from, std::size_t to, unsigned worker) {
                         for (std::size_t i = serial + from; i < serial + to; ++i)
                             insert_or_put_off(order[i], worker);
                         if (worker == 0)
                             report(phase, serial - begin + to, total);
                     });
        report(phase, total, total);
    }

    void insert_or_put_off(std::uint32_t row, unsigned worker) {
        if (!index_.insert(row, level_[row], worker, true))
            put_off_[worker].push_back(row);
    }

    // Near-copies come last. What a search finds beside a thousand of them are the thousand, and a
    // row that is linked to those alone is lost: the rows that are none find each other first.
    void insert_copies() {
        std::vector<std::uint32_t> copies;
        for (const std::vector<std::uint32_t>& rows : put_off_)
            copies.insert(copies.end(), rows.begin(), rows.end());
        parallel_for(params_.threads, copies.size(), kInsertChunk, params_.poll,
                     [&](std::size_t from, std::size_t to, unsigned worker) {
                         for (std::size_t i = from; i < to; ++i)
                             index_.insert(copies[i], level_[copies[i]], worker, false);
                     });
    }

    // LID of every row behind the prefix, from its nearest rows in the prefix.
    void probe(const std::vector<std::uint32_t>& order, std::size_t prefix) {
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
                             index_.search(row, kProbeBeam, lid::kProbeNeighbours, worker, hits);
                             distances.clear();
                             for (const Hit& hit : hits)
                                 distances.push_back(hit.distance);
                             const float lid = lid::mle(distances, lid::Scale::kSquared);
                             // Among rows beyond the range of floats there is none.
                             result_.lid[row] = std::isfinite(lid) ? lid : 0.0f;
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
            lid[i] = result_.lid[order[prefix + i]];
        if (params_.order == BuildOrder::kAuto &&
            !lid::worth_ordering(lid::spread(lid), cluster_confounding(lid, order, prefix)))
            return;
        result_.order_used = BuildOrder::kLid;
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

    const Rows& rows_;
    const BuildParams& params_;
    const std::vector<std::uint8_t>& level_;
    HnswlibGraph& index_;
    std::vector<std::vector<std::uint32_t>> put_off_;  // by worker
    Insertion result_;
};

}  // namespace

Insertion insert_rows(const Rows& rows, const BuildParams& params,
                      const std::vector<std::uint8_t>& level, HnswlibGraph& index) {
    return Inserter(rows, params, level, index).run();
}

}  // namespace vg::hnsw
