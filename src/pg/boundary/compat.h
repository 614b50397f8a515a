// Every difference between PostgreSQL 13 and 18 that this extension meets. Nothing else may mention
// PG_VERSION_NUM (CI checks it). Only 15 is tested here; the other branches are by inspection.
#pragma once

#include "pg/boundary/pg.h"

#if PG_VERSION_NUM < 130000
#error "vectorgraph needs PostgreSQL 13 or newer"
#endif

#define VG_PG_GE(major) (PG_VERSION_NUM >= (major) * 10000)

#if VG_PG_GE(16)
extern "C" {
#include "varatt.h"
}
#endif

// aminsert grew indexUnchanged in 14.
#if VG_PG_GE(14)
#define VG_AMINSERT_EXTRA bool index_unchanged [[maybe_unused]],
#else
#define VG_AMINSERT_EXTRA
#endif

namespace vg::pg {

inline void reserve_guc_prefix(const char* prefix) {
#if VG_PG_GE(15)
    MarkGUCPrefixReserved(prefix);
#else
    EmitWarningsOnPlaceholders(prefix);
#endif
}

// Identity of a relation's storage: changes when the relation is rewritten.
inline Oid storage_id(Relation rel) {
#if VG_PG_GE(16)
    return rel->rd_locator.relNumber;
#else
    return rel->rd_node.relNode;
#endif
}

inline void delay_point() {
#if VG_PG_GE(18)
    vacuum_delay_point(false);
#else
    vacuum_delay_point();
#endif
}

}  // namespace vg::pg
