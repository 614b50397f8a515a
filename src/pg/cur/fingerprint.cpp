#include "pg/boundary/pg.h"

#include "pg/cur/fingerprint.h"

#include <cctype>
#include <cstring>

extern "C" {
#include "utils/fmgrprotos.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/ruleutils.h"
}

#include "pg/boundary/arguments.h"
#include "pg/boundary/settings.h"

namespace vg::pg::cur {
namespace {

std::uint64_t mix(std::uint64_t seed, const char* bytes, std::size_t n) {
    return DatumGetUInt64(hash_any_extended(reinterpret_cast<const unsigned char*>(bytes),
                                            static_cast<int>(n), seed));
}

std::uint64_t mix_attribute(std::uint64_t seed, HeapTuple tuple, int attribute, bool is_text) {
    bool null;
    const Datum value = SysCacheGetAttr(PROCOID, tuple, static_cast<AttrNumber>(attribute), &null);
    if (null)
        return mix(seed, "", 0);
    if (is_text) {
        const char* string = TextDatumGetCString(value);
        return mix(seed, string, std::strlen(string));
    }
    const auto* bytes = reinterpret_cast<const char*>(PG_DETOAST_DATUM(value));
    return mix(seed, bytes, VARSIZE(bytes));
}

// What text of a query depends on: names are qualified and quoted, and constants printed, by these.
constexpr struct {
    const char* name;
    const char* value;
} kTextSettings[] = {
    {"search_path", "pg_catalog, pg_temp"},
    {"quote_all_identifiers", "off"},
    {"extra_float_digits", "3"},
    {"DateStyle", "ISO, YMD"},
    {"IntervalStyle", "postgres"},
    {"TimeZone", "GMT"},
    {"bytea_output", "hex"},
    {"standard_conforming_strings", "on"},
};

// Parameters stand in the text as function.parameter where a query has tables: without that, since
// the name of the function does not count.
void drop_qualifier(char* query, const char* name) {
    const char* qualifier = psprintf("%s.", quote_identifier(name));
    const std::size_t length = std::strlen(qualifier);
    char* to = query;
    bool inside = false;  // of an identifier, or after a dot
    for (const char* from = query; *from != '\0';) {
        if (!inside && std::strncmp(from, qualifier, length) == 0) {
            from += length;
            continue;
        }
        const char c = *from++;
        inside = isalnum(static_cast<unsigned char>(c)) || IS_HIGHBIT_SET(c) ||
                 std::strchr("_$.\"", c) != nullptr;
        *to++ = c;
    }
    *to = '\0';
}

// An SQL-standard body as text. In the catalog it is a tree that holds OIDs, which are others after
// pg_upgrade, and whose form is another in every major version.
std::uint64_t mix_sql_body(std::uint64_t seed, HeapTuple tuple) {
    const auto* function = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple));
    const int level = NewGUCNestLevel();
    for (const auto& s : kTextSettings)
        set_for_level(s.name, s.value);
    LOCAL_FCINFO(fcinfo, 1);
    InitFunctionCallInfoData(*fcinfo, nullptr, 1, InvalidOid, nullptr, nullptr);
    fcinfo->args[0].value = ObjectIdGetDatum(function->oid);
    fcinfo->args[0].isnull = false;
    const Datum body = pg_get_function_sqlbody(fcinfo);
    char* query = fcinfo->isnull ? pstrdup("") : TextDatumGetCString(body);
    drop_qualifier(query, NameStr(function->proname));
    seed = mix(seed, query, std::strlen(query));
    AtEOXact_GUC(false, level);
    return seed;
}

// False where there is no such function. Its own name and OID do not count: they change without the
// function doing so, and the other way. Names of what an SQL-standard body refers to do.
bool mix_function(std::uint64_t* hash, Oid function) {
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
    if (!HeapTupleIsValid(tuple))
        return false;
    std::uint64_t seed = *hash;
    seed = mix_attribute(seed, tuple, Anum_pg_proc_prosrc, true);
    seed = mix_attribute(seed, tuple, Anum_pg_proc_probin, true);
    seed = mix_attribute(seed, tuple, Anum_pg_proc_proconfig, false);
    seed = mix_sql_body(seed, tuple);
    ReleaseSysCache(tuple);
    *hash = seed;
    return true;
}

std::uint64_t version_hash(Relation index) {
    const Oid oid = index_getprocid(index, 1, kVersionProc);
    if (!OidIsValid(oid))
        return 0;
    // Not the one of the relation cache: this one may have been replaced by one in another
    // language.
    FmgrInfo function;
    fmgr_info(oid, &function);
    LOCAL_FCINFO(fcinfo, 0);
    InitFunctionCallInfoData(*fcinfo, &function, 0, index->rd_indcollation[0], nullptr, nullptr);
    const Datum result = FunctionCallInvoke(fcinfo);
    if (fcinfo->isnull)
        return 0;
    const char* version = TextDatumGetCString(result);
    return mix(1, version, std::strlen(version));
}

// ---- once per backend -------------------------------------------------------------------------

// Counts changes of functions.
std::uint64_t generation = 0;

void function_changed(Datum, SysCacheNumber, uint32) {
    ++generation;
}

struct Seen {
    Oid index;  // key
    Oid storage;
    std::uint64_t generation;
    Fingerprint warned;
};

Seen* find_seen(Relation index) {
    static HTAB* table = nullptr;
    if (table == nullptr) {
        HASHCTL control{};
        control.keysize = sizeof(Oid);
        control.entrysize = sizeof(Seen);
        table = hash_create("cur scorers seen", 16, &control, HASH_ELEM | HASH_BLOBS);
        CacheRegisterSyscacheCallback(PROCOID, function_changed, 0);
    }
    const Oid oid = RelationGetRelid(index);
    bool found;
    auto* seen = static_cast<Seen*>(hash_search(table, &oid, HASH_ENTER, &found));
    if (!found || seen->storage != storage_id(index))
        *seen = {oid, storage_id(index), ~std::uint64_t{0}, {0, 0}};
    return seen;
}

const char* difference(const Fingerprint& now, const vg::cur::MetaData& m) {
    if (m.dims == 0 || now == built_fingerprint(m))
        return nullptr;
    return now.functions != m.scorer_functions ? "its functions are other ones"
                                               : "its version function says another version";
}

}  // namespace

Fingerprint scorer_fingerprint(Relation index) {
    Fingerprint f{1, 0};
    for (const int number : {kScoreProc, kBatchProc}) {
        const Oid function = index_getprocid(index, 1, static_cast<uint16>(number));
        if (OidIsValid(function) && !mix_function(&f.functions, function))
            elog(ERROR, "cache lookup failed for function %u", function);
    }
    f.version = version_hash(index);
    return f;
}

const char* scorer_change(Relation index, const vg::cur::MetaData& m) {
    return difference(scorer_fingerprint(index), m);
}

void note_scorer(Relation index, const vg::cur::MetaData& m) {
    Seen* seen = find_seen(index);
    if (seen->generation == generation)
        return;
    // Before the call: it may change functions, and an error of it leaves the question open.
    const std::uint64_t asked = generation;
    const Fingerprint now = scorer_fingerprint(index);
    const char* change = difference(now, m);
    seen->generation = asked;
    if (change == nullptr || now == seen->warned)
        return;
    seen->warned = now;
    ereport(WARNING, (errmsg("the scorer of index \"%s\" has changed since the index was built",
                             RelationGetRelationName(index)),
                      errdetail("As far as the catalog tells, %s.", change),
                      errhint("REINDEX, or let cur_index_check(..., accept => true) compare "
                              "scores.")));
}

// What functions are made of, as a number in text: for version functions that look at a scorer
// behind the functions of a class.
VG_FUNCTION(vg_cur_functions_hash) {
    const ArrayItems functions = array_items(PG_GETARG_ARRAYTYPE_P(0));
    std::uint64_t hash = 1;
    for (int i = 0; i < functions.n; ++i) {
        if (functions.nulls[i])
            report_null("a function");
        const Oid function = DatumGetObjectId(functions.values[i]);
        if (!mix_function(&hash, function))
            ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION),
                            errmsg("function %u does not exist", function)));
    }
    PG_RETURN_TEXT_P(cstring_to_text(psprintf(UINT64_FORMAT, hash)));
}

}  // namespace vg::pg::cur
