// How well does the index tell near-duplicates apart? Rows lie in tight clusters; the same index in
// memory is searched with the estimates of its codes, with exact distances in their place (what a
// perfect estimator would reach), and hnswlib searches a graph of its own over the same rows.
//
//   cluster_study DIMS [clusters] [rows per cluster] [width ...]
//
// Cluster centres are standard normal, members lie `width` times a standard normal beside them
// (default widths 1 .1 .03 .01 .003), queries half a width beside a member. Output, one line per
// width and beam: recall@10 of the three, the share of queries without a single hit (those that
// ended in another cluster), and nodes expanded. Text on stdout; 200 clusters of 100 by default.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <set>
#include <utility>
#include <vector>

#include "../test/unit/memory_index.h"
#include "core/base/random.h"
#include "core/distance/distance.h"
#include "core/hnsw/hnswlib_graph.h"

namespace {

using vg::Random;
using vg::node::kNoSlot;
using vg::node::SlotId;
using vg::test::Matrix;
using vg::test::MemoryIndex;

constexpr std::size_t kQueries = 300;
constexpr std::size_t kNeighbours = 10;
constexpr std::size_t kBeams[] = {10, 40, 100};

// Best-first search over the slots of the index by exact distances, with the same descent.
class ExactSearch {
  public:
    ExactSearch(const MemoryIndex& index, const float* query)
        : index_(index),
          query_(index.geometry(), index.metric(), index.rotation(), index.centre()) {
        query_.set_query(query);
    }
    std::vector<std::size_t> run(std::size_t k, std::size_t ef) {
        SlotId at = index_.entry();
        for (unsigned level = index_.entry_level(); level > 0; --level)
            at = index_.slot(beam(at, 1).front().second).header().other;
        std::vector<std::size_t> rows;
        for (const auto& [distance, id] : beam(at, ef)) {
            const vg::node::SlotHeader& h = index_.slot(id).header();
            for (std::size_t i = 0; i < h.tid_count && rows.size() < k; ++i)
                rows.push_back(vg::test::row_of(h.tids[i]));
        }
        return rows;
    }
    std::size_t expanded() const { return expanded_; }

  private:
    using Near = std::pair<float, SlotId>;
    float distance(SlotId id) const { return query_.distance(index_.slot(id)).graph; }
    std::vector<Near> beam(SlotId start, std::size_t ef) {
        expanded_ = 0;
        std::set<SlotId> seen{start};
        std::set<Near> open{{distance(start), start}}, kept = open;
        while (!open.empty() && open.begin()->first <= kept.rbegin()->first) {
            const vg::node::SlotView slot = index_.slot(open.extract(open.begin()).value().second);
            ++expanded_;
            for (std::size_t i = 0; i < slot.degree(); ++i) {
                if (!seen.insert(slot.link(i)).second)
                    continue;
                const Near near{distance(slot.link(i)), slot.link(i)};
                if (kept.size() == ef && near >= *kept.rbegin())
                    continue;
                kept.insert(near);
                open.insert(near);
                if (kept.size() > ef)
                    kept.erase(std::prev(kept.end()));
            }
        }
        return {kept.begin(), kept.end()};
    }

    const MemoryIndex& index_;
    vg::node::NodeQuery query_;
    std::size_t expanded_ = 0;
};

struct Score {
    std::size_t hits = 0, empty = 0, expanded = 0;
    void add(const std::vector<std::size_t>& rows, const std::vector<float>& exact, float limit) {
        std::size_t good = 0;
        for (const std::size_t r : rows)
            good += exact[r] <= limit ? 1 : 0;
        hits += good;
        empty += good == 0 ? 1 : 0;
    }
    double recall() const { return static_cast<double>(hits) / (kNeighbours * kQueries); }
    double lost() const { return 100.0 * static_cast<double>(empty) / kQueries; }
    double work() const { return static_cast<double>(expanded) / kQueries; }
};

void study(std::uint32_t dims, std::size_t clusters, std::size_t per, float width) {
    const Matrix rows = vg::test::clustered_rows(clusters * per, dims, clusters, width, 1);
    Matrix queries{dims, {}};
    Random rng(2);
    std::vector<float> q(dims);
    for (std::size_t i = 0; i < kQueries; ++i) {
        const float* member = rows.row(rng.below(rows.size()));
        for (std::size_t j = 0; j < dims; ++j)
            q[j] = member[j] + 0.5f * width * vg::test::gaussian(rng);
        queries.append(q.data());
    }
    MemoryIndex index(dims, vg::node::Metric::kL2);
    index.build(rows);

    std::vector<std::uint64_t> keys(rows.size());
    std::iota(keys.begin(), keys.end(), std::uint64_t{0});
    std::vector<std::uint32_t> order(rows.size());
    std::iota(order.begin(), order.end(), 0u);
    for (std::size_t i = order.size(); i > 1; --i)
        std::swap(order[i - 1], order[rng.below(i)]);
    const vg::hnsw::Rows view{rows.values.data(), rows.size(), dims, dims, keys.data()};
    vg::hnsw::HnswlibGraph plain(view, 16, 64);
    for (const std::uint32_t r : order)
        plain.insert(r, vg::hnsw::level_for(7, keys[r], 16));

    Score codes[std::size(kBeams)], oracle[std::size(kBeams)], hnswlib[std::size(kBeams)];
    std::vector<float> exact(rows.size());
    std::vector<vg::hnsw::Hit> found;
    for (std::size_t i = 0; i < kQueries; ++i) {
        for (std::size_t r = 0; r < rows.size(); ++r)
            exact[r] = vg::distance::l2_squared(queries.row(i), rows.row(r), dims);
        std::vector<float> sorted = exact;
        std::nth_element(sorted.begin(), sorted.begin() + (kNeighbours - 1), sorted.end());
        const float limit = sorted[kNeighbours - 1] * 1.00001f;
        for (std::size_t b = 0; b < std::size(kBeams); ++b) {
            MemoryIndex::Cursor cursor(index, queries.row(i), kBeams[b]);
            codes[b].expanded += cursor.search().found().size();
            codes[b].add(index.search(queries.row(i), kNeighbours, kBeams[b]), exact, limit);
            ExactSearch search(index, queries.row(i));
            oracle[b].add(search.run(kNeighbours, kBeams[b]), exact, limit);
            oracle[b].expanded += search.expanded();
            plain.search(queries.row(i), kBeams[b], kNeighbours, found);
            std::vector<std::size_t> ids;
            for (const vg::hnsw::Hit& h : found)
                ids.push_back(h.row);
            hnswlib[b].add(ids, exact, limit);
        }
    }
    for (std::size_t b = 0; b < std::size(kBeams); ++b)
        std::printf("%5u %7g %4zu | %.3f %5.1f%% %6.1f | %.3f %5.1f%% %6.1f | %.3f %5.1f%%\n", dims,
                    static_cast<double>(width), kBeams[b], codes[b].recall(), codes[b].lost(),
                    codes[b].work(), oracle[b].recall(), oracle[b].lost(), oracle[b].work(),
                    hnswlib[b].recall(), hnswlib[b].lost());
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr,
                     "usage: cluster_study DIMS [clusters] [rows per cluster] [width ...]\n");
        return 2;
    }
    const auto dims = static_cast<std::uint32_t>(std::atoi(argv[1]));
    const std::size_t clusters = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 200;
    const std::size_t per = argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 100;
    std::vector<float> widths;
    for (int i = 4; i < argc; ++i)
        widths.push_back(std::strtof(argv[i], nullptr));
    if (widths.empty())
        widths = {1.0f, 0.1f, 0.03f, 0.01f, 0.003f};
    std::printf(
        " dims   width   ef |  estimates: lost, nodes |   exact: lost, nodes  | hnswlib: lost\n");
    for (const float w : widths)
        study(dims, clusters, per, w);
    return 0;
}
