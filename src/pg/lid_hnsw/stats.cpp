// vectorgraph_index_stats: one row of figures about an index, from one pass over its pages and as
// many partial ones as it takes to follow all links. Locks: under the lock against writers, so that
// the figures fit together; scans go on.

#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/inspect.h"

#include <algorithm>
#include <vector>

#include "core/hnsw/graph.h"
#include "core/node/drift.h"
#include "core/node/reach.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/context.h"
#include "pg/boundary/result.h"
#include "pg/index/locks.h"
#include "pg/index/report.h"
#include "pg/index/stored_format.h"
#include "pg/lid_hnsw/state.h"
#include "pg/page/page.h"

namespace vg::pg::lid_hnsw {
namespace {

struct Stats {
    Stats(Relation rel, const node::MetaData& m, const float* centre, BlockNumber n)
        : index(rel),
          meta(m),
          g(node::geometry_of(m)),
          blocks(n),
          drift(g, static_cast<node::Metric>(m.metric), centre),
          reach(g, n),
          live(static_cast<std::size_t>(n) * g.slots_per_page),
          degrees(g.capacity + 1) {}

    Relation index;
    node::MetaData meta;
    node::Geometry g;
    BlockNumber blocks;
    BufferAccessStrategy strategy = nullptr;
    PGAlignedBlock page;

    node::Drift drift;
    node::Reach reach;
    std::vector<bool> live;              // base slots, by slot id
    std::vector<std::uint64_t> degrees;  // live base slots by number of links
    std::uint64_t level_nodes[node::kMaxLevel + 1] = {};
    std::uint64_t tuples = 0;
    std::uint64_t dead_nodes = 0;
    std::uint64_t free_slots = 0;
};

void count_slot(Stats* s, BlockNumber block, std::uint32_t i) {
    const node::SlotView slot(s->g, page::slot_bytes(s->g, s->page.data, i));
    if (const char* fault = slot.check())
        index::report_corrupt(s->index, block, fault);
    const node::SlotHeader& h = slot.header();
    if (h.state == static_cast<std::uint8_t>(node::SlotState::kFree)) {
        ++s->free_slots;
        return;
    }
    if (h.level == 0)
        s->tuples += h.tid_count;
    if (!slot.live()) {
        s->dead_nodes += h.level == 0 ? 1 : 0;
        return;
    }
    ++s->level_nodes[h.level];
    if (h.level > 0)
        return;
    s->live[s->g.slot_id(block, i)] = true;
    ++s->degrees[slot.degree()];
    s->drift.add(slot);
}

std::uint32_t used_on_page(Stats* s) {
    return std::min<std::uint32_t>(page::trailer_of(s->page.data)->used, s->g.slots_per_page);
}

void count_page(Stats* s, Buffer buffer) {
    const BlockNumber block = BufferGetBlockNumber(buffer);
    const bool written = page::copy_pinned_page(buffer, &s->page);
    const node::PageKind kind =
        written ? page::copied_kind(s->index, block, &s->page) : node::PageKind::kCentre;
    if (kind == node::PageKind::kChunks) {
        const std::uint32_t used =
            std::min<std::uint32_t>(page::trailer_of(s->page.data)->used, page::kChunksPerPage);
        for (std::uint32_t i = 0; i < used; ++i) {
            const node::TidChunk* chunk = page::page_chunk(s->page.data, i);
            s->tuples += chunk->owner != node::kNoSlot ? chunk->count : 0;
        }
    }
    std::uint32_t used = 0;
    if (kind == node::PageKind::kSlots) {
        used = used_on_page(s);
        for (std::uint32_t i = 0; i < used; ++i)
            count_slot(s, block, i);
    }
    s->reach.expand_page(block, used, page::data_of(s->page.data));
}

void expand_page(Stats* s, BlockNumber block) {
    const bool slots = page::copy_page(s->index, block, s->strategy, &s->page) &&
                       page::copied_kind(s->index, block, &s->page) == node::PageKind::kSlots;
    s->reach.expand_page(block, slots ? used_on_page(s) : 0, page::data_of(s->page.data));
}

void walk(Stats* s) {
    s->reach.seed(s->meta.entry);
    s->reach.seed(s->meta.root);
    PageWalk pages;
    begin_page_walk(&pages, s->index, node::kMetaBlock + 1, s->blocks, s->strategy, false);
    for (Buffer buffer; BufferIsValid(buffer = next_page(&pages));) {
        CHECK_FOR_INTERRUPTS();
        count_page(s, buffer);
    }
    end_page_walk(&pages);
    while (s->reach.open() > 0) {
        for (BlockNumber block = node::kMetaBlock; block < s->blocks; ++block) {
            CHECK_FOR_INTERRUPTS();
            if (s->reach.wants(block))
                expand_page(s, block);
        }
    }
}

std::uint64_t unreachable(const Stats* s) {
    std::uint64_t n = 0;
    for (node::SlotId id = 0; id < s->live.size(); ++id)
        n += s->live[id] && !s->reach.reached(id) ? 1 : 0;
    return n;
}

struct Degrees {
    double mean;
    int min;
    int median;
};

// Requires at least one live node.
Degrees degrees_of(const Stats* s) {
    const std::uint64_t nodes = s->level_nodes[0];
    Degrees d{0, -1, -1};
    std::uint64_t seen = 0;
    for (std::uint32_t i = 0; i <= s->g.capacity; ++i) {
        if (s->degrees[i] == 0)
            continue;
        d.min = d.min < 0 ? static_cast<int>(i) : d.min;
        seen += s->degrees[i];
        if (d.median < 0 && 2 * seen >= nodes)
            d.median = static_cast<int>(i);
        d.mean += static_cast<double>(i) * static_cast<double>(s->degrees[i]);
    }
    d.mean /= static_cast<double>(nodes);
    return d;
}

const char* order_name(std::uint8_t order) {
    static const char* const kNames[] = {"auto", "lid", "random"};
    return order < lengthof(kNames) ? kNames[order] : "unknown";
}

const char* metric_name(std::uint8_t metric) {
    static const char* const kNames[] = {"l2", "inner_product", "cosine", "l1"};
    static_assert(lengthof(kNames) == node::kMetricCount);
    return metric < lengthof(kNames) ? kNames[metric] : "unknown";
}

Datum level_array(const Stats* s, int levels) {
    Datum values[node::kMaxLevel + 1];
    for (int i = 0; i < levels; ++i)
        values[i] = Int64GetDatum(static_cast<int64>(s->level_nodes[i]));
    return PointerGetDatum(construct_array(values, levels, INT8OID, 8, FLOAT8PASSBYVAL, 'd'));
}

// In the order of functions.sql.
void fill_row(const Stats* s, ResultRow* row) {
    const node::MetaData& m = s->meta;
    const bool empty = m.entry == node::kNoSlot;
    const std::uint64_t nodes = s->level_nodes[0];
    const int levels = empty ? 0 : static_cast<int>(m.entry_level) + 1;
    const Degrees d = nodes > 0 ? degrees_of(s) : Degrees{0, 0, 0};
    row->add_int8(nodes);
    row->add_int8(s->tuples);
    row->add_int8(s->tuples > nodes ? s->tuples - nodes : 0);
    row->add_int8(s->dead_nodes);
    row->add_int8(s->free_slots);
    row->add_int4(levels);
    row->add(level_array(s, levels));
    row->add_int4(levels - 1, empty);
    row->add_int4(m.m);
    row->add_int4(m.ef_construction);
    row->add_int4(m.capacity);
    row->add_float8(d.mean, nodes == 0);
    row->add_int4(d.min, nodes == 0);
    row->add_int4(d.median, nodes == 0);
    node::Upkeep upkeep;
    upkeep.live_nodes = nodes;
    upkeep.dead_nodes = s->dead_nodes;
    upkeep.free_slots = s->free_slots;
    upkeep.unreachable = unreachable(s);
    upkeep.inserted = m.inserted_nodes;
    upkeep.outliers = s->drift.outliers();
    upkeep.centre_shift = s->drift.centre_shift();
    row->add_int8(upkeep.unreachable);
    row->add_int8(m.connected);
    for (const float q : m.lid_quantiles)
        row->add_float8(q, m.lid_rows == 0);
    row->add_text(order_name(m.build_order));
    row->add_text(order_name(m.order_used));
    row->add_text(metric_name(m.metric));
    row->add_int4(m.dims);
    row->add_text(node::storage_name(s->g.storage));
    row->add_int4(m.slots_per_page);
    row->add_int8(s->blocks);
    row->add_int8(static_cast<std::uint64_t>(s->blocks) * BLCKSZ);
    row->add_int8(m.inserted_nodes);
    row->add_int8(m.removed_nodes);
    row->add_float8(upkeep.centre_shift, nodes == 0);
    row->add_int8(upkeep.outliers);
    row->add_text(node::advise(upkeep));
    if (!row->full())  // the SQL of 0.1.0 ends here
        row->add_int4(static_cast<int>(64 * s->g.words));
}

// The row, from a walk in a memory context of its own.
Datum stats_row(const index::OpenIndex& open, TupleDesc columns) {
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "lid_hnsw stats", ALLOCSET_DEFAULT_SIZES);
    index::lock_against_writers(open.index);
    const node::MetaData meta = page::read_meta(open.index);
    auto* s =
        new_in_context<Stats>(context, open.index, meta, index_state(open.index).centre.data(),
                              RelationGetNumberOfBlocks(open.index));
    s->strategy = GetAccessStrategy(BAS_BULKREAD);
    walk(s);
    index::unlock_against_writers(open.index);
    ResultRow row(columns);
    fill_row(s, &row);
    MemoryContextDelete(context);
    return row.datum();
}

}  // namespace

VG_FUNCTION_RETURNS(vectorgraph_index_stats, index::stats_of(fcinfo, kNodeStore, stats_row))

}  // namespace vg::pg::lid_hnsw
