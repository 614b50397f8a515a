// What the files of CREATE INDEX share: the state of a build, and its steps. build.cpp drives them,
// build_score.cpp scores the rows of the table into a temporary file, build_write.cpp fits the
// model and writes the pages.
#pragma once

#include "pg/boundary/pg.h"

#include <cstddef>
#include <cstdint>
#include <vector>

extern "C" {
#include "storage/buffile.h"
}

#include "core/base/random.h"
#include "core/cur/model.h"
#include "pg/cur/anchors.h"
#include "pg/cur/batch.h"
#include "pg/cur/cur.h"
#include "pg/cur/fingerprint.h"
#include "pg/cur/scorer.h"

namespace vg::pg::cur {

// Subphases of pg_stat_progress_create_index; 1 is PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE.
enum BuildPhase : int64 {
    kPhaseSampling = 2,
    kPhaseScoring = 3,
    kPhaseFitting = 4,
    kPhaseCalibrating = 5,
    kPhaseWriting = 6
};

// Lives in the memory context of the build, which outlives an error no longer than the statement.
struct Builder {
    Builder(Relation heap_rel, Relation index_rel, const Anchors& a)
        : heap(heap_rel),
          index(index_rel),
          options(options_of(index_rel)),
          anchors(a),
          gram(static_cast<std::uint32_t>(a.count)),
          random(mix64(static_cast<std::uint64_t>(options->seed))) {}

    Relation heap;
    Relation index;
    const Options* options;
    Anchors anchors;
    Scorer scorer{};
    Fingerprint fingerprint{};
    BufFile* spill = nullptr;  // per row: TID, column of anchors.count floats

    ItemBatch batch;
    int at_anchor = -1;  // for the error context
    bool usable[kBatchRows];
    std::vector<float> columns;  // kBatchRows x anchors.count

    vg::cur::Gram gram;
    Random random;
    std::size_t sample_limit = 0;
    std::vector<float> sample;          // columns of sampled rows
    std::vector<std::uint64_t> picked;  // their numbers
    std::uint64_t rows = 0;             // in the spill
    double skipped = 0;
    double heap_tuples = 0;
};

// Scores every row of the table against every anchor query, in batches of bounded memory. Scores go
// to the spill, the Gram matrix and a sample of the columns are gathered on the way, and rows whose
// scores are not all finite to the pending list. Owns nothing, and may ereport: the scorer may
// raise any error.
void score_cur_table(Builder* b, IndexInfo* info, MemoryContext context);

// The metapage of an index without a model.
vg::cur::MetaData empty_cur_meta();
// Fits the model and writes model and items behind the head; without anything to learn, puts all
// rows on the pending list. Owns C++ objects, and throws. Requires: score_cur_table.
void write_cur_index(Builder* b);

}  // namespace vg::pg::cur
