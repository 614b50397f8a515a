#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/page_pass.h"

#include <algorithm>
#include <limits>

#include "core/distance/link_kernels.h"
#include "core/node/order_key.h"
#include "pg/index/report.h"
#include "pg/page/page.h"

namespace vg::pg::lid_hnsw {
namespace {

// Columns of the sort: those of a PassRow.
constexpr AttrNumber kKeyColumn = 1;
constexpr AttrNumber kWhatColumn = 2;

// The scale of a node (NodeDistance) is kept as a bfloat16 that is not below it, of 15 bits: it
// says how far rows that may tie lie apart, and rows of very different lengths must not be told
// apart by the longest of them.
constexpr int kScaleShift = 48;
constexpr std::uint64_t kIdMask = (std::uint64_t{1} << kScaleShift) - 1;

std::int64_t with_scale(std::uint64_t id, float scale) {
    const float bound = scale >= 0 ? scale : std::numeric_limits<float>::infinity();
    return static_cast<std::int64_t>(
        static_cast<std::uint64_t>(distance::bf16_bound(bound)) << kScaleShift | id);
}

float scale_of(std::int64_t what) {
    return distance::bf16_to_float(static_cast<std::uint16_t>(what >> kScaleShift));
}

void begin_sort(PagePass* pass) {
    const TupleDesc desc = CreateTemplateTupleDesc(2);
    TupleDescInitEntry(desc, kKeyColumn, "key", INT8OID, -1, 0);
    TupleDescInitEntry(desc, kWhatColumn, "what", INT8OID, -1, 0);
    AttrNumber columns[] = {kKeyColumn, kWhatColumn};
    Oid operators[] = {Int8LessOperator, Int8LessOperator};
    Oid collations[] = {InvalidOid, InvalidOid};
    bool nulls_first[] = {false, false};
    pass->into = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
    pass->out_of = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
    pass->sort = tuplesort_begin_heap(desc, 2, columns, operators, collations, nulls_first,
                                      work_mem, nullptr, TUPLESORT_NONE);
}

void put_in_sort(PagePass* pass, const PassRow& r) {
    TupleTableSlot* row = pass->into;
    ExecClearTuple(row);
    row->tts_values[0] = Int64GetDatum(r.key);
    row->tts_values[1] = Int64GetDatum(r.what);
    row->tts_isnull[0] = row->tts_isnull[1] = false;
    ExecStoreVirtualTuple(row);
    tuplesort_puttupleslot(pass->sort, row);
}

// Doubles the room, or turns to the sort where work_mem has no more of it.
void make_room(PagePass* pass) {
    const Size most = static_cast<Size>(work_mem) * 1024 / sizeof(PassRow);
    if (pass->room * 2 <= most) {
        pass->room *= 2;
        pass->rows = static_cast<PassRow*>(repalloc_huge(pass->rows, pass->room * sizeof(PassRow)));
        return;
    }
    begin_sort(pass);
    for (std::size_t i = 0; i < pass->count; ++i)
        put_in_sort(pass, pass->rows[i]);
    pfree(pass->rows);
    pass->rows = nullptr;
    pass->count = 0;
}

void put(PagePass* pass, const PassRow& r) {
    if (pass->sort == nullptr && pass->count == pass->room)
        make_room(pass);
    if (pass->sort == nullptr)
        pass->rows[pass->count++] = r;
    else
        put_in_sort(pass, r);
}

constexpr auto kFartherFirst = [](const PassRow& a, const PassRow& b) {
    return a.key != b.key ? a.key > b.key : a.what > b.what;
};

void rows_are_complete(PagePass* pass) {
    if (pass->sort != nullptr)
        tuplesort_performsort(pass->sort);
    else
        std::make_heap(pass->rows, pass->rows + pass->count, kFartherFirst);
}

// The nearest row that is left.
bool take(PagePass* pass, PassRow* r) {
    if (pass->sort == nullptr) {
        if (pass->count == 0)
            return false;
        std::pop_heap(pass->rows, pass->rows + pass->count, kFartherFirst);
        *r = pass->rows[--pass->count];
        return true;
    }
    if (!tuplesort_gettupleslot(pass->sort, true, false, pass->out_of, nullptr))
        return false;
    bool isnull;
    r->key = DatumGetInt64(slot_getattr(pass->out_of, kKeyColumn, &isnull));
    r->what = DatumGetInt64(slot_getattr(pass->out_of, kWhatColumn, &isnull));
    return true;
}

// Takes the live base nodes of one locked page.
void read_page(PagePass* pass, const PassWanted& wanted, Relation index, BlockNumber block,
               Page page) {
    const node::Geometry& g = wanted.query.geometry();
    const std::uint32_t used =
        std::min<std::uint32_t>(page::trailer_of(page)->used, g.slots_per_page);
    for (std::uint32_t i = 0; i < used; ++i) {
        const node::SlotView slot(g, page::slot_bytes(g, page, i));
        const char* fault = slot.check();
        if (unlikely(fault != nullptr))
            index::report_corrupt(index, block, fault);
        const node::SlotHeader& h = slot.header();
        const node::SlotId id = g.slot_id(block, i);
        if (!slot.live() || h.level != 0 || wanted.skip.contains(id))
            continue;
        const node::NodeDistance distance = wanted.query.distance(slot);
        float order = distance.order;
        if (!(order == order))  // beyond the float range: last, as in a search
            order = std::numeric_limits<float>::infinity();
        if (order < wanted.from)
            continue;
        const std::int64_t key = node::order_key(order, id);
        for (int t = 0; t < h.tid_count; ++t) {
            if (!wanted.skip_dead || !h.tids[t].dead_row())
                put(pass, {key, with_scale(h.tids[t].key(), distance.scale)});
        }
        if (h.chunk != node::kNoChunk)
            put(pass, {key, -1 - with_scale(h.chunk, distance.scale)});
    }
}

// Takes the next row into `ahead`.
void fetch(PagePass* pass) {
    PassRow r;
    pass->ended = !take(pass, &r);
    if (pass->ended)
        return;
    pass->ahead = hnsw::Found{};
    pass->ahead.order = node::order_of_key(r.key);
    pass->ahead.slot = node::slot_of_key(r.key);
    pass->ahead.chunk = node::kNoChunk;
    const std::int64_t what = r.what < 0 ? -1 - r.what : r.what;
    const std::uint64_t id = static_cast<std::uint64_t>(what) & kIdMask;
    pass->ahead.scale = scale_of(what);
    if (r.what < 0) {
        pass->ahead.chunk = static_cast<node::ChunkId>(id);
    } else {
        pass->ahead.tid_count = 1;
        pass->ahead.tids[0] = node::tid_of_key(id);
    }
}

}  // namespace

void begin_page_pass(PagePass* pass, Relation index, const PassWanted& wanted) {
    pass->begun = true;
    pass->room = 1024;
    pass->rows = static_cast<PassRow*>(palloc(pass->room * sizeof(PassRow)));
    const BufferAccessStrategy strategy = GetAccessStrategy(BAS_BULKREAD);
    const BlockNumber blocks = RelationGetNumberOfBlocks(index);
    PageWalk walk;
    begin_page_walk(&walk, index, node::kMetaBlock + 1, blocks, strategy, false);
    for (Buffer buffer; BufferIsValid(buffer = next_page(&walk));) {
        CHECK_FOR_INTERRUPTS();
        const BlockNumber block = BufferGetBlockNumber(buffer);
        LockBuffer(buffer, BUFFER_LOCK_SHARE);
        const Page page = BufferGetPage(buffer);
        if (!PageIsNew(page)) {  // one that a crash left behind an extension
            const auto kind = static_cast<node::PageKind>(page::trailer_of(page)->kind);
            const char* fault = page::fault_of(page, kind);
            if (unlikely(fault != nullptr))
                index::report_corrupt(index, block, fault);
            if (kind == node::PageKind::kSlots)
                read_page(pass, wanted, index, block, page);
        }
        UnlockReleaseBuffer(buffer);
    }
    end_page_walk(&walk);
    FreeAccessStrategy(strategy);
    rows_are_complete(pass);
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
    if (pass->rows != nullptr)
        pfree(pass->rows);
    if (pass->sort != nullptr) {
        tuplesort_end(pass->sort);
        ExecDropSingleTupleTableSlot(pass->into);
        ExecDropSingleTupleTableSlot(pass->out_of);
    }
    *pass = {};
}

}  // namespace vg::pg::lid_hnsw
