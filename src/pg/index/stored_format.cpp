#include "pg/boundary/pg.h"

#include "pg/index/stored_format.h"

#include <cstring>

#include "core/cur/format.h"
#include "core/node/format.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/compat.h"
#include "pg/boundary/result.h"
#include "pg/index/open.h"
#include "pg/index/report.h"

extern "C" {
#include "access/relation.h"
#include "nodes/pg_list.h"
}

namespace vg::pg::index {
namespace {

// How every metapage begins.
struct MetaHead {
    std::uint32_t magic;
    std::uint32_t version;
};
static_assert(offsetof(node::MetaData, version) == offsetof(MetaHead, version));
static_assert(offsetof(vg::cur::MetaData, version) == offsetof(MetaHead, version));

// No release will come so far: a larger number is damage.
constexpr std::uint32_t kLastFormat = 1000;

// Storages that this session was warned of: those of a rebuilt index are new.
List* warned_of = NIL;

bool is_older(const StoredFormat& f) {
    return f.version < f.current;
}

const char* rebuild_hint(Relation index, const StoredFormat& f) {
    if (!is_older(f))
        return "Install the release of vectorgraph that made it, or rebuild it with REINDEX.";
    const char* name = quote_qualified_identifier(get_namespace_name(RelationGetNamespace(index)),
                                                  RelationGetRelationName(index));
    return psprintf("Rebuild it with REINDEX INDEX CONCURRENTLY %s.", name);
}

}  // namespace

StoredFormat stored_format(Relation index) {
    StoredFormat f;
    if (RelationGetNumberOfBlocks(index) <= node::kMetaBlock)
        return f;
    const Buffer buffer = ReadBuffer(index, node::kMetaBlock);
    LockBuffer(buffer, BUFFER_LOCK_SHARE);
    const Page page = BufferGetPage(buffer);
    MetaHead head{};
    if (!PageIsNew(page))
        head = *reinterpret_cast<const MetaHead*>(PageGetContents(page));
    UnlockReleaseBuffer(buffer);
    f.known = head.magic == node::kMagic || head.magic == vg::cur::kMagic;
    f.version = head.version;
    f.current = head.magic == vg::cur::kMagic ? vg::cur::kFormatVersion : node::kFormatVersion;
    return f;
}

bool closed_to_plans(Relation index) {
    const StoredFormat f = stored_format(index);
    if (!f.other())
        return false;
    if (list_member_oid(warned_of, storage_id(index)))
        return true;
    const MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
    warned_of = lappend_oid(warned_of, storage_id(index));
    MemoryContextSwitchTo(old);
    ereport(WARNING, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                      errmsg("index \"%s\" is not used", RelationGetRelationName(index)),
                      errdetail("It has disk format %u, this release of vectorgraph reads %u.",
                                f.version, f.current),
                      errhint("%s", rebuild_hint(index, f))));
    return true;
}

void require_format(Relation index, std::uint32_t version, std::uint32_t current) {
    if (likely(version == current))
        return;
    if (version > kLastFormat)
        report_corrupt(index, node::kMetaBlock, "the metapage has an impossible format version");
    const StoredFormat f{version, current, true};
    ereport(ERROR,
            (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
             errmsg("index \"%s\" has another disk format", RelationGetRelationName(index)),
             errdetail("It has format %u, this release of vectorgraph reads %u.", version, current),
             errhint("%s", rebuild_hint(index, f))));
}

IndexBulkDeleteResult* pass_over(IndexVacuumInfo* info, IndexBulkDeleteResult* stats) {
    if (!stored_format(info->index).other())
        return nullptr;
    if (stats == nullptr)
        stats = static_cast<IndexBulkDeleteResult*>(palloc0(sizeof(IndexBulkDeleteResult)));
    stats->num_pages = RelationGetNumberOfBlocks(info->index);
    stats->num_index_tuples = info->num_heap_tuples;
    stats->estimated_count = true;
    return stats;
}

namespace {

// A row of figures about an index whose bytes are not to be read.
Datum stats_of_other_format(Relation index, const StoredFormat& f, TupleDesc columns) {
    const int64 blocks = RelationGetNumberOfBlocks(index);
    const char* advice = psprintf("REINDEX: the index has disk format %u, this release reads %u",
                                  f.version, f.current);
    auto* values = static_cast<Datum*>(palloc0(columns->natts * sizeof(Datum)));
    auto* nulls = static_cast<bool*>(palloc0(columns->natts * sizeof(bool)));
    for (int i = 0; i < columns->natts; ++i) {
        const char* name = NameStr(TupleDescAttr(columns, i)->attname);
        if (std::strcmp(name, "pages") == 0)
            values[i] = Int64GetDatum(blocks);
        else if (std::strcmp(name, "bytes") == 0)
            values[i] = Int64GetDatum(blocks * BLCKSZ);
        else if (std::strcmp(name, "advice") == 0)
            values[i] = CStringGetTextDatum(advice);
        else
            nulls[i] = true;
    }
    return row_datum(columns, values, nulls);
}

}  // namespace

Datum stats_of(FunctionCallInfo fcinfo, const Method& method, StatsRow row) {
    TupleDesc columns = row_columns(fcinfo);
    const OpenIndex open = index::open(PG_GETARG_OID(0), Right::kSelect, method);
    const StoredFormat f = stored_format(open.index);
    const Datum result =
        f.other() ? stats_of_other_format(open.index, f, columns) : row(open, columns);
    close(open);
    return result;
}

// Format of an index, and the one that this release reads; null for both where there is none to
// read: another session's temporary index, one dropped meanwhile, an unlogged one on a standby, one
// that a build has not finished.
VG_FUNCTION(vg_index_format) {
    TupleDesc columns = row_columns(fcinfo);
    StoredFormat f;
    Relation index = try_relation_open(PG_GETARG_OID(0), AccessShareLock);
    if (index != nullptr) {
        if (index->rd_rel->relkind == RELKIND_INDEX && !RELATION_IS_OTHER_TEMP(index) &&
            (RelationNeedsWAL(index) || !RecoveryInProgress()))
            f = stored_format(index);
        relation_close(index, AccessShareLock);
    }
    const Datum values[] = {Int32GetDatum(static_cast<int32>(f.version)),
                            Int32GetDatum(static_cast<int32>(f.current))};
    const bool nulls[] = {!f.known, !f.known};
    PG_RETURN_DATUM(row_datum(columns, values, nulls));
}

}  // namespace vg::pg::index
