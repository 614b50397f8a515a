// Building a node store for an access method: gather, build, write (build.cpp). An access method
// that keeps more than the node store hands in a ListBuild, which is told of every row and of the
// finished graph.
#pragma once

#include "pg/boundary/pg.h"

#include "core/hnsw/assemble.h"
#include "core/hnsw/bulk_builder.h"
#include "core/hnsw/row_store.h"
#include "pg/index/progress.h"
#include "pg/lid_hnsw/insert.h"

namespace vg::pg::lid_hnsw {

// Throws what core code throws, and PgError.
class ListBuild {
  public:
    virtual ~ListBuild() = default;
    // A row that the row store has taken, or that insert_row is about to get.
    virtual void add_row(const ItemPointerData& tid, const Datum* values, const bool* isnull) = 0;
    // Bytes held, and needed on top for `nodes` nodes once the graph is built.
    virtual std::size_t bytes(std::size_t nodes) const noexcept = 0;
    virtual void graph_built(const hnsw::RowStore& rows, const hnsw::Graph& graph,
                             const hnsw::BuildParams& params) = 0;
    // All pages of the node store are written; the list store begins at the next block, which the
    // metapage names.
    virtual void write(BlockNumber next, const hnsw::RowStore& rows,
                       const hnsw::SlotPlan& plan) = 0;
    // For the rows that no longer fit into memory. Lives in `context`.
    virtual Inserter* make_inserter(MemoryContext context) = 0;
};

// Bodies of ambuild and ambuildempty. lists may be null. write_empty_lists writes an empty list
// store at the end of the init fork; may be null.
IndexBuildResult* build_index(Relation heap, Relation index, IndexInfo* info, ListBuild* lists);
void build_empty_index(Relation index, void (*write_empty_lists)(Relation index));

// Progress of pg_stat_progress_create_index.
enum BuildStep : int64 {
    kStepLoading = 2,
    kStepBuilding = 3,
    kStepWriting = 9,
    kStepInserting,
    kStepLists,
    kStepListStore
};

}  // namespace vg::pg::lid_hnsw
