// The heavyweight locks of an index, held for one call of the access method or of a function at
// most: waits can be cancelled, deadlocks are detected, an error gives them back. They are object
// locks of pg_class with a sub-number, which nothing else takes. Page locks would look more
// natural, but some minor releases of 13 to 15 leave those out of deadlock detection, and assert
// that nothing else is locked under one.
//
//   upkeep lock    held by vacuum from end to end, against another one and against the functions
//                  that need an index to stand still; those close both gates as well, and give up
//                  where a vacuum holds the lock or waits for it
//   insert gates   every insert into a node store holds one of two, in a mode that inserts share,
//                  for one call of the access method. To pass each once (wait_for_inserts) is to
//                  know that every insert that had begun is over; inserts that come meanwhile take
//                  the other gate and do not wait
//   placing lock   of a cur index: see pg/cur/cur.h
//
// Order: upkeep lock, gates in their order, placing lock. Everything here may ereport (R2).
#pragma once

#include "pg/boundary/pg.h"

namespace vg::pg::index {

enum class Lock : uint16 { kUpkeep = 1, kFirstGate = 2, kSecondGate = 3, kPlacing = 4 };

inline LOCKTAG index_lock_tag(Relation index, Lock lock) {
    LOCKTAG tag;
    SET_LOCKTAG_OBJECT(tag, index->rd_lockInfo.lockRelId.dbId, RelationRelationId,
                       RelationGetRelid(index), static_cast<uint16>(lock));
    return tag;
}
inline void acquire(Relation index, Lock lock, LOCKMODE mode) {
    const LOCKTAG tag = index_lock_tag(index, lock);
    LockAcquire(&tag, mode, false, false);
}
// False, at once, where somebody holds or waits for the lock in a mode that conflicts.
inline bool acquire_if_free(Relation index, Lock lock, LOCKMODE mode) {
    const LOCKTAG tag = index_lock_tag(index, lock);
    return LockAcquire(&tag, mode, false, true) != LOCKACQUIRE_NOT_AVAIL;
}
inline void release(Relation index, Lock lock, LOCKMODE mode) {
    const LOCKTAG tag = index_lock_tag(index, lock);
    LockRelease(&tag, mode, false);
}

// The gate that an insert passes through; hand it to leave_insert.
inline Lock enter_insert(Relation index) {
    if (acquire_if_free(index, Lock::kFirstGate, RowExclusiveLock))
        return Lock::kFirstGate;
    acquire(index, Lock::kSecondGate, RowExclusiveLock);
    return Lock::kSecondGate;
}
inline void leave_insert(Relation index, Lock gate) {
    release(index, gate, RowExclusiveLock);
}
// Returns when every insert that was under way is over.
inline void wait_for_inserts(Relation index) {
    for (const Lock gate : {Lock::kFirstGate, Lock::kSecondGate}) {
        acquire(index, gate, ShareLock);
        release(index, gate, ShareLock);
    }
}

inline void lock_for_vacuum(Relation index) {
    acquire(index, Lock::kUpkeep, ExclusiveLock);
}
inline void unlock_for_vacuum(Relation index) {
    release(index, Lock::kUpkeep, ExclusiveLock);
}

// The upkeep lock for a function that somebody calls. It never waits for it: the server cancels an
// autovacuum that somebody waits for, and a vacuum may take hours.
inline void lock_upkeep_or_refuse(Relation index, LOCKMODE mode) {
    if (acquire_if_free(index, Lock::kUpkeep, mode))
        return;
    ereport(ERROR,
            (errcode(ERRCODE_LOCK_NOT_AVAILABLE),
             errmsg("index \"%s\" is being vacuumed or checked", RelationGetRelationName(index)),
             errdetail("The function needs an index that nobody changes, and does not wait: an "
                       "autovacuum that is waited for is cancelled by the server."),
             errhint("Call it again when pg_stat_progress_vacuum no longer shows the table.")));
}

// Keeps inserts and vacuum out; several holders may do so at once. 55P03 during a vacuum, 55000 on
// a standby, where nothing could keep replay out.
inline void lock_against_writers(Relation index) {
    if (RecoveryInProgress())
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("cannot look through index \"%s\" during recovery",
                               RelationGetRelationName(index)),
                        errdetail("Replay changes the index while it is read."),
                        errhint("Call the function on the primary server.")));
    lock_upkeep_or_refuse(index, ShareLock);
    for (const Lock gate : {Lock::kFirstGate, Lock::kSecondGate})
        acquire(index, gate, ShareLock);
}
inline void unlock_against_writers(Relation index) {
    for (const Lock lock : {Lock::kSecondGate, Lock::kFirstGate, Lock::kUpkeep})
        release(index, lock, ShareLock);
}

}  // namespace vg::pg::index
