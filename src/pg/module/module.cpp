// What PostgreSQL looks for when it loads vectorgraph.so. One library serves two extensions, vector
// and vectorgraph; what a room needs at load time (GUCs, reloptions) it does in its own init
// function, called from _PG_init. Loading must never start a thread or touch the catalogs: it may
// happen in the postmaster (shared_preload_libraries).

#include "pg/boundary/pg.h"

#include "pg/boundary/boundary.h"
#include "pg/cur/cur.h"
#include "pg/lid_hnsw/lid_hnsw.h"
#include "pg/select/select.h"
#include "pg/semantic_graph/semantic_graph.h"

extern "C" {
PG_MODULE_MAGIC;
extern PGDLLEXPORT void _PG_init(void);
}

void _PG_init(void) {
    vg::pg::enter_cpp([] {
        vg::pg::lid_hnsw::init();
        vg::pg::semantic_graph::init();
        vg::pg::cur::init();
        vg::pg::select::init();
    });
}
