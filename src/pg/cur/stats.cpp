// cur_index_stats: one row of figures about an index, among them what its scans learnt for free:
// how far predictions were from the exact scores that followed.

#include "pg/boundary/pg.h"

#include "pg/cur/cur.h"

#include <algorithm>
#include <cmath>

#include "pg/boundary/result.h"
#include "pg/cur/fingerprint.h"
#include "pg/cur/pages.h"
#include "pg/index/stored_format.h"

namespace vg::pg::cur {
namespace {

// Predictions this much worse than at the build say that the model no longer fits.
constexpr double kStaleResidual = 1.5;
// Scans that must have been seen before their residuals say anything.
constexpr std::uint64_t kEnoughScans = 20;
// Free slots or pending rows beyond this share of the rows are worth a vacuum or a rebuild.
constexpr double kManyFree = 0.5;
constexpr double kManyPending = 0.1;

struct Counts {
    std::uint64_t items = 0;
    std::uint64_t free = 0;
    std::uint64_t pending = 0;
};

void count_page(const vg::cur::MetaData& m, Page page, std::uint16_t kind, Counts* c) {
    if (kind == static_cast<std::uint16_t>(vg::cur::kPendingPage)) {
        c->pending += pending_used(page);
        return;
    }
    if (kind != static_cast<std::uint16_t>(vg::cur::kItemsPage) || m.dims == 0)
        return;
    const vg::cur::ItemsLayout l = items_of(m);
    const std::uint32_t used = items_used(l, page);
    for (std::uint32_t i = 0; i < used; ++i) {
        const bool live = item_tids(page)[i].offset != 0;
        c->items += live;
        c->free += !live;
    }
}

Counts count_rows(Relation index, const vg::cur::MetaData& m) {
    Counts c;
    const BlockNumber blocks = RelationGetNumberOfBlocks(index);
    BufferAccessStrategy strategy = GetAccessStrategy(BAS_BULKREAD);
    PageWalk walk;
    begin_page_walk(&walk, index, vg::cur::kPendingHead, blocks, strategy, false);
    std::uint16_t kind;
    for (Buffer buffer; BufferIsValid(buffer = next_any_page(&walk, &kind));) {
        count_page(m, BufferGetPage(buffer), kind, &c);
        UnlockReleaseBuffer(buffer);
    }
    end_page_walk(&walk);
    FreeAccessStrategy(strategy);
    return c;
}

// Between the budgets of the calibration by the logarithm of the budget.
double predicted_recall(const vg::cur::MetaData& m, double budget) {
    const double* x = m.calibration_budgets;
    const double* y = m.calibration_recall;
    constexpr std::size_t kLast = vg::cur::kBudgets - 1;
    if (budget >= m.calibration_items)
        return 1.0;
    if (budget <= x[0])
        return y[0] * budget / x[0];
    for (std::size_t i = 1; i <= kLast; ++i) {
        if (budget > x[i])
            continue;
        const double t = std::log(budget / x[i - 1]) / std::log(x[i] / x[i - 1]);
        return y[i - 1] + t * (y[i] - y[i - 1]);
    }
    return y[kLast];
}

const char* storage_name(const vg::cur::MetaData& m) {
    static const char* const kNames[] = {"int8", "float16", "float32"};
    return kNames[m.storage];
}

const char* advice(Relation index, const vg::cur::MetaData& m, const Counts& c,
                   const vg::cur::StatsData& s) {
    const double rows = static_cast<double>(c.items + c.pending);
    if (m.dims == 0)
        return rows > 0 ? "REINDEX: the index has no model" : "none: the index is empty";
    if (const char* change = scorer_change(index, m))
        return psprintf("REINDEX: the scorer has changed, %s", change);
    if (s.scans >= kEnoughScans && m.calibration_residual > 0 &&
        std::sqrt(s.mean_square) > kStaleResidual * m.calibration_residual)
        return "REINDEX: scans find the model worse than it was when built";
    if (static_cast<double>(c.pending) > kManyPending * rows)
        return psprintf("cur_flush or VACUUM: %lld new rows wait for the anchor queries",
                        static_cast<long long>(c.pending));
    if (static_cast<double>(c.free) > kManyFree * static_cast<double>(c.items + c.free))
        return "REINDEX: more than half of the slots are free";
    return "none";
}

// In the order of functions.sql.
Datum stats_row(const index::OpenIndex& open, TupleDesc columns) {
    const vg::cur::MetaData m = read_cur_meta(open.index);
    const Counts c = count_rows(open.index, m);
    const vg::cur::StatsData s = read_scan_stats(open.index);
    const bool model = m.dims > 0;
    const bool scanned = s.residuals > 0;
    const bool calibrated = model && m.calibration_queries > 0;
    const std::uint64_t blocks = RelationGetNumberOfBlocks(open.index);
    ResultRow row(columns);
    row.add_int8(c.items);
    row.add_int8(c.pending);
    row.add_int8(c.free);
    row.add_int4(m.anchors);
    row.add_int4(m.anchor_items);
    row.add_int4(m.dims);
    row.add_text(model ? storage_name(m) : nullptr);
    row.add_float8(m.energy, !model);
    row.add_float8(std::sqrt(m.variance), !model);
    row.add_float8(m.calibration_residual, !calibrated);
    row.add_float8(std::sqrt(s.mean_square), !scanned);
    row.add_float8(s.bias, !scanned);
    row.add_float8(predicted_recall(m, cur_budget), !calibrated);
    row.add_int4(m.calibration_items, !calibrated);
    for (const std::uint64_t count : {m.build_calls, s.scans, s.calls, m.built_items,
                                      m.flushed_items, m.removed_items, blocks, blocks * BLCKSZ})
        row.add_int8(count);
    row.add_text(advice(open.index, m, c, s));
    return row.datum();
}

}  // namespace

VG_FUNCTION_RETURNS(vg_cur_index_stats, index::stats_of(fcinfo, kMethod, stats_row))

}  // namespace vg::pg::cur
