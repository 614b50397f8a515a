// Inserting one row: the node store's insert, then the row's key and its node's list.
// Locks: as the node store's insert, whose gate covers all of it (README, "Concurrency").
// A crash or an error between two edits leaves a valid index: a row that lacks its key or a node
// that lacks its list belongs to a transaction that did not commit. A later row with an equal
// vector gives such a node its list.

#include "pg/boundary/pg.h"

#include "pg/semantic_graph/semantic_graph.h"

#include "pg/boundary/boundary.h"
#include "pg/boundary/context.h"
#include "pg/index/locks.h"
#include "pg/lid_hnsw/insert.h"
#include "pg/lid_hnsw/state.h"
#include "pg/types/vector.h"

namespace vg::pg::semantic_graph {

struct ListInserter {
    ListInserter(Relation rel, ListStore* s)
        : index(rel), lists(s), keeper(s, lid_hnsw::index_state(rel)) {}

    Relation index;
    ListStore* lists;
    ListKeeper keeper;
    lid_hnsw::Inserter* nodes = nullptr;
    bool has_key = false;
    KeyBytes key{};
};

static void complete_row(void* arg, const hnsw::NodeInsert& work, node::SlotId base,
                         const node::Tid& tid) {
    auto* in = static_cast<ListInserter*>(arg);
    if (in->has_key)
        add_key(in->lists, base, tid, in->key.bytes, in->key.size);
    in->keeper.add_node(work, base);
}

ListInserter* make_list_inserter(Relation index, MemoryContext context, bool direct) {
    const MemoryContext old = MemoryContextSwitchTo(context);
    ListStore* lists = open_lists(index, direct);
    lid_hnsw::index_state(index);
    ListInserter* in =
        enter_cpp([&] { return new_in_context<ListInserter>(context, index, lists); });
    in->nodes = lid_hnsw::make_inserter(index, context, direct, complete_row, in);
    MemoryContextSwitchTo(old);
    return in;
}

lid_hnsw::Inserter* node_inserter(ListInserter* in) {
    return in->nodes;
}

void set_row_key(ListInserter* in, Datum key, bool isnull) {
    in->has_key = in->lists->key_kind != node::KeyKind::kNone && !isnull;
    if (in->has_key)
        encode_key(in->index, in->lists->key_kind, key, &in->key);
}

bool semantic_graph_insert(Relation index, Datum* values, bool* isnull, ItemPointer tid, Relation,
                           IndexUniqueCheck, bool, IndexInfo* info) {
    if (isnull[0])
        return false;
    const Vector* vector =
        lid_hnsw::checked_vector(values[0], lid_hnsw::index_state(index).geometry.dims);
    if (info->ii_AmCache == nullptr)
        info->ii_AmCache = make_list_inserter(index, info->ii_Context, false);
    auto* in = static_cast<ListInserter*>(info->ii_AmCache);
    set_row_key(in, values[1], RelationGetDescr(index)->natts < 2 || isnull[1]);
    const index::Lock gate = index::enter_insert(index);
    enter_cpp([&] { lid_hnsw::insert_row(in->nodes, vector->x, *tid); });
    index::leave_insert(index, gate);
    release_vector(vector, values[0]);
    return false;
}

}  // namespace vg::pg::semantic_graph
