// Index scans. A scan spends its budget of scorer calls before it returns the first row, then
// returns what was scored by exact distance. Rows are fetched under the scan's snapshot before a
// call is spent on them. Order of what is scored: pending rows, rows that the seed function names,
// anchor items, then rounds of the rows with the best predictions (core/cur/search.h). A table with
// no more rows than the budget ends up scored in full.
//
// Locks: a share lock on one page at a time; none, and no pin, during a scorer call.

#include "pg/boundary/pg.h"

#include "pg/cur/cur.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <vector>

extern "C" {
#include "pgstat.h"
}

#include "core/cur/search.h"
#include "pg/boundary/access_method.h"
#include "pg/boundary/context.h"
#include "pg/cur/fetch.h"
#include "pg/cur/fingerprint.h"
#include "pg/cur/pages.h"
#include "pg/cur/scorer.h"

namespace vg::pg {
namespace {

struct Result {
    double distance;
    bool null;
    node::Tid tid;
};

// As the executor sorts float8: NaN behind everything, NULL behind that; ties by TID.
bool before(const Result& a, const Result& b) {
    if (a.null != b.null)
        return b.null;
    if (!a.null) {
        const bool nan_a = std::isnan(a.distance);
        const bool nan_b = std::isnan(b.distance);
        if (nan_a != nan_b)
            return nan_b;
        if (!nan_a && a.distance != b.distance)
            return a.distance < b.distance;
    }
    return a.tid.key() < b.tid.key();
}

// A row waiting to be scored, with what the search wants to know about it afterwards.
struct Wanted {
    node::Tid tid;
    cur::Candidate candidate;  // row == nullptr: the search learns nothing from it
    bool picked;               // by its prediction
    std::size_t row_at;        // place of its latent bytes in ScanState::rows
};

// Rows asked for from the heap between two looks at how many calls are spent.
constexpr std::size_t kFetchRows = 1024;

// Lives in its own context under the scan; destructors run when that is deleted.
struct ScanState {
    MemoryContext context = nullptr;
    MemoryContext batch_context = nullptr;
    bool running = false;
    bool has_fetch = false;
    CurFetch fetch{};
    CurScorer scorer{};
    Datum query = 0;

    cur::MetaData meta{};
    std::size_t spent = 0;   // scorer calls
    std::size_t budget = 0;  // spent at most before the next rows are returned
    cur::Codec codec;
    std::optional<cur::Search> search;
    bool pending_done = false;
    bool done = false;  // no row is left that was not scored

    std::vector<Wanted> wanted;
    std::vector<std::byte> rows;  // latent bytes of wanted rows
    std::vector<Datum> items;
    std::vector<node::Tid> tids;       // of the items
    std::vector<std::size_t> visible;  // positions in wanted of the items
    std::vector<double> distances;
    std::vector<char> nulls;

    std::vector<Result> results;
    std::size_t next_result = 0;
    bool emitted = false;
    Result last{};

    bool null_query = false;
    BlockNumber null_block = 0;
};

// ---- scoring ----------------------------------------------------------------------------------

void note_result(ScanState* s, const Wanted& w, double distance, bool null) {
    s->results.push_back({distance, null, w.tid});
    if (w.candidate.row == nullptr)
        return;
    const double score = null ? std::nan("") : -distance;
    cur::Candidate c = w.candidate;
    c.row = s->rows.data() + w.row_at;
    if (w.picked)
        s->search->record(c, score);
    else
        s->search->learn(c.id, c.mean, c.row, score);
}

// Scores the visible ones of the wanted rows, at most `calls` of them. Returns whether that were
// all; the rest is forgotten, and may be wanted again.
bool score_wanted(ScanState* s, std::size_t calls) {
    enter_cpp([&] {
        s->items.clear();
        s->tids.clear();
        s->visible.clear();
    });
    std::size_t at = 0;
    for (; at < s->wanted.size() && s->items.size() < calls; ++at) {
        CHECK_FOR_INTERRUPTS();
        Datum item;
        const node::Tid tid = s->wanted[at].tid;
        const bool visible = fetch_item(&s->fetch, tid, s->batch_context, &item);
        enter_cpp([&] {
            s->search->mark(tid.key());
            if (!visible)
                return;
            s->items.push_back(item);
            s->tids.push_back(tid);
            s->visible.push_back(at);
        });
    }
    const bool all = at == s->wanted.size();
    const std::size_t n = s->items.size();
    enter_cpp([&] {
        s->distances.resize(n);
        s->nulls.resize(n);
    });
    call_scorer(&s->scorer, s->query, s->items.data(), s->tids.data(), static_cast<int>(n),
                s->distances.data(), reinterpret_cast<bool*>(s->nulls.data()));
    s->spent += n;
    enter_cpp([&] {
        for (std::size_t i = 0; i < n; ++i)
            note_result(s, s->wanted[s->visible[i]], s->distances[i], s->nulls[i] != 0);
        s->wanted.clear();
        s->rows.clear();
    });
    MemoryContextReset(s->batch_context);
    return all;
}

// ---- which rows -------------------------------------------------------------------------------

void want_pending(ScanState* s, const node::Tid* tids, std::uint32_t n) {
    // Newest last on a page, and first to be scored.
    for (std::uint32_t i = n; i > 0; --i) {
        const node::Tid tid = tids[i - 1];
        if (!s->search->seen(tid.key()))
            s->wanted.push_back({tid, cur::Candidate{tid.key(), 0, 0, nullptr}, false, 0});
    }
}

void want_latent(ScanState* s, const node::Tid& tid, const cur::Candidate& c, bool picked) {
    const std::size_t at = s->rows.size();
    s->rows.insert(s->rows.end(), c.row, c.row + s->meta.row_bytes);
    s->wanted.push_back({tid, c, picked, at});
}

// Pending rows until so many calls are spent.
void score_pending(Relation index, ScanState* s, std::size_t until) {
    s->pending_done = true;
    for (BlockNumber block = cur::kPendingHead; block != cur::kNoBlock;) {
        const Buffer buffer = read_page(index, block, cur::kPendingPage, BUFFER_LOCK_SHARE);
        const Page page = BufferGetPage(buffer);
        enter_cpp([&] { want_pending(s, pending_tids(page), pending_used(page)); });
        block = pending_header(page)->next;
        UnlockReleaseBuffer(buffer);
        if (!score_wanted(s, until - std::min(until, s->spent)))
            s->pending_done = false;
    }
}

// A page of items, under its lock.
struct ItemsPage {
    const node::Tid* tids;
    const float* means;
    const std::byte* rows;
    std::uint32_t used;
    std::uint32_t row_bytes;
};

ItemsPage view_items(const ScanState* s, Page page) {
    const cur::ItemsLayout l = items_of(s->meta);
    return {item_tids(page), item_means(l, page), item_rows(l, page), items_used(l, page),
            l.row_bytes};
}

void want_item(ScanState* s, const ItemsPage& page, std::uint32_t i) {
    const std::uint64_t key = page.tids[i].key();
    if (!s->search->seen(key))
        want_latent(s, page.tids[i],
                    {key, page.means[i], 0, page.rows + std::size_t{i} * page.row_bytes}, false);
}

// Shows all pages of items, until fn says that it has seen enough.
template <typename Fn>
void each_items_page(Relation index, const ScanState* s, Fn&& fn) {
    PageWalk walk;
    begin_page_walk(&walk, index, s->meta.model_block, RelationGetNumberOfBlocks(index), nullptr,
                    false);
    bool more = true;
    std::uint16_t kind;
    for (Buffer buffer; more && BufferIsValid(buffer = next_any_page(&walk, &kind));) {
        CHECK_FOR_INTERRUPTS();
        if (kind == static_cast<std::uint16_t>(cur::kItemsPage)) {
            const ItemsPage page = view_items(s, BufferGetPage(buffer));
            more = enter_cpp([&] { return fn(page); });
        }
        UnlockReleaseBuffer(buffer);
    }
    end_page_walk(&walk);
}

// Rows of the items among the TIDs (sorted): one look at every page's.
void want_seeds(Relation index, ScanState* s, const std::uint64_t* keys, std::size_t n) {
    std::size_t found = 0;
    if (n == 0)
        return;
    each_items_page(index, s, [&](const ItemsPage& page) {
        for (std::uint32_t i = 0; i < page.used; ++i) {
            if (std::binary_search(keys, keys + n, page.tids[i].key())) {
                ++found;
                want_item(s, page, i);
            }
        }
        return found < n;
    });
}

void score_seeds(IndexScanDesc scan, ScanState* s, std::size_t calls) {
    const MemoryContext old = MemoryContextSwitchTo(s->batch_context);
    int n;
    ItemPointer tids = call_seed(&s->scorer, s->query, static_cast<int>(calls), &n);
    auto* keys = static_cast<std::uint64_t*>(palloc(sizeof(std::uint64_t) * (n + 1)));
    std::size_t count = 0;
    for (int i = 0; i < n; ++i) {
        if (root_of(scan->heapRelation, &tids[i]))
            keys[count++] = to_tid(tids[i]).key();
    }
    MemoryContextSwitchTo(old);
    std::sort(keys, keys + count);
    want_seeds(scan->indexRelation, s, keys, count);
    score_wanted(s, calls);
}

void score_anchor_items(Relation index, ScanState* s, std::size_t calls) {
    const CurCache* cache = cur_cache(index, s->meta);
    const std::uint32_t count = cache->anchor_items;
    auto* refs = static_cast<cur::AnchorRef*>(
        MemoryContextAlloc(s->context, sizeof(cur::AnchorRef) * (count + 1)));
    std::memcpy(refs, cache->anchors(), sizeof(cur::AnchorRef) * count);
    const std::size_t until = s->spent + calls;
    for (std::uint32_t i = 0; i < count && s->spent < until;) {
        // As many as are still wanted; invisible ones are replaced by the next in the list.
        for (; i < count && s->wanted.size() < until - s->spent; ++i) {
            const Buffer buffer =
                read_page(index, refs[i].block, cur::kItemsPage, BUFFER_LOCK_SHARE);
            const ItemsPage page = view_items(s, BufferGetPage(buffer));
            const std::uint32_t slot = refs[i].slot;
            if (slot < page.used && page.tids[slot] == refs[i].tid)
                enter_cpp([&] { want_item(s, page, slot); });
            UnlockReleaseBuffer(buffer);
        }
        score_wanted(s, until - s->spent);
    }
    pfree(refs);
}

node::Tid tid_of_key(std::uint64_t key) {
    return {static_cast<std::uint16_t>(key >> 32), static_cast<std::uint16_t>(key >> 16),
            static_cast<std::uint16_t>(key)};
}

// One pass over all items.
void run_pass(Relation index, ScanState* s) {
    enter_cpp([&] { s->search->begin_pass(); });
    each_items_page(index, s, [&](const ItemsPage& page) {
        const node::Tid* tids = page.tids;
        s->search->offer(page.used, page.means, page.rows, [tids](std::size_t i) {
            return tids[i].offset != 0 ? tids[i].key() : cur::kNoId;
        });
        return true;
    });
    enter_cpp([&] { s->search->end_pass(); });
}

// Takes up to n candidates off the shortlist. False when there is none.
bool take_candidates(ScanState* s, std::size_t n) {
    return enter_cpp([&] {
        for (std::size_t i = 0; i < n; ++i) {
            const cur::Candidate* c = s->search->take();
            if (c == nullptr)
                break;
            want_latent(s, tid_of_key(c->id), *c, true);
        }
        return !s->wanted.empty();
    });
}

// Spends `calls` on the best predictions; fewer when no row is left.
void run_round(Relation index, ScanState* s, std::size_t calls) {
    const std::size_t until = s->spent + calls;
    enter_cpp([&] { s->search->solve(); });
    while (s->spent < until) {
        if (s->search->wants_pass())
            run_pass(index, s);
        if (!take_candidates(s, std::min(until - s->spent, kFetchRows))) {
            if (s->search->wants_pass())
                continue;
            s->done = true;
            return;
        }
        score_wanted(s, until - s->spent);
    }
}

// ---- the whole --------------------------------------------------------------------------------

void start_search(Relation index, ScanState* s) {
    const CurCache* cache = cur_cache(index, s->meta);
    enter_cpp([&] {
        const std::size_t d = s->meta.dims;
        s->codec = {static_cast<cur::Storage>(s->meta.storage), s->meta.dims, {}, {}};
        if (cache != nullptr) {
            s->codec.low.assign(cache->low(), cache->low() + d);
            s->codec.step.assign(cache->step(), cache->step() + d);
        }
        s->search.emplace(s->codec, s->meta.noise, static_cast<std::size_t>(cur_shortlist));
    });
}

void sort_results(ScanState* s) {
    std::sort(s->results.begin() + static_cast<std::ptrdiff_t>(s->next_result), s->results.end(),
              before);
}

void run_rounds(IndexScanDesc scan, ScanState* s) {
    Relation index = scan->indexRelation;
    // New rows get what the items leave, and half of the budget at least.
    const std::size_t items = std::min<std::size_t>(s->meta.live_items, s->budget);
    score_pending(index, s, std::max(s->budget - items, (s->budget + 1) / 2));

    const auto rounds = static_cast<std::size_t>(cur_rounds);
    const std::size_t first = cur::round_calls(s->budget, s->spent, rounds);
    const std::size_t first_end = s->spent + first;
    const double seeds = cur_seed_fraction * static_cast<double>(first);
    if (s->scorer.has_seed)
        score_seeds(scan, s, static_cast<std::size_t>(std::lround(seeds)));
    score_anchor_items(index, s, cur::anchor_calls(s->budget, s->spent, first_end - s->spent));
    for (std::size_t left = rounds > 1 ? rounds - 1 : 1; s->spent < s->budget && !s->done;
         left -= left > 1)
        run_round(index, s, cur::round_calls(s->budget, s->spent, left));
    if (s->spent < s->budget && !s->pending_done)
        score_pending(index, s, s->budget);
    const cur::Residuals& r = s->search->residuals();
    note_scan(index, {s->spent, r.count, r.squares, r.sum});
}

// The first batch of results.
void run_search(IndexScanDesc scan, ScanState* s) {
    s->meta = read_cur_meta(scan->indexRelation);
    note_scorer(scan->indexRelation, s->meta);
    s->budget = static_cast<std::size_t>(cur_budget);
    start_search(scan->indexRelation, s);
    if (s->meta.dims > 0) {
        run_rounds(scan, s);
    } else {
        score_pending(scan->indexRelation, s, s->budget);
        s->done = true;
    }
    sort_results(s);
}

// Another budget's worth of rows for an iterative scan; false when there is none.
bool run_more(Relation index, ScanState* s) {
    if (cur_iterative_scan == static_cast<int>(CurIterativeScan::kOff) ||
        s->spent >= static_cast<std::size_t>(cur_max_scan_calls) || (s->done && s->pending_done))
        return false;
    s->budget = std::min(s->spent + static_cast<std::size_t>(cur_budget),
                         static_cast<std::size_t>(cur_max_scan_calls));
    if (!s->done)
        run_round(index, s, s->budget - s->spent);
    if (s->spent < s->budget && !s->pending_done)
        score_pending(index, s, s->budget);
    sort_results(s);
    return s->next_result < s->results.size();
}

// ---- a query of NULL --------------------------------------------------------------------------

// Every distance is NULL: all rows, in any order, without a call. Page by page.
bool load_null_page(Relation index, ScanState* s) {
    const BlockNumber blocks = RelationGetNumberOfBlocks(index);
    s->results.clear();
    s->next_result = 0;
    while (s->results.empty() && s->null_block < blocks) {
        CHECK_FOR_INTERRUPTS();
        std::uint16_t kind;
        const Buffer buffer = read_any_page(index, s->null_block++, &kind);
        const Page page = BufferGetPage(buffer);
        const bool pending = kind == static_cast<std::uint16_t>(cur::kPendingPage);
        if (pending || kind == static_cast<std::uint16_t>(cur::kItemsPage)) {
            const node::Tid* tids = pending ? pending_tids(page) : item_tids(page);
            const std::uint32_t used =
                pending ? pending_used(page) : items_used(items_of(s->meta), page);
            enter_cpp([&] {
                for (std::uint32_t i = 0; i < used; ++i) {
                    if (tids[i].offset != 0)
                        s->results.push_back({0, true, tids[i]});
                }
            });
        }
        UnlockReleaseBuffer(buffer);
    }
    return !s->results.empty();
}

// ---- callbacks --------------------------------------------------------------------------------

void start(IndexScanDesc scan, ScanState* s) {
    if (scan->orderByData == nullptr || scan->numberOfOrderBys == 0)
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("cannot scan cur index without order"),
                        errhint("Add ORDER BY with the operator of the index's operator class.")));
    // TIDs are used after their page is unlocked: see vacuum.cpp.
    if (!IsMVCCSnapshot(scan->xs_snapshot))
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("non-MVCC snapshots are not supported with cur")));
    pgstat_count_index_scan(scan->indexRelation);
    count_index_search(scan);
    const MemoryContext old = MemoryContextSwitchTo(s->context);
    s->running = true;
    if (scan->orderByData->sk_flags & SK_ISNULL) {
        s->meta = read_cur_meta(scan->indexRelation);
        s->null_query = true;
        s->null_block = cur::kPendingHead;
    } else {
        if (!s->has_fetch) {
            begin_fetch(&s->fetch, scan->heapRelation, scan->indexRelation, scan->xs_snapshot);
            init_scorer(&s->scorer, scan->indexRelation, s->context);
            s->has_fetch = true;
        }
        s->fetch.snapshot = scan->xs_snapshot;
        s->query = scan->orderByData->sk_argument;
        run_search(scan, s);
    }
    MemoryContextSwitchTo(old);
}

bool more_results(IndexScanDesc scan, ScanState* s) {
    const MemoryContext old = MemoryContextSwitchTo(s->context);
    const bool more =
        s->null_query ? load_null_page(scan->indexRelation, s) : run_more(scan->indexRelation, s);
    MemoryContextSwitchTo(old);
    return more;
}

// In strict order the nearest row that waits is returned once so many times as many rows were
// scored: predictions choose those, and the farther they reach the fewer rows that are nearer come
// too late.
constexpr std::size_t kLookAhead = 3;

bool looks_further(const ScanState* s) {
    return cur_iterative_scan == static_cast<int>(CurIterativeScan::kStrict) && !s->null_query &&
           s->spent < kLookAhead * (s->next_result + 1);
}

bool next_result(IndexScanDesc scan, ScanState* s, Result* out) {
    for (;;) {
        while (looks_further(s) && more_results(scan, s)) {
        }
        if (s->next_result < s->results.size()) {
            *out = s->results[s->next_result++];
            // What would come too late is left out, except where the order is free.
            if (cur_iterative_scan == static_cast<int>(CurIterativeScan::kStrict) && s->emitted &&
                before(*out, s->last))
                continue;
            return true;
        }
        if (!more_results(scan, s))
            return false;
    }
}

bool gettuple(IndexScanDesc scan) {
    auto* s = static_cast<ScanState*>(scan->opaque);
    if (!s->running)
        start(scan, s);
    Result r;
    if (!next_result(scan, s, &r))
        return false;
    s->emitted = !s->null_query;
    s->last = r;
    if (s->null_query)
        check_heap_tid(scan->heapRelation, scan->indexRelation, &s->fetch.heap_blocks, r.tid);
    scan->xs_heaptid = from_tid(r.tid);
    scan->xs_recheck = false;
    scan->xs_recheckorderby = false;
    return true;
}

void stop(ScanState* s) {
    if (s->has_fetch)
        end_fetch(&s->fetch);
    s->has_fetch = false;
}

}  // namespace

IndexScanDesc cur_beginscan(Relation index, int keys, int orderbys) {
    IndexScanDesc scan = RelationGetIndexScan(index, keys, orderbys);
    if (orderbys > 0) {
        scan->xs_orderbyvals = static_cast<Datum*>(palloc0(sizeof(Datum) * orderbys));
        scan->xs_orderbynulls = static_cast<bool*>(palloc(sizeof(bool) * orderbys));
        std::fill_n(scan->xs_orderbynulls, orderbys, true);
    }
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "cur scan", ALLOCSET_DEFAULT_SIZES);
    scan->opaque = enter_cpp([&] {
        auto* s = new_in_context<ScanState>(context);
        s->context = context;
        return s;
    });
    auto* s = static_cast<ScanState*>(scan->opaque);
    s->batch_context = AllocSetContextCreate(context, "cur scan batch", ALLOCSET_DEFAULT_SIZES);
    return scan;
}

void cur_rescan(IndexScanDesc scan, ScanKey keys, int, ScanKey orderbys, int) {
    auto* s = static_cast<ScanState*>(scan->opaque);
    s->running = s->pending_done = s->done = s->emitted = s->null_query = false;
    s->spent = s->budget = 0;
    s->results.clear();
    s->next_result = 0;
    s->wanted.clear();
    s->rows.clear();
    s->search.reset();
    take_scan_keys(scan, keys, orderbys);
}

bool cur_gettuple(IndexScanDesc scan, ScanDirection direction) {
    Assert(ScanDirectionIsForward(direction));
    return enter_cpp([&] { return gettuple(scan); });
}

CurScanRow cur_scan_row(IndexScanDesc scan) {
    const auto* s = static_cast<const ScanState*>(scan->opaque);
    return {s->last.distance, s->last.null, s->spent};
}

void cur_endscan(IndexScanDesc scan) {
    auto* s = static_cast<ScanState*>(scan->opaque);
    stop(s);
    MemoryContextDelete(s->context);
    scan->opaque = nullptr;
}

}  // namespace vg::pg
