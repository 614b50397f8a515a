// CREATE INDEX and REINDEX. Three steps: gather the rows of the heap in memory, build the graph
// with threads (core/hnsw), write the pages. When maintenance_work_mem runs out while gathering,
// what is there is built and written, and the remaining rows go in through the pages one by one.
// Nobody else sees the index, so no locks are taken beyond the buffers'; nothing is WAL-logged
// until the whole index is, at the end.

#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/build.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <optional>

#include "core/base/large_blocks.h"
#include "core/base/parallel.h"

extern "C" {
#include "optimizer/plancat.h"
}

namespace vg::pg {
namespace {

// One seed for all indexes makes builds repeatable; it is stored, and may change with any release.
constexpr std::uint64_t kSeed = 0x76656374'6F726772ull;

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
constexpr WorkStep kSteps[] = {{kStepLoading, 8},       {kStepBuilding, 2},
                               {kStepBuilding + 1, 6},  {kStepBuilding + 2, 40},
                               {kStepBuilding + 3, 24}, {kStepBuilding + 4, 1},
                               {kStepBuilding + 5, 2},  {kStepWriting, 14}};
constexpr WorkStep kStepsWithLists[] = {{kStepLoading, 8},       {kStepBuilding, 2},
                                        {kStepBuilding + 1, 6},  {kStepBuilding + 2, 40},
                                        {kStepBuilding + 3, 24}, {kStepBuilding + 4, 1},
                                        {kStepBuilding + 5, 2},  {kStepLists, 24},
                                        {kStepWriting, 14},      {kStepListStore, 7}};
constexpr WorkStep kStepsOnPages[] = {{kStepInserting, 1}};

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
                               node::kMaxDims, access_method(index)),
                        errdetail("The column has %d dimensions.", typmod),
                        errhint("Index subvector(column, 1, %u)::vector(%u), or reduce the "
                                "dimensions of the embedding.",
                                node::kMaxDims, node::kMaxDims)));
    return static_cast<std::uint32_t>(typmod);
}

struct Builder {
    Builder(Relation heap_rel, Relation index_rel, node::Metric m, const node::Geometry& g,
            ListBuild* s)
        : heap(heap_rel), index(index_rel), metric(m), geometry(g), lists(s) {}

    Relation heap;
    Relation index;
    node::Metric metric;
    node::Geometry geometry;
    ListBuild* lists;  // may be null
    hnsw::BuildParams params;
    std::optional<hnsw::RowStore> rows;
    std::size_t budget = 0;    // bytes
    std::size_t expected = 0;  // rows in the table, about
    std::size_t seen = 0;      // of them, those with a vector so far
    std::size_t loaded = 0;    // and those that were in the in-memory graph
    double heap_tuples = 0;
    double index_tuples = 0;
    MemoryContext row_context = nullptr;
    MemoryContext insert_context = nullptr;
    Inserter* inserter = nullptr;  // set once the in-memory graph is on the pages
};

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
        report_progress(kStepBuilding + static_cast<int64>(phase), done, total);
    };
    return p;
}

// ---- writing ----------------------------------------------------------------------------------

std::uint64_t new_build_id() {
    std::uint64_t id;
    if (!pg_strong_random(&id, sizeof id))
        elog(ERROR, "could not draw a build id");
    return id;
}

node::MetaData make_meta(Relation index, node::Metric metric, const node::Geometry& g) {
    node::MetaData m{};
    m.magic = node::kMagic;
    m.version = node::kFormatVersion;
    m.page_bytes = BLCKSZ;
    m.dims = g.dims;
    m.capacity = g.capacity;
    m.slot_bytes = g.slot_bytes;
    m.slots_per_page = g.slots_per_page;
    m.m = static_cast<std::uint16_t>(option_m(index));
    m.ef_construction = static_cast<std::uint16_t>(option_ef_construction(index));
    m.metric = static_cast<std::uint8_t>(metric);
    m.storage = static_cast<std::uint8_t>(g.storage);
    m.build_order = static_cast<std::uint8_t>(option_build_order(index));
    m.order_used = static_cast<std::uint8_t>(hnsw::BuildOrder::kRandom);
    m.centre_block = kMetaBlock + 1;
    m.seed = kSeed;
    m.entry = m.free_slot = m.root = node::kNoSlot;
    m.tail_block = m.chunk_tail_block = m.calibration_block = m.list_block = node::kNoBlock;
    m.free_chunk = node::kNoChunk;
    m.build_id = new_build_id();
    return m;
}

// Metapage and centre pages. centre may be null (all zero). Returns the next block.
BlockNumber write_head(Relation index, ForkNumber fork, const node::MetaData& meta,
                       const float* centre) {
    Buffer buffer = add_page(index, fork, node::PageKind::kMeta);
    *page_meta(BufferGetPage(buffer)) = meta;
    finish_page(buffer);
    const std::uint32_t per_page = kPageUsable / sizeof(float);
    BlockNumber block = meta.centre_block;
    for (std::uint32_t at = 0; at < meta.dims; at += per_page, ++block) {
        buffer = add_page(index, fork, node::PageKind::kCentre);
        const std::uint32_t n = std::min(per_page, meta.dims - at);
        std::byte* data = page_data(BufferGetPage(buffer));
        if (centre != nullptr)
            std::memcpy(data, centre + at, n * sizeof(float));
        else
            std::memset(data, 0, n * sizeof(float));
        finish_page(buffer);
    }
    return block;
}

std::uint32_t head_blocks(std::uint32_t dims) {
    const std::uint32_t per_page = kPageUsable / sizeof(float);
    return kMetaBlock + 1 + (dims + per_page - 1) / per_page;
}

// Overflow chunks of the nodes with more heap TIDs than a slot holds.
class ChunkPlan {
  public:
    ChunkPlan(const hnsw::RowStore& rows, const hnsw::SlotPlan& slots, std::uint32_t first_block)
        : first_block_(first_block) {
        for (std::uint32_t v = 0; v < rows.size(); ++v) {
            std::size_t seen = 0;
            rows.for_each_tid(v, [&](node::Tid tid) {
                if (++seen <= node::kInlineTids)
                    return;
                if ((seen - node::kInlineTids) % node::kChunkTids == 1)
                    start_chunk(v, slots.base_slot(v), seen == node::kInlineTids + 1);
                node::TidChunk& c = chunks_.back();
                c.tids[c.count++] = tid;
            });
        }
    }
    node::ChunkId first_of(std::uint32_t node) const {
        const auto at = std::lower_bound(heads_.begin(), heads_.end(), node,
                                         [](const Head& h, std::uint32_t n) { return h.node < n; });
        return at != heads_.end() && at->node == node ? at->chunk : node::kNoChunk;
    }
    const std::vector<node::TidChunk>& chunks() const { return chunks_; }

  private:
    struct Head {
        std::uint32_t node;
        node::ChunkId chunk;
    };
    void start_chunk(std::uint32_t node, node::SlotId owner, bool is_first) {
        const node::ChunkId id =
            chunk_id(first_block_, 0) + static_cast<node::ChunkId>(chunks_.size());
        if (is_first)
            heads_.push_back({node, id});
        else
            chunks_.back().next = id;
        node::TidChunk c{};
        c.owner = owner;
        c.next = node::kNoChunk;
        chunks_.push_back(c);
    }
    std::uint32_t first_block_;
    std::vector<Head> heads_;
    std::vector<node::TidChunk> chunks_;
};

void write_slot_pages(Builder* b, const hnsw::SlotWriter& writer, const hnsw::SlotPlan& plan,
                      const ChunkPlan& chunks) {
    constexpr std::uint32_t kBatch = 256;
    const node::Geometry& g = b->geometry;
    const std::size_t page_bytes = std::size_t{g.slots_per_page} * g.slot_bytes;
    std::vector<std::byte> batch(kBatch * page_bytes);
    for (std::uint32_t first = 0; first < plan.pages(); first += kBatch) {
        const std::uint32_t n = std::min(kBatch, plan.pages() - first);
        parallel_for(
            b->params.threads, n, 8, kInterruptPoll,
            [&](std::size_t begin, std::size_t end, unsigned) {
                for (std::size_t p = begin; p < end; ++p) {
                    for (std::uint32_t i = 0; i < g.slots_per_page; ++i) {
                        std::byte* out =
                            batch.data() + p * page_bytes + std::size_t{i} * g.slot_bytes;
                        const auto& who = plan.occupant(first + static_cast<std::uint32_t>(p), i);
                        if (who.node == hnsw::kNoNode) {
                            std::memset(out, 0, g.slot_bytes);
                            continue;
                        }
                        writer.write(who, out);
                        if (who.level == 0)
                            node::SlotEdit(g, out).header().chunk = chunks.first_of(who.node);
                    }
                }
            });
        for (std::uint32_t p = 0; p < n; ++p) {
            // Only the last page of a region has unused slots, and they are its last ones.
            std::uint16_t used = 0;
            while (used < g.slots_per_page && plan.occupant(first + p, used).node != hnsw::kNoNode)
                ++used;
            call_pg([&] {
                const Buffer buffer = add_page(b->index, MAIN_FORKNUM, node::PageKind::kSlots);
                const Page page = BufferGetPage(buffer);
                std::memcpy(page_data(page), batch.data() + p * page_bytes, page_bytes);
                page_trailer(page)->used = used;
                finish_page(buffer);
            });
        }
        const std::uint64_t rows = b->rows->size();
        report_progress(kStepWriting, rows * (first + n) / plan.pages(), rows);
    }
}

void write_chunk_pages(Builder* b, const std::vector<node::TidChunk>& chunks) {
    for (std::size_t first = 0; first < chunks.size(); first += kChunksPerPage) {
        const std::size_t n = std::min<std::size_t>(kChunksPerPage, chunks.size() - first);
        call_pg([&] {
            const Buffer buffer = add_page(b->index, MAIN_FORKNUM, node::PageKind::kChunks);
            const Page page = BufferGetPage(buffer);
            std::memcpy(page_data(page), chunks.data() + first, n * sizeof(node::TidChunk));
            page_trailer(page)->used = static_cast<std::uint16_t>(n);
            finish_page(buffer);
        });
    }
}

void fill_lid_quantiles(const std::vector<float>& lid, node::MetaData* meta) {
    std::vector<float> known;
    for (const float v : lid) {
        if (v > 0)
            known.push_back(v);
    }
    meta->lid_rows = static_cast<std::uint32_t>(known.size());
    if (known.empty())
        return;
    std::sort(known.begin(), known.end());
    constexpr double kAt[] = {0.05, 0.25, 0.5, 0.75, 0.95};
    for (int i = 0; i < 5; ++i) {
        const double position = kAt[i] * static_cast<double>(known.size() - 1);
        meta->lid_quantiles[i] = known[static_cast<std::size_t>(std::lround(position))];
    }
}

// Builds the graph of the gathered rows and writes the whole index. Frees the rows.
void build_and_write(Builder* b) {
    hnsw::RowStore& rows = *b->rows;
    rows.finish();
    const hnsw::Graph graph = hnsw::bulk_build(rows.rows(), b->params);
    if (b->lists != nullptr)
        b->lists->graph_built(rows, graph, b->params);

    const code::Rotation rotation(b->geometry.dims, kSeed);
    const hnsw::RotatedRows rotated(rows, rotation, b->params.threads, kInterruptPoll);
    const hnsw::SlotPlan plan(graph, b->geometry, head_blocks(b->geometry.dims));
    const std::uint32_t chunk_block = plan.first_block() + plan.pages();
    const ChunkPlan chunks(rows, plan, chunk_block);

    node::MetaData meta = call_pg([&] { return make_meta(b->index, b->metric, b->geometry); });
    meta.order_used = static_cast<std::uint8_t>(graph.order_used);
    meta.entry = plan.entry();
    meta.entry_level = plan.entry_level();
    meta.root = graph.entry == hnsw::kNoNode ? node::kNoSlot : plan.base_slot(graph.entry);
    meta.connected = static_cast<std::uint32_t>(graph.connected);
    meta.built_nodes = rows.size();
    meta.built_rows = rows.total();
    if (plan.pages() > 0)
        meta.tail_block = plan.first_block() + plan.pages() - 1;
    if (!chunks.chunks().empty())
        meta.chunk_tail_block =
            chunk_block + static_cast<std::uint32_t>((chunks.chunks().size() - 1) / kChunksPerPage);
    fill_lid_quantiles(graph.lid, &meta);
    const auto chunk_pages =
        static_cast<std::uint32_t>((chunks.chunks().size() + kChunksPerPage - 1) / kChunksPerPage);
    if (b->lists != nullptr)
        meta.list_block = chunk_block + chunk_pages;

    call_pg([&] { write_head(b->index, MAIN_FORKNUM, meta, rows.centre()); });
    const hnsw::SlotWriter writer(graph, rows, rotated, plan, b->geometry);
    write_slot_pages(b, writer, plan, chunks);
    write_chunk_pages(b, chunks.chunks());
    if (b->lists != nullptr)
        b->lists->write(meta.list_block, rows, plan);
    b->rows.reset();
}

// ---- gathering --------------------------------------------------------------------------------

// maintenance_work_mem is used up: put what there is on the pages, and go on there.
void switch_to_pages(Builder* b) {
    const std::size_t n = b->rows->total();
    call_pg([n, b] {
        ereport(NOTICE,
                (errmsg("%s graph no longer fits into maintenance_work_mem after " UINT64_FORMAT
                        " tuples",
                        access_method(b->index), static_cast<uint64>(n)),
                 errdetail("Building will take significantly more time."),
                 errhint("Increase maintenance_work_mem to speed up builds.")));
    });
    begin_part(b->expected > 0 ? static_cast<double>(b->seen) / static_cast<double>(b->expected)
                               : 0);
    build_and_write(b);
    begin_rest(kStepsOnPages);
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
    if (b->rows->add(vector, to_tid(tid))) {
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
    report_progress(inserting ? kStepInserting : kStepLoading, done, std::max(done, total));
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
        begin_work(WorkKind::kGraphBuild, RelationGetRelid(index), kSteps);
    else
        begin_work(WorkKind::kGraphBuild, RelationGetRelid(index), kStepsWithLists);

    auto* result = static_cast<IndexBuildResult*>(palloc0(sizeof(IndexBuildResult)));
    MemoryContext row_context =
        AllocSetContextCreate(CurrentMemoryContext, "lid_hnsw build row", ALLOCSET_DEFAULT_SIZES);
    return_large_blocks();
    enter_cpp([&] {
        const node::Geometry geometry =
            node::plan_geometry(dims, static_cast<std::uint32_t>(option_m(index)), kPageUsable);
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
    const node::Geometry geometry = enter_cpp([&] {
        return node::plan_geometry(dims, static_cast<std::uint32_t>(option_m(index)), kPageUsable);
    });
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

}  // namespace vg::pg
