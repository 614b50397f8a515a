// What never changes about an index, kept as long as its relation cache entry. rd_amcache is freed
// with pfree whenever the entry is refreshed, also under a running scan, so it holds only a
// pointer; the state itself lives in a child of rd_indexcxt and is found again through a list after
// a refresh.

#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/state.h"

#include <cstring>

#include "pg/boundary/boundary.h"
#include "pg/boundary/context.h"
#include "pg/index/report.h"
#include "pg/page/page.h"
#include "pg/types/vector.h"

namespace vg::pg::lid_hnsw {
namespace {

struct CacheCell {
    const IndexState* state;
};

IndexState* all_states = nullptr;

// The state made for the index earlier. One made for older storage goes: no scan of that is open.
IndexState* find_state(Relation index) {
    for (IndexState* s = all_states; s != nullptr; s = s->next) {
        if (s->index != RelationGetRelid(index))
            continue;
        if (s->storage == storage_id(index))
            return s;
        MemoryContextDelete(s->context);
        return nullptr;
    }
    return nullptr;
}

// Fills `out` from the centre pages.
void read_centre(Relation index, const node::MetaData& meta, float* out) {
    const std::uint32_t per_page = page::kPageUsable / sizeof(float);
    for (std::uint32_t at = 0; at < meta.dims; at += per_page) {
        const BlockNumber block = meta.centre_block + at / per_page;
        const Buffer buffer =
            page::read_page(index, block, node::PageKind::kCentre, BUFFER_LOCK_SHARE);
        const std::uint32_t n = std::min(per_page, meta.dims - at);
        std::memcpy(out + at, page::data_of(BufferGetPage(buffer)), n * sizeof(float));
        UnlockReleaseBuffer(buffer);
    }
    for (std::uint32_t i = 0; i < meta.dims; ++i) {
        if (!std::isfinite(out[i]))
            index::report_corrupt(index, meta.centre_block, "the centre is not finite");
    }
}

}  // namespace

IndexState::IndexState(Relation rel, MemoryContext where, const node::MetaData& meta)
    : Constants(meta),
      index(RelationGetRelid(rel)),
      storage(storage_id(rel)),
      context(where),
      next(all_states) {
    all_states = this;
}

IndexState::~IndexState() {
    IndexState** at = &all_states;
    while (*at != this)
        at = &(*at)->next;
    *at = next;
}

static IndexState* load_state(Relation index) {
    const node::MetaData meta = page::read_meta(index);
    MemoryContext context =
        AllocSetContextCreate(index->rd_indexcxt, "lid_hnsw index state", ALLOCSET_SMALL_SIZES);
    auto* centre = static_cast<float*>(MemoryContextAlloc(context, meta.dims * sizeof(float)));
    read_centre(index, meta, centre);
    return enter_cpp([&] {
        auto* state = new_in_context<IndexState>(context, index, context, meta);
        std::memcpy(state->centre.data(), centre, meta.dims * sizeof(float));
        return state;
    });
}

const IndexState& index_state(Relation index) {
    auto* cell = static_cast<CacheCell*>(index->rd_amcache);
    if (likely(cell != nullptr && cell->state->storage == storage_id(index)))
        return *cell->state;

    const IndexState* state = find_state(index);
    if (state == nullptr)
        state = load_state(index);
    if (cell == nullptr) {
        cell = static_cast<CacheCell*>(MemoryContextAlloc(index->rd_indexcxt, sizeof(CacheCell)));
        index->rd_amcache = cell;
    }
    cell->state = state;
    return *state;
}

void forget_state(Relation index) {
    if (IndexState* state = find_state(index))
        MemoryContextDelete(state->context);
    if (index->rd_amcache != nullptr)
        pfree(index->rd_amcache);
    index->rd_amcache = nullptr;
}

const Vector* checked_vector(Datum value, std::uint32_t dims) {
    const Vector* v = datum_vector(value);
    if (v->dim != static_cast<int>(dims))
        report_different_dims(v->dim, static_cast<int>(dims));
    return v;
}

node::Metric index_metric(Relation index) {
    FmgrInfo* proc = index_getprocinfo(index, 1, kMetricProc);
    const int32 metric = DatumGetInt32(FunctionCall1(proc, Datum{0}));
    if (metric < 0 || metric >= node::kMetricCount)
        elog(ERROR, "operator class of index \"%s\" names an unknown metric %d",
             RelationGetRelationName(index), metric);
    return static_cast<node::Metric>(metric);
}

}  // namespace vg::pg::lid_hnsw
