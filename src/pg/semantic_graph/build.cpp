// CREATE INDEX and REINDEX: the build of the node store, told of the rows' keys as they come and of
// the finished graph, in which the lists are found; they and the keys are written behind the node
// store. Nobody else sees the index, and nothing is WAL-logged until all of it is, at the end.

#include "pg/boundary/pg.h"

#include "pg/semantic_graph/semantic_graph.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "core/knn/bulk_lists.h"
#include "pg/boundary/boundary.h"
#include "pg/lid_hnsw/build.h"
#include "pg/lid_hnsw/insert.h"
#include "pg/lid_hnsw/state.h"
#include "pg/page/page.h"

namespace vg::pg::semantic_graph {
namespace {

// The keys of the rows of a build, by heap TID.
class KeyTable {
  public:
    void add(std::uint64_t tid, const KeyBytes& key) {
        cells_.push_back({tid, bytes_.size(), key.size});
        std::memcpy(bytes_.grow_by(key.size), key.bytes, key.size);
    }
    void sort() {
        std::sort(cells_.data(), cells_.data() + cells_.size(),
                  [](const Cell& a, const Cell& b) { return a.tid < b.tid; });
    }
    // Calls fn(bytes, size) if the row has a key. Requires: sort().
    template <typename Fn>
    void find(std::uint64_t tid, Fn&& fn) const {
        const Cell* end = cells_.data() + cells_.size();
        const Cell* at = std::lower_bound(cells_.data(), end, tid,
                                          [](const Cell& c, std::uint64_t t) { return c.tid < t; });
        if (at != end && at->tid == tid)
            fn(bytes_.data() + at->offset, at->size);
    }
    std::size_t size() const noexcept { return cells_.size(); }
    std::size_t bytes() const noexcept { return cells_.bytes() + bytes_.bytes(); }

  private:
    struct Cell {
        std::uint64_t tid;
        std::uint64_t offset;
        std::uint16_t size;
    };
    hnsw::GrowArray<Cell> cells_;
    hnsw::GrowArray<std::byte> bytes_;
};

class Build final : public lid_hnsw::ListBuild {
  public:
    Build(Relation index, node::KeyKind kind, node::Metric metric)
        : index_(index),
          kind_(kind),
          metric_(metric),
          k_(static_cast<std::uint32_t>(option_k(index))),
          threads_(1 + static_cast<unsigned>(max_parallel_maintenance_workers)) {}

    void add_row(const ItemPointerData& tid, const Datum* values, const bool* isnull) override {
        if (inserter_ != nullptr) {
            call_pg([&] {
                set_row_key(inserter_, values[1], kind_ == node::KeyKind::kNone || isnull[1]);
            });
            return;
        }
        if (kind_ == node::KeyKind::kNone || isnull[1])
            return;
        call_pg([&] { encode_key(index_, kind_, values[1], &key_); });
        keys_.add(index::to_tid(tid).key(), key_);
    }

    std::size_t bytes(std::size_t nodes) const noexcept override {
        return keys_.bytes() + knn::BulkLists::bytes(nodes, k_, threads_);
    }

    void graph_built(const hnsw::RowStore& rows, const hnsw::Graph& graph,
                     const hnsw::BuildParams& params) override {
        const knn::Similarity similarity(metric_, rows.dims(), rows.exact());
        knn::BulkParams p;
        p.k = k_;
        p.beam = std::max<std::size_t>(params.ef_construction, kBeamPerList * k_);
        p.threads = params.threads;
        p.poll = kInterruptPoll;
        p.progress = [n = rows.size()](std::size_t done) {
            index::report_progress(lid_hnsw::kStepLists, done, n);
        };
        lists_.emplace(rows, graph, similarity, p);
    }

    void write(BlockNumber next, const hnsw::RowStore& rows, const hnsw::SlotPlan& plan) override {
        call_pg([&] { write_empty_lists(index_, MAIN_FORKNUM, next, k_, kind_, keys_.size()); });
        ListStore* lists = call_pg([&] { return open_lists(index_, true); });
        keys_.sort();
        const std::size_t positions = std::size_t{plan.pages()} * plan.slots_per_page();
        for (std::size_t at = 0; at < positions; ++at) {
            const auto& who = plan.occupant(static_cast<std::uint32_t>(at / plan.slots_per_page()),
                                            static_cast<std::uint32_t>(at % plan.slots_per_page()));
            if (who.node == hnsw::kNoNode || who.level > 0)
                continue;
            write_node(lists, rows, plan, who.node);
            if (at % 1024 == 0)
                index::report_progress(lid_hnsw::kStepListStore, at, positions);
        }
        lists_.reset();
    }

    lid_hnsw::Inserter* make_inserter(MemoryContext context) override {
        inserter_ = call_pg([&] { return make_list_inserter(index_, context, true); });
        return node_inserter(inserter_);
    }

  private:
    // Beam of the search for a list, in lengths of a list: recall in the README.
    static constexpr std::size_t kBeamPerList = 4;

    void write_node(ListStore* lists, const hnsw::RowStore& rows, const hnsw::SlotPlan& plan,
                    std::uint32_t row) {
        const node::SlotId slot = plan.base_slot(row);
        ListCopy list;
        list.count = 0;
        for (const node::ListNeighbour& n : lists_->of(row))
            list.items[list.count++] = {plan.base_slot(n.node), n.similarity};
        std::sort(list.items, list.items + list.count, knn::nearer);
        call_pg([&] { write_list(lists, slot, list); });
        rows.for_each_tid(row, [&](node::Tid tid) {
            keys_.find(tid.key(), [&](const std::byte* bytes, std::size_t size) {
                call_pg([&] { add_key(lists, slot, tid, bytes, size); });
            });
        });
    }

    static void write_list(ListStore* lists, node::SlotId slot, const ListCopy& copy) {
        page::Edits e;
        node::ListHead* list = edit_list(lists, slot, &e).list;
        list->count = static_cast<std::uint16_t>(copy.count);
        std::memcpy(list_items(list), copy.items, copy.count * sizeof(node::ListNeighbour));
        page::commit_edits(&e);
        CHECK_FOR_INTERRUPTS();
    }

    Relation index_;
    node::KeyKind kind_;
    node::Metric metric_;
    std::uint32_t k_;
    unsigned threads_;
    KeyBytes key_{};
    KeyTable keys_;
    std::optional<knn::BulkLists> lists_;
    ListInserter* inserter_ = nullptr;
};

}  // namespace

IndexBuildResult* semantic_graph_build(Relation heap, Relation index, IndexInfo* info) {
    check_edge_weight(index);
    const node::KeyKind kind = key_kind_of(index);
    const node::Metric metric = lid_hnsw::index_metric(index);
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "semantic_graph build", ALLOCSET_DEFAULT_SIZES);
    // In a context: build_index may ereport.
    lid_hnsw::ListBuild* lists =
        enter_cpp([&] { return new_in_context<Build>(context, index, kind, metric); });
    IndexBuildResult* result = lid_hnsw::build_index(heap, index, info, lists);
    MemoryContextDelete(context);
    return result;
}

static void write_lists_of_init_fork(Relation index) {
    write_empty_lists(index, INIT_FORKNUM, RelationGetNumberOfBlocksInFork(index, INIT_FORKNUM),
                      static_cast<std::uint32_t>(option_k(index)), key_kind_of(index), 0);
}

void semantic_graph_buildempty(Relation index) {
    check_edge_weight(index);
    key_kind_of(index);
    lid_hnsw::build_empty_index(index, write_lists_of_init_fork);
}

}  // namespace vg::pg::semantic_graph
