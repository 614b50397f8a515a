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
// too late then.
const hnsw::Found* node_ahead(const ScanState* s) {
    return s->pass.begun ? peek_pass(&s->pass) : s->search.peek_result();
}

// Whether `current` comes where it belongs whatever the operator makes of it: its rows have one
// value, and no other node may have the same.
bool comes_alone(const ScanState* s) {
    if (s->range.low < s->given || s->range.low <= s->reached)
        return false;
    const hnsw::Found& f = s->current;
    if (!s->query.geometry().exact() && (f.tid_count != 1 || f.chunk != node::kNoChunk))
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

// Asks the operator about a row of the node at hand, and lets it wait for its turn unless that is
// over.
void look_at_row(IndexScanDesc scan, ScanState* s, const TidPlace& place) {
    CHECK_FOR_INTERRUPTS();
    if (s->skip_dead && place.tid.dead_row())
        return;
    check_heap_tid(scan, s, place.tid);
    double value;
    switch (operator_value_of_row(scan, s->query_vector, &s->rows, place.tid, &value)) {
        case index::RowSeen::kYes:
            if (value >= s->given)
                s->ties.push(s->current, place.chunk, place.tid, value);
            break;
        case index::RowSeen::kNo:
            break;
        case index::RowSeen::kByNone:
            if (!scan->xactStartedInRecovery)
                s->dead.mark(scan->indexRelation, s->query.geometry(), place);
            break;
    }
}

void open_rows(IndexScanDesc scan, ScanState* s) {
    if (s->rows_open)
        return;
    const MemoryContext old = MemoryContextSwitchTo(s->context);
    index::begin_heap_rows(&s->rows, scan->heapRelation, scan->indexRelation);
    s->rows_open = true;
    MemoryContextSwitchTo(old);
}

void look_at_rows(IndexScanDesc scan, ScanState* s) {
    open_rows(scan, s);
    const hnsw::Found& f = s->current;
    for (int i = 0; i < f.tid_count; ++i)
        look_at_row(scan, s, {f.slot, node::kNoChunk, f.tids[i]});
    node::Tid tid;
    s->more.start(f.slot, f.chunk);
    while (s->more.next(s->pages, &tid))
        look_at_row(scan, s, {f.slot, s->more.chunk(), tid});
}

// Asks the operator about the node at hand.
void ask_operator(IndexScanDesc scan, ScanState* s) {
    if (!s->query.geometry().exact()) {
        look_at_rows(scan, s);
        return;
    }
    const double value =
        operator_value(scan, s->query_vector, s->query.geometry(), s->current.slot, s->copy);
    if (value >= s->given)
        s->ties.push(s->current, value);
}

void take_tie(ScanState* s) {
    const NearTies::Tie tie = s->ties.take();
    s->current = tie.node;
    s->chunk = tie.chunk;
    s->range = {tie.value, tie.value, tie.value};
    s->given = tie.value;
}

// The next node that comes in order, with the operator's own values where ours do not tell.
bool next_node_by_operator(IndexScanDesc scan, ScanState* s) {
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        if (!s->ties.empty() && !may_come_before(s, s->ties.first_value())) {
            take_tie(s);
            return true;
        }
        if (!pull_node(scan->indexRelation, s)) {
            if (s->ties.empty())
                return false;
            continue;
        }
        s->chunk = node::kNoChunk;
        s->range = s->query.value_range(s->current.order, s->current.scale);
        if (s->range.high < s->given)
            continue;
        if (s->ties.empty() && comes_alone(s)) {
            s->given = s->range.high;
            return true;
        }
        ask_operator(scan, s);
    }
}

// The next node that comes in order by our own distances.
bool next_node_by_range(Relation index, ScanState* s) {
    do {
        if (!pull_node(index, s))
            return false;
        s->range = s->query.value_range(s->current.order, s->current.scale);
    } while (s->range.low < s->given);
    s->given = s->range.low;
    return true;
}

}  // namespace

bool next_node(IndexScanDesc scan, ScanState* s) {
    const bool by_operator = s->query.bounds_the_operator() && !s->null_query;
    if (!(by_operator ? next_node_by_operator(scan, s)
                      : next_node_by_range(scan->indexRelation, s)))
        return false;
    s->reached = std::max(s->reached, s->range.high);
    // In other storages rows may still come whose lower bound lies before that of one handed out.
    if (s->query.geometry().exact())
        s->last_order = s->current.order;
    return true;
}

}  // namespace vg::pg::lid_hnsw
