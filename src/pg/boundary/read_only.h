// A stretch of code in which the backend's SQL may only read, functions that it calls included.
// What sets it is the variable behind the parameter transaction_read_only, not the parameter:
// servers from 16 on do not let a function set that one for its own duration. It has the same
// force, and SQL that runs meanwhile cannot take it back, for a transaction that has a snapshot
// cannot be made read-write.
//
// An error leaves the stretch too: the abort of the transaction or subtransaction that follows it
// (R5) gives the variable the value it had when that one began.
#pragma once

#include "pg/boundary/pg.h"

namespace vg::pg {

// What end_read_only wants back.
inline bool begin_read_only() {
    const bool was = XactReadOnly;
    XactReadOnly = true;
    return was;
}
inline void end_read_only(bool was) {
    XactReadOnly = was;
}

}  // namespace vg::pg
