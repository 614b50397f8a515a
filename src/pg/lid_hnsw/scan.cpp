// Index scans: pulls rows from a BeamSearch until the executor stops asking. A scan that has gone
// far, because its filter is rare or its LIMIT long, ends with one pass over the pages
// (page_pass.h). Rows come by increasing distance, always: one that is found behind a farther one
// that was already handed out is left out, which is what recall measures. Locks: a share lock on
// one page at a time, released before the next; the last page stays pinned. A slot may be reused by
// another row between the reading of a link and the visit; that is harmless (README,
// "Concurrency").

#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/lid_hnsw.h"
#include "pg/lid_hnsw/options.h"
#include "pg/lid_hnsw/state.h"

#include <algorithm>
#include <limits>

#include "core/hnsw/beam_search.h"
#include "core/store/tids.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/context.h"
#include "pg/boundary/memory.h"
#include "pg/index/access_method.h"
#include "pg/index/report.h"
#include "pg/lid_hnsw/dead_rows.h"
#include "pg/lid_hnsw/near_ties.h"
#include "pg/lid_hnsw/page_pass.h"
#include "pg/page/buffer_store.h"
#include "pg/page/page.h"
#include "pg/page/slot_reads.h"
#include "pg/types/vector.h"

extern "C" {
#include "pgstat.h"
}

namespace vg::pg {
namespace {

// Lives in its own context under the scan; destructors run when that is deleted.
struct ScanState {
    ScanState(Relation index, const IndexState& s)
        : query(s.geometry, s.metric, s.rotation, s.centre.data()),
          search(query),
          reader(index, s.geometry),
          pages(index, s.geometry, s.build_id) {}

    MemoryContext context = nullptr;
    node::NodeQuery query;
    hnsw::BeamSearch search;
    PinnedReader reader;
    bool running = false;
    std::uint64_t pass_cost = 0;
    PagePass pass{};       // instead of the search, once begun
    float last_order = 0;  // of the last node handed out
    bool null_query = false;
    BlockNumber heap_blocks = 0;  // at least, as far as we know

    // Values of the operator that the rows handed out so far may have: no further row may lie below
    // `given`, and one that lies below `reached` might tie with one of them.
    double given = 0;
    double reached = 0;
    node::ValueRange range{};    // of `current`
    bool certain = false;        // whether `current` comes where its value belongs
    NearTies ties;               // read from the search or the pass, and still to be handed out
    Vector* copy = nullptr;      // for the operator, in exact storage
    Datum query_vector = 0;      // the other operand, in one piece
    Vector* unpacked = nullptr;  // its memory, where the query came compressed

    // Heap TIDs of the current result that are still to be returned.
    hnsw::Found current{};
    int next_tid = 0;
    store::TidReader more;  // from overflow chunks
    BufferStore pages;      // where those are

    bool skip_dead = false;  // TIDs that are marked
    TidPlace given_out{};    // the last TID
    DeadRows dead;
};

void run_round(ScanState* s) {
    store::run_round(s->reader, s->search, [s](node::SlotId id, const node::SlotView& slot) {
        s->search.expand(id, slot);
    });
}

// Goes on with a pass over what was not handed out yet.
void begin_pass(Relation index, ScanState* s) {
    const MemoryContext old = MemoryContextSwitchTo(s->context);
    hnsw::SlotSet done;
    for (const hnsw::Found& f : s->search.found()) {
        if (f.handed_out)
            done.insert(f.slot);
    }
    s->search.forget();
    const PassWanted wanted{s->query, done, s->last_order, s->skip_dead};
    call_pg([&] { begin_page_pass(&s->pass, index, wanted); });
    MemoryContextSwitchTo(old);
}

// The operand of the scan. A query that comes compressed is unpacked once, not for every node that
// the operator is asked about.
void take_query(IndexScanDesc scan, ScanState* s, int dims) {
    if (s->unpacked != nullptr)
        pfree(s->unpacked);
    s->unpacked = nullptr;
    s->null_query = (scan->orderByData->sk_flags & SK_ISNULL) != 0;
    if (s->null_query) {
        auto* zero = static_cast<float*>(palloc0(dims * sizeof(float)));
        s->query.set_query(zero);
        pfree(zero);
        return;
    }
    s->query_vector = scan->orderByData->sk_argument;
    const Vector* vector = checked_vector(s->query_vector, dims);
    s->query.set_query(vector->x);
    if (vector_datum(vector) != s->query_vector) {
        s->unpacked = const_cast<Vector*>(vector);
        s->query_vector = vector_datum(vector);
    }
}

// A query of NULL has no neighbours: rows come in an arbitrary order, as from pgvector.
void begin_search(IndexScanDesc scan, ScanState* s) {
    Relation index = scan->indexRelation;
    s->dead.start(index);
    s->skip_dead = scan->ignore_killed_tuples;
    const node::MetaData meta = read_meta(index);
    take_query(scan, s, static_cast<int>(meta.dims));
    s->running = true;
    s->ties.clear();
    if (s->copy == nullptr && s->query.geometry().exact() && s->query.bounds_the_operator())
        s->copy = make_vector(static_cast<int>(meta.dims));
    s->last_order = -std::numeric_limits<float>::infinity();
    s->given = s->reached = -std::numeric_limits<double>::infinity();
    const std::uint64_t ever = meta.built_nodes + meta.inserted_nodes;
    const std::uint64_t nodes = ever - std::min(meta.removed_nodes, ever);
    s->pass_cost = pass_in_links(blocks_known(index), nodes);
    const auto ef = static_cast<std::size_t>(lid_hnsw_ef_search);
    s->search.set_root(meta.root);
    s->search.start_scan(meta.entry, meta.entry_level, ef);
    const node::NodeQuery& q = s->query;
    const std::size_t beam = hnsw::scan_beam(q.geometry().words, q.metric(), ef);
    // The beam would cost as much, or read all nodes anyway.
    if (lid_hnsw_exact_scan || beam >= s->pass_cost || nodes <= beam)
        begin_pass(index, s);
    else
        run_round(s);
}

// The next node by our own distances, into s->current; false when none is left.
bool pull_node(Relation index, ScanState* s) {
    for (;;) {
        if (s->pass.begun)
            return next_of_pass(&s->pass, &s->current);
        if (s->search.pop(&s->current))
            return true;
        if (s->search.expanded() >= s->pass_cost || s->search.bytes() > state_budget()) {
            begin_pass(index, s);
            continue;
        }
        if (!s->search.grow())
            return false;
        run_round(s);
    }
}

// The node that will come next, as far as is known. Another may still be found before it, but comes
// too late then if `current` is certain.
const hnsw::Found* node_ahead(const ScanState* s) {
    return s->pass.begun ? peek_pass(&s->pass) : s->search.peek_result();
}

// Whether no other node may have the value of `current`.
bool comes_alone(const ScanState* s) {
    if (s->range.low <= s->reached)
        return false;
    const hnsw::Found* ahead = node_ahead(s);
    if (ahead == nullptr)
        return s->pass.begun;
    return s->query.value_range(ahead->order, ahead->scale).low > s->range.high;
}

// Whether a node that is still to come may have a value as low as that, as far as is known.
bool may_come_before(const ScanState* s, double value) {
    const hnsw::Found* ahead = node_ahead(s);
    return ahead != nullptr && s->query.value_range(ahead->order, ahead->scale).low <= value;
}

// The next node that comes in order, with the operator's own values where ours may tie.
bool next_node_by_operator(IndexScanDesc scan, ScanState* s) {
    s->certain = true;
    for (;;) {
        if (!s->ties.empty() && !may_come_before(s, s->ties.first_value())) {
            const NearTies::Tie tie = s->ties.take();
            s->current = tie.node;
            s->range = {tie.value, tie.value, tie.value};
            s->given = tie.value;
            return true;
        }
        if (!pull_node(scan->indexRelation, s)) {
            if (s->ties.empty())
                return false;
            continue;
        }
        s->range = s->query.value_range(s->current.order, s->current.scale);
        if (s->range.high < s->given)
            continue;
        if (s->ties.empty() && s->range.low >= s->given && comes_alone(s)) {
            s->given = s->range.high;
            return true;
        }
        const double value =
            operator_value(scan, s->query_vector, s->query.geometry(), s->current.slot, s->copy);
        if (value >= s->given)
            s->ties.push(s->current, value);
    }
}

// The next node that comes in order by our own distances; the executor rechecks what is not
// certain.
bool next_node_by_range(Relation index, ScanState* s) {
    do {
        if (!pull_node(index, s))
            return false;
        s->range = s->query.value_range(s->current.order, s->current.scale);
    } while (s->range.low < s->given);
    const bool bounded = s->query.bounds_the_operator();
    s->certain = !bounded || comes_alone(s);
    s->given = s->certain && bounded ? s->range.high : s->range.low;
    return true;
}

bool next_node(IndexScanDesc scan, ScanState* s) {
    if (!(s->copy != nullptr && !s->null_query ? next_node_by_operator(scan, s)
                                               : next_node_by_range(scan->indexRelation, s)))
        return false;
    s->reached = std::max(s->reached, s->range.high);
    s->last_order = s->current.order;
    return true;
}

// The next heap TID, marked or not, into given_out; false when no row is left.
bool next_tid(IndexScanDesc scan, ScanState* s) {
    TidPlace* out = &s->given_out;
    for (;;) {
        if (s->next_tid < s->current.tid_count) {
            *out = {s->current.slot, node::kNoChunk, s->current.tids[s->next_tid++]};
            return true;
        }
        if (s->more.next(s->pages, &out->tid)) {
            out->slot = s->current.slot;
            out->chunk = s->more.chunk();
            return true;
        }
        if (!next_node(scan, s)) {
            s->current = hnsw::Found{};  // asked again, there is still none
            return false;
        }
        s->next_tid = 0;
        s->more.start(s->current.slot, s->current.chunk);
    }
}

bool next_row(IndexScanDesc scan, ScanState* s, ItemPointerData* tid) {
    do {
        CHECK_FOR_INTERRUPTS();
        if (!next_tid(scan, s))
            return false;
    } while (s->skip_dead && s->given_out.tid.dead_row());
    *tid = from_tid(s->given_out.tid);
    return true;
}

// XX002 for a heap TID that no row of the table can have, which only damage brings: the table would
// be asked for a page that it has not, an I/O error.
void check_heap_tid(IndexScanDesc scan, ScanState* s) {
    const BlockNumber block = ItemPointerGetBlockNumberNoCheck(&scan->xs_heaptid);
    if (likely(block < s->heap_blocks) || scan->heapRelation == nullptr)
        return;
    s->heap_blocks = RelationGetNumberOfBlocks(scan->heapRelation);
    if (block >= s->heap_blocks)
        report_corrupt(scan->indexRelation, s->query.geometry().block_of(s->current.slot),
                       "a heap TID lies past the end of the table");
}

bool gettuple(IndexScanDesc scan) {
    auto* s = static_cast<ScanState*>(scan->opaque);
    if (!s->running) {
        start_ordering_scan(scan);
        const MemoryContext old = MemoryContextSwitchTo(s->context);
        begin_search(scan, s);
        MemoryContextSwitchTo(old);
    }
    if (scan->kill_prior_tuple)
        s->dead.mark(scan->indexRelation, s->query.geometry(), s->given_out);
    if (!next_row(scan, s, &scan->xs_heaptid)) {
        s->reader.release();
        return false;
    }
    check_heap_tid(scan, s);
    scan->xs_recheck = false;
    scan->xs_recheckorderby = !s->certain && !s->null_query;
    scan->xs_orderbyvals[0] = Float8GetDatum(s->certain ? s->range.value : s->range.low);
    scan->xs_orderbynulls[0] = s->null_query;
    return true;
}

}  // namespace

IndexScanDesc lid_hnsw_beginscan(Relation index, int keys, int orderbys) {
    IndexScanDesc scan = begin_ordering_scan(index, keys, orderbys);
    const IndexState& state = index_state(index);
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "lid_hnsw scan", ALLOCSET_DEFAULT_SIZES);
    scan->opaque = enter_cpp([&] {
        auto* s = new_in_context<ScanState>(context, index, state);
        s->context = context;
        return s;
    });
    return scan;
}

void lid_hnsw_rescan(IndexScanDesc scan, ScanKey keys, int nkeys, ScanKey orderbys, int norderbys) {
    auto* s = static_cast<ScanState*>(scan->opaque);
    s->reader.release();
    end_page_pass(&s->pass);
    s->running = false;
    s->current = hnsw::Found{};
    s->next_tid = 0;
    s->more.start(node::kNoSlot, node::kNoChunk);
    take_scan_keys(scan, keys, orderbys);
}

bool lid_hnsw_gettuple(IndexScanDesc scan, ScanDirection direction) {
    Assert(ScanDirectionIsForward(direction));
    return enter_cpp([&] { return gettuple(scan); });
}

void lid_hnsw_endscan(IndexScanDesc scan) {
    auto* s = static_cast<ScanState*>(scan->opaque);
    s->reader.release();
    end_page_pass(&s->pass);
    MemoryContextDelete(s->context);
    scan->opaque = nullptr;
}

}  // namespace vg::pg
