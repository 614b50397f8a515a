// The routine of access method semantic_graph and its options.

#include "pg/boundary/pg.h"

#include "pg/boundary/boundary.h"
#include "pg/lid_hnsw/lid_hnsw.h"
#include "pg/lid_hnsw/options.h"
#include "pg/lid_hnsw/state.h"
#include "pg/semantic_graph/semantic_graph.h"

namespace vg::pg::semantic_graph {
namespace {

relopt_kind options_kind;

relopt_enum_elt_def edge_weight_values[] = {
    {"cosine", static_cast<int>(knn::EdgeWeight::kSimilarity)},
    {"local_scaling", static_cast<int>(knn::EdgeWeight::kLocalScaling)},
    {"snn", static_cast<int>(knn::EdgeWeight::kShared)},
    {"mutual", static_cast<int>(knn::EdgeWeight::kMutual)},
    {nullptr, 0},
};

constexpr Options kDefaults{lid_hnsw::kDefaults, kK.standard,
                            static_cast<int>(knn::EdgeWeight::kSimilarity)};

const Options& options_of(Relation index) {
    return index::options_of(index, kDefaults);
}

bytea* parse_options(Datum reloptions, bool validate) {
    static const relopt_parse_elt table[] = {
        VG_NODE_STORE_OPTIONS(Options, store.),
        option_at("k", RELOPT_TYPE_INT, offsetof(Options, k)),
        option_at("edge_weight", RELOPT_TYPE_ENUM, offsetof(Options, edge_weight)),
    };
    return index::parse_options<Options>(reloptions, validate, options_kind, table);
}

}  // namespace

int option_k(Relation index) {
    return options_of(index).k;
}

knn::EdgeWeight option_edge_weight(Relation index) {
    return static_cast<knn::EdgeWeight>(options_of(index).edge_weight);
}

void check_edge_weight(Relation index) {
    if (option_edge_weight(index) == knn::EdgeWeight::kLocalScaling &&
        lid_hnsw::index_metric(index) == node::Metric::kInnerProduct)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("edge_weight \"local_scaling\" needs a distance"),
                        errdetail("An inner product is none."),
                        errhint("Use \"cosine\", \"snn\" or \"mutual\", or vector_cosine_ops.")));
}

void init() {
    const LOCKMODE lock = ShareUpdateExclusiveLock;
    options_kind = add_reloption_kind();
    lid_hnsw::add_node_store_options(options_kind);
    add_int_reloption(options_kind, "k", "Nearest neighbors kept per node", kK.standard, kK.least,
                      kK.most, lock);
    add_enum_reloption(options_kind, "edge_weight", "Weight of an edge between neighbors",
                       edge_weight_values, static_cast<int>(knn::EdgeWeight::kSimilarity),
                       "Valid values are \"cosine\", \"local_scaling\", \"snn\" and \"mutual\".",
                       lock);
    lid_hnsw::make_list_check = make_semantic_graph_check;
}

VG_FUNCTION(semantic_graph_handler) {
    IndexAmRoutine* am = lid_hnsw::make_node_store_routine();
    am->amcaninclude = true;
    am->ambuild = semantic_graph_build;
    am->ambuildempty = semantic_graph_buildempty;
    am->aminsert = semantic_graph_insert;
    am->ambulkdelete = semantic_graph_bulkdelete;
    am->amvacuumcleanup = semantic_graph_vacuumcleanup;
    am->amoptions = parse_options;
    PG_RETURN_POINTER(am);
}

}  // namespace vg::pg::semantic_graph
