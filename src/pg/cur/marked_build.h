// The mark of a concurrent build that is thought to read nothing but its own table. Call where
// errors may be raised (R2): the last function takes a lock of the server.
#pragma once

#include "pg/boundary/pg.h"

extern "C" {
#include "storage/lwlock.h"
#include "storage/proc.h"
}

namespace vg::pg::cur {

// CREATE INDEX and REINDEX CONCURRENTLY of an index without expressions or predicate run under a
// mark: they are thought to read no other table, so that other concurrent builds do not
// wait for their snapshots to end.
inline bool in_marked_build() {
    return (MyProc->statusFlags & PROC_IN_SAFE_IC) != 0;
}
// Takes the mark off for the rest of the transaction. Whether there was one: then snapshots taken
// before may miss rows in the indexes of other tables, and a new one is to be used.
inline bool leave_marked_build() {
    if (!in_marked_build())
        return false;
    LWLockAcquire(ProcArrayLock, LW_EXCLUSIVE);
    MyProc->statusFlags &= ~PROC_IN_SAFE_IC;
    ProcGlobal->statusFlags[MyProc->pgxactoff] = MyProc->statusFlags;
    LWLockRelease(ProcArrayLock);
    return true;
}

}  // namespace vg::pg::cur
