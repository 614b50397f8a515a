// CREATE INDEX and REINDEX. Steps: draw the anchor queries; scan the heap and score every row
// against each of them, in batches of bounded memory, into a temporary file, while the Gram matrix
// and a sample of the columns are gathered; fit the model; read the file back and write the pages.
// A build runs code of users, the scorer: it may read any table, so a concurrent one does not keep
// the mark of a build that reads none. Nobody else sees the index; nothing is WAL-logged until the
// whole index is, at the end. A build that fails leaves nothing behind, scores included.

#include "pg/boundary/pg.h"

#include "pg/cur/cur.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <vector>

extern "C" {
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "storage/buffile.h"
}

#include "core/base/random.h"
#include "core/cur/calibrate.h"
#include "core/cur/latent.h"
#include "core/cur/model.h"
#include "pg/boundary/context.h"
#include "pg/cur/anchors.h"
#include "pg/cur/batch.h"
#include "pg/cur/fetch.h"
#include "pg/cur/fingerprint.h"
#include "pg/cur/marked_build.h"
#include "pg/cur/pages.h"
#include "pg/cur/scorer.h"
#include "pg/page/progress.h"

namespace vg::pg {
namespace {

// Subphases of pg_stat_progress_create_index; 1 is PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE.
enum Phase : int64 { kSampling = 2, kScoring = 3, kFitting = 4, kCalibrating = 5, kWriting = 6 };
const char* const kPhaseNames[] = {
    nullptr,         "initializing",      "drawing anchor queries", "scoring rows",
    "fitting model", "predicting recall", "writing pages",
};

// Columns that are kept for anchor items, ranges and calibration, memory permitting.
constexpr std::size_t kSampleRows = 10000;
constexpr std::size_t kCalibrationRows = 4000;

// A scorer that is worth an index takes nearly all of the time.
constexpr WorkStep kSteps[] = {
    {kSampling, 1}, {kScoring, 90}, {kFitting, 4}, {kCalibrating, 3}, {kWriting, 2}};

struct Builder {
    Builder(Relation heap_rel, Relation index_rel, const CurAnchors& a)
        : heap(heap_rel),
          index(index_rel),
          options(cur_options(index_rel)),
          anchors(a),
          gram(static_cast<std::uint32_t>(a.count)),
          random(mix64(static_cast<std::uint64_t>(options->seed))) {}

    Relation heap;
    Relation index;
    const CurOptions* options;
    CurAnchors anchors;
    CurScorer scorer{};
    Fingerprint fingerprint{};
    BufFile* spill = nullptr;  // per row: TID, column of anchors.count floats

    ItemBatch batch;
    int at_anchor = -1;  // for the error context
    bool usable[kBatchRows];
    std::vector<float> columns;  // kBatchRows x anchors.count

    cur::Gram gram;
    Random random;
    std::size_t sample_limit = 0;
    std::vector<float> sample;          // columns of sampled rows
    std::vector<std::uint64_t> picked;  // their numbers
    std::uint64_t rows = 0;             // in the spill
    double skipped = 0;
    double heap_tuples = 0;
};

// ---- scoring ----------------------------------------------------------------------------------

void describe_batch(void* arg) {
    const auto* b = static_cast<const Builder*>(arg);
    if (b->at_anchor >= 0)
        errcontext("building index \"%s\": anchor query %d", RelationGetRelationName(b->index),
                   b->at_anchor + 1);
}

[[noreturn]] void report_nonfinite(const Builder* b, int row) {
    const char* what = b->batch.nulls[row]                   ? "NULL"
                       : std::isnan(b->batch.distances[row]) ? "NaN"
                                                             : "infinite";
    const ItemPointerData tid = from_tid(b->batch.tids[row]);
    ereport(ERROR,
            (errcode(ERRCODE_DATA_EXCEPTION), errmsg("a score is %s", what),
             errdetail("It is that of the row at (%u,%u) and anchor query %d.",
                       ItemPointerGetBlockNumberNoCheck(&tid),
                       ItemPointerGetOffsetNumberNoCheck(&tid), b->at_anchor + 1),
             errhint("Let the scorer return finite numbers, or build WITH (nonfinite = skip) to "
                     "leave such rows to exact scoring.")));
    pg_unreachable();
}

void score_anchor(Builder* b) {
    score_batch(&b->batch, &b->scorer, b->anchors.queries[b->at_anchor]);
    const int k = b->anchors.count;
    for (int i = 0; i < b->batch.count; ++i) {
        const auto score = static_cast<float>(-b->batch.distances[i]);
        if (b->batch.nulls[i] || !std::isfinite(score)) {
            if (b->options->nonfinite == static_cast<int>(Nonfinite::kError))
                report_nonfinite(b, i);
            b->usable[i] = false;
            continue;
        }
        b->columns[static_cast<std::size_t>(i) * static_cast<std::size_t>(k) +
                   static_cast<std::size_t>(b->at_anchor)] = score;
    }
}

void keep_sample(Builder* b, const float* column) {
    const auto k = static_cast<std::size_t>(b->anchors.count);
    const std::uint64_t number = b->rows;
    const std::uint64_t at = reservoir_place(b->random, number, b->sample_limit);
    if (at == b->sample_limit)
        return;
    if (at == b->picked.size()) {
        b->sample.resize((at + 1) * k);
        b->picked.push_back(number);
    }
    std::copy(column, column + k, b->sample.begin() + static_cast<std::ptrdiff_t>(at * k));
    b->picked[at] = number;
}

void learn_columns(Builder* b, std::size_t count) {
    const auto k = static_cast<std::size_t>(b->anchors.count);
    b->gram.add(b->columns.data(), count, kInterruptPoll);
    for (std::size_t i = 0; i < count; ++i, ++b->rows)
        keep_sample(b, b->columns.data() + i * k);
}

// Scores the batch, and hands its columns on. Owns nothing here: the scorer may raise errors.
void take_batch(Builder* b) {
    if (b->batch.count == 0)
        return;
    const auto k = static_cast<std::size_t>(b->anchors.count);
    std::fill_n(b->usable, b->batch.count, true);
    ErrorContextCallback context{error_context_stack, describe_batch, b};
    error_context_stack = &context;
    for (b->at_anchor = 0; b->at_anchor < b->anchors.count; ++b->at_anchor)
        score_anchor(b);
    b->at_anchor = -1;
    error_context_stack = context.previous;
    std::size_t kept = 0;
    for (int i = 0; i < b->batch.count; ++i) {
        float* column = b->columns.data() + static_cast<std::size_t>(i) * k;
        if (!b->usable[i]) {
            add_pending(b->index, b->batch.tids[i], true);
            b->skipped += 1;
            continue;
        }
        ItemPointerData tid = from_tid(b->batch.tids[i]);
        BufFileWrite(b->spill, &tid, sizeof tid);
        BufFileWrite(b->spill, column, k * sizeof(float));
        std::memmove(b->columns.data() + kept++ * k, column, k * sizeof(float));
    }
    enter_cpp([&] { learn_columns(b, kept); });
    clear_batch(&b->batch);
    report_progress(kScoring, static_cast<double>(b->rows) + b->skipped, b->anchors.rows);
}

void take_row(Relation, ItemPointer tid, Datum* values, bool* isnull, bool, void* arg) {
    auto* b = static_cast<Builder*>(arg);
    if (isnull[0])
        return;
    if (add_item(&b->batch, b->scorer, *tid, values[0]))
        take_batch(b);
}

// ---- writing ----------------------------------------------------------------------------------

cur::MetaData make_meta() {
    cur::MetaData m{};
    m.magic = cur::kMagic;
    m.version = cur::kFormatVersion;
    m.page_bytes = BLCKSZ;
    m.item_tail = cur::kNoBlock;
    m.pending_insert = cur::kPendingHead;
    return m;
}

void fill_model_meta(const Builder* b, const cur::Model& model, const cur::Calibration& c,
                     std::size_t anchor_items, cur::MetaData* m) {
    m->anchors = model.anchors;
    m->dims = model.dims;
    m->storage = static_cast<std::uint8_t>(b->options->storage);
    m->row_bytes = static_cast<std::uint32_t>(
        cur::row_bytes(static_cast<cur::Storage>(m->storage), model.dims));
    m->slots_per_page = cur::items_layout(m->row_bytes, kPageUsable).slots;
    m->anchor_items = static_cast<std::uint32_t>(anchor_items);
    m->noise = model.noise;
    m->variance = model.variance;
    m->energy = model.energy;
    m->ridge = b->options->ridge;
    m->build_calls = b->scorer.calls;
    m->calibration_items = c.items;
    m->calibration_queries = c.queries;
    m->calibration_residual = c.residual;
    for (std::size_t i = 0; i < cur::kBudgets; ++i) {
        m->calibration_budgets[i] = static_cast<double>(c.budgets[i]);
        m->calibration_recall[i] = c.recall[i];
    }
    m->live_items = m->built_items = b->rows;
    m->scorer_functions = b->fingerprint.functions;
    m->scorer_version = b->fingerprint.version;
}

// TIDs of rows in the spill by number; plain reads, so that the file may be of any size.
node::Tid spilled_tid(Builder* b, std::uint64_t number) {
    const std::uint64_t record =
        sizeof(ItemPointerData) + sizeof(float) * static_cast<std::uint64_t>(b->anchors.count);
    const std::uint64_t at = number * record;
    const std::uint64_t block = at / BLCKSZ;
    ItemPointerData tid;
    if (BufFileSeekBlock(b->spill, static_cast<long>(block)) != 0)
        elog(ERROR, "could not seek in temporary file of scores");
    std::byte skip[BLCKSZ];
    const Size before = at % BLCKSZ;
    if (BufFileRead(b->spill, skip, before) != before ||
        BufFileRead(b->spill, &tid, sizeof tid) != sizeof tid)
        elog(ERROR, "could not read from temporary file of scores");
    return to_tid(tid);
}

// The bytes of the model into zeroed memory; see ModelLayout.
void pack_model(Builder* b, const cur::Model& model, const cur::Codec& codec,
                const std::vector<std::uint32_t>& pivots, const cur::MetaData& m,
                BlockNumber first_item_block, std::byte* to) {
    const cur::ModelLayout l = cur::model_layout(m.anchors, m.dims, m.anchor_items);
    std::memcpy(to + l.low, codec.low.data(), sizeof(float) * m.dims);
    std::memcpy(to + l.step, codec.step.data(), sizeof(float) * m.dims);
    for (std::size_t i = 0; i < pivots.size(); ++i) {
        const std::uint64_t number = b->picked[pivots[i]];
        cur::AnchorRef ref{};
        ref.block = first_item_block + static_cast<BlockNumber>(number / m.slots_per_page);
        ref.slot = static_cast<std::uint16_t>(number % m.slots_per_page);
        ref.tid = call_pg([=] { return spilled_tid(b, number); });
        std::memcpy(to + l.anchor_refs + i * sizeof ref, &ref, sizeof ref);
    }
    std::memcpy(to + l.components, model.components.data(),
                sizeof(float) * model.components.size());
    pack_anchors(&b->anchors, to + l.queries);
}

void write_items(Builder* b, const cur::Model& model, const cur::Codec& codec,
                 const cur::MetaData& m) {
    const cur::ItemsLayout layout = items_of(m);
    const std::size_t k = model.anchors;
    std::vector<float> columns(layout.slots * k);
    std::vector<ItemPointerData> tids(layout.slots);
    std::vector<float> means(layout.slots);
    std::vector<float> latents(std::size_t{layout.slots} * model.dims);
    float* columns_at = columns.data();
    ItemPointerData* tids_at = tids.data();
    call_pg([b] {
        if (BufFileSeek(b->spill, 0, 0, SEEK_SET) != 0)
            elog(ERROR, "could not rewind temporary file of scores");
    });
    for (std::uint64_t first = 0; first < b->rows; first += layout.slots) {
        const auto n =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(layout.slots, b->rows - first));
        call_pg([=] {
            for (std::uint32_t i = 0; i < n; ++i) {
                if (BufFileRead(b->spill, tids_at + i, sizeof(ItemPointerData)) !=
                        sizeof(ItemPointerData) ||
                    BufFileRead(b->spill, columns_at + i * k, k * sizeof(float)) !=
                        k * sizeof(float))
                    elog(ERROR, "could not read from temporary file of scores");
            }
        });
        cur::project(model, columns.data(), n, means.data(), latents.data());
        const float* means_at = means.data();
        const float* latents_at = latents.data();
        const cur::Codec* codec_at = &codec;
        call_pg([=] {
            const Buffer buffer = add_page(b->index, MAIN_FORKNUM, cur::kItemsPage);
            const Page page = BufferGetPage(buffer);
            for (std::uint32_t i = 0; i < n; ++i) {
                item_tids(page)[i] = to_tid(tids_at[i]);
                item_means(layout, page)[i] = means_at[i];
                codec_at->encode(latents_at + std::size_t{i} * codec_at->dims,
                                 item_rows(layout, page) + std::size_t{i} * layout.row_bytes);
            }
            page_trailer(page)->used = static_cast<std::uint16_t>(n);
            MarkBufferDirty(buffer);
            UnlockReleaseBuffer(buffer);
        });
        poll_interrupts();
        report_progress(kWriting, static_cast<double>(first + n), static_cast<double>(b->rows));
    }
}

// ---- steps ------------------------------------------------------------------------------------

// Scores that do not differ teach nothing: all rows stay pending.
void pend_spilled(Builder* b) {
    for (std::uint64_t i = 0; i < b->rows; ++i) {
        add_pending(b->index, spilled_tid(b, i), true);
        CHECK_FOR_INTERRUPTS();
    }
}

// The head is there already, because rows that are skipped go to the pending list while others are
// still being scored.
void write_index(Builder* b) {
    report_progress(kFitting, 0, 0);
    const cur::Model model = cur::fit(b->gram, static_cast<std::uint32_t>(b->options->latent_dim),
                                      b->options->ridge, kInterruptPoll);
    if (model.empty()) {
        call_pg([=] { pend_spilled(b); });
        return;
    }
    std::vector<float> means(b->picked.size());
    std::vector<float> latents(b->picked.size() * model.dims);
    cur::project(model, b->sample.data(), b->picked.size(), means.data(), latents.data());
    const auto storage = static_cast<cur::Storage>(b->options->storage);
    const cur::Codec codec = cur::make_codec(storage, model.dims, latents);
    const std::vector<std::uint32_t> pivots =
        cur::pivot_rows(latents.data(), b->picked.size(), model.dims,
                        static_cast<std::size_t>(b->options->anchor_items), kInterruptPoll);

    report_progress(kCalibrating, 0, 0);
    const std::size_t tested = std::min(kCalibrationRows, b->picked.size());
    const cur::Calibration calibration = cur::calibrate(
        std::span<const float>(b->sample).first(tested * model.anchors), model.anchors,
        static_cast<std::uint32_t>(b->options->latent_dim), storage, b->options->ridge,
        static_cast<std::size_t>(b->options->anchor_items), kInterruptPoll);

    cur::MetaData meta = call_pg([=] { return read_cur_meta(b->index); });
    fill_model_meta(b, model, calibration, pivots.size(), &meta);
    meta.model_block = call_pg([=] { return RelationGetNumberOfBlocks(b->index); });
    meta.model_bytes = cur::model_layout(meta.anchors, meta.dims, meta.anchor_items).queries +
                       packed_bytes(&b->anchors);
    const auto model_blocks =
        static_cast<BlockNumber>((meta.model_bytes + kPageUsable - 1) / kPageUsable);
    const BlockNumber items_at = meta.model_block + model_blocks;
    std::vector<std::byte> packed(meta.model_bytes, std::byte{0});
    pack_model(b, model, codec, pivots, meta, items_at, packed.data());
    const auto item_pages =
        static_cast<BlockNumber>((b->rows + meta.slots_per_page - 1) / meta.slots_per_page);
    meta.item_tail = item_pages == 0 ? cur::kNoBlock : items_at + item_pages - 1;

    const cur::MetaData* meta_at = &meta;
    const std::byte* model_at = packed.data();
    call_pg([=] {
        const Buffer buffer =
            read_page(b->index, cur::kMetaBlock, cur::kMetaPage, BUFFER_LOCK_EXCLUSIVE);
        *cur_page_meta(BufferGetPage(buffer)) = *meta_at;
        MarkBufferDirty(buffer);
        UnlockReleaseBuffer(buffer);
        write_model(b->index, model_at, meta_at->model_bytes);
    });
    write_items(b, model, codec, meta);
}

void warn_no_model(Relation index) {
    ereport(WARNING,
            (errmsg("index \"%s\" has no model yet", RelationGetRelationName(index)),
             errdetail("Too few rows, or scores that do not differ, left nothing to learn."),
             errhint("REINDEX once the table is filled; until then scans score new rows one by "
                     "one.")));
}

// The planner replaces calls of SQL functions by their bodies, operators included, and then finds
// no operator that the index knows.
void warn_inlined(const Builder* b) {
    const Oid function = b->scorer.score.fn_oid;
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
    if (!HeapTupleIsValid(tuple))
        elog(ERROR, "cache lookup failed for function %u", function);
    const bool sql = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple))->prolang == SQLlanguageId &&
                     heap_attisnull(tuple, Anum_pg_proc_proconfig, nullptr);
    ReleaseSysCache(tuple);
    if (sql)
        ereport(WARNING, (errmsg("the planner may inline scorer %s and not use index \"%s\"",
                                 get_func_name(function), RelationGetRelationName(b->index)),
                          errhint("Write the operator's function in another language than SQL; "
                                  "cur_create_class does.")));
}

void announce(const Builder* b, bool has_batch) {
    const double calls = b->anchors.rows * b->anchors.count;
    if (calls > cur_max_build_calls)
        ereport(
            ERROR,
            (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
             errmsg("building index \"%s\" would take %.0f scorer calls",
                    RelationGetRelationName(b->index), calls),
             errdetail("That is %.0f rows times %d anchor queries; cur.max_build_calls is %.0f.",
                       b->anchors.rows, b->anchors.count, cur_max_build_calls),
             errhint("Raise cur.max_build_calls, or build WITH fewer anchor_queries.")));
    ereport(NOTICE,
            (errmsg("building index \"%s\" takes %.0f scorer calls",
                    RelationGetRelationName(b->index), calls),
             errdetail("%.0f rows times %d anchor queries%s.", b->anchors.rows, b->anchors.count,
                       has_batch ? psprintf(", in batches of up to %d", cur_batch_size) : "")));
}

void count_row(Relation, ItemPointer, Datum*, bool* isnull, bool, void* arg) {
    if (!isnull[0])
        *static_cast<double*>(arg) += 1;
}

// Puts every row on the pending list: there is nothing to learn from.
void pend_row(Relation, ItemPointer tid, Datum*, bool* isnull, bool, void* arg) {
    auto* b = static_cast<Builder*>(arg);
    if (isnull[0])
        return;
    add_pending(b->index, to_tid(*tid), true);
    b->skipped += 1;
}

void run_build(Builder* b, IndexInfo* info, MemoryContext context) {
    init_scorer(&b->scorer, b->index, context);
    b->fingerprint = scorer_fingerprint(b->index);
    warn_inlined(b);
    if (b->anchors.rows < 0) {
        b->anchors.rows = 0;
        table_index_build_scan(b->heap, b->index, info, true, false, count_row, &b->anchors.rows,
                               nullptr);
    }
    write_cur_head(b->index, MAIN_FORKNUM, make_meta());
    if (b->anchors.count < static_cast<int>(cur::kMinAnchors) || b->anchors.rows < 2) {
        b->heap_tuples =
            table_index_build_scan(b->heap, b->index, info, true, false, pend_row, b, nullptr);
        warn_no_model(b->index);
        return;
    }
    announce(b, b->scorer.has_batch);
    const auto k = static_cast<Size>(b->anchors.count);
    const Size memory = static_cast<Size>(maintenance_work_mem) * 1024;
    enter_cpp([&] {
        b->columns.resize(kBatchRows * k);
        b->sample_limit =
            std::clamp<std::size_t>(memory / 4 / (k * sizeof(float)), 64, kSampleRows);
    });
    b->batch.context = AllocSetContextCreate(context, "cur build batch", ALLOCSET_DEFAULT_SIZES);
    b->spill = BufFileCreateTemp(false);
    report_progress(kScoring, 0, b->anchors.rows);
    b->heap_tuples =
        table_index_build_scan(b->heap, b->index, info, true, false, take_row, b, nullptr);
    take_batch(b);
    enter_cpp([&] { write_index(b); });
    if (read_cur_meta(b->index).dims == 0)
        warn_no_model(b->index);
    BufFileClose(b->spill);
}

}  // namespace

IndexBuildResult* cur_build(Relation heap, Relation index, IndexInfo* info) {
    if (RelationGetNumberOfBlocks(index) != 0)
        elog(ERROR, "index \"%s\" already contains data", RelationGetRelationName(index));
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "cur build", ALLOCSET_DEFAULT_SIZES);
    const MemoryContext old = MemoryContextSwitchTo(context);
    begin_work(WorkKind::kCurBuild, RelationGetRelid(index), kSteps);
    report_progress(kSampling, 0, 0);
    const bool marked = leave_marked_build();
    if (marked)
        PushActiveSnapshot(GetLatestSnapshot());
    CurAnchors anchors;
    draw_anchors(&anchors, heap, index, info);
    auto* b = enter_cpp([&] { return new_in_context<Builder>(context, heap, index, anchors); });
    run_build(b, info, context);
    if (marked)
        PopActiveSnapshot();
    MemoryContextSwitchTo(old);
    auto* result = static_cast<IndexBuildResult*>(palloc0(sizeof(IndexBuildResult)));
    result->heap_tuples = b->heap_tuples;
    result->index_tuples = static_cast<double>(b->rows) + b->skipped;
    MemoryContextDelete(context);
    if (RelationNeedsWAL(index))
        log_newpage_range(index, MAIN_FORKNUM, 0, RelationGetNumberOfBlocks(index), true);
    return result;
}

void cur_buildempty(Relation index) {
    write_cur_head(index, INIT_FORKNUM, make_meta());
    log_newpage_range(index, INIT_FORKNUM, 0, RelationGetNumberOfBlocksInFork(index, INIT_FORKNUM),
                      true);
}

char* cur_buildphasename(int64 phase) {
    if (phase <= 0 || phase >= static_cast<int64>(lengthof(kPhaseNames)))
        return nullptr;
    return const_cast<char*>(kPhaseNames[phase]);
}

}  // namespace vg::pg
