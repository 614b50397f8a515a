// Implements graph_index.h. Every member copies what it needs of a page inside call_pg, into memory
// of fixed size, and works on the copy outside: so neither an error of PostgreSQL nor one of C++
// crosses the other's frames.

#include "pg/boundary/pg.h"

#include "pg/semantic_graph/graph_index.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/hnsw/beam_search.h"
#include "core/hnsw/row_store.h"
#include "core/store/tids.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/context.h"
#include "pg/lid_hnsw/inspect.h"
#include "pg/lid_hnsw/lid_hnsw.h"
#include "pg/lid_hnsw/state.h"
#include "pg/page/buffer_store.h"
#include "pg/page/page.h"
#include "pg/page/slot_reads.h"
#include "pg/semantic_graph/row_keys.h"
#include "pg/semantic_graph/semantic_graph.h"

namespace vg::pg::semantic_graph {
namespace {

class Seeds final : public GraphSeeds {
  public:
    Seeds(Relation index, const lid_hnsw::IndexState& state, const float* query, int ef)
        : metric_(state.metric),
          query_(state.geometry, state.metric, state.rotation, state.centre.data()),
          search_(query_),
          reader_(index, state.geometry) {
        const node::MetaData meta = call_pg([&] { return page::read_meta(index); });
        query_.set_query(query);
        search_.set_root(meta.root);
        search_.start(meta.entry, meta.entry_level, 0, static_cast<std::size_t>(ef));
        run_round();
    }

    bool next(GraphHit& out) override {
        hnsw::Found found;
        while (!search_.pop(&found)) {
            if (!search_.grow())
                return false;
            run_round();
        }
        out.node = found.slot;
        out.distance = query_.value_range(found.order, found.scale).value;
        out.similarity = knn::similarity_of_distance(metric_, out.distance);
        return true;
    }

  private:
    void run_round() {
        store::run_round(reader_, search_, [this](node::SlotId id, const node::SlotView& slot) {
            search_.expand(id, slot);
        });
    }

    node::Metric metric_;
    node::NodeQuery query_;
    hnsw::BeamSearch search_;
    page::CopyReader reader_;
};

class Graph final : public GraphIndex {
  public:
    Graph(const index::OpenIndex& open, const lid_hnsw::IndexState& state, ListStore* lists,
          BlockNumber blocks)
        : open_(open),
          state_(state),
          g_(state.geometry),
          lists_(lists),
          keys_(open.index, lists),
          weight_(option_edge_weight(open.index)),
          blocks_(blocks),
          page_(state.geometry),
          reader_(open.index, state.geometry),
          store_(open.index, state.geometry, state.build_id) {}

    void close() override {
        call_pg([&] {
            index_close(open_.index, NoLock);
            table_close(open_.heap, NoLock);
        });
    }
    Relation heap() const override { return open_.heap; }
    Relation index() const override { return open_.index; }
    Oid key_type() const override { return key_type_of(lists_->key_kind); }
    AttrNumber key_attribute() const override {
        return lists_->key_kind == node::KeyKind::kNone ? InvalidAttrNumber
                                                        : open_.index->rd_index->indkey.values[1];
    }
    int k() const override { return static_cast<int>(lists_->g.k); }
    int dimensions() const override { return static_cast<int>(g_.dims); }
    node::Metric metric() const override { return state_.metric; }

    bool read_node(std::uint32_t node, unsigned parts, GraphNode& out) override {
        out.node = kNoGraphNode;
        out.live = false;
        out.rows.clear();
        out.knn.clear();
        out.vector.clear();
        out.keys.clear();
        if (!read_slot(node))
            return false;
        const node::SlotView slot = reader_.last();
        out.node = node;
        out.live = slot.live();
        if ((parts & kGraphVector) != 0) {
            out.vector.resize(g_.dims);
            slot.read_vector(out.vector.data());
        }
        if (out.live && (parts & kGraphRows) != 0)
            read_rows(slot.header(), out);
        if ((parts & kGraphKeys) == kGraphKeys && !out.rows.empty() &&
            lists_->key_kind != node::KeyKind::kNone)
            keys_.give(node, out.rows, out.keys);
        if ((parts & kGraphKnn) != 0)
            read_neighbours(out);
        if ((parts & kGraphWeights) == kGraphWeights)
            fill_weights(out);
        return true;
    }

    void find_key(Datum key, std::vector<GraphKeyRow>& rows) override {
        rows.clear();
        if (lists_->key_kind != node::KeyKind::kNone)
            keys_.find(key, rows);
    }

    GraphSeeds* search(const float* query, int ef) override {
        return new_in_context<Seeds>(CurrentMemoryContext, open_.index, state_, query, ef);
    }

    std::uint32_t next_node(std::uint32_t from) override {
        for (BlockNumber block = g_.block_of(from);; ++block, from = g_.slot_id(block, 0)) {
            if (block >= blocks_) {
                blocks_ = call_pg([&] { return RelationGetNumberOfBlocks(open_.index); });
                if (block >= blocks_)
                    return kNoGraphNode;
            }
            if (!load_page(block))
                continue;
            for (std::uint32_t i = g_.index_of(from); i < page_.used(); ++i) {
                const node::SlotView slot = page_.slot(i);
                if (slot.live() && slot.header().level == 0)
                    return g_.slot_id(block, i);
            }
        }
    }

  private:
    // Copies a slots page into page_, unless it is the one that is there.
    bool load_page(BlockNumber block) {
        if (loaded_ == block)
            return true;
        loaded_ = InvalidBlockNumber;
        const bool ours = call_pg([&] {
            store_.poll();
            return store_.copy(block, &page_);
        });
        if (ours)
            loaded_ = block;
        return ours;
    }

    // Has the reader copy a slot; false when it is no base slot in use.
    bool read_slot(node::SlotId id) {
        if (id > node::kMaxSlotId)
            return false;
        const node::SlotView slot = reader_.look(id);
        return (slot.live() || slot.dead()) && slot.header().level == 0;
    }

    // TIDs of the slot that was read, the further ones in their order.
    void read_rows(const node::SlotHeader& h, GraphNode& out) {
        for (int i = 0; i < h.tid_count; ++i)
            out.rows.push_back({index::from_tid(h.tids[i]), true, 0});
        if (h.chunk == node::kNoChunk)
            return;
        more_.shrink_by(more_.size());
        tids_.start(out.node, h.chunk);
        // What runs out of memory in there must not pass call_pg as a C++ exception.
        call_pg([&] { enter_cpp([&] { read_chunks(); }); });
        std::sort(more_.data(), more_.data() + more_.size(),
                  [](const node::Tid& a, const node::Tid& b) { return a.key() < b.key(); });
        for (std::size_t i = 0; i < more_.size(); ++i)
            out.rows.push_back({index::from_tid(more_[i]), true, 0});
    }

    // May ereport and throw.
    void read_chunks() {
        node::Tid tid;
        while (tids_.next(store_, &tid))
            more_.push_back(tid);
    }

    void read_neighbours(GraphNode& out) {
        call_pg([&] { read_list(lists_, out.node, &list_); });
        for (std::size_t i = 0; i < list_.count; ++i)
            out.knn.push_back({list_.items[i].node, 0.0f, list_.items[i].similarity});
    }

    void fill_weights(GraphNode& out) {
        // list_ still holds the node's own list.
        const knn::End from{out.node, list_.span()};
        for (std::size_t i = 0; i < out.knn.size(); ++i) {
            far_.count = 0;
            const node::SlotId to = out.knn[i].node;
            if (knn::needs_far_list(weight_))
                call_pg([&] { read_list(lists_, to, &far_); });
            out.knn[i].weight =
                knn::edge_weight(weight_, state_.metric, lists_->g.k, from, i, {to, far_.span()});
        }
    }

    index::OpenIndex open_;
    const lid_hnsw::IndexState& state_;
    const node::Geometry& g_;
    ListStore* lists_;
    RowKeys keys_;
    knn::EdgeWeight weight_;
    BlockNumber blocks_;  // at least so many
    BlockNumber loaded_ = InvalidBlockNumber;
    store::SlotsCopy page_;  // of next_node
    page::CopyReader reader_;
    page::BufferStore store_;  // of the overflow chunks
    store::TidReader tids_;
    hnsw::GrowArray<node::Tid> more_;  // scratch
    ListCopy list_;                    // scratch
    ListCopy far_;                     // scratch
};

// May ereport.
index::OpenIndex open_relations(Oid oid, bool need_key, Snapshot snapshot) {
    const index::OpenIndex open =
        index::open(oid, index::Right::kAny, {kSemanticGraph, lid_hnsw::lid_hnsw_beginscan});
    if (snapshot != nullptr)
        index::check_snapshot(open.index, snapshot);
    if (need_key && RelationGetDescr(open.index)->natts < 2)
        ereport(ERROR,
                (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                 errmsg("index \"%s\" has no key", RelationGetRelationName(open.index)),
                 errdetail("The function speaks of rows by their key."),
                 errhint("Create the index with INCLUDE (key), key being a column of type integer, "
                         "bigint, uuid or text.")));
    return open;
}

}  // namespace

GraphIndex* GraphIndex::open(Oid index, bool need_key, Snapshot snapshot) {
    const index::OpenIndex open =
        call_pg([&] { return open_relations(index, need_key, snapshot); });
    ListStore* lists = call_pg([&] { return open_lists(open.index, false); });
    const lid_hnsw::IndexState* state = call_pg([&] { return &lid_hnsw::index_state(open.index); });
    const BlockNumber blocks = call_pg([&] { return RelationGetNumberOfBlocks(open.index); });
    return new_in_context<Graph>(CurrentMemoryContext, open, *state, lists, blocks);
}

}  // namespace vg::pg::semantic_graph
