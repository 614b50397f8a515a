// Link sets: tables of the user's whose rows are links between the keys of a semantic_graph index.
// The registry keeps names, not SQL, so it survives dump and restore, and what is run is built
// here. Tables are read with the rights of whoever asks, under his snapshot.
//
// Everything here is plain data in CurrentMemoryContext; the functions raise PostgreSQL errors and
// are called where no object with a destructor is alive (R2).
#pragma once

#include "pg/boundary/pg.h"

#include "pg/links/keys.h"

namespace vg::pg::links {

struct LinkSet {
    Oid table;
    const char* source;  // column names
    const char* target;
    const char* weight;  // null: every link weighs 1
    const char* kind;    // null: every link is of the kind `label`
    const char* label;
    bool directed;
    Oid registered_by;
};

struct LinkSets {
    LinkSet* sets;
    int n;
};

// The registry lies in the schema of the extension's functions, whose OID names it.
Oid link_registry(Oid function);

// The link sets of an index, checked: 42P01 and 42703 for a table or column that is gone.
LinkSets link_sets_of(Oid registry, Oid index);
// The same for reading them now: 42501 unless whoever registered a set may still act as the owner
// of the indexed table, and unless reading it runs nobody's code but the owner's, a superuser's or
// the caller's own. Tables are locked until the end of the transaction, so that the names still
// mean what was checked when the query is built.
LinkSets usable_link_sets_of(Oid registry, Oid index);

// Type of a key column; 42804 unless it fits the class of the index's keys.
Oid checked_key_column(Oid table, const char* column, KeyClass keys);

}  // namespace vg::pg::links
