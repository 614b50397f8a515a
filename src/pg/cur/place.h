// Slots for items: where a row with a latent vector goes.
#pragma once

#include "pg/boundary/pg.h"

#include "pg/cur/cur.h"
#include "pg/cur/project.h"

namespace vg::pg::cur {

// Gives row i at hand, which is projected, a slot, in one WAL record, and takes it off the pending
// page `pending` in the same. False when it is not there any more; InvalidBlockNumber for a row
// that never was pending. The caller holds the upkeep lock, or shares it and holds the placing
// lock (cur.h), and has read p->meta under that.
bool place_item(Projector* p, int i, const node::Tid& tid, BlockNumber pending);

}  // namespace vg::pg::cur
