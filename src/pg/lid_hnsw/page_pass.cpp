#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/page_pass.h"

#include <algorithm>
#include <limits>

#include "core/node/order_key.h"
#include "pg/page/page.h"

extern "C" {
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
}

namespace vg::pg {
namespace {

// Columns of the sort: order_key, then a heap TID, or -1 - the head of a list of chunks.
constexpr AttrNumber kKeyColumn = 1;
constexpr AttrNumber kWhatColumn = 2;

void begin_sort(PagePass* pass) {
    const TupleDesc desc = CreateTemplateTupleDesc(2);
    TupleDescInitEntry(desc, kKeyColumn, "key", INT8OID, -1, 0);
    TupleDescInitEntry(desc, kWhatColumn, "what", INT8OID, -1, 0);
    AttrNumber columns[] = {kKeyColumn, kWhatColumn};
    Oid operators[] = {Int8LessOperator, Int8LessOperator};
    Oid collations[] = {InvalidOid, InvalidOid};
    bool nulls_first[] = {false, false};
    pass->row = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
    pass->sort = tuplesort_begin_heap(desc, 2, columns, operators, collations, nulls_first,
                                      work_mem, nullptr, TUPLESORT_NONE);
}

void put(PagePass* pass, TupleTableSlot* row, std::int64_t key, std::int64_t what) {
    ExecClearTuple(row);
    row->tts_values[0] = Int64GetDatum(key);
    row->tts_values[1] = Int64GetDatum(what);
    row->tts_isnull[0] = row->tts_isnull[1] = false;
    ExecStoreVirtualTuple(row);
    tuplesort_puttupleslot(pass->sort, row);
}

// What begin_page_pass is told.
struct Wanted {
    const node::NodeQuery& query;
    const hnsw::SlotSet& skip;
    float from;
};

// Hands the live base nodes of one locked page to the sort.
void sort_page(PagePass* pass, TupleTableSlot* row, const Wanted& wanted, Relation index,
               BlockNumber block, Page page) {
    const node::Geometry& g = wanted.query.geometry();
    const std::uint32_t used = std::min<std::uint32_t>(page_trailer(page)->used, g.slots_per_page);
    for (std::uint32_t i = 0; i < used; ++i) {
        const node::SlotView slot(g, slot_bytes(g, page, i));
        const char* fault = slot.check();
        if (unlikely(fault != nullptr))
            report_corrupt(index, block, fault);
        const node::SlotHeader& h = slot.header();
        const node::SlotId id = g.slot_id(block, i);
        if (!slot.live() || h.level != 0 || wanted.skip.contains(id))
            continue;
        const node::NodeDistance distance = wanted.query.distance(slot);
        pass->scale = std::max(pass->scale, distance.scale);
        float order = distance.order;
        if (!(order == order))  // beyond the float range: last, as in a search
            order = std::numeric_limits<float>::infinity();
        if (order < wanted.from)
            continue;
        const std::int64_t key = node::order_key(order, id);
        for (int t = 0; t < h.tid_count; ++t)
            put(pass, row, key, static_cast<std::int64_t>(h.tids[t].key()));
        if (h.chunk != node::kNoChunk)
            put(pass, row, key, -1 - static_cast<std::int64_t>(h.chunk));
    }
}

// Takes the next row of the sort into `ahead`.
void fetch(PagePass* pass) {
    pass->ended = !tuplesort_gettupleslot(pass->sort, true, false, pass->row, nullptr);
    if (pass->ended)
        return;
    bool isnull;
    const std::int64_t key = DatumGetInt64(slot_getattr(pass->row, kKeyColumn, &isnull));
    const std::int64_t what = DatumGetInt64(slot_getattr(pass->row, kWhatColumn, &isnull));
    pass->ahead = hnsw::Found{};
    pass->ahead.order = node::order_of_key(key);
    pass->ahead.scale = pass->scale;
    pass->ahead.slot = node::slot_of_key(key);
    pass->ahead.chunk = node::kNoChunk;
    if (what < 0) {
        pass->ahead.chunk = static_cast<node::ChunkId>(-1 - what);
    } else {
        pass->ahead.tid_count = 1;
        pass->ahead.tids[0] = node::tid_of_key(static_cast<std::uint64_t>(what));
    }
}

}  // namespace

void begin_page_pass(PagePass* pass, Relation index, const node::NodeQuery& query,
                     const hnsw::SlotSet& skip, float from) {
    begin_sort(pass);
    TupleTableSlot* row = MakeSingleTupleTableSlot(pass->row->tts_tupleDescriptor, &TTSOpsVirtual);
    const BufferAccessStrategy strategy = GetAccessStrategy(BAS_BULKREAD);
    const BlockNumber blocks = RelationGetNumberOfBlocks(index);
    for (BlockNumber block = kMetaBlock + 1; block < blocks; ++block) {
        CHECK_FOR_INTERRUPTS();
        const Buffer buffer = ReadBufferExtended(index, MAIN_FORKNUM, block, RBM_NORMAL, strategy);
        LockBuffer(buffer, BUFFER_LOCK_SHARE);
        const Page page = BufferGetPage(buffer);
        if (!PageIsNew(page)) {  // one that a crash left behind an extension
            const auto kind = static_cast<node::PageKind>(page_trailer(page)->kind);
            const char* fault = page_fault(page, kind);
            if (unlikely(fault != nullptr))
                report_corrupt(index, block, fault);
            if (kind == node::PageKind::kSlots)
                sort_page(pass, row, {query, skip, from}, index, block, page);
        }
        UnlockReleaseBuffer(buffer);
    }
    FreeAccessStrategy(strategy);
    ExecDropSingleTupleTableSlot(row);
    tuplesort_performsort(pass->sort);
    fetch(pass);
}

bool next_of_pass(PagePass* pass, hnsw::Found* out) {
    if (pass->ended)
        return false;
    *out = pass->ahead;
    fetch(pass);
    return true;
}
void end_page_pass(PagePass* pass) {
    if (pass->sort == nullptr)
        return;
    tuplesort_end(pass->sort);
    ExecDropSingleTupleTableSlot(pass->row);
    *pass = {};
}

}  // namespace vg::pg
