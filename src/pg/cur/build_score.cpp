#include "pg/boundary/pg.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "pg/boundary/boundary.h"
#include "pg/cur/build_state.h"
#include "pg/cur/pages.h"
#include "pg/index/progress.h"

namespace vg::pg::cur {
namespace {

// Columns that are kept for anchor items, ranges and calibration, memory permitting.
constexpr std::size_t kSampleRows = 10000;

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
    const ItemPointerData tid = index::from_tid(b->batch.tids[row]);
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

// Moves the usable columns of the batch to the front, and to the spill; other rows become pending.
// Returns how many are usable.
std::size_t spill_columns(Builder* b) {
    const auto k = static_cast<std::size_t>(b->anchors.count);
    std::size_t kept = 0;
    for (int i = 0; i < b->batch.count; ++i) {
        float* column = b->columns.data() + static_cast<std::size_t>(i) * k;
        if (!b->usable[i]) {
            add_pending(b->index, b->batch.tids[i], true);
            b->skipped += 1;
            continue;
        }
        ItemPointerData tid = index::from_tid(b->batch.tids[i]);
        BufFileWrite(b->spill, &tid, sizeof tid);
        BufFileWrite(b->spill, column, k * sizeof(float));
        std::memmove(b->columns.data() + kept++ * k, column, k * sizeof(float));
    }
    return kept;
}

// Scores the batch, and hands its columns on.
void take_batch(Builder* b) {
    if (b->batch.count == 0)
        return;
    std::fill_n(b->usable, b->batch.count, true);
    ErrorContextCallback context{error_context_stack, describe_batch, b};
    error_context_stack = &context;
    for (b->at_anchor = 0; b->at_anchor < b->anchors.count; ++b->at_anchor)
        score_anchor(b);
    b->at_anchor = -1;
    error_context_stack = context.previous;
    const std::size_t kept = spill_columns(b);
    enter_cpp([&] { learn_columns(b, kept); });
    clear_batch(&b->batch);
    index::report_progress(kPhaseScoring, static_cast<double>(b->rows) + b->skipped,
                           b->anchors.rows);
}

void take_row(Relation, ItemPointer tid, Datum* values, bool* isnull, bool, void* arg) {
    auto* b = static_cast<Builder*>(arg);
    if (isnull[0])
        return;
    if (add_item(&b->batch, b->scorer, *tid, values[0]))
        take_batch(b);
}

}  // namespace

void score_cur_table(Builder* b, IndexInfo* info, MemoryContext context) {
    const auto k = static_cast<Size>(b->anchors.count);
    const Size memory = static_cast<Size>(maintenance_work_mem) * 1024;
    enter_cpp([&] {
        b->columns.resize(kBatchRows * k);
        b->sample_limit =
            std::clamp<std::size_t>(memory / 4 / (k * sizeof(float)), 64, kSampleRows);
    });
    b->batch.context = AllocSetContextCreate(context, "cur build batch", ALLOCSET_DEFAULT_SIZES);
    b->spill = BufFileCreateTemp(false);
    index::report_progress(kPhaseScoring, 0, b->anchors.rows);
    b->heap_tuples =
        table_index_build_scan(b->heap, b->index, info, true, false, take_row, b, nullptr);
    take_batch(b);
}

}  // namespace vg::pg::cur
