// semantic_graph_stats: the graph in figures, among them how many of the exact nearest neighbours
// the stored lists have. Two passes over the nodes; memory: 4 bytes per slot, and the sample.
// Locks: those of graph_index.h; writers go on, so figures of a changing index are approximate.

#include "pg/boundary/pg.h"

#include "pg/semantic_graph/graph_index.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/base/random.h"
#include "core/knn/list_panel.h"
#include "pg/boundary/arguments.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/result.h"
#include "pg/lid_hnsw/inspect.h"
#include "pg/lid_hnsw/lid_hnsw.h"
#include "pg/lid_hnsw/state.h"
#include "pg/semantic_graph/semantic_graph.h"

namespace vg::pg::semantic_graph {
namespace {

constexpr int32 kMaxSample = 100000;

struct Figures {
    std::uint64_t nodes, rows, keys, edges;
    std::size_t shortest;
    double similarity_mean;
    std::uint64_t in_degree_max, in_degree_zero;
    double in_degree_skew;
    int sampled;
    double mutual, recall, recall_min;
    std::uint64_t wrong, unfound_keys;
};

class Survey {
  public:
    Survey(GraphIndex* graph, bool unit, int32 sample, std::uint64_t seed)
        : graph_(graph),
          wanted_(static_cast<std::size_t>(sample)),
          random_(seed),
          panel_(knn::Similarity(graph->metric(), dims(), unit), dims(),
                 static_cast<std::size_t>(graph->k())) {}

    Figures run() {
        count();
        read_samples();
        show_all();
        degrees();
        return f_;
    }

  private:
    std::size_t dims() const { return static_cast<std::size_t>(graph_->dimensions()); }

    template <typename Fn>
    void each_node(unsigned parts, Fn&& fn) {
        for (std::uint32_t n = graph_->next_node(0); n != kNoGraphNode;
             n = graph_->next_node(n + 1)) {
            if (graph_->read_node(n, parts, node_) && node_.live)
                fn();
        }
    }

    // First pass: counts, and the sample.
    void count() {
        std::uint32_t last = 0;
        for (std::uint32_t n = graph_->next_node(0); n != kNoGraphNode;
             n = graph_->next_node(n + 1))
            last = n;
        in_degree_.resize(std::size_t{last} + 1);
        f_.shortest = std::numeric_limits<std::size_t>::max();
        double similarity = 0;
        each_node(kGraphKeys | kGraphKnn, [&] {
            const std::uint64_t at = reservoir_place(random_, f_.nodes++, wanted_);
            if (at == sample_.size() && at < wanted_)
                sample_.push_back(node_.node);
            else if (at < wanted_)
                sample_[at] = node_.node;
            f_.rows += node_.rows.size();
            for (const GraphRow& row : node_.rows)
                f_.keys += row.key_is_null ? 0 : 1;
            f_.edges += node_.knn.size();
            f_.shortest = std::min(f_.shortest, node_.knn.size());
            if (node_.node <= last)
                in_degree_[node_.node].node = true;
            for (const GraphNeighbour& n : node_.knn) {
                similarity += n.similarity;
                if (n.node <= last)
                    ++in_degree_[n.node].count;
            }
        });
        if (f_.nodes == 0)
            f_.shortest = 0;
        f_.similarity_mean = f_.edges > 0 ? similarity / static_cast<double>(f_.edges) : 0;
    }

    void read_samples() {
        GraphNode far;
        std::vector<GraphKeyRow> found;
        std::uint64_t mutual = 0;
        std::uint64_t edges = 0;
        std::vector<knn::ListNeighbour> list;
        std::sort(sample_.begin(), sample_.end());
        for (const std::uint32_t n : sample_) {
            if (!graph_->read_node(n, kGraphVector | kGraphKeys | kGraphKnn, node_))
                continue;
            list.clear();
            for (const GraphNeighbour& e : node_.knn) {
                list.push_back({e.node, e.similarity});
                ++edges;
                if (graph_->read_node(e.node, kGraphKnn, far))
                    mutual += std::any_of(far.knn.begin(), far.knn.end(),
                                          [n](const GraphNeighbour& b) { return b.node == n; });
            }
            panel_.add_sample(n, node_.vector.data(), list);
            for (const GraphRow& row : node_.rows) {
                if (row.key_is_null)
                    continue;
                graph_->find_key(row.key, found);
                const bool there =
                    std::any_of(found.begin(), found.end(), [&](const GraphKeyRow& f) {
                        ItemPointerData a = f.tid;
                        ItemPointerData b = row.tid;
                        return f.node == n && ItemPointerEquals(&a, &b);
                    });
                f_.unfound_keys += there ? 0 : 1;
                break;
            }
        }
        f_.mutual = edges > 0 ? static_cast<double>(mutual) / static_cast<double>(edges) : 0;
    }

    // Second pass: the exact neighbours of the sample.
    void show_all() {
        f_.sampled = static_cast<int>(panel_.samples());
        if (f_.sampled == 0)
            return;
        each_node(kGraphVector, [&] { panel_.add_node(node_.node, node_.vector.data()); });
        f_.recall_min = 1;
        for (std::size_t i = 0; i < panel_.samples(); ++i) {
            const double recall = panel_.recall(i);
            f_.recall += recall / f_.sampled;
            f_.recall_min = std::min(f_.recall_min, recall);
            f_.wrong += panel_.wrong(i);
        }
    }

    // Skewness of the number of lists that a node is in: hubness (Radovanovic et al. 2010).
    void degrees() {
        if (f_.nodes == 0)
            return;
        const double n = static_cast<double>(f_.nodes);
        const double mean = static_cast<double>(f_.edges) / n;
        double second = 0;
        double third = 0;
        for (const Degree& d : in_degree_) {
            if (!d.node)
                continue;
            const double off = d.count - mean;
            second += off * off / n;
            third += off * off * off / n;
            f_.in_degree_max = std::max<std::uint64_t>(f_.in_degree_max, d.count);
            f_.in_degree_zero += d.count == 0 ? 1 : 0;
        }
        f_.in_degree_skew = second > 0 ? third / std::pow(second, 1.5) : 0;
    }

    struct Degree {
        std::uint32_t node : 1 = 0;
        std::uint32_t count : 31 = 0;
    };

    GraphIndex* graph_;
    std::size_t wanted_;
    Random random_;
    knn::ListPanel panel_;
    Figures f_{};
    GraphNode node_;
    std::vector<std::uint32_t> sample_;
    std::vector<Degree> in_degree_;  // by node
};

const char* weight_name(knn::EdgeWeight weight) {
    static const char* const kNames[] = {"cosine", "local_scaling", "snn", "mutual"};
    return kNames[static_cast<int>(weight)];
}

Datum stats_row(const index::OpenIndex& open, const Figures& f, const node::ListMeta& lists,
                TupleDesc columns) {
    const bool none = f.sampled == 0;
    const bool empty = f.nodes == 0;
    const Oid key = key_type_of(static_cast<node::KeyKind>(lists.key_kind));
    ResultRow row(columns);
    row.add_int8(f.nodes);
    row.add_int8(f.rows);
    row.add_int8(f.keys);
    row.add_text(OidIsValid(key) ? format_type_be(key) : nullptr);
    row.add_int4(lists.k);
    row.add_text(weight_name(option_edge_weight(open.index)));
    row.add_int8(f.edges);
    row.add_float8(empty ? 0 : static_cast<double>(f.edges) / static_cast<double>(f.nodes), empty);
    row.add_int4(f.shortest, empty);
    row.add_float8(f.similarity_mean, f.edges == 0);
    row.add_int8(f.in_degree_max);
    row.add_int8(f.in_degree_zero);
    row.add_float8(f.in_degree_skew, empty);
    row.add_int4(f.sampled);
    row.add_float8(f.mutual, none);
    row.add_float8(f.recall, none);
    row.add_float8(f.recall_min, none);
    row.add_int8(f.wrong);
    row.add_int8(f.unfound_keys);
    row.add_int4(lists.generations);
    return row.datum();
}

}  // namespace

VG_FUNCTION(semantic_graph_stats) {
    TupleDesc columns = row_columns(fcinfo);
    const int32 sample = integer_argument(fcinfo, 1, "sample", 0);
    if (sample > kMaxSample)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("sample must be at most %d", kMaxSample)));
    const auto seed = static_cast<std::uint64_t>(PG_GETARG_INT64(2));
    // The right to read the table, before anything of it is looked at.
    const index::OpenIndex open = index::open(PG_GETARG_OID(0), index::Right::kSelect,
                                              {kSemanticGraph, lid_hnsw::lid_hnsw_beginscan});
    const bool unit = lid_hnsw::index_state(open.index).geometry.exact();
    const node::ListMeta lists = read_list_meta(open_lists(open.index, false));
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "semantic_graph stats", ALLOCSET_DEFAULT_SIZES);
    const MemoryContext old = MemoryContextSwitchTo(context);
    const Figures figures = enter_cpp([&] {
        GraphIndex* graph = GraphIndex::open(PG_GETARG_OID(0), false, nullptr);
        const Figures f = Survey(graph, unit, sample, seed).run();
        graph->close();
        return f;
    });
    MemoryContextSwitchTo(old);
    MemoryContextDelete(context);
    const Datum row = stats_row(open, figures, lists, columns);
    index::close(open);
    PG_RETURN_DATUM(row);
}

}  // namespace vg::pg::semantic_graph
