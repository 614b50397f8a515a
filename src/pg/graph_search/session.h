// One call of a semantic_graph function: the index and the caller's rights to it, the link sets,
// and the memory contexts everything is charged to. Plain data, made before there are C++ objects;
// begin_session raises PostgreSQL errors.
//
// Locks: AccessShareLock on table and index until the end of the transaction, link tables as their
// queries take them. Under serializable isolation the whole index counts as read.
#pragma once

#include "pg/boundary/pg.h"

#include "core/base/poll.h"
#include "pg/boundary/result.h"
#include "pg/links/reader.h"
#include "pg/semantic_graph/graph_index.h"

namespace vg::pg::graph_search {

struct Session {
    semantic_graph::GraphIndex* index;
    Snapshot snapshot;
    bool row_security;       // rows must be asked for through SQL
    const char* key_column;  // null for an expression
    IndexFetchTableData* fetch;
    TupleTableSlot* slot;
    links::LinkRequest links;
    MemoryContext context;  // of this call, bounded by state_budget()
    MemoryContext scratch;  // below it; reset by whoever uses it next
};

// Where a function has its links_sql and kinds arguments.
struct LinkArguments {
    int links_sql;
    int kinds;
};

// key_class: of the function's keys. 42804 when the index has others, 42501 without SELECT on the
// table's indexed columns, and what GraphIndex::open reports.
Session begin_session(FunctionCallInfo fcinfo, links::KeyClass key_class, LinkArguments links);
void end_session(const Session& session);

// Runs body(session) in one.
template <typename Body>
void with_session(FunctionCallInfo fcinfo, links::KeyClass key_class, LinkArguments links,
                  Body&& body) {
    const Session session = begin_session(fcinfo, key_class, links);
    body(session);
    end_session(session);
}

// The class of keys a function takes and returns, told by the type of its result column or
// argument.
links::KeyClass class_of_result(TupleDesc columns, int column);

// The same as with_session for a function that returns a table, whose column `key_column` has the
// keys: runs body(session, result).
template <typename Body>
Datum session_result(FunctionCallInfo fcinfo, int key_column, LinkArguments links, Body&& body) {
    const ResultSet result = begin_result(fcinfo);
    with_session(fcinfo, class_of_result(result.columns, key_column), links,
                 [&](const Session& session) { body(session, result); });
    return Datum{0};
}

// Asks for interrupts, and fails with 53400 when the call has outgrown its budget.
Poll session_poll(const Session& session);

// Keys from an SQL array of bigint or text; 22004 for a NULL in it.
void read_keys(Datum array, const char* name, links::Keys& keys, std::vector<graph::Vertex>& out);
// In CurrentMemoryContext; raises PostgreSQL errors.
Datum sql_key(const links::Keys& keys, graph::Vertex vertex);
Datum sql_key_array(const links::Keys& keys, const graph::Vertex* vertices, int n);

// Limits of arguments.

inline constexpr int32 kMaxHops = 16;
inline constexpr int32 kMaxNodes = 10000000;

}  // namespace vg::pg::graph_search
