// Catalog validation of the operator classes of cur: what CREATE OPERATOR CLASS lets through but an
// index could not use. The scorer is the operator's own function, so that a sequential scan and an
// index scan compare by the same values.

#include "pg/boundary/pg.h"

#include "pg/cur/cur.h"

namespace vg::pg::cur {
namespace {

bool invalid(const char* name, const char* what) {
    ereport(INFO, (errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
                   errmsg("operator class \"%s\" of access method cur %s", name, what)));
    return false;
}

bool is_float(Oid type) {
    return type == FLOAT8OID || type == FLOAT4OID;
}

struct Signature {
    int arguments;
    Oid result;
    Oid first;
    Oid second;
    char volatility;
};

bool signature_of(Oid function, Signature* out) {
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
    if (!HeapTupleIsValid(tuple))
        return false;
    const auto* form = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple));
    const Oid* types = form->proargtypes.values;
    const int n = form->pronargs;
    *out = {n, form->prorettype, n > 0 ? types[0] : InvalidOid, n > 1 ? types[1] : InvalidOid,
            form->provolatile};
    const bool set = form->proretset;
    ReleaseSysCache(tuple);
    return !set;
}

bool check_function(const char* name, int number, Oid function, Oid item, Oid query) {
    Signature s;
    const int arguments = number == kVersionProc ? 0 : 2;
    if (!signature_of(function, &s) || s.arguments != arguments)
        return invalid(name, number == kVersionProc
                                 ? "has a support function 4 other than () to text"
                                 : "has a support function that does not take two arguments");
    if (s.volatility == PROVOLATILE_VOLATILE)
        return invalid(name, "has a volatile support function");
    switch (number) {
        case kScoreProc:
            if (!is_float(s.result) || s.first != item || s.second != query)
                return invalid(name, "has a support function 1 other than (item, query) to float");
            return true;
        case kBatchProc:
            if (!is_float(get_element_type(s.result)) || get_element_type(s.first) != item ||
                s.second != query)
                return invalid(name,
                               "has a support function 2 other than (item[], query) to float[]");
            return true;
        case kSeedProc:
            if (get_element_type(s.result) != TIDOID || s.first != query || s.second != INT4OID)
                return invalid(name,
                               "has a support function 3 other than (query, integer) to tid[]");
            return true;
        case kVersionProc:
            if (s.result != TEXTOID)
                return invalid(name, "has a support function 4 other than () to text");
            return true;
        default:
            return invalid(name, "has a support function of an unknown number");
    }
}

}  // namespace

bool cur_validate(Oid opclass) {
    HeapTuple tuple = SearchSysCache1(CLAOID, ObjectIdGetDatum(opclass));
    if (!HeapTupleIsValid(tuple))
        elog(ERROR, "cache lookup failed for operator class %u", opclass);
    const auto* form = reinterpret_cast<Form_pg_opclass>(GETSTRUCT(tuple));
    const char* name = NameStr(form->opcname);
    const Oid item = form->opcintype;
    Oid query = InvalidOid;
    Oid function = InvalidOid;
    bool valid = true;

    CatCList* opers = SearchSysCacheList1(AMOPSTRATEGY, ObjectIdGetDatum(form->opcfamily));
    for (int i = 0; i < opers->n_members; ++i) {
        const auto* oper = reinterpret_cast<Form_pg_amop>(GETSTRUCT(&opers->members[i]->tuple));
        if (oper->amopstrategy != 1 || oper->amoppurpose != AMOP_ORDER ||
            oper->amoplefttype != item || OidIsValid(query)) {
            valid = invalid(name, "has an operator other than one ordering operator of strategy 1");
            continue;
        }
        query = oper->amoprighttype;
        function = get_opcode(oper->amopopr);
    }
    CatCList* procs = SearchSysCacheList1(AMPROCNUM, ObjectIdGetDatum(form->opcfamily));
    bool has_scorer = false;
    for (int i = 0; i < procs->n_members; ++i) {
        const auto* proc = reinterpret_cast<Form_pg_amproc>(GETSTRUCT(&procs->members[i]->tuple));
        if (!check_function(name, proc->amprocnum, proc->amproc, item, query))
            valid = false;
        if (proc->amprocnum != kScoreProc)
            continue;
        has_scorer = true;
        if (proc->amproc != function)
            valid = invalid(name, "has a support function 1 that is not its operator's function");
    }
    if (!OidIsValid(query) || !has_scorer)
        valid = invalid(name, "lacks its ordering operator or its support function 1");
    ReleaseCatCacheList(procs);
    ReleaseCatCacheList(opers);
    ReleaseSysCache(tuple);
    return valid;
}

Oid cur_query_type(Relation index) {
    const Oid family = index->rd_opfamily[0];
    Oid query = InvalidOid;
    CatCList* opers = SearchSysCacheList1(AMOPSTRATEGY, ObjectIdGetDatum(family));
    for (int i = 0; i < opers->n_members; ++i) {
        const auto* oper = reinterpret_cast<Form_pg_amop>(GETSTRUCT(&opers->members[i]->tuple));
        if (oper->amopstrategy == 1 && oper->amoplefttype == index->rd_opcintype[0])
            query = oper->amoprighttype;
    }
    ReleaseCatCacheList(opers);
    if (!OidIsValid(query))
        elog(ERROR, "operator class of index \"%s\" has no ordering operator",
             RelationGetRelationName(index));
    return query;
}

}  // namespace vg::pg::cur
