// In which order a scan hands out what its search or its pass has found: by the operator's own
// values, always. Where the index's own sums leave the place of a node open, the operator is asked
// (near_ties.h). A node that is found behind a farther one that was already handed out is left out,
// which is what recall measures.
// Locks: none but those of near_ties.h and page_pass.h. The last page that the search has read
// stays pinned. Everything here may ereport and owns nothing.

#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/scan_state.h"

#include <algorithm>

#include "pg/boundary/boundary.h"
#include "pg/boundary/memory.h"
#include "pg/index/report.h"

namespace vg::pg::lid_hnsw {

void run_round(ScanState* s) {
    store::run_round(s->reader, s->search, [s](node::SlotId id, const node::SlotView& slot) {
        s->search.expand(id, slot);
    });
}

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

void check_heap_tid(IndexScanDesc scan, ScanState* s, const node::Tid& tid) {
    if (unlikely(index::past_the_end(scan->heapRelation, &s->rows.blocks, tid)))
        index::report_corrupt(scan->indexRelation, s->query.geometry().block_of(s->current.slot),
                              "a heap TID lies past the end of the table");
}

namespace {

// Reads another batch of nodes, or begins the pass; false when all has been read.
bool read_on(Relation index, ScanState* s) {
    if (s->pass.begun)
        return false;
    if (s->search.expanded() >= s->pass_cost || s->search.bytes() > state_budget()) {
        begin_pass(index, s);
        return true;
    }
    if (!s->search.grow())
        return false;
    run_round(s);
    return true;
}

// The next node of those read so far, into s->current; false when none is left.
bool take_node(ScanState* s) {
    return s->pass.begun ? next_of_pass(&s->pass, &s->current) : s->search.take(&s->current);
}

// The node that will come next, as far as is known. Another may still be found before it, but comes
// too late then.
const hnsw::Found* node_ahead(const ScanState* s) {
    return s->pass.begun ? peek_pass(&s->pass) : s->search.peek_result();
}

// Whether no other node may have the value of `current`.
bool comes_alone(const ScanState* s) {
    if (s->range.low < s->given || s->range.low <= s->reached)
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

// Whether the rows of `current` have one value. Of a slot that was freed since the search read it,
// and taken by another row, nobody sees the rows that were found in it.
bool has_one_value(Relation index, ScanState* s) {
    const hnsw::Found& f = s->current;
    if (s->query.geometry().exact() || (f.tid_count == 1 && f.chunk == node::kNoChunk))
        return true;
    bool equal = false;
    page::LockedReader reader(index, s->query.geometry());
    store::with_slot(reader, f.slot, [&equal](const node::SlotView& slot) {
        equal = slot.vector().of_equal_rows();
    });
    return equal;
}

// Asks the operator about a row of the node at hand. False where the scan's snapshot does not see
// it.
bool value_of_row(IndexScanDesc scan, ScanState* s, const TidPlace& place, double* value) {
    CHECK_FOR_INTERRUPTS();
    if (s->skip_dead && place.tid.dead_row())
        return false;
    check_heap_tid(scan, s, place.tid);
    const index::RowSeen seen =
        operator_value_of_row(scan, s->query_vector, &s->rows, place.tid, value);
    if (seen == index::RowSeen::kByNone && !scan->xactStartedInRecovery)
        s->dead.mark(scan->indexRelation, s->query.geometry(), place);
    return seen == index::RowSeen::kYes;
}

void open_rows(IndexScanDesc scan, ScanState* s) {
    if (s->rows.fetch != nullptr)
        return;
    const MemoryContext old = MemoryContextSwitchTo(s->context);
    index::begin_heap_rows(&s->rows, scan->heapRelation, scan->indexRelation);
    MemoryContextSwitchTo(old);
}

// Reads rows of the node at hand from the table, until fn, called with the place and the value of
// each that the snapshot sees, returns false.
template <typename Fn>
void look_at_rows(IndexScanDesc scan, ScanState* s, Fn&& fn) {
    open_rows(scan, s);
    const hnsw::Found f = s->current;
    double value;
    for (int i = 0; i < f.tid_count; ++i) {
        const TidPlace place{f.slot, node::kNoChunk, f.tids[i]};
        if (value_of_row(scan, s, place, &value) && !fn(place, value))
            return;
    }
    TidPlace place{f.slot, node::kNoChunk, {}};
    s->more.start(f.slot, f.chunk);
    while (s->more.next(s->pages, &place.tid)) {
        place.chunk = s->more.chunk();
        if (value_of_row(scan, s, place, &value) && !fn(place, value))
            return;
    }
}

// Asks the operator about the node at hand, and lets it wait for its turn, or its rows one by one,
// unless that is over.
void ask_operator(IndexScanDesc scan, ScanState* s) {
    const auto node_waits = [s](double value) {
        if (value >= s->given)
            s->ties.push(s->current, value);
    };
    if (s->query.geometry().exact()) {
        node_waits(
            operator_value(scan, s->query_vector, s->query.geometry(), s->current.slot, s->copy));
    } else if (has_one_value(scan->indexRelation, s)) {
        look_at_rows(scan, s, [&](const TidPlace&, double value) {
            node_waits(value);
            return false;
        });
    } else {
        look_at_rows(scan, s, [s](const TidPlace& place, double value) {
            if (value >= s->given)
                s->ties.push(s->current, place.chunk, place.tid, value);
            return true;
        });
    }
}

void take_tie(ScanState* s) {
    const NearTies::Tie tie = s->ties.take();
    s->current = tie.node;
    s->chunk = tie.chunk;
    s->range = {tie.value, tie.value, tie.value};
    s->given = tie.value;
}

// Of the nodes read so far, the next one that comes in order, with the operator's own values where
// ours do not tell; false when none is left.
bool next_known_node(IndexScanDesc scan, ScanState* s) {
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        if (!s->ties.empty() && !may_come_before(s, s->ties.first_value())) {
            take_tie(s);
            return true;
        }
        if (!take_node(s))
            return false;
        s->chunk = node::kNoChunk;
        s->range = s->query.value_range(s->current.order, s->current.scale);
        if (s->range.high < s->given)
            continue;
        if (s->ties.empty() && comes_alone(s) && has_one_value(scan->indexRelation, s)) {
            s->given = s->range.high;
            return true;
        }
        ask_operator(scan, s);
    }
}

// The same by our own distances.
bool next_known_node_by_range(ScanState* s) {
    s->chunk = node::kNoChunk;
    do {
        if (!take_node(s))
            return false;
        s->range = s->query.value_range(s->current.order, s->current.scale);
    } while (s->range.low < s->given);
    s->given = s->range.low;
    return true;
}

bool next_known(IndexScanDesc scan, ScanState* s) {
    if (s->any_order) {
        s->range = {};
        return take_node(s);
    }
    return s->query.bounds_the_operator() ? next_known_node(scan, s) : next_known_node_by_range(s);
}

}  // namespace

bool next_node(IndexScanDesc scan, ScanState* s) {
    Relation index = scan->indexRelation;
    for (;;) {
        const bool enough = s->pass.begun || s->search.may_hand_out();
        if (!enough && read_on(index, s))
            continue;
        if (next_known(scan, s))
            break;
        if (!read_on(index, s))
            return false;
    }
    s->search.count_handed_out();
    s->reached = std::max(s->reached, s->range.high);
    // In other storages rows may still come whose lower bound lies before that of one handed out.
    if (s->query.geometry().exact() && !s->any_order)
        s->last_order = s->current.order;
    return true;
}

}  // namespace vg::pg::lid_hnsw
