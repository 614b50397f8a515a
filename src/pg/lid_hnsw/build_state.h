// What the files of a build share: its state, and how its pages are written (build_write.cpp).
#pragma once

#include "pg/boundary/pg.h"

#include <cstdint>
#include <optional>

#include "pg/lid_hnsw/build.h"

namespace vg::pg::lid_hnsw {

// One seed for all indexes makes builds repeatable; it is stored, and may change with any release.
constexpr std::uint64_t kSeed = 0x76656374'6F726772ull;

struct Builder {
    Builder(Relation heap_rel, Relation index_rel, node::Metric m, const node::Geometry& g,
            ListBuild* s)
        : heap(heap_rel), index(index_rel), metric(m), geometry(g), lists(s) {}

    Relation heap;
    Relation index;
    node::Metric metric;
    node::Geometry geometry;
    ListBuild* lists;  // may be null
    hnsw::BuildParams params;
    std::optional<hnsw::RowStore> rows;
    std::size_t budget = 0;    // bytes
    std::size_t expected = 0;  // rows in the table, about
    std::size_t seen = 0;      // of them, those with a vector so far
    std::size_t loaded = 0;    // and those that were in the in-memory graph
    double heap_tuples = 0;
    double index_tuples = 0;
    MemoryContext row_context = nullptr;
    MemoryContext insert_context = nullptr;
    Inserter* inserter = nullptr;  // set once the in-memory graph is on the pages
};

// Pages before those of the slots.
std::uint32_t head_blocks(std::uint32_t dims);
// Metapage of an index without nodes.
node::MetaData make_meta(Relation index, node::Metric metric, const node::Geometry& g);
// Writes metapage and centre pages, which follow it. centre may be null (all zero). Returns the
// next block.
BlockNumber write_head(Relation index, ForkNumber fork, const node::MetaData& meta,
                       const float* centre);
// Builds the graph of the gathered rows and writes the whole index. Frees the rows. Owns C++
// objects and calls PostgreSQL through call_pg.
void build_and_write(Builder* b);

}  // namespace vg::pg::lid_hnsw
