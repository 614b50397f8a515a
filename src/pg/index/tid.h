// Heap TIDs of the core and of PostgreSQL, which are the same bits.
#pragma once

#include "pg/boundary/pg.h"

#include "core/node/format.h"

extern "C" {
#include "storage/itemptr.h"
}

namespace vg::pg::index {

inline node::Tid to_tid(const ItemPointerData& p) {
    return {p.ip_blkid.bi_hi, p.ip_blkid.bi_lo, p.ip_posid};
}
inline ItemPointerData from_tid(const node::Tid& t) {
    ItemPointerData p;
    p.ip_blkid.bi_hi = t.block_high;
    p.ip_blkid.bi_lo = t.block_low;
    p.ip_posid = t.offset_number();
    return p;
}

}  // namespace vg::pg::index
