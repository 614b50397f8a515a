// The third step of a build: the graph that was built in memory is written to pages. Nobody else
// sees them yet.

#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/build_state.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "core/base/parallel.h"
#include "pg/boundary/boundary.h"
#include "pg/lid_hnsw/options.h"
#include "pg/page/page.h"

namespace vg::pg::lid_hnsw {
namespace {

std::uint64_t new_build_id() {
    std::uint64_t id;
    if (!pg_strong_random(&id, sizeof id))
        elog(ERROR, "could not draw a build id");
    return id;
}

// Overflow chunks of the nodes with more heap TIDs than a slot holds.
class ChunkPlan {
  public:
    ChunkPlan(const hnsw::RowStore& rows, const hnsw::SlotPlan& slots, std::uint32_t first_block)
        : first_block_(first_block) {
        for (std::uint32_t v = 0; v < rows.size(); ++v) {
            std::size_t seen = 0;
            rows.for_each_tid(v, [&](node::Tid tid) {
                if (++seen <= node::kInlineTids)
                    return;
                if ((seen - node::kInlineTids) % node::kChunkTids == 1)
                    start_chunk(v, slots.base_slot(v), seen == node::kInlineTids + 1);
                node::TidChunk& c = chunks_.back();
                c.tids[c.count++] = tid;
            });
        }
    }
    node::ChunkId first_of(std::uint32_t node) const {
        const auto at = std::lower_bound(heads_.begin(), heads_.end(), node,
                                         [](const Head& h, std::uint32_t n) { return h.node < n; });
        return at != heads_.end() && at->node == node ? at->chunk : node::kNoChunk;
    }
    const std::vector<node::TidChunk>& chunks() const { return chunks_; }

  private:
    struct Head {
        std::uint32_t node;
        node::ChunkId chunk;
    };
    void start_chunk(std::uint32_t node, node::SlotId owner, bool is_first) {
        const node::ChunkId id =
            page::chunk_id(first_block_, 0) + static_cast<node::ChunkId>(chunks_.size());
        if (is_first)
            heads_.push_back({node, id});
        else
            chunks_.back().next = id;
        node::TidChunk c{};
        c.owner = owner;
        c.next = node::kNoChunk;
        chunks_.push_back(c);
    }
    std::uint32_t first_block_;
    std::vector<Head> heads_;
    std::vector<node::TidChunk> chunks_;
};

void write_slot_pages(Builder* b, const hnsw::SlotWriter& writer, const code::Rotation& rotation,
                      const hnsw::SlotPlan& plan, const ChunkPlan& chunks) {
    constexpr std::uint32_t kBatch = 256;
    const node::Geometry& g = b->geometry;
    const std::size_t page_bytes = std::size_t{g.slots_per_page} * g.slot_bytes;
    std::vector<std::byte> batch(kBatch * page_bytes);
    for (std::uint32_t first = 0; first < plan.pages(); first += kBatch) {
        const std::uint32_t n = std::min(kBatch, plan.pages() - first);
        parallel_for(
            b->params.threads, n, 8, kInterruptPoll,
            [&](std::size_t begin, std::size_t end, unsigned) {
                hnsw::SlotWriter::Scratch scratch(rotation);
                for (std::size_t p = begin; p < end; ++p) {
                    for (std::uint32_t i = 0; i < g.slots_per_page; ++i) {
                        std::byte* out =
                            batch.data() + p * page_bytes + std::size_t{i} * g.slot_bytes;
                        const auto& who = plan.occupant(first + static_cast<std::uint32_t>(p), i);
                        if (who.node == hnsw::kNoNode) {
                            std::memset(out, 0, g.slot_bytes);
                            continue;
                        }
                        writer.write(who, out, scratch);
                        if (who.level == 0)
                            node::SlotEdit(g, out).header().chunk = chunks.first_of(who.node);
                    }
                }
            });
        for (std::uint32_t p = 0; p < n; ++p) {
            // Only the last page of a region has unused slots, and they are its last ones.
            std::uint16_t used = 0;
            while (used < g.slots_per_page && plan.occupant(first + p, used).node != hnsw::kNoNode)
                ++used;
            call_pg([&] {
                const Buffer buffer =
                    page::add_page(b->index, MAIN_FORKNUM, node::PageKind::kSlots);
                const Page page = BufferGetPage(buffer);
                std::memcpy(page::data_of(page), batch.data() + p * page_bytes, page_bytes);
                page::trailer_of(page)->used = used;
                page::finish_page(buffer);
            });
        }
        const std::uint64_t rows = b->rows->size();
        index::report_progress(kStepWriting, rows * (first + n) / plan.pages(), rows);
    }
}

void write_chunk_pages(Builder* b, const std::vector<node::TidChunk>& chunks) {
    for (std::size_t first = 0; first < chunks.size(); first += page::kChunksPerPage) {
        const std::size_t n = std::min<std::size_t>(page::kChunksPerPage, chunks.size() - first);
        call_pg([&] {
            const Buffer buffer = page::add_page(b->index, MAIN_FORKNUM, node::PageKind::kChunks);
            const Page page = BufferGetPage(buffer);
            std::memcpy(page::data_of(page), chunks.data() + first, n * sizeof(node::TidChunk));
            page::trailer_of(page)->used = static_cast<std::uint16_t>(n);
            page::finish_page(buffer);
        });
    }
}

void fill_lid_quantiles(const std::vector<float>& lid, node::MetaData* meta) {
    std::vector<float> known;
    for (const float v : lid) {
        if (v > 0)
            known.push_back(v);
    }
    meta->lid_rows = static_cast<std::uint32_t>(known.size());
    if (known.empty())
        return;
    std::sort(known.begin(), known.end());
    constexpr double kAt[] = {0.05, 0.25, 0.5, 0.75, 0.95};
    for (int i = 0; i < 5; ++i) {
        const double position = kAt[i] * static_cast<double>(known.size() - 1);
        meta->lid_quantiles[i] = known[static_cast<std::size_t>(std::lround(position))];
    }
}

}  // namespace

std::uint32_t head_blocks(std::uint32_t dims) {
    const std::uint32_t per_page = page::kPageUsable / sizeof(float);
    return node::kMetaBlock + 1 + (dims + per_page - 1) / per_page;
}

node::MetaData make_meta(Relation index, node::Metric metric, const node::Geometry& g) {
    node::MetaData m{};
    m.magic = node::kMagic;
    m.version = node::kFormatVersion;
    m.page_bytes = BLCKSZ;
    m.dims = g.dims;
    m.words = g.words;
    m.capacity = g.capacity;
    m.slot_bytes = g.slot_bytes;
    m.slots_per_page = g.slots_per_page;
    m.m = static_cast<std::uint16_t>(option_m(index));
    m.ef_construction = static_cast<std::uint16_t>(option_ef_construction(index));
    m.metric = static_cast<std::uint8_t>(metric);
    m.storage = static_cast<std::uint8_t>(g.storage);
    m.build_order = static_cast<std::uint8_t>(option_build_order(index));
    m.order_used = static_cast<std::uint8_t>(hnsw::BuildOrder::kRandom);
    m.centre_block = node::kMetaBlock + 1;
    m.seed = kSeed;
    m.entry = m.free_slot = m.root = node::kNoSlot;
    m.tail_block = m.chunk_tail_block = m.calibration_block = m.list_block = node::kNoBlock;
    m.free_chunk = node::kNoChunk;
    m.build_id = new_build_id();
    return m;
}

BlockNumber write_head(Relation index, ForkNumber fork, const node::MetaData& meta,
                       const float* centre) {
    Buffer buffer = page::add_page(index, fork, node::PageKind::kMeta);
    *page::meta_of(BufferGetPage(buffer)) = meta;
    page::finish_page(buffer);
    const std::uint32_t per_page = page::kPageUsable / sizeof(float);
    BlockNumber block = meta.centre_block;
    for (std::uint32_t at = 0; at < meta.dims; at += per_page, ++block) {
        buffer = page::add_page(index, fork, node::PageKind::kCentre);
        const std::uint32_t n = std::min(per_page, meta.dims - at);
        std::byte* data = page::data_of(BufferGetPage(buffer));
        if (centre != nullptr)
            std::memcpy(data, centre + at, n * sizeof(float));
        else
            std::memset(data, 0, n * sizeof(float));
        page::finish_page(buffer);
    }
    return block;
}

void build_and_write(Builder* b) {
    hnsw::RowStore& rows = *b->rows;
    rows.finish();
    const hnsw::GraphAndCodes built = hnsw::bulk_build_with_codes(rows.rows(), b->params);
    const hnsw::Graph& graph = built.graph;
    if (b->lists != nullptr)
        b->lists->graph_built(rows, graph, b->params);

    const code::Rotation rotation(b->geometry.dims, kSeed);
    const hnsw::SlotPlan plan(graph, b->geometry, head_blocks(b->geometry.dims));
    const std::uint32_t chunk_block = plan.first_block() + plan.pages();
    const ChunkPlan chunks(rows, plan, chunk_block);

    node::MetaData meta = call_pg([&] { return make_meta(b->index, b->metric, b->geometry); });
    meta.order_used = static_cast<std::uint8_t>(graph.order_used);
    meta.entry = plan.entry();
    meta.entry_level = plan.entry_level();
    meta.root = graph.entry == hnsw::kNoNode ? node::kNoSlot : plan.base_slot(graph.entry);
    meta.connected = static_cast<std::uint32_t>(graph.connected);
    meta.built_nodes = rows.size();
    meta.built_rows = rows.total();
    if (plan.pages() > 0)
        meta.tail_block = plan.first_block() + plan.pages() - 1;
    if (!chunks.chunks().empty())
        meta.chunk_tail_block =
            chunk_block +
            static_cast<std::uint32_t>((chunks.chunks().size() - 1) / page::kChunksPerPage);
    fill_lid_quantiles(graph.lid, &meta);
    const auto chunk_pages = static_cast<std::uint32_t>(
        (chunks.chunks().size() + page::kChunksPerPage - 1) / page::kChunksPerPage);
    if (b->lists != nullptr)
        meta.list_block = chunk_block + chunk_pages;

    call_pg([&] { write_head(b->index, MAIN_FORKNUM, meta, rows.centre()); });
    const hnsw::SlotWriter writer(graph, rows, built.codes.get(), rotation, plan, b->geometry);
    write_slot_pages(b, writer, rotation, plan, chunks);
    write_chunk_pages(b, chunks.chunks());
    if (b->lists != nullptr)
        b->lists->write(meta.list_block, rows, plan);
    b->rows.reset();
}

}  // namespace vg::pg::lid_hnsw
