// Index scans: pulls rows from a BeamSearch until the executor stops asking. A scan that has gone
// far, because its filter is rare or its LIMIT long, ends with one pass over the pages
// (page_pass.h). Rows come in order, with the operator's own values (scan_order.cpp), so that the
// executor has nothing to check. Locks: a share lock on one page at a time, released before the
// next; the last page stays pinned. A slot may be reused by another row between the reading of a
// link and the visit; that is harmless (README, "Concurrency").

#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/lid_hnsw.h"
#include "pg/lid_hnsw/options.h"
#include "pg/lid_hnsw/scan_state.h"

#include <algorithm>
#include <limits>

#include "pg/boundary/boundary.h"
#include "pg/boundary/context.h"
#include "pg/index/access_method.h"
#include "pg/page/page.h"

namespace vg::pg::lid_hnsw {
namespace {

// The operand of the scan. A query that comes compressed is unpacked once, not for every node that
// the operator is asked about.
void take_query(IndexScanDesc scan, ScanState* s, int dims) {
    if (s->unpacked != nullptr)
        pfree(s->unpacked);
    s->unpacked = nullptr;
    s->null_query = (scan->orderByData->sk_flags & SK_ISNULL) != 0;
    s->any_order = s->null_query;
    if (s->null_query) {
        auto* zero = static_cast<float*>(palloc0(dims * sizeof(float)));
        s->query.set_query(zero);
        pfree(zero);
        return;
    }
    s->query_vector = scan->orderByData->sk_argument;
    const Vector* vector = checked_vector(s->query_vector, dims);
    s->query.set_query(vector->x);
    s->any_order = s->query.metric() == node::Metric::kCosine &&
                   std::all_of(vector->x, vector->x + dims, [](float x) { return x == 0; });
    if (vector_datum(vector) != s->query_vector) {
        s->unpacked = const_cast<Vector*>(vector);
        s->query_vector = vector_datum(vector);
    }
}

// A query of NULL has no neighbours, nor have zeros under cosine: rows come in an arbitrary order,
// as from pgvector.
void begin_search(IndexScanDesc scan, ScanState* s) {
    Relation index = scan->indexRelation;
    s->dead.start(index);
    s->skip_dead = scan->ignore_killed_tuples;
    const node::MetaData meta = page::read_meta(index);
    take_query(scan, s, static_cast<int>(meta.dims));
    s->running = true;
    s->ties.clear();
    if (s->copy == nullptr && s->query.geometry().exact() && s->query.bounds_the_operator())
        s->copy = make_vector(static_cast<int>(meta.dims));
    s->last_order = -std::numeric_limits<float>::infinity();
    s->given = s->reached = -std::numeric_limits<double>::infinity();
    const std::uint64_t ever = meta.built_nodes + meta.inserted_nodes;
    const std::uint64_t nodes = ever - std::min(meta.removed_nodes, ever);
    s->pass_cost = pass_in_links(page::blocks_known(index), nodes);
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

// The next heap TID, marked or not, into given_out; false when no row is left.
bool next_tid(IndexScanDesc scan, ScanState* s) {
    TidPlace* out = &s->given_out;
    for (;;) {
        if (s->next_tid < s->current.tid_count) {
            *out = {s->current.slot, s->chunk, s->current.tids[s->next_tid++]};
            return true;
        }
        if (s->more.next(s->pages, &out->tid)) {
            out->slot = s->current.slot;
            out->chunk = s->more.chunk();
            return true;
        }
        if (!next_node(scan, s)) {
            s->current = hnsw::Found{};  // asked again, there is still none
            s->more.start(node::kNoSlot, node::kNoChunk);
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
    *tid = index::from_tid(s->given_out.tid);
    return true;
}

bool gettuple(IndexScanDesc scan) {
    auto* s = static_cast<ScanState*>(scan->opaque);
    if (!s->running) {
        index::start_ordering_scan(scan);
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
    check_heap_tid(scan, s, s->given_out.tid);
    scan->xs_recheck = false;
    scan->xs_recheckorderby = false;
    scan->xs_orderbyvals[0] = Float8GetDatum(s->range.value);
    scan->xs_orderbynulls[0] = s->null_query;
    return true;
}

}  // namespace

IndexScanDesc lid_hnsw_beginscan(Relation index, int keys, int orderbys) {
    IndexScanDesc scan = index::begin_ordering_scan(index, keys, orderbys);
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
    s->chunk = node::kNoChunk;
    s->next_tid = 0;
    s->more.start(node::kNoSlot, node::kNoChunk);
    index::take_scan_keys(scan, keys, orderbys);
}

bool lid_hnsw_gettuple(IndexScanDesc scan, ScanDirection direction) {
    Assert(ScanDirectionIsForward(direction));
    return enter_cpp([&] { return gettuple(scan); });
}

void lid_hnsw_endscan(IndexScanDesc scan) {
    auto* s = static_cast<ScanState*>(scan->opaque);
    s->reader.release();
    end_page_pass(&s->pass);
    if (s->rows.fetch != nullptr)
        index::end_heap_rows(&s->rows);
    MemoryContextDelete(s->context);
    scan->opaque = nullptr;
}

}  // namespace vg::pg::lid_hnsw
