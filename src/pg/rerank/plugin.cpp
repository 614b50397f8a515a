// Implements plugin.h.

#include "pg/boundary/pg.h"

#include "pg/rerank/plugin.h"

extern "C" {
#include "catalog/objectaccess.h"
#include "nodes/makefuncs.h"
}

#include "pg/boundary/compat.h"

namespace vg::pg::rerank {
namespace {

using vg::rerank::Protocol;

struct Kind {
    const char* what;
    int arrays;         // of documents, behind the query
    Oid answers[2];     // types of the result
    Oid elements[2];    // of their elements
    const char* shape;  // in words
};

const Kind& kind_of(Protocol protocol) {
    static const Kind kScorer = {"a scorer",
                                 1,
                                 {FLOAT4ARRAYOID, FLOAT8ARRAYOID},
                                 {FLOAT4OID, FLOAT8OID},
                                 "real[] or double precision[], a score per document"};
    static const Kind kPicker = {"a picker",
                                 1,
                                 {INT4OID, InvalidOid},
                                 {INT4OID, InvalidOid},
                                 "integer, the place of one document"};
    static const Kind kComparer = {"a comparer",
                                   2,
                                   {FLOAT4ARRAYOID, FLOAT8ARRAYOID},
                                   {FLOAT4OID, FLOAT8OID},
                                   "real[] or double precision[], the chance that each document of "
                                   "the first array beats that of the second"};
    static const Kind kPermuter = {"a permuter",
                                   1,
                                   {INT4ARRAYOID, InvalidOid},
                                   {INT4OID, InvalidOid},
                                   "integer[], the places of the documents, best first"};
    switch (protocol) {
        case Protocol::kPointwise:
        case Protocol::kGroupwise:
            return kScorer;
        case Protocol::kSetwiseHeap:
        case Protocol::kSetwiseBubble:
        case Protocol::kEliminate:
            return kPicker;
        case Protocol::kPairwiseHeap:
            return kComparer;
        case Protocol::kListwise:
            break;
    }
    return kPermuter;
}

[[noreturn]] void report_shape(const Plugin& p, const Kind& kind) {
    const char* query = format_type_be(p.query_type);
    const char* array = format_type_be(p.array_type);
    const char* second = kind.arrays == 2 ? psprintf(", %s", array) : "";
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_FUNCTION_DEFINITION),
             errmsg("function %s is not what protocol \"%s\" needs", p.name,
                    vg::rerank::kProtocolNames[static_cast<std::size_t>(p.protocol)].data()),
             errdetail("It needs %s: (%s, %s%s) returning %s.", kind.what, query, array, second,
                       kind.shape),
             errhint("Choose another protocol, or wrap the function in one of that shape.")));
    pg_unreachable();
}

// Whether a function takes the query and the documents and returns an answer; notes its element.
bool fits(Plugin* p, const Kind& kind, const FormData_pg_proc& form) {
    if (form.prokind != PROKIND_FUNCTION || form.proretset || form.pronargs != kind.arrays + 1)
        return false;
    if (!IsBinaryCoercible(p->query_type, form.proargtypes.values[0]))
        return false;
    for (int i = 1; i < form.pronargs; ++i) {
        if (!IsBinaryCoercible(p->array_type, form.proargtypes.values[i]))
            return false;
    }
    for (std::size_t i = 0; i < lengthof(kind.answers); ++i) {
        if (OidIsValid(kind.answers[i]) && form.prorettype == kind.answers[i]) {
            p->element_type = kind.elements[i];
            return true;
        }
    }
    return false;
}

void check_function(Plugin* p) {
    const HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(p->function));
    if (!HeapTupleIsValid(tuple))
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION),
                        errmsg("function with OID %u does not exist", p->function)));
    p->name = format_procedure(p->function);
    const auto* form = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple));
    const Kind& kind = kind_of(p->protocol);
    const bool good = fits(p, kind, *form);
    p->nargs = kind.arrays + 1;
    ReleaseSysCache(tuple);
    if (!good)
        report_shape(*p, kind);
    if (!may_execute(p->function))
        aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FUNCTION, get_func_name(p->function));
    InvokeFunctionExecuteHook(p->function);
}

// A call expression, from which polymorphic functions learn the types of their arguments.
Node* call_expression(const Plugin& p, Oid collation) {
    List* args = list_make1(makeNullConst(p.query_type, -1, collation));
    for (int i = 1; i < p.nargs; ++i)
        args = lappend(args, makeNullConst(p.array_type, -1, collation));
    return reinterpret_cast<Node*>(makeFuncExpr(p.function, get_func_rettype(p.function), args,
                                                InvalidOid, collation, COERCE_EXPLICIT_CALL));
}

}  // namespace

Plugin* find_plugin(FunctionCallInfo fcinfo, Oid function, Protocol protocol) {
    auto* known = static_cast<Plugin*>(fcinfo->flinfo->fn_extra);
    if (known != nullptr && known->function == function && known->protocol == protocol)
        return known;
    fcinfo->flinfo->fn_extra = nullptr;
    if (known != nullptr)
        MemoryContextDelete(known->context);
    MemoryContext context =
        AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "rerank plug-in", ALLOCSET_SMALL_SIZES);
    const MemoryContext old = MemoryContextSwitchTo(context);
    auto* p = static_cast<Plugin*>(palloc0(sizeof(Plugin)));
    p->context = context;
    p->function = function;
    p->protocol = protocol;
    p->query_type = get_fn_expr_argtype(fcinfo->flinfo, 0);
    p->array_type = get_fn_expr_argtype(fcinfo->flinfo, 1);
    check_function(p);
    fmgr_info_cxt(function, &p->call, context);
    fmgr_info_set_expr(call_expression(*p, PG_GET_COLLATION()), &p->call);
    MemoryContextSwitchTo(old);
    fcinfo->flinfo->fn_extra = p;
    return p;
}

}  // namespace vg::pg::rerank
