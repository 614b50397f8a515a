// The routine of access method lid_hnsw, its options, parameters and catalog validation.

#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/lid_hnsw.h"
#include "pg/lid_hnsw/options.h"
#include "pg/lid_hnsw/state.h"

#include "pg/boundary/boundary.h"
#include "pg/index/access_method.h"

namespace vg::pg::lid_hnsw {

int lid_hnsw_ef_search = kEfSearch.standard;
bool lid_hnsw_exact_scan = false;

namespace {

relopt_kind options_kind;

relopt_enum_elt_def build_order_values[] = {
    {"auto", static_cast<int>(hnsw::BuildOrder::kAuto)},
    {"lid", static_cast<int>(hnsw::BuildOrder::kLid)},
    {"random", static_cast<int>(hnsw::BuildOrder::kRandom)},
    {nullptr, 0},
};

relopt_enum_elt_def storage_values[] = {
    {"auto", static_cast<int>(node::StorageChoice::kAuto)},
    {"float32", static_cast<int>(node::StorageChoice::kFloat32)},
    {"int8", static_cast<int>(node::StorageChoice::kSq8)},
    {nullptr, 0},
};

const Options& options_of(Relation index) {
    return index::options_of(index, kDefaults);
}

bytea* parse_options(Datum reloptions, bool validate) {
    static const relopt_parse_elt table[] = {
        VG_NODE_STORE_OPTIONS(Options, ),
    };
    return index::parse_options<Options>(reloptions, validate, options_kind, table);
}

void invalid_class(const FormData_pg_opclass* form, const char* what) {
    ereport(INFO, (errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
                   errmsg("operator class \"%s\" of access method %s %s", NameStr(form->opcname),
                          get_am_name(form->opcmethod), what)));
}

// An operator class needs ordering operators as strategy 1 and the metric procedure.
bool validate_class(Oid opclass) {
    HeapTuple tuple = SearchSysCache1(CLAOID, ObjectIdGetDatum(opclass));
    if (!HeapTupleIsValid(tuple))
        elog(ERROR, "cache lookup failed for operator class %u", opclass);
    const auto* form = reinterpret_cast<Form_pg_opclass>(GETSTRUCT(tuple));
    bool valid = true;

    CatCList* procs = SearchSysCacheList1(AMPROCNUM, ObjectIdGetDatum(form->opcfamily));
    bool has_metric = false;
    for (int i = 0; i < procs->n_members; ++i) {
        const auto* proc = reinterpret_cast<Form_pg_amproc>(GETSTRUCT(&procs->members[i]->tuple));
        if (proc->amprocnum != kMetricProc) {
            invalid_class(form, "has a support function of an unknown number");
            valid = false;
        } else if (!check_amproc_signature(proc->amproc, INT4OID, true, 1, 1, INTERNALOID)) {
            invalid_class(form, "has a support function 1 of another signature");
            valid = false;
        } else {
            has_metric = true;
        }
    }
    CatCList* opers = SearchSysCacheList1(AMOPSTRATEGY, ObjectIdGetDatum(form->opcfamily));
    bool has_order = false;
    for (int i = 0; i < opers->n_members; ++i) {
        const auto* oper = reinterpret_cast<Form_pg_amop>(GETSTRUCT(&opers->members[i]->tuple));
        if (oper->amopstrategy != 1 || oper->amoppurpose != AMOP_ORDER) {
            invalid_class(form, "has an operator that is not an ordering operator of strategy 1");
            valid = false;
        } else {
            has_order = true;
        }
    }
    if (!has_metric || !has_order) {
        invalid_class(form, "lacks its ordering operator or its support function 1");
        valid = false;
    }
    ReleaseCatCacheList(opers);
    ReleaseCatCacheList(procs);
    ReleaseSysCache(tuple);
    return valid;
}

}  // namespace

int option_m(Relation index) {
    return options_of(index).m;
}

int option_ef_construction(Relation index) {
    return options_of(index).ef_construction;
}

hnsw::BuildOrder option_build_order(Relation index) {
    return static_cast<hnsw::BuildOrder>(options_of(index).build_order);
}

node::GeometryChoice option_geometry(Relation index) {
    const Options& options = options_of(index);
    return {.storage = static_cast<node::StorageChoice>(options.storage),
            .code_words = node::full_words(static_cast<std::uint32_t>(options.code_bits))};
}

void add_node_store_options(relopt_kind kind) {
    const LOCKMODE lock = ShareUpdateExclusiveLock;
    add_int_reloption(kind, "m", "Links chosen per node when it is inserted", kM.standard, kM.least,
                      kM.most, lock);
    add_int_reloption(kind, "ef_construction", "Candidates considered for a node's links",
                      kEfConstruction.standard, kEfConstruction.least, kEfConstruction.most, lock);
    add_enum_reloption(kind, "build_order", "Order in which a build inserts the rows",
                       build_order_values, static_cast<int>(hnsw::BuildOrder::kAuto),
                       "Valid values are \"auto\", \"lid\" and \"random\".", lock);
    add_enum_reloption(kind, "storage", "How the index keeps a vector, besides its links",
                       storage_values, static_cast<int>(node::StorageChoice::kAuto),
                       "Valid values are \"auto\", \"float32\" and \"int8\".", lock);
    add_int_reloption(kind, "code_bits",
                      "Bits of a link's code, rounded up to 64; 0 leaves it to the index",
                      kCodeBits.standard, kCodeBits.least, kCodeBits.most, lock);
}

void init() {
    options_kind = add_reloption_kind();
    add_node_store_options(options_kind);
    DefineCustomIntVariable("lid_hnsw.ef_search",
                            "Candidates a search keeps, and roughly the pages it reads.",
                            "Higher values give better recall at the cost of speed.",
                            &lid_hnsw_ef_search, kEfSearch.standard, kEfSearch.least,
                            kEfSearch.most, PGC_USERSET, 0, nullptr, nullptr, nullptr);
    DefineCustomBoolVariable(
        "lid_hnsw.exact_scan", "Lets a scan read the whole index, in the order of its pages.",
        "The answer is exact and misses no row. ef_search has no effect then.",
        &lid_hnsw_exact_scan, false, PGC_USERSET, 0, nullptr, nullptr, nullptr);
    MarkGUCPrefixReserved("lid_hnsw");
}

IndexAmRoutine* make_node_store_routine() {
    IndexAmRoutine* am = index::make_ordering_routine();
    am->amsupport = 1;
    am->amparallelvacuumoptions = VACUUM_OPTION_PARALLEL_BULKDEL;

    am->ambuild = lid_hnsw_build;
    am->ambuildempty = lid_hnsw_buildempty;
    am->aminsert = lid_hnsw_insert;
    am->ambulkdelete = lid_hnsw_bulkdelete;
    am->amvacuumcleanup = lid_hnsw_vacuumcleanup;
    am->amcostestimate = index::cost_estimate<lid_hnsw_price>;
    am->amoptions = parse_options;
    am->ambuildphasename = lid_hnsw_buildphasename;
    am->amvalidate = validate_class;
    am->ambeginscan = lid_hnsw_beginscan;
    am->amrescan = lid_hnsw_rescan;
    am->amgettuple = lid_hnsw_gettuple;
    am->amendscan = lid_hnsw_endscan;
    return am;
}

VG_FUNCTION(lid_hnsw_handler) {
    PG_RETURN_POINTER(make_node_store_routine());
}

// Support functions 1 of the operator classes.
#define VG_METRIC_FUNCTION(name, metric)                           \
    VG_FUNCTION(name) {                                            \
        PG_RETURN_INT32(static_cast<int32>(node::Metric::metric)); \
    }

VG_METRIC_FUNCTION(lid_hnsw_l2_metric, kL2)
VG_METRIC_FUNCTION(lid_hnsw_ip_metric, kInnerProduct)
VG_METRIC_FUNCTION(lid_hnsw_cosine_metric, kCosine)
VG_METRIC_FUNCTION(lid_hnsw_l1_metric, kL1)

}  // namespace vg::pg::lid_hnsw
