// Every difference between PostgreSQL 15 and 19 that this extension meets, each with the change of
// the server that made it. Nothing else may mention PG_VERSION_NUM (CI checks it). What was
// run on which release: docs/testing.md.
#pragma once

#include "pg/boundary/pg.h"

#include <cstdint>

#if PG_VERSION_NUM < 150000
#error "vectorgraph needs PostgreSQL 15 or newer"
#endif

#define VG_PG_GE(major) (PG_VERSION_NUM >= (major)*10000)

#if VG_PG_GE(16)
extern "C" {
#include "varatt.h"  // left postgres.h in 16
}
#endif

#if VG_PG_GE(17)
extern "C" {
#include "storage/read_stream.h"
}
#endif

extern "C" {
#include "port/atomics.h"
}

namespace vg::pg {

// 18 asks an option that may be left out where it notes that it was given (isset_offset): ours note
// that nowhere, which is 0.
inline relopt_parse_elt option_at(const char* name, relopt_type type, std::size_t offset) {
    relopt_parse_elt option{};
    option.optname = name;
    option.opttype = type;
    option.offset = static_cast<int>(offset);
    return option;
}

// Identity of a relation's storage: changes when the relation is rewritten. 16 renamed it.
inline Oid storage_id(Relation rel) {
#if VG_PG_GE(16)
    return rel->rd_locator.relNumber;
#else
    return rel->rd_node.relNode;
#endif
}

// Pins the buffer and says true if it holds that block. 16 renamed what names the relation.
inline bool read_recent_buffer(Relation rel, BlockNumber block, ::Buffer buffer) {
#if VG_PG_GE(16)
    return ReadRecentBuffer(rel->rd_locator, MAIN_FORKNUM, block, buffer);
#else
    return ReadRecentBuffer(rel->rd_node, MAIN_FORKNUM, block, buffer);
#endif
}

// BUFFER_LOCK_SHARE and its like: numbers up to 18, an enum from 19 on.
using BufferLock = decltype(BUFFER_LOCK_SHARE);

// The state of a buffer has 32 bits up to 18, 64 from 19 on.
inline std::uint32_t read_atomic(pg_atomic_uint32* value) {
    return pg_atomic_read_u32(value);
}
inline std::uint64_t read_atomic(pg_atomic_uint64* value) {
    return pg_atomic_read_u64(value);
}

// What a buffer found costs a vacuum that has a cost limit; ReadRecentBuffer leaves it out. 17
// dropped the count of hits.
inline void charge_vacuum_for_hit() {
#if !VG_PG_GE(17)
    ++VacuumPageHit;
#endif
    if (VacuumCostActive)
        VacuumCostBalance += VacuumCostPageHit;
}

// Whether the current user owns the relation, or may act as its owner. 16 has one function for all
// kinds of objects.
inline bool owns_relation(Oid relation) {
#if VG_PG_GE(16)
    return object_ownercheck(RelationRelationId, relation, GetUserId());
#else
    return pg_class_ownercheck(relation, GetUserId());
#endif
}

inline bool may_execute(Oid function) {
#if VG_PG_GE(16)
    return object_aclcheck(ProcedureRelationId, function, GetUserId(), ACL_EXECUTE) == ACLCHECK_OK;
#else
    return pg_proc_aclcheck(function, GetUserId(), ACL_EXECUTE) == ACLCHECK_OK;
#endif
}

// The parts of a name with dots. From 16 on its errors may go elsewhere.
inline List* qualified_name_list(const char* name) {
#if VG_PG_GE(16)
    return stringToQualifiedNameList(name, nullptr);
#else
    return stringToQualifiedNameList(name);
#endif
}

// From 17 on index expressions are evaluated with a safe search_path; before, with the session's.
inline void restrict_search_path() {
#if VG_PG_GE(17)
    RestrictSearchPath();
#endif
}

// 18 added instrumentation, 19 flags (none of which we need).
inline IndexScanDesc begin_index_scan(Relation heap, Relation index, Snapshot snapshot, int keys,
                                      int orderbys) {
#if VG_PG_GE(19)
    return index_beginscan(heap, index, snapshot, nullptr, keys, orderbys, SO_NONE);
#elif VG_PG_GE(18)
    return index_beginscan(heap, index, snapshot, nullptr, keys, orderbys);
#else
    return index_beginscan(heap, index, snapshot, keys, orderbys);
#endif
}

// 19 added flags.
inline IndexFetchTableData* begin_table_fetch(Relation heap) {
#if VG_PG_GE(19)
    return table_index_fetch_begin(heap, SO_NONE);
#else
    return table_index_fetch_begin(heap);
#endif
}

// What EXPLAIN ANALYZE calls "Index Searches", from 18 on.
inline void count_index_search(IndexScanDesc scan [[maybe_unused]]) {
#if VG_PG_GE(18)
    if (scan->instrument != nullptr)
        ++scan->instrument->nsearches;
#endif
}

// From 18 on the planner compares the number of disabled nodes before the costs: this many are more
// than settings can disable in a plan.
inline void disable_path(Path* path [[maybe_unused]]) {
#if VG_PG_GE(18)
    path->disabled_nodes += 1000;
#endif
}

// 17 renamed it.
inline bool in_autovacuum() {
#if VG_PG_GE(17)
    return AmAutoVacuumWorkerProcess();
#else
    return IsAutoVacuumWorkerProcess();
#endif
}

// 18 asks whether it is ANALYZE that waits.
inline void delay_point() {
#if VG_PG_GE(18)
    vacuum_delay_point(false);
#else
    vacuum_delay_point();
#endif
}

// The pages of an index from `next` to before `end`, in their order. From 17 on a read stream
// fetches them: pages that are not in memory come many at a time, and from 18 on while we work on
// those before. It pins some pages ahead of us, which keeps nobody from them but who wants them
// alone. An error in between leaves nothing to end: pins belong to the resource owner, the stream
// to the memory context.
struct PageWalk {
    Relation index;
    BlockNumber next;
    BlockNumber end;
    BufferAccessStrategy strategy;
#if VG_PG_GE(17)
    ReadStream* stream;
#endif
};

#if VG_PG_GE(17)
inline BlockNumber next_block_of_walk(ReadStream*, void* walk, void*) {
    auto* w = static_cast<PageWalk*>(walk);
    return w->next < w->end ? w->next++ : InvalidBlockNumber;
}
#endif

// maintenance: as much is read ahead as maintenance_io_concurrency says. `walk` stays where it is.
// From 18 on the stream may start several reads at a time if choosing a block waits for nothing,
// as ours does.
inline void begin_page_walk(PageWalk* walk, Relation index, BlockNumber first, BlockNumber end,
                            BufferAccessStrategy strategy, bool maintenance [[maybe_unused]]) {
    walk->index = index;
    walk->next = first;
    walk->end = end;
    walk->strategy = strategy;
#if VG_PG_GE(17)
    int flags = READ_STREAM_SEQUENTIAL | READ_STREAM_FULL;
    if (maintenance)
        flags |= READ_STREAM_MAINTENANCE;
#if VG_PG_GE(18)
    flags |= READ_STREAM_USE_BATCHING;
#endif
    walk->stream = read_stream_begin_relation(flags, strategy, index, MAIN_FORKNUM,
                                              next_block_of_walk, walk, 0);
#endif
}

// The next page, pinned and not locked, or InvalidBuffer.
inline ::Buffer next_page(PageWalk* walk) {
#if VG_PG_GE(17)
    return read_stream_next_buffer(walk->stream, nullptr);
#else
    if (walk->next >= walk->end)
        return InvalidBuffer;
    return ReadBufferExtended(walk->index, MAIN_FORKNUM, walk->next++, RBM_NORMAL, walk->strategy);
#endif
}

// Lets go of the pages that were read ahead.
inline void end_page_walk(PageWalk* walk [[maybe_unused]]) {
#if VG_PG_GE(17)
    read_stream_end(walk->stream);
#endif
}

// 19 made an enum of the numbers of system caches.
#if VG_PG_GE(19)
using SysCacheNumber = SysCacheIdentifier;
#else
using SysCacheNumber = int;
#endif

}  // namespace vg::pg
