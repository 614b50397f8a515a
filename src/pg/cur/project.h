// From rows of the table to latent vectors: the model of an index in memory, and scores of a batch
// of rows against its anchor queries. For flushes, for inserts that do not wait, and for the check.
#pragma once

#include "pg/boundary/pg.h"

#include <vector>

#include "core/cur/latent.h"
#include "core/cur/model.h"
#include "pg/cur/cur.h"
#include "pg/cur/sample.h"
#include "pg/cur/scorer.h"

namespace vg::pg::cur {

inline constexpr int kProjectRows = 256;

// Lives in a memory context, see new_projector.
struct Projector {
    Relation index = nullptr;
    vg::cur::MetaData meta{};
    Scorer scorer{};
    QueryType query{};
    Datum* anchors = nullptr;
    vg::cur::Model model;
    vg::cur::Codec codec;

    // The rows at hand.
    Datum items[kProjectRows];
    node::Tid tids[kProjectRows];
    bool known = true;  // tids are set: not those of a row that is being inserted
    int count = 0;
    double distances[kProjectRows];
    bool nulls[kProjectRows];
    bool usable[kProjectRows];   // every score is a finite number
    std::vector<float> columns;  // count x anchors: scores
    std::vector<float> means;
    std::vector<float> latents;  // count x dims
    std::vector<std::byte> row;  // scratch: a row as it lies on a page
};

// For an index with a model. In `context`, and makes it the scorer's.
Projector* new_projector(Relation index, const vg::cur::MetaData& m, MemoryContext context);

// Scores the rows at hand against every anchor query. An error of the scorer propagates.
void score_items(Projector* p);
// Their means and latent vectors. Throws nothing and raises nothing.
void project_items(Projector* p);
// The latent vector of row i in p->row.
void encode_item(Projector* p, int i);

}  // namespace vg::pg::cur
