// How far a build or a vacuum of an index is. Besides the counts of its phase, which
// pg_stat_progress_create_index shows, the share of the whole work is told, as one number that only
// grows; vectorgraph_progress() shows it. State is per process: a backend works on one index at a
// time.
#pragma once

#include "pg/boundary/pg.h"

#include <span>

namespace vg::pg::index {

// What the last parameters of the progress slot are about; read by progress.sql.
enum class WorkKind : int64 { kNone, kGraphBuild, kCurBuild, kVacuum };

// Phases in the order in which they come, and their part of the whole in any unit. A phase that is
// left out in a run makes the share jump over it.
struct WorkStep {
    int64 phase;
    int weight;
};

// Steps of a vacuum; progress.sql has their names.
enum VacuumStep : int64 {
    kForgetting = 1,
    kWaiting,
    kRelisting,
    kMending,
    kMendingLists,
    kReparenting,
    kFreeing,
};

// steps must outlive the work.
void begin_work(WorkKind kind, Oid index, std::span<const WorkStep> steps);
// done of total in a phase; total may be 0 while it is not known.
void report_progress(int64 phase, double done, double total);
// What follows is about a part of the whole, 0 to 1, as far as what is left of the steps goes;
// after it comes the rest, in steps of its own.
void begin_part(double part);
void begin_rest(std::span<const WorkStep> steps);

// Nothing is told of the pass of CREATE INDEX CONCURRENTLY, which calls itself a vacuum.
void begin_vacuum_work(Oid index);
void end_vacuum_work();

}  // namespace vg::pg::index
