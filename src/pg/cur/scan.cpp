// Index scans: the callbacks, and the scan that they drive. A scan spends its budget of scorer
// calls before it returns the first row (scan_search.cpp), then returns what was scored by exact
// distance (scan_results.h). An iterative scan goes on with another budget when those rows are
// gone.
//
// Locks: a share lock on one page at a time; none, and no pin, during a scorer call.
// Ownership: the scan is one C++ object in a memory context of its own under the scan's. It calls
// out to PostgreSQL through call_pg; the callbacks below own nothing and may ereport.

#include "pg/boundary/pg.h"

#include "pg/cur/cur.h"

#include <algorithm>

#include "pg/boundary/context.h"
#include "pg/cur/scan_search.h"
#include "pg/index/access_method.h"

namespace vg::pg::cur {
namespace {

// In strict order the nearest row that waits is returned once so many times as many rows were
// scored: predictions choose those, and the farther they reach the fewer rows that are nearer come
// too late.
constexpr std::size_t kLookAhead = 3;

bool in_strict_order() {
    return cur_iterative_scan == static_cast<int>(IterativeScan::kStrict);
}

class Scan {
  public:
    explicit Scan(MemoryContext context)
        : context_(context), scoring_(context), search_(&scoring_, &results_) {}
    Scan(const Scan&) = delete;
    Scan& operator=(const Scan&) = delete;

    void restart();
    // The next row; false at the end. The first call starts the scan.
    bool next(IndexScanDesc scan, Result* out);
    void close() { scoring_.end(); }
    bool running() const { return running_; }

    MemoryContext context() const { return context_; }
    ScanRow last_row() const { return {last_.distance, last_.null, scoring_.spent()}; }

  private:
    void start(IndexScanDesc scan);
    bool find_next(IndexScanDesc scan, Result* out);
    bool find_more(Relation index);
    bool looks_further() const;
    bool load_null_page(Relation index);

    MemoryContext context_;
    bool running_ = false;
    Results results_;
    Scoring scoring_;
    ScanSearch search_;
    bool emitted_ = false;  // last_ was returned, and rows before it come too late
    Result last_{};

    bool null_query_ = false;
    vg::cur::MetaData null_meta_{};
    BlockNumber null_block_ = 0;
};

void Scan::restart() {
    running_ = emitted_ = null_query_ = false;
    results_.clear();
    scoring_.reset();
    search_.reset();
}

void Scan::start(IndexScanDesc scan) {
    running_ = true;
    const Relation index = scan->indexRelation;
    if (scan->orderByData->sk_flags & SK_ISNULL) {
        null_query_ = true;
        null_meta_ = call_pg([=] { return read_cur_meta(index); });
        null_block_ = vg::cur::kPendingHead;
        return;
    }
    scoring_.begin(scan->heapRelation, index, scan->xs_snapshot, scan->orderByData->sk_argument);
    search_.run(index);
}

bool Scan::find_more(Relation index) {
    return null_query_ ? load_null_page(index) : search_.run_more(index);
}

bool Scan::looks_further() const {
    return in_strict_order() && !null_query_ &&
           scoring_.spent() < kLookAhead * (results_.taken() + 1);
}

bool Scan::find_next(IndexScanDesc scan, Result* out) {
    for (;;) {
        while (looks_further() && find_more(scan->indexRelation)) {
        }
        if (results_.waiting()) {
            *out = results_.take();
            // What would come too late is left out, except where the order is free.
            if (in_strict_order() && emitted_ && comes_before(*out, last_))
                continue;
            return true;
        }
        if (!find_more(scan->indexRelation))
            return false;
    }
}

bool Scan::next(IndexScanDesc scan, Result* out) {
    if (!running_)
        start(scan);
    if (!find_next(scan, out))
        return false;
    emitted_ = !null_query_;
    last_ = *out;
    if (null_query_)
        scoring_.check_tid(scan->heapRelation, scan->indexRelation, out->tid);
    return true;
}

// A query of NULL: every distance is NULL, and all rows come in any order, without a call. Reads
// pages until one has rows.
bool Scan::load_null_page(Relation index) {
    const BlockNumber blocks = call_pg([=] { return RelationGetNumberOfBlocks(index); });
    results_.clear();
    while (!results_.waiting() && null_block_ < blocks) {
        poll_interrupts();
        std::uint16_t kind = 0;
        const Buffer buffer = call_pg(
            [index, block = null_block_++, at = &kind] { return read_any_page(index, block, at); });
        const Page page = BufferGetPage(buffer);
        const bool pending = is_kind(kind, vg::cur::kPendingPage);
        if (pending || is_kind(kind, vg::cur::kItemsPage)) {
            const node::Tid* tids = pending ? pending_tids(page) : item_tids(page);
            const std::uint32_t used =
                pending ? pending_used(page) : items_used(items_of(null_meta_), page);
            for (std::uint32_t i = 0; i < used; ++i) {
                if (tids[i].offset != 0)
                    results_.add({0, true, tids[i]});
            }
        }
        let_go(buffer);
    }
    return results_.waiting();
}

// ---- callbacks --------------------------------------------------------------------------------

Scan* scan_of(IndexScanDesc scan) {
    return static_cast<Scan*>(scan->opaque);
}

}  // namespace

IndexScanDesc cur_beginscan(Relation index, int keys, int orderbys) {
    IndexScanDesc scan = index::begin_ordering_scan(index, keys, orderbys);
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "cur scan", ALLOCSET_DEFAULT_SIZES);
    scan->opaque = enter_cpp([&] { return new_in_context<Scan>(context, context); });
    return scan;
}

void cur_rescan(IndexScanDesc scan, ScanKey keys, int, ScanKey orderbys, int) {
    scan_of(scan)->restart();
    index::take_scan_keys(scan, keys, orderbys);
}

bool cur_gettuple(IndexScanDesc scan, ScanDirection direction) {
    Assert(ScanDirectionIsForward(direction));
    Scan* const s = scan_of(scan);
    if (!s->running())
        index::start_ordering_scan(scan);
    Result row;
    const MemoryContext old = MemoryContextSwitchTo(s->context());
    const bool found = enter_cpp([&] { return s->next(scan, &row); });
    MemoryContextSwitchTo(old);
    if (!found)
        return false;
    scan->xs_heaptid = index::from_tid(row.tid);
    scan->xs_recheck = false;
    scan->xs_recheckorderby = false;
    return true;
}

ScanRow cur_scan_row(IndexScanDesc scan) {
    return scan_of(scan)->last_row();
}

void cur_endscan(IndexScanDesc scan) {
    Scan* const s = scan_of(scan);
    enter_cpp([&] { s->close(); });
    MemoryContextDelete(s->context());
    scan->opaque = nullptr;
}

}  // namespace vg::pg::cur
