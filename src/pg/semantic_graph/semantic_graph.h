// The access method semantic_graph: the node store, build, insert, vacuum and search of lid_hnsw,
// and beside it a list store with true nearest neighbours and keys. What its files share.
#pragma once

#include "pg/boundary/pg.h"

#include "core/knn/weight.h"
#include "pg/lid_hnsw/insert.h"
#include "pg/lid_hnsw/inspect.h"
#include "pg/lid_hnsw/options.h"
#include "pg/semantic_graph/keys.h"
#include "pg/semantic_graph/lists.h"

namespace vg::pg::semantic_graph {

inline constexpr char kSemanticGraph[] = "semantic_graph";

inline constexpr index::IntOption kK{
    .standard = 16, .least = 1, .most = static_cast<int>(node::kMaxListLength)};

// Reloptions. Those of the node store come first, so that its code finds them.
struct Options {
    lid_hnsw::Options store;
    int k;
    int edge_weight;  // knn::EdgeWeight
};
// k as asked for; what an index has is in its list metapage.
int option_k(Relation index);
// Nothing of a weight is stored, so this may change at any time.
knn::EdgeWeight option_edge_weight(Relation index);
// 22023 for an edge weight that the metric does not admit.
void check_edge_weight(Relation index);

// Registers the reloptions; called from _PG_init.
void init();

// Inserts rows with their keys and lists. Lives in a memory context, with everything it needs.
struct ListInserter;
ListInserter* make_list_inserter(Relation index, MemoryContext context, bool direct);
// The inserter of the node store that it completes; the key of the next row for it.
lid_hnsw::Inserter* node_inserter(ListInserter* in);
void set_row_key(ListInserter* in, Datum key, bool isnull);

// See pg/lid_hnsw/inspect.h.
lid_hnsw::ListCheck* make_semantic_graph_check(const index::OpenIndex& open,
                                               const node::MetaData& meta, MemoryContext context);

// The callbacks of the access method.
IndexBuildResult* semantic_graph_build(Relation heap, Relation index, IndexInfo* info);
void semantic_graph_buildempty(Relation index);
bool semantic_graph_insert(Relation index, Datum* values, bool* isnull, ItemPointer tid,
                           Relation heap, IndexUniqueCheck unique, bool index_unchanged,
                           IndexInfo* info);
IndexBulkDeleteResult* semantic_graph_bulkdelete(IndexVacuumInfo* info,
                                                 IndexBulkDeleteResult* stats,
                                                 IndexBulkDeleteCallback callback,
                                                 void* callback_state);
IndexBulkDeleteResult* semantic_graph_vacuumcleanup(IndexVacuumInfo* info,
                                                    IndexBulkDeleteResult* stats);

}  // namespace vg::pg::semantic_graph
