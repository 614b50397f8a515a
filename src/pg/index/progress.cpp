#include "pg/boundary/pg.h"

#include "pg/index/progress.h"

#include <algorithm>

namespace vg::pg::index {
namespace {

// Parameters of the progress slot that the server does not use, up to PostgreSQL 18: it has 20. A
// vacuum's phase and counts go there too, for the server shows none of an index.
enum Param : int {
    kVacuumPhaseParam = 14,
    kVacuumDoneParam,
    kVacuumTotalParam,
    kShareParam,
    kKindParam,
    kIndexParam
};
static_assert(kIndexParam < PGSTAT_NUM_PROGRESS_PARAM);
static_assert(kShareParam > PROGRESS_SCAN_BLOCKS_DONE);

constexpr double kShareUnit = 1e6;

struct Work {
    WorkKind kind = WorkKind::kNone;
    std::span<const WorkStep> steps;
    double weight = 0;  // of all steps
    double from = 0;    // the steps stand for this stretch of the whole
    double to = 1;
    double share = 0;  // told so far
};
Work work;

// The stretch of all steps that lies before a moment of one of them, 0 to 1.
double part_of_steps(int64 phase, double done, double total) {
    double before = 0;
    for (const WorkStep& step : work.steps) {
        if (step.phase == phase)
            return (before + step.weight * (total > 0 ? std::min(done / total, 1.0) : 0)) /
                   work.weight;
        before += step.weight;
    }
    return 0;  // an unknown phase keeps the share where it is
}

void take_steps(std::span<const WorkStep> steps) {
    work.steps = steps;
    work.weight = 0;
    for (const WorkStep& step : steps)
        work.weight += step.weight;
}

}  // namespace

void begin_work(WorkKind kind, Oid index, std::span<const WorkStep> steps) {
    work = Work{};
    work.kind = kind;
    take_steps(steps);
    const int params[] = {kShareParam, kKindParam, kIndexParam};
    const int64 values[] = {0, static_cast<int64>(kind), static_cast<int64>(index)};
    pgstat_progress_update_multi_param(3, params, values);
}

void report_progress(int64 phase, double done, double total) {
    if (work.kind == WorkKind::kNone)
        return;
    const double at = work.from + (work.to - work.from) * part_of_steps(phase, done, total);
    work.share = std::clamp(at, work.share, 1.0);
    static const int kBuildParams[] = {PROGRESS_CREATEIDX_SUBPHASE, PROGRESS_CREATEIDX_TUPLES_TOTAL,
                                       PROGRESS_CREATEIDX_TUPLES_DONE, kShareParam};
    static const int kVacuumParams[] = {kVacuumPhaseParam, kVacuumTotalParam, kVacuumDoneParam,
                                        kShareParam};
    const int64 values[] = {phase, static_cast<int64>(total), static_cast<int64>(done),
                            static_cast<int64>(work.share * kShareUnit)};
    pgstat_progress_update_multi_param(
        4, work.kind == WorkKind::kVacuum ? kVacuumParams : kBuildParams, values);
}

void begin_part(double part) {
    work.from = work.share;
    work.to = std::clamp(part, work.share, 1.0);
}

void begin_rest(std::span<const WorkStep> steps) {
    work.from = work.to;
    work.to = 1;
    take_steps(steps);
}

void end_vacuum_work() {
    if (work.kind == WorkKind::kVacuum)
        pgstat_progress_update_param(kKindParam, 0);
    work = Work{};
}

void begin_vacuum_work(Oid index) {
    // One in which a third of 20,000 rows was gone, about; lists are there in a semantic_graph
    // only.
    static const WorkStep kSteps[] = {{kForgetting, 5}, {kWaiting, 0},       {kRelisting, 30},
                                      {kMending, 25},   {kMendingLists, 30}, {kReparenting, 5},
                                      {kFreeing, 5}};
    work = Work{};
    if (MyBEEntry != nullptr && MyBEEntry->st_progress_command == PROGRESS_COMMAND_VACUUM)
        begin_work(WorkKind::kVacuum, index, kSteps);
}

}  // namespace vg::pg::index
