// The routine of access method cur, its options and parameters.

#include "pg/boundary/pg.h"

#include "pg/cur/cur.h"

#include <cfloat>

namespace vg::pg::cur {

int cur_budget = 200;
int cur_rounds = 10;
double cur_seed_fraction = 0.5;
int cur_shortlist = 10000;
int cur_iterative_scan = static_cast<int>(IterativeScan::kOff);
int cur_max_scan_calls = 20000;
double cur_max_build_calls = 1e8;
int cur_batch_size = 256;

namespace {

relopt_kind options_kind;

relopt_enum_elt_def storage_values[] = {
    {"int8", static_cast<int>(vg::cur::Storage::kInt8)},
    {"float16", static_cast<int>(vg::cur::Storage::kFloat16)},
    {"float32", static_cast<int>(vg::cur::Storage::kFloat32)},
    {nullptr, 0},
};
relopt_enum_elt_def nonfinite_values[] = {
    {"error", static_cast<int>(Nonfinite::kError)},
    {"skip", static_cast<int>(Nonfinite::kSkip)},
    {nullptr, 0},
};
relopt_enum_elt_def insert_mode_values[] = {
    {"pending", static_cast<int>(InsertMode::kPending)},
    {"sync", static_cast<int>(InsertMode::kSync)},
    {nullptr, 0},
};
const config_enum_entry iterative_scan_values[] = {
    {"off", static_cast<int>(IterativeScan::kOff), false},
    {"relaxed_order", static_cast<int>(IterativeScan::kRelaxed), false},
    {"strict_order", static_cast<int>(IterativeScan::kStrict), false},
    {nullptr, 0, false},
};

bytea* parse_options(Datum reloptions, bool validate) {
    static const relopt_parse_elt table[] = {
        option_at("anchor_queries", RELOPT_TYPE_INT, offsetof(Options, anchor_queries)),
        option_at("anchor_items", RELOPT_TYPE_INT, offsetof(Options, anchor_items)),
        option_at("latent_dim", RELOPT_TYPE_INT, offsetof(Options, latent_dim)),
        option_at("storage", RELOPT_TYPE_ENUM, offsetof(Options, storage)),
        option_at("anchor_source", RELOPT_TYPE_STRING, offsetof(Options, anchor_source)),
        option_at("seed", RELOPT_TYPE_INT, offsetof(Options, seed)),
        option_at("ridge", RELOPT_TYPE_REAL, offsetof(Options, ridge)),
        option_at("nonfinite", RELOPT_TYPE_ENUM, offsetof(Options, nonfinite)),
        option_at("flush_limit", RELOPT_TYPE_INT, offsetof(Options, flush_limit)),
        option_at("insert_mode", RELOPT_TYPE_ENUM, offsetof(Options, insert_mode)),
    };
    return index::parse_options<Options>(reloptions, validate, options_kind, table);
}

void add_options() {
    const LOCKMODE lock = ShareUpdateExclusiveLock;
    const int most = static_cast<int>(vg::cur::kMaxAnchors);
    options_kind = add_reloption_kind();
    add_int_reloption(options_kind, "anchor_queries", "Queries that every row is scored against",
                      kDefaultAnchorQueries, static_cast<int>(vg::cur::kMinAnchors), most, lock);
    add_int_reloption(options_kind, "anchor_items", "Rows kept for the first round of scans",
                      kDefaultAnchorItems, 1, most, lock);
    add_int_reloption(options_kind, "latent_dim",
                      "Dimensions of a row's latent vector, 0 for anchor_queries", 0, 0, most,
                      lock);
    add_enum_reloption(options_kind, "storage", "How latent vectors are stored", storage_values,
                       static_cast<int>(vg::cur::Storage::kInt8),
                       "Valid values are \"int8\", \"float16\" and \"float32\".", lock);
    add_string_reloption(options_kind, "anchor_source",
                         "Where anchor queries come from: items, or [schema.]table.column", "items",
                         nullptr, lock);
    add_int_reloption(options_kind, "seed", "Seed of the samples a build draws", 0, 0, INT_MAX,
                      lock);
    add_real_reloption(options_kind, "ridge",
                       "Noise of the model as a share of the variance within queries",
                       kDefaultRidge, 1e-9, 1.0, lock);
    add_enum_reloption(options_kind, "nonfinite",
                       "What a build does with a row whose score is NULL, NaN or infinite",
                       nonfinite_values, static_cast<int>(Nonfinite::kError),
                       "Valid values are \"error\" and \"skip\".", lock);
    add_int_reloption(options_kind, "flush_limit",
                      "New rows that VACUUM has a background process score", kDefaultFlushLimit, 0,
                      INT_MAX, lock);
    add_enum_reloption(options_kind, "insert_mode",
                       "Whether a new row waits to be scored against the anchor queries",
                       insert_mode_values, static_cast<int>(InsertMode::kPending),
                       "Valid values are \"pending\" and \"sync\".", lock);
}

void add_parameters() {
    DefineCustomIntVariable("cur.budget", "Scorer calls that a scan of a cur index may spend.",
                            "A table with no more rows is scored in full, and exactly.",
                            &cur_budget, 200, 1, 1000000, PGC_USERSET, 0, nullptr, nullptr,
                            nullptr);
    DefineCustomIntVariable("cur.rounds", "Rounds over which a scan spends its scorer calls.",
                            "Each round learns from the scores of the rounds before.", &cur_rounds,
                            10, 1, 100, PGC_USERSET, 0, nullptr, nullptr, nullptr);
    DefineCustomRealVariable(
        "cur.seed_fraction",
        "Share of the first round that goes to the rows the seed function names.",
        "Without effect where the operator class has no seed function.", &cur_seed_fraction, 0.5,
        0.0, 1.0, PGC_USERSET, 0, nullptr, nullptr, nullptr);
    DefineCustomIntVariable("cur.shortlist", "Rows that rounds after the first pass look at.",
                            nullptr, &cur_shortlist, 10000, 10, 10000000, PGC_USERSET, 0, nullptr,
                            nullptr, nullptr);
    DefineCustomEnumVariable(
        "cur.iterative_scan", "Whether a scan goes on when its budget is returned in full.",
        "relaxed_order goes on in batches, strict_order drops rows that come too late.",
        &cur_iterative_scan, static_cast<int>(IterativeScan::kOff), iterative_scan_values,
        PGC_USERSET, 0, nullptr, nullptr, nullptr);
    DefineCustomIntVariable(
        "cur.max_scan_calls", "Scorer calls after which an iterative scan does not go on.", nullptr,
        &cur_max_scan_calls, 20000, 1, INT_MAX, PGC_USERSET, 0, nullptr, nullptr, nullptr);
    DefineCustomRealVariable(
        "cur.max_build_calls", "Scorer calls that building or examining an index may cost at most.",
        "CREATE INDEX, REINDEX, cur_recall and cur_index_check fail before the first call when "
        "they would need more.",
        &cur_max_build_calls, 1e8, 0.0, DBL_MAX, PGC_USERSET, 0, nullptr, nullptr, nullptr);
    DefineCustomIntVariable("cur.batch_size", "Items handed to a batch scorer at once.", nullptr,
                            &cur_batch_size, 256, 1, 100000, PGC_USERSET, 0, nullptr, nullptr,
                            nullptr);
    MarkGUCPrefixReserved("cur");
}

// Needs a place behind the struct for the string, which only build_reloptions makes.
const Options kDefaults = {0,
                           kDefaultAnchorQueries,
                           kDefaultAnchorItems,
                           0,
                           static_cast<int>(vg::cur::Storage::kInt8),
                           0,
                           0,
                           kDefaultRidge,
                           static_cast<int>(Nonfinite::kError),
                           kDefaultFlushLimit,
                           static_cast<int>(InsertMode::kPending)};

}  // namespace

const Options* options_of(Relation index) {
    return &index::options_of(index, kDefaults);
}

const char* cur_anchor_source(const Options* options) {
    return options->anchor_source == 0
               ? "items"
               : reinterpret_cast<const char*>(options) + options->anchor_source;
}

void init() {
    add_options();
    add_parameters();
}

VG_FUNCTION(cur_handler) {
    IndexAmRoutine* am = index::make_ordering_routine();
    am->amstrategies = 1;
    am->amsupport = kSupportProcs;
    am->amparallelvacuumoptions = VACUUM_OPTION_PARALLEL_BULKDEL;

    am->ambuild = cur_build;
    am->ambuildempty = cur_buildempty;
    am->aminsert = cur_insert;
    am->ambulkdelete = cur_bulkdelete;
    am->amvacuumcleanup = cur_vacuumcleanup;
    am->amcostestimate = index::cost_estimate<cur_price>;
    am->amoptions = parse_options;
    am->ambuildphasename = cur_buildphasename;
    am->amvalidate = cur_validate;
    am->ambeginscan = cur_beginscan;
    am->amrescan = cur_rescan;
    am->amgettuple = cur_gettuple;
    am->amendscan = cur_endscan;
    PG_RETURN_POINTER(am);
}

}  // namespace vg::pg::cur
