// Implements graph_index.h. Every member copies what it needs of a page inside call_pg, into memory
// of fixed size, and works on the copy outside: so neither an error of PostgreSQL nor one of C++
// crosses the other's frames.

#include "pg/boundary/pg.h"

#include "pg/semantic_graph/graph_index.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/hnsw/beam_search.h"
#include "pg/boundary/context.h"
#include "pg/lid_hnsw/inspect.h"
#include "pg/lid_hnsw/tids.h"
#include "pg/page/slot_reads.h"
#include "pg/semantic_graph/row_keys.h"
#include "pg/semantic_graph/semantic_graph.h"

namespace vg::pg {
namespace {

struct SlotBuffer {
    alignas(8) std::byte bytes[BLCKSZ];
};

// Copies one slot. False for a block that is no slots page or a slot past its used ones.
bool copy_slot_bytes(Relation index, const node::Geometry& g, node::SlotId id, BlockNumber blocks,
                     SlotBuffer* out) {
    const BlockNumber block = g.block_of(id);
    if (block >= blocks && block >= RelationGetNumberOfBlocks(index))
        return false;
    const Buffer buffer = read_block(index, block);
    LockBuffer(buffer, BUFFER_LOCK_SHARE);
    const Page page = BufferGetPage(buffer);
    const bool there = page_fault(page, node::PageKind::kSlots) == nullptr &&
                       g.index_of(id) < page_trailer(page)->used;
    if (there)
        std::memcpy(out->bytes, slot_bytes(g, page, g.index_of(id)), g.slot_bytes);
    UnlockReleaseBuffer(buffer);
    if (there) {
        if (const char* fault = node::SlotView(g, out->bytes).check())
            report_corrupt(index, block, fault);
    }
    return there;
}

class Seeds final : public GraphSeeds {
  public:
    Seeds(Relation index, const IndexState& state, const float* query, int ef)
        : index_(index),
          state_(state),
          query_(state.geometry, state.metric, state.rotation, state.centre.data()),
          search_(query_) {
        const node::MetaData meta = call_pg([&] { return read_meta(index_); });
        blocks_ = call_pg([&] { return RelationGetNumberOfBlocks(index_); });
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
        out.similarity = knn::similarity_of_distance(state_.metric, out.distance);
        return true;
    }

  private:
    void run_round() {
        node::SlotId ahead = node::kNoSlot;
        for (;;) {
            const node::SlotId id = next_slot(index_, state_.geometry, search_, &ahead);
            if (id == node::kNoSlot)
                return;
            const bool there = call_pg([&] {
                CHECK_FOR_INTERRUPTS();
                return copy_slot_bytes(index_, state_.geometry, id, blocks_, &slot_);
            });
            if (there)
                search_.expand(id, {state_.geometry, slot_.bytes});
        }
    }

    Relation index_;
    const IndexState& state_;
    node::NodeQuery query_;
    hnsw::BeamSearch search_;
    BlockNumber blocks_ = 0;
    SlotBuffer slot_;
};

class Graph final : public GraphIndex {
  public:
    Graph(const OpenIndex& open, const IndexState& state, SideStore* side, BlockNumber blocks,
          MemoryContext context)
        : open_(open),
          state_(state),
          g_(state.geometry),
          side_(side),
          keys_(open.index, side),
          weight_(option_edge_weight(open.index)),
          blocks_(blocks) {
        more_.context = context;
    }

    void close() override {
        call_pg([&] {
            index_close(open_.index, NoLock);
            table_close(open_.heap, NoLock);
        });
    }
    Relation heap() const override { return open_.heap; }
    Relation index() const override { return open_.index; }
    Oid key_type() const override { return key_type_of(side_->key_kind); }
    AttrNumber key_attribute() const override {
        return side_->key_kind == node::KeyKind::kNone ? InvalidAttrNumber
                                                       : open_.index->rd_index->indkey.values[1];
    }
    int k() const override { return static_cast<int>(side_->g.k); }
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
        const node::SlotView slot(g_, slot_.bytes);
        out.node = node;
        out.live = slot.live();
        if ((parts & kGraphVector) != 0) {
            out.vector.resize(g_.dims);
            slot.read_vector(out.vector.data());
        }
        if (out.live && (parts & kGraphRows) != 0)
            read_rows(slot.header(), out);
        if ((parts & kGraphKeys) == kGraphKeys && !out.rows.empty() &&
            side_->key_kind != node::KeyKind::kNone)
            keys_.give(node, out.rows, out.keys);
        if ((parts & kGraphKnn) != 0)
            read_neighbours(out);
        if ((parts & kGraphWeights) == kGraphWeights)
            fill_weights(out);
        return true;
    }

    void find_key(Datum key, std::vector<GraphKeyRow>& rows) override {
        rows.clear();
        if (side_->key_kind != node::KeyKind::kNone)
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
            const std::uint32_t used =
                std::min<std::uint32_t>(page_trailer(page_.data)->used, g_.slots_per_page);
            for (std::uint32_t i = g_.index_of(from); i < used; ++i) {
                const node::SlotView slot(g_, slot_bytes(g_, page_.data, i));
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
            CHECK_FOR_INTERRUPTS();
            const Buffer buffer = ReadBuffer(open_.index, block);
            LockBuffer(buffer, BUFFER_LOCK_SHARE);
            const bool slots = page_fault(BufferGetPage(buffer), node::PageKind::kSlots) == nullptr;
            if (slots)
                std::memcpy(page_.data, BufferGetPage(buffer), BLCKSZ);
            UnlockReleaseBuffer(buffer);
            return slots;
        });
        if (ours)
            loaded_ = block;
        return ours;
    }

    // Copies a slot into slot_; false when it is no base slot in use.
    bool read_slot(node::SlotId id) {
        if (id > node::kMaxSlotId)
            return false;
        const bool there = call_pg([&] {
            CHECK_FOR_INTERRUPTS();
            return copy_slot_bytes(open_.index, g_, id, blocks_, &slot_);
        });
        if (!there)
            return false;
        const node::SlotView slot(g_, slot_.bytes);
        return (slot.live() || slot.dead()) && slot.header().level == 0;
    }

    // TIDs of the slot in slot_.
    void read_rows(const node::SlotHeader& h, GraphNode& out) {
        for (int i = 0; i < h.tid_count; ++i)
            out.rows.push_back({from_tid(h.tids[i]), true, 0});
        if (h.chunk == node::kNoChunk)
            return;
        const node::ChunkId head = h.chunk;
        call_pg([&] { read_chunks(open_.index, g_, out.node, head, &more_); });
        for (std::size_t i = 0; i < more_.count; ++i)
            out.rows.push_back({more_.tids[i], true, 0});
    }

    void read_neighbours(GraphNode& out) {
        call_pg([&] { read_list(side_, out.node, &list_); });
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
                call_pg([&] { read_list(side_, to, &far_); });
            out.knn[i].weight =
                knn::edge_weight(weight_, state_.metric, side_->g.k, from, i, {to, far_.span()});
        }
    }

    OpenIndex open_;
    const IndexState& state_;
    const node::Geometry& g_;
    SideStore* side_;
    RowKeys keys_;
    knn::EdgeWeight weight_;
    BlockNumber blocks_;  // at least so many
    BlockNumber loaded_ = InvalidBlockNumber;
    PGAlignedBlock page_;  // slots page of next_node
    SlotBuffer slot_;      // scratch
    ListCopy list_;        // scratch
    ListCopy far_;         // scratch
    TidList more_;         // scratch
};

// May ereport.
OpenIndex open_relations(Oid oid, bool need_key, Snapshot snapshot) {
    const OpenIndex open = open_index(oid, Right::kAny, {kSemanticGraph, lid_hnsw_beginscan});
    if (snapshot != nullptr)
        check_snapshot(open.index, snapshot);
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
    const OpenIndex open = call_pg([&] { return open_relations(index, need_key, snapshot); });
    SideStore* side = call_pg([&] { return open_side(open.index, false); });
    const IndexState* state = call_pg([&] { return &index_state(open.index); });
    const BlockNumber blocks = call_pg([&] { return RelationGetNumberOfBlocks(open.index); });
    return new_in_context<Graph>(CurrentMemoryContext, open, *state, side, blocks,
                                 CurrentMemoryContext);
}

}  // namespace vg::pg
