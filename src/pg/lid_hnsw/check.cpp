// vectorgraph_index_check: every page, slot, link, overflow chunk and heap TID of an index, and on
// demand every row of the table.
// Locks: the index is walked under the lock against writers, so that it stands still; scans go on.
// The table is read after that lock is given back: the rows of a snapshot taken before the walk
// must all be in the index that the walk saw. Ownership: all containers are members of Check, which
// lives in a memory context; the functions own nothing and may ereport.

#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/inspect.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/pace.h"
#include "core/hnsw/row_store.h"
#include "core/node/chunk_audit.h"
#include "core/node/reach.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/context.h"
#include "pg/index/locks.h"
#include "pg/index/report.h"
#include "pg/lid_hnsw/state.h"
#include "pg/page/page.h"
#include "pg/types/vector.h"

namespace vg::pg::lid_hnsw {

MakeListCheck* make_list_check = nullptr;

namespace {

struct Check {
    Check(const index::OpenIndex& o, const node::MetaData& m, BlockNumber n)
        : open(o),
          meta(m),
          g(node::geometry_of(m)),
          blocks(n),
          heap_blocks(RelationGetNumberOfBlocks(o.heap)),
          audit(m, n, kInterruptPoll),
          chunks(kInterruptPoll),
          reach(g, n),
          kinds(n),
          row(g.dims) {}

    index::OpenIndex open;
    node::MetaData meta;
    node::Geometry g;
    BlockNumber blocks;
    BlockNumber heap_blocks;
    BufferAccessStrategy strategy = nullptr;
    PGAlignedBlock page;

    node::Audit audit;
    node::ChunkAudit chunks;
    node::Reach reach;
    std::vector<node::PageKind> kinds;    // by block; PageKind{0}: never written
    hnsw::GrowArray<node::HeldTid> tids;  // all heap TIDs, sorted after the walk
    std::vector<float> row;               // scratch
    ListCheck* lists = nullptr;
};

[[noreturn]] void report_fault(Check* c, const node::Fault& f) {
    StringInfoData where;
    initStringInfo(&where);
    if (f.slot == node::kNoSlot)
        appendStringInfo(&where, "Block %u", node::kMetaBlock);
    else
        appendStringInfo(&where, "Block %u, slot %u", c->g.block_of(f.slot), c->g.index_of(f.slot));
    appendStringInfo(&where, ": %s", f.what);
    if (f.target != node::kNoSlot)
        appendStringInfo(&where, " (block %u, slot %u)", c->g.block_of(f.target),
                         c->g.index_of(f.target));
    index::report_corrupt_index(c->open.index, "%s.", where.data);
}

[[noreturn]] void report_chunk(Check* c, node::ChunkId chunk, const char* what) {
    index::report_corrupt_index(c->open.index, "Block %u, overflow chunk %u: %s.",
                                page::chunk_block(chunk), page::chunk_index(chunk), what);
}

void require(Check* c, const node::Fault& f) {
    if (unlikely(f.what != nullptr))
        report_fault(c, f);
}

void require(Check* c, const node::ChunkFault& f) {
    if (unlikely(f.what != nullptr))
        report_chunk(c, f.chunk, f.what);
}

// Notes heap TIDs of a node; null, or what is wrong with one of them.
const char* take_tids(Check* c, node::SlotId slot, const node::Tid* tids, int count) {
    for (int i = 0; i < count; ++i) {
        if (tids[i].offset_number() == InvalidOffsetNumber)
            return "a heap TID is not valid";
        if (tids[i].key() >> 16 >= c->heap_blocks)
            return "a heap TID points past the end of the table";
        c->tids.push_back({slot, tids[i], 0});
    }
    return nullptr;
}

// ---- first walk: pages, slots, chunks ----------------------------------------------------------

void check_centre(Check* c, BlockNumber block) {
    const std::uint32_t per_page = page::kPageUsable / sizeof(float);
    const std::uint32_t first = (block - c->meta.centre_block) * per_page;
    const std::uint32_t n = std::min(per_page, c->g.dims - first);
    const auto* values = reinterpret_cast<const float*>(page::data_of(c->page.data));
    for (std::uint32_t i = 0; i < n; ++i) {
        if (!std::isfinite(values[i]))
            index::report_corrupt(c->open.index, block, "the centre is not finite");
    }
}

void check_slots(Check* c, BlockNumber block) {
    const std::uint32_t used = page::trailer_of(c->page.data)->used;
    require(c, c->audit.add_page(block, used));
    for (std::uint32_t i = 0; i < used; ++i) {
        const node::SlotId id = c->g.slot_id(block, i);
        const node::SlotView slot(c->g, page::slot_bytes(c->g, c->page.data, i));
        require(c, c->audit.add_slot(id, slot));
        const node::SlotHeader& h = slot.header();
        if (h.state == static_cast<std::uint8_t>(node::SlotState::kFree) || h.level > 0)
            continue;
        if (const char* what = take_tids(c, id, h.tids, h.tid_count))
            report_fault(c, {what, id});
        if (h.chunk != node::kNoChunk)
            c->chunks.add_list(id, h.chunk);
    }
}

void check_chunks(Check* c, BlockNumber block) {
    const std::uint32_t used = page::trailer_of(c->page.data)->used;
    if (used > page::kChunksPerPage)
        index::report_corrupt(c->open.index, block,
                              "the page claims more overflow chunks than it can hold");
    for (std::uint32_t i = 0; i < used; ++i) {
        const node::ChunkId id = page::chunk_id(block, i);
        const node::TidChunk* chunk = page::page_chunk(c->page.data, i);
        require(c, c->chunks.add_chunk(id, *chunk));
        if (const char* what = take_tids(c, chunk->owner, chunk->tids, chunk->count))
            report_chunk(c, id, what);
    }
}

bool is_centre_block(const Check* c, BlockNumber block) {
    const std::uint32_t per_page = page::kPageUsable / sizeof(float);
    const std::uint32_t pages = (c->g.dims + per_page - 1) / per_page;
    return block >= c->meta.centre_block && block - c->meta.centre_block < pages;
}

void check_page(Check* c, Buffer buffer) {
    CHECK_FOR_INTERRUPTS();
    const BlockNumber block = BufferGetBlockNumber(buffer);
    const bool centre = is_centre_block(c, block);
    if (!page::copy_pinned_page(buffer, &c->page)) {
        if (centre)
            index::report_corrupt(c->open.index, block, "a page of the centre is empty");
        return;
    }
    const node::PageKind kind = page::copied_kind(c->open.index, block, &c->page);
    if (kind == node::PageKind::kMeta || centre != (kind == node::PageKind::kCentre) ||
        (kind >= node::PageKind::kListMeta && c->lists == nullptr))
        index::report_corrupt(c->open.index, block, "the page is of another kind than expected");
    c->kinds[block] = kind;
    if (kind == node::PageKind::kCentre)
        check_centre(c, block);
    else if (kind == node::PageKind::kSlots)
        check_slots(c, block);
    else if (kind == node::PageKind::kChunks)
        check_chunks(c, block);
}

// A page the metapage names for growing, or none.
void check_tail(Check* c, BlockNumber block, node::PageKind kind, const char* what) {
    if (block == node::kNoBlock)
        return;
    if (block >= c->blocks || c->kinds[block] != kind)
        index::report_corrupt(c->open.index, node::kMetaBlock, what);
}

void first_walk(Check* c) {
    if (c->meta.metric != static_cast<std::uint8_t>(index_metric(c->open.index)))
        index::report_corrupt(c->open.index, node::kMetaBlock,
                              "the metapage names another metric than the operator class");
    if (c->meta.centre_block == node::kMetaBlock || c->meta.centre_block >= c->blocks)
        index::report_corrupt(c->open.index, node::kMetaBlock,
                              "the metapage names no page of the centre");
    PageWalk pages;
    begin_page_walk(&pages, c->open.index, node::kMetaBlock + 1, c->blocks, c->strategy, false);
    for (Buffer buffer; BufferIsValid(buffer = next_page(&pages));)
        check_page(c, buffer);
    end_page_walk(&pages);
    check_tail(c, c->meta.tail_block, node::PageKind::kSlots,
               "the metapage names a page for new slots that holds none");
    check_tail(c, c->meta.chunk_tail_block, node::PageKind::kChunks,
               "the metapage names a page for new overflow chunks that holds none");
    require(c, c->audit.finish_slots());
    require(c, c->chunks.finish(c->meta.free_chunk));
}

// ---- second walk: links, reachability ----------------------------------------------------------

// Goes on from the nodes of the copied page. Stale links of a dead slot may lead to a page of
// another kind.
void expand_copy(Check* c, BlockNumber block) {
    if (c->kinds[block] == node::PageKind::kSlots)
        c->reach.expand_page(block, page::trailer_of(c->page.data)->used,
                             page::data_of(c->page.data));
    else
        c->reach.expand_page(block, 0, nullptr);
}

// All pages, and then again those on which nodes were reached meanwhile.
void second_walk(Check* c) {
    c->reach.seed(c->meta.entry);
    c->reach.seed(c->meta.root);
    PageWalk pages;
    begin_page_walk(&pages, c->open.index, node::kMetaBlock, c->blocks, c->strategy, false);
    for (Buffer buffer; BufferIsValid(buffer = next_page(&pages));) {
        CHECK_FOR_INTERRUPTS();
        const BlockNumber block = BufferGetBlockNumber(buffer);
        page::copy_pinned_page(buffer, &c->page);
        if (c->kinds[block] == node::PageKind::kSlots) {
            const std::uint32_t used = page::trailer_of(c->page.data)->used;
            for (std::uint32_t i = 0; i < used; ++i)
                require(c, c->audit.add_links(c->g.slot_id(block, i),
                                              {c->g, page::slot_bytes(c->g, c->page.data, i)}));
        }
        expand_copy(c, block);
    }
    end_page_walk(&pages);
    while (c->reach.open() > 0) {
        for (BlockNumber block = node::kMetaBlock; block < c->blocks; ++block) {
            CHECK_FOR_INTERRUPTS();
            if (!c->reach.wants(block))
                continue;
            if (c->kinds[block] == node::PageKind::kSlots)
                page::copy_page(c->open.index, block, c->strategy, &c->page);
            expand_copy(c, block);
        }
    }
    require(c, c->audit.finish_links(c->reach));
}

void check_duplicate_tids(Check* c) {
    node::HeldTid* begin = c->tids.data();
    node::HeldTid* end = begin + c->tids.size();
    enter_cpp([=] {
        sort_paced(begin, end, kInterruptPoll, [](const node::HeldTid& a, const node::HeldTid& b) {
            return a.tid.key() < b.tid.key();
        });
    });
    const node::HeldTid* twice = std::adjacent_find(
        begin, end, [](const node::HeldTid& a, const node::HeldTid& b) { return a.tid == b.tid; });
    if (twice == end)
        return;
    const ItemPointerData tid = index::from_tid(twice->tid);
    index::report_corrupt_index(c->open.index,
                                "The row (%u,%u) of the table is in the index more than once.",
                                ItemPointerGetBlockNumber(&tid), ItemPointerGetOffsetNumber(&tid));
}

// ---- the table ---------------------------------------------------------------------------------

void check_row(ItemPointer tid, const Datum* values, const bool* nulls, void* arg) {
    auto* c = static_cast<Check*>(arg);
    if (nulls[0])
        return;
    const Vector* vector = checked_vector(values[0], c->g.dims);
    std::copy_n(vector->x, c->g.dims, c->row.begin());
    release_vector(vector, values[0]);
    if (!node::prepare_row(static_cast<node::Metric>(c->meta.metric), c->row.data(), c->g.dims))
        return;
    if (node::find_tid({c->tids.data(), c->tids.size()}, index::to_tid(*tid).key()) != nullptr) {
        if (c->lists != nullptr)
            c->lists->check_row(*tid, values, nulls);
        return;
    }
    index::report_missing_row(c->open, *tid);
}

std::uint64_t run(const index::OpenIndex& open, bool heapallindexed, MemoryContext context) {
    Snapshot snapshot = nullptr;
    if (heapallindexed) {
        snapshot = RegisterSnapshot(GetTransactionSnapshot());
        index::check_snapshot(open.index, snapshot);
    }
    index::lock_against_writers(open.index);
    const node::MetaData meta = page::read_meta(open.index);
    auto* c = new_in_context<Check>(context, open, meta, RelationGetNumberOfBlocks(open.index));
    c->strategy = GetAccessStrategy(BAS_BULKREAD);
    if (meta.list_block != node::kNoBlock) {
        if (make_list_check == nullptr)
            index::report_corrupt(open.index, node::kMetaBlock, "the metapage names a list store");
        c->lists = make_list_check(open, meta, context);
    }
    first_walk(c);
    second_walk(c);
    check_duplicate_tids(c);
    if (c->lists != nullptr)
        c->lists->walk(c->audit, c->kinds, {c->tids.data(), c->tids.size()});
    index::unlock_against_writers(open.index);
    if (heapallindexed) {
        index::scan_indexed_rows(open, snapshot, check_row, c);
        UnregisterSnapshot(snapshot);
    }
    return c->audit.live_nodes();
}

}  // namespace

VG_FUNCTION(vectorgraph_index_check) {
    index::refuse_check_in_recovery();
    const index::OpenIndex open = index::open(PG_GETARG_OID(0), index::Right::kOwner, kNodeStore);
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "lid_hnsw check", ALLOCSET_DEFAULT_SIZES);
    const MemoryContext old = MemoryContextSwitchTo(context);
    const std::uint64_t nodes = run(open, PG_GETARG_BOOL(1), context);
    MemoryContextSwitchTo(old);
    MemoryContextDelete(context);
    index::close(open);
    PG_RETURN_INT64(static_cast<int64>(nodes));
}

}  // namespace vg::pg::lid_hnsw
