// CREATE INDEX and REINDEX. Three steps: gather the rows of the heap in memory, build the graph
// with threads (core/hnsw), write the pages (build_write.cpp). When maintenance_work_mem runs out
// while gathering, what is there is built and written, and the remaining rows go in through the
// pages one by one. Nobody else sees the index, so no locks are taken beyond the buffers'; nothing
// is WAL-logged until the whole index is, at the end.

#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/build_state.h"

#include <unistd.h>

#include <algorithm>
#include <memory>

#include "core/base/large_blocks.h"
#include "pg/boundary/boundary.h"
#include "pg/index/access_method.h"
#include "pg/lid_hnsw/insert.h"
#include "pg/lid_hnsw/lid_hnsw.h"
#include "pg/lid_hnsw/options.h"
#include "pg/lid_hnsw/state.h"
#include "pg/page/page.h"
#include "pg/types/vector.h"

extern "C" {
#include "optimizer/plancat.h"
}

namespace vg::pg::lid_hnsw {
namespace {

// 1 is PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE.
const char* const kPhaseNames[] = {
    nullptr,
    "initializing",
    "loading rows",
    "inserting random prefix",
    "estimating LID",
    "inserting rows",
    "refining neighbors",
    "connecting graph",
    "placing nodes",
    "writing pages",
    "inserting through pages",
    "finding nearest neighbors",
    "writing lists and keys",
};

// How the processor time of a build is divided, about: one of 30,000 rows of 96 dimensions.
constexpr index::WorkStep kSteps[] = {{kStepLoading, 8},       {kStepBuilding, 2},
                                      {kStepBuilding + 1, 6},  {kStepBuilding + 2, 40},
                                      {kStepBuilding + 3, 24}, {kStepBuilding + 4, 1},
                                      {kStepBuilding + 5, 2},  {kStepWriting, 14}};
constexpr index::WorkStep kStepsWithLists[] = {{kStepLoading, 8},       {kStepBuilding, 2},
                                               {kStepBuilding + 1, 6},  {kStepBuilding + 2, 40},
                                               {kStepBuilding + 3, 24}, {kStepBuilding + 4, 1},
                                               {kStepBuilding + 5, 2},  {kStepLists, 24},
                                               {kStepWriting, 14},      {kStepListStore, 7}};
constexpr index::WorkStep kStepsOnPages[] = {{kStepInserting, 1}};

// Threads of a build: the backend and as many helpers as parallel workers would be allowed, but not
// more than there are processors.
unsigned build_threads() {
    const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    const long wanted = 1 + max_parallel_maintenance_workers;
    return static_cast<unsigned>(std::clamp(wanted, 1L, std::max(cpus, 1L)));
}

// Dimensions of the indexed column; the checks pgvector makes, with its words.
std::uint32_t column_dims(Relation index) {
    const int32 typmod = TupleDescAttr(RelationGetDescr(index), 0)->atttypmod;
    if (typmod < 0)
        ereport(
            ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("column does not have dimensions"),
             errhint("Declare them: ALTER TABLE ... ALTER COLUMN ... TYPE vector(384). An index "
                     "on an expression with such a cast serves only queries that repeat "
                     "the cast.")));
    if (static_cast<std::uint32_t>(typmod) > node::kMaxDims)
        ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                        errmsg("column cannot have more than %u dimensions for %s index",
                               node::kMaxDims, index::access_method(index)),
                        errdetail("The column has %d dimensions.", typmod),
                        errhint("Index subvector(column, 1, %u)::vector(%u), or reduce the "
                                "dimensions of the embedding.",
                                node::kMaxDims, node::kMaxDims)));
    return static_cast<std::uint32_t>(typmod);
}

node::Geometry geometry_for(Relation index, std::uint32_t dims) {
    return node::plan_geometry(dims, static_cast<std::uint32_t>(option_m(index)), page::kPageUsable,
                               option_geometry(index));
}

hnsw::BuildParams make_params(Relation index, const node::Geometry& g) {
    hnsw::BuildParams p;
    p.m = static_cast<std::uint32_t>(option_m(index));
    p.ef_construction = static_cast<std::uint32_t>(option_ef_construction(index));
    p.capacity = g.capacity;
    p.upper_capacity = g.capacity;
    p.placement_group = g.slots_per_page;
    p.order = option_build_order(index);
    p.seed = kSeed;
    p.threads = build_threads();
    p.poll = kInterruptPoll;
    p.progress = [](hnsw::BuildPhase phase, std::size_t done, std::size_t total) {
        index::report_progress(kStepBuilding + static_cast<int64>(phase), done, total);
    };
    return p;
}

// ---- gathering --------------------------------------------------------------------------------

// maintenance_work_mem is used up: put what there is on the pages, and go on there.
void switch_to_pages(Builder* b) {
    const std::size_t n = b->rows->total();
    call_pg([n, b] {
        ereport(NOTICE,
                (errmsg("%s graph no longer fits into maintenance_work_mem after " UINT64_FORMAT
                        " tuples",
                        index::access_method(b->index), static_cast<uint64>(n)),
                 errdetail("Building will take significantly more time."),
                 errhint("Increase maintenance_work_mem to speed up builds.")));
    });
    index::begin_part(
        b->expected > 0 ? static_cast<double>(b->seen) / static_cast<double>(b->expected) : 0);
    build_and_write(b);
    index::begin_rest(kStepsOnPages);
    b->loaded = b->seen + 1;  // the row at hand is the last of them
    call_pg([b] {
        // Beside row_context, which is current here: its reset after each row deletes its children.
        b->insert_context = AllocSetContextCreate(MemoryContextGetParent(b->row_context),
                                                  "lid_hnsw build insert", ALLOCSET_DEFAULT_SIZES);
        if (b->lists == nullptr)
            b->inserter = make_inserter(b->index, b->insert_context, true);
    });
    if (b->lists != nullptr)
        b->inserter = b->lists->make_inserter(b->insert_context);
}

void take_row(Builder* b, const ItemPointerData& tid, const float* vector, const Datum* values,
              const bool* isnull) {
    if (b->inserter != nullptr) {
        if (b->lists != nullptr)
            b->lists->add_row(tid, values, isnull);
        Inserter* inserter = b->inserter;
        b->index_tuples += call_pg([=] { return insert_row(inserter, vector, tid); });
        return;
    }
    if (b->rows->add(vector, index::to_tid(tid))) {
        b->index_tuples += 1;
        if (b->lists != nullptr)
            b->lists->add_row(tid, values, isnull);
    }
    std::size_t used = b->rows->bytes() + b->rows->build_bytes(b->params);
    if (b->lists != nullptr)
        used += b->lists->bytes(b->rows->size());
    if (used > b->budget)
        switch_to_pages(b);
}

// How far the rows are, of about so many as there are in the table.
void report_seen(const Builder* b) {
    const bool inserting = b->inserter != nullptr;
    const std::size_t before = inserting ? b->loaded : 0;
    const std::size_t done = b->seen - before;
    const std::size_t total = b->expected > before ? b->expected - before : 0;
    index::report_progress(inserting ? kStepInserting : kStepLoading, done, std::max(done, total));
}

// Rows in the table, by its size.
std::size_t expected_rows(Relation heap) {
    BlockNumber pages;
    double tuples;
    double all_visible;
    estimate_rel_size(heap, nullptr, &pages, &tuples, &all_visible);
    return static_cast<std::size_t>(std::max(tuples, 0.0));
}

// Callback of the heap scan.
void build_callback(Relation, ItemPointer tid, Datum* values, bool* isnull, bool, void* arg) {
    auto* b = static_cast<Builder*>(arg);
    if (isnull[0])
        return;
    const MemoryContext old = MemoryContextSwitchTo(b->row_context);
    const Vector* vector = datum_vector(values[0]);
    check_expected_dim(static_cast<int32>(b->geometry.dims), vector->dim);
    enter_cpp([&] { take_row(b, *tid, vector->x, values, isnull); });
    MemoryContextSwitchTo(old);
    MemoryContextReset(b->row_context);
    // The heap scan sets counts and phase of its own now and then.
    constexpr std::size_t kReportEvery = 64;
    if (++b->seen % (b->inserter == nullptr ? kReportEvery : 1) == 0)
        report_seen(b);
}

void run_build(Builder* b, IndexInfo* info) {
    b->rows.emplace(b->geometry, b->metric);
    call_pg([=] {
        b->expected = expected_rows(b->heap);
        report_seen(b);
        b->heap_tuples =
            table_index_build_scan(b->heap, b->index, info, true, true, build_callback, b, nullptr);
    });
    b->expected = b->seen;
    report_seen(b);
    if (b->inserter == nullptr)
        build_and_write(b);
    else
        call_pg([=] { MemoryContextDelete(b->insert_context); });
}

}  // namespace

IndexBuildResult* build_index(Relation heap, Relation index, IndexInfo* info, ListBuild* lists) {
    if (RelationGetNumberOfBlocks(index) != 0)
        elog(ERROR, "index \"%s\" already contains data", RelationGetRelationName(index));
    if (option_ef_construction(index) < 2 * option_m(index))
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("ef_construction must be greater than or equal to 2 * m")));
    const std::uint32_t dims = column_dims(index);
    const node::Metric metric = index_metric(index);
    forget_state(index);
    if (lists == nullptr)
        index::begin_work(index::WorkKind::kGraphBuild, RelationGetRelid(index), kSteps);
    else
        index::begin_work(index::WorkKind::kGraphBuild, RelationGetRelid(index), kStepsWithLists);

    auto* result = static_cast<IndexBuildResult*>(palloc0(sizeof(IndexBuildResult)));
    MemoryContext row_context =
        AllocSetContextCreate(CurrentMemoryContext, "lid_hnsw build row", ALLOCSET_DEFAULT_SIZES);
    return_large_blocks();
    enter_cpp([&] {
        const node::Geometry geometry = geometry_for(index, dims);
        Builder builder(heap, index, metric, geometry, lists);
        builder.params = make_params(index, geometry);
        builder.budget = std::size_t{1024} * static_cast<std::size_t>(maintenance_work_mem);
        builder.row_context = row_context;
        run_build(&builder, info);
        result->heap_tuples = builder.heap_tuples;
        result->index_tuples = builder.index_tuples;
    });
    MemoryContextDelete(row_context);
    if (RelationNeedsWAL(index))
        log_newpage_range(index, MAIN_FORKNUM, 0, RelationGetNumberOfBlocks(index), true);
    return result;
}

void build_empty_index(Relation index, void (*write_empty_lists)(Relation index)) {
    const std::uint32_t dims = column_dims(index);
    const node::Metric metric = index_metric(index);
    const node::Geometry geometry = enter_cpp([&] { return geometry_for(index, dims); });
    node::MetaData meta = make_meta(index, metric, geometry);
    if (write_empty_lists != nullptr)
        meta.list_block = head_blocks(dims);
    write_head(index, INIT_FORKNUM, meta, nullptr);
    if (write_empty_lists != nullptr)
        write_empty_lists(index);
    log_newpage_range(index, INIT_FORKNUM, 0, RelationGetNumberOfBlocksInFork(index, INIT_FORKNUM),
                      true);
}

IndexBuildResult* lid_hnsw_build(Relation heap, Relation index, IndexInfo* info) {
    return build_index(heap, index, info, nullptr);
}

void lid_hnsw_buildempty(Relation index) {
    build_empty_index(index, nullptr);
}

char* lid_hnsw_buildphasename(int64 phase) {
    if (phase <= 0 || phase >= static_cast<int64>(lengthof(kPhaseNames)))
        return nullptr;
    return const_cast<char*>(kPhaseNames[phase]);
}

}  // namespace vg::pg::lid_hnsw
