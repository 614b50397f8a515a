// The user's function that judges, found and checked: a scorer, picker, comparer or permuter.
//
// Ownership: a Plugin lives in a context below that of the calling expression (fn_mcxt), so that
// what PL/pgSQL, PL/Python or SQL cache about the function serves all reranks of a statement. The
// functions here raise PostgreSQL errors (R2).
#pragma once

#include "pg/boundary/pg.h"

#include "core/rerank/rerank.h"

namespace vg::pg::rerank {

struct Plugin {
    MemoryContext context;  // everything of this plug-in
    Oid function;
    vg::rerank::Protocol protocol;
    Oid query_type;
    Oid array_type;    // of the documents
    Oid element_type;  // of an element of the answer, or the answer itself where it is none
    FmgrInfo call;
    int nargs;
    const char* name;     // for messages
    bool noticed_places;  // a NOTICE comes once per statement, not once per list
    bool noticed_max_calls;
};

// The plug-in of this call site, made anew when the function or protocol has changed. 42883: no
// such function; 42501: may not be executed; 42P13: of another shape than the protocol needs.
Plugin* find_plugin(FunctionCallInfo fcinfo, Oid function, vg::rerank::Protocol protocol);

}  // namespace vg::pg::rerank
