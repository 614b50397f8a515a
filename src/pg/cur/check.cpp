// cur_index_check: every page, item, pending row and anchor of an index; on demand every row of the
// table; and whether the scorer still is what the index was built with.
// Locks: pages are walked under the upkeep lock, so that nothing moves or goes; new rows may come
// (core/cur/audit.h) and scans go on. The scorer and the table come after that lock is given back:
// rows that a snapshot taken before the walk sees are all in the index that the walk saw, and stay
// what they are. The scorer runs as the table's owner, as in a build. Ownership: all containers are
// members of Check, which lives in a memory context; the functions own nothing and may ereport.

#include "pg/boundary/pg.h"

#include "pg/cur/cur.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "core/base/random.h"
#include "core/cur/audit.h"
#include "pg/boundary/arguments.h"
#include "pg/boundary/context.h"
#include "pg/boundary/result.h"
#include "pg/cur/anchors.h"
#include "pg/cur/fetch.h"
#include "pg/cur/fingerprint.h"
#include "pg/cur/pages.h"
#include "pg/cur/project.h"
#include "pg/index/locks.h"

namespace vg::pg::cur {
namespace {

constexpr int kMaxSamples = 100000;
// In standard deviations of scores: what models on other hardware or in other batches differ by is
// below, what another model says is above.
constexpr double kOtherScorer = 0.01;
// And what float4 loses of a score is no difference.
constexpr double kRoundOff = 1e-6;

struct Sample {
    node::Tid tid;
    float mean;
};

struct Check {
    Check(const index::OpenIndex& o, const vg::cur::MetaData& m, BlockNumber n, int wanted)
        : open(o),
          meta(m),
          layout(items_of(m)),
          blocks(n),
          samples(wanted),
          audit(m, n, page::kPageUsable, kInterruptPoll) {}

    index::OpenIndex open;
    vg::cur::MetaData meta;
    vg::cur::ItemsLayout layout;
    BlockNumber blocks;
    int samples;
    vg::cur::Audit audit;
    PGAlignedBlock page;

    Random random{0};
    std::uint64_t seen = 0;
    std::vector<Sample> sample;   // of the items
    std::vector<std::byte> rows;  // their latent bytes
    std::vector<float> stored;    // scratch: a latent vector of the index
    std::vector<float> fresh;     // scratch: and one of the scorer
    int sampled = 0;              // rows scored
    double batch_difference = 0;  // the largest, in deviations
    double score_difference = 0;
    std::uint64_t calls = 0;
};

void require(const Check* c, const vg::cur::Fault& f) {
    if (unlikely(f.what != nullptr))
        index::report_corrupt(c->open.index, f.block, f.what);
}

// ---- pages ------------------------------------------------------------------------------------

// Shows a page's items to the sample.
void sample_items(Check* c, std::uint32_t used) {
    const auto wanted = static_cast<std::uint64_t>(c->samples);
    for (std::uint32_t i = 0; i < used; ++i) {
        const node::Tid tid = item_tids(c->page.data)[i];
        if (tid.offset == 0)
            continue;
        const std::uint64_t at = reservoir_place(c->random, c->seen++, wanted);
        if (at == wanted)
            continue;
        if (at == c->sample.size()) {
            c->sample.push_back({});
            c->rows.resize(c->rows.size() + c->layout.row_bytes);
        }
        c->sample[at] = {tid, item_means(c->layout, c->page.data)[i]};
        std::memcpy(c->rows.data() + at * c->layout.row_bytes,
                    item_rows(c->layout, c->page.data) + std::size_t{i} * c->layout.row_bytes,
                    c->layout.row_bytes);
    }
}

void walk_pages(Check* c) {
    BufferAccessStrategy strategy = GetAccessStrategy(BAS_BULKREAD);
    PageWalk walk;
    begin_page_walk(&walk, c->open.index, vg::cur::kMetaBlock + 1, c->blocks, strategy, false);
    std::uint16_t kind;
    for (Buffer buffer; BufferIsValid(buffer = next_any_page(&walk, &kind));) {
        const BlockNumber block = BufferGetBlockNumber(buffer);
        std::memcpy(c->page.data, BufferGetPage(buffer), BLCKSZ);
        UnlockReleaseBuffer(buffer);
        const std::uint32_t used = kind == 0 ? 0 : page::trailer_of(c->page.data)->used;
        require(c, enter_cpp([&] {
                    return c->audit.add_page(block, static_cast<node::PageKind>(kind),
                                             page::data_of(c->page.data), used);
                }));
        if (kind == static_cast<std::uint16_t>(vg::cur::kItemsPage))
            enter_cpp([&] { sample_items(c, used); });
    }
    end_page_walk(&walk);
    FreeAccessStrategy(strategy);
}

void check_model(Check* c) {
    if (c->meta.dims == 0)
        return;
    auto* bytes =
        static_cast<std::byte*>(MemoryContextAllocHuge(CurrentMemoryContext, c->meta.model_bytes));
    read_model(c->open.index, c->meta, 0, c->meta.model_bytes, bytes);
    require(c, c->audit.add_model({bytes, c->meta.model_bytes}));
    pfree(bytes);
    load_anchors(c->open.index, c->meta, query_type(c->open.index));
}

void check_pages(Check* c) {
    walk_pages(c);
    const BlockNumber blocks = RelationGetNumberOfBlocks(c->open.index);
    require(c, enter_cpp([&] { return c->audit.finish(blocks); }));
    check_model(c);
    const bool any = c->audit.items() + c->audit.pending() > 0;
    if (any && c->audit.last_heap_block() >= RelationGetNumberOfBlocks(c->open.heap))
        index::report_corrupt(c->open.index, vg::cur::kMetaBlock,
                              "a row of the index lies beyond the end of the table");
}

// ---- the table --------------------------------------------------------------------------------

void check_row(ItemPointer tid, const Datum*, const bool* nulls, void* arg) {
    const auto* c = static_cast<const Check*>(arg);
    if (nulls[0] || c->audit.holds(index::to_tid(*tid)))
        return;
    index::report_missing_row(c->open, *tid);
}

// ---- the scorer -------------------------------------------------------------------------------

// How far the scores that a row gets now are from those it was indexed by: root mean square over
// the anchor queries, in deviations. Both went through the same rounding.
double difference(Check* c, Projector* p, int i, std::size_t sample) {
    if (!p->usable[i])
        return std::numeric_limits<double>::infinity();
    encode_item(p, i);
    p->codec.decode(p->row.data(), c->fresh.data());
    p->codec.decode(c->rows.data() + sample * c->layout.row_bytes, c->stored.data());
    const double mean = double{p->means[static_cast<std::size_t>(i)]} - c->sample[sample].mean;
    double sum = mean * mean;
    for (std::size_t d = 0; d < c->stored.size(); ++d) {
        const double x = double{c->fresh[d]} - c->stored[d];
        sum += x * x;
    }
    return std::sqrt(sum / c->meta.variance);
}

// One score of a row by the other scorer.
double batch_difference(const Check* c, Projector* p, int i) {
    const auto a = static_cast<std::size_t>(i) % c->meta.anchors;
    double distance;
    bool null;
    call_pointwise_scorer(&p->scorer, p->anchors[a], p->items[i], &distance, &null);
    const double batch = p->columns[static_cast<std::size_t>(i) * c->meta.anchors + a];
    const double apart = std::fabs(-distance - batch) - kRoundOff * std::fabs(batch);
    if (null || !std::isfinite(apart))
        return p->usable[i] ? std::numeric_limits<double>::infinity() : 0;
    return std::max(apart, 0.0) / std::sqrt(c->meta.variance);
}

void score_batch(Check* c, Projector* p, const std::size_t* samples) {
    score_items(p);
    enter_cpp([&] { project_items(p); });
    for (int i = 0; i < p->count; ++i) {
        c->score_difference = std::max(c->score_difference, difference(c, p, i, samples[i]));
        if (p->scorer.has_batch)
            c->batch_difference = std::max(c->batch_difference, batch_difference(c, p, i));
    }
    c->sampled += p->count;
    p->count = 0;
}

void check_scorer(Check* c, Snapshot snapshot, MemoryContext context) {
    Projector* p = new_projector(c->open.index, c->meta, context);
    MemoryContext batch = AllocSetContextCreate(context, "cur check batch", ALLOCSET_DEFAULT_SIZES);
    Fetch fetch;
    begin_fetch(&fetch, c->open.heap, c->open.index, snapshot);
    std::size_t samples[kProjectRows];
    enter_cpp([&] {
        c->stored.resize(c->meta.dims);
        c->fresh.resize(c->meta.dims);
    });
    for (std::size_t i = 0; i < c->sample.size(); ++i) {
        CHECK_FOR_INTERRUPTS();
        samples[p->count] = i;
        p->tids[p->count] = c->sample[i].tid;
        if (fetch_item(&fetch, c->sample[i].tid, batch, &p->items[p->count]))
            ++p->count;
        if (p->count == kProjectRows || (i + 1 == c->sample.size() && p->count > 0)) {
            score_batch(c, p, samples);
            MemoryContextReset(batch);
        }
    }
    end_fetch(&fetch);
    c->calls = p->scorer.calls;
}

void check_calls(const Check* c) {
    const double calls = std::min<double>(c->samples, static_cast<double>(c->meta.live_items)) *
                         (c->meta.anchors + 1.0);
    if (calls > cur_max_build_calls)
        ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                        errmsg("checking index \"%s\" would take %.0f scorer calls",
                               RelationGetRelationName(c->open.index), calls),
                        errdetail("cur.max_build_calls is %.0f.", cur_max_build_calls),
                        errhint("Ask for fewer samples, or raise cur.max_build_calls.")));
}

const char* verdict(const Check* c) {
    const char* name = RelationGetRelationName(c->open.index);
    if (c->batch_difference > kOtherScorer)
        ereport(WARNING,
                (errcode(ERRCODE_DATA_EXCEPTION),
                 errmsg("the batch scorer of index \"%s\" disagrees with its scorer", name),
                 errdetail("They differ by up to %.3g standard deviations of the scores.",
                           c->batch_difference),
                 errhint("Support functions 1 and 2 must give the same row the same score.")));
    if (c->score_difference > kOtherScorer) {
        ereport(WARNING,
                (errcode(ERRCODE_DATA_EXCEPTION),
                 errmsg("the scorer of index \"%s\" is not the one it was built with", name),
                 errdetail("Scores differ by up to %.3g standard deviations.", c->score_difference),
                 errhint("REINDEX.")));
        return "REINDEX: the scorer has changed";
    }
    if (c->batch_difference > kOtherScorer)
        return "mend the scorer: batch and pointwise scores differ";
    return "none";
}

struct Arguments {
    int samples;
    bool heapallindexed;
    bool accept;
};

[[noreturn]] void report_not_accepted(const Check* c, const char* why, const char* hint) {
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("the scorer of index \"%s\" cannot be accepted",
                           RelationGetRelationName(c->open.index)),
                    errdetail("%s", why), errhint("%s", hint)));
    pg_unreachable();
}

// Makes the scorer that was compared the one that the index was built with. Writes, but like
// REINDEX nothing that a dump would show: read-only transactions may.
void accept_scorer(const Check* c, const Fingerprint& compared) {
    if (c->meta.dims == 0 || compared == built_fingerprint(c->meta))
        return;
    if (!(scorer_fingerprint(c->open.index) == compared))
        report_not_accepted(c, "It was changed while its scores were compared.", "Check again.");
    if (c->sampled == 0)
        report_not_accepted(c, "No row was scored.", "REINDEX.");
    const double apart = std::max(c->score_difference, c->batch_difference);
    if (apart > kOtherScorer)
        report_not_accepted(c, psprintf("Scores differ by up to %.3g standard deviations.", apart),
                            "REINDEX.");
    page::Edits e;
    page::begin_edits(&e, c->open.index, false);
    vg::cur::MetaData* meta =
        cur_page_meta(page::edit_page(&e, vg::cur::kMetaBlock, vg::cur::kMetaPage));
    meta->scorer_functions = compared.functions;
    meta->scorer_version = compared.version;
    page::commit_edits(&e);
}

Check* run(const index::OpenIndex& open, const Arguments& a, MemoryContext context) {
    const Snapshot snapshot = RegisterSnapshot(GetTransactionSnapshot());
    if (a.heapallindexed)
        index::check_snapshot(open.index, snapshot);
    index::lock_for_vacuum(open.index);
    const vg::cur::MetaData meta = read_cur_meta(open.index);
    const BlockNumber blocks = RelationGetNumberOfBlocks(open.index);
    auto* c =
        enter_cpp([&] { return new_in_context<Check>(context, open, meta, blocks, a.samples); });
    check_calls(c);
    check_pages(c);
    index::unlock_for_vacuum(open.index);
    if (a.heapallindexed)
        index::scan_indexed_rows(open, snapshot, check_row, c);
    const Fingerprint compared = a.accept ? scorer_fingerprint(open.index) : Fingerprint{};
    if (meta.dims > 0 && !c->sample.empty())
        check_scorer(c, snapshot, context);
    UnregisterSnapshot(snapshot);
    if (a.accept)
        accept_scorer(c, compared);
    return c;
}

}  // namespace

VG_FUNCTION(vg_cur_index_check) {
    ResultRow row(row_columns(fcinfo));
    index::refuse_check_in_recovery();
    const Arguments a{PG_GETARG_INT32(1), PG_GETARG_BOOL(2), PG_GETARG_BOOL(3)};
    check_range(a.samples, "samples", 0, kMaxSamples);
    const index::OpenIndex open = index::open(PG_GETARG_OID(0), index::Right::kOwner, kMethod);
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "cur check", ALLOCSET_DEFAULT_SIZES);
    const MemoryContext old = MemoryContextSwitchTo(context);
    const index::AsOwner saved = index::begin_as_owner(open.heap);
    const Check* c = run(open, a, context);
    index::end_as_owner(saved);
    MemoryContextSwitchTo(old);
    const bool none = c->sampled == 0;
    row.add_int8(c->audit.items());
    row.add_int8(c->audit.pending());
    row.add_int4(c->sampled);
    row.add_float8(c->score_difference, none);
    row.add_float8(c->batch_difference,
                   none || !OidIsValid(index_getprocid(open.index, 1, kBatchProc)));
    row.add_int8(c->calls);
    row.add_text(verdict(c));
    MemoryContextDelete(context);
    index::close(open);
    return row.datum();
}

}  // namespace vg::pg::cur
