#include "pg/boundary/pg.h"

#include "pg/cur/anchors.h"

#include <algorithm>
#include <cstring>

#include "pg/cur/pages.h"

namespace vg::pg::cur {
namespace {

void sample_row(Relation, ItemPointer, Datum* values, bool* isnull, bool, void* arg) {
    if (!isnull[0])
        offer_value(static_cast<Reservoir*>(arg), values[0]);
}

Size query_bytes(const QueryType& type, Datum query) {
    return type.length == -1 ? VARSIZE(DatumGetPointer(query)) : static_cast<Size>(type.length);
}

}  // namespace

void draw_anchors(Anchors* a, Relation heap, Relation index, IndexInfo* info) {
    const Options* options = options_of(index);
    const char* source = cur_anchor_source(options);
    a->type = query_type(index);
    a->rows = -1;
    Reservoir r;
    start_reservoir(&r, a->type, options->anchor_queries, static_cast<uint64>(options->seed));
    if (source_is_items(source, index, a->type)) {
        table_index_build_scan(heap, index, info, true, false, sample_row, &r, nullptr);
        a->rows = r.seen;
    } else {
        sample_source(&r, source, source_query(source, a->type.type));
    }
    a->queries = static_cast<Datum*>(palloc(sizeof(Datum) * options->anchor_queries));
    a->count = finish_reservoir(&r, options->anchor_queries, a->queries, nullptr, 0);
}

Size packed_bytes(const Anchors* a) {
    Size total = 0;
    for (int i = 0; i < a->count; ++i)
        total += MAXALIGN(sizeof(std::uint32_t)) + MAXALIGN(query_bytes(a->type, a->queries[i]));
    return total;
}

void pack_anchors(const Anchors* a, std::byte* to) {
    for (int i = 0; i < a->count; ++i) {
        const Datum query = a->queries[i];
        const auto bytes = static_cast<std::uint32_t>(query_bytes(a->type, query));
        std::memcpy(to, &bytes, sizeof bytes);
        to += MAXALIGN(sizeof bytes);
        if (a->type.by_value)
            store_att_byval(to, query, a->type.length);
        else
            std::memcpy(to, DatumGetPointer(query), bytes);
        to += MAXALIGN(bytes);
    }
}

Datum* load_anchors(Relation index, const vg::cur::MetaData& m, const QueryType& type) {
    const std::size_t at = vg::cur::model_layout(m.anchors, m.dims, m.anchor_items).queries;
    const std::size_t size = m.model_bytes - at;
    // Before memory is asked for by a number that may be damaged.
    const BlockNumber blocks = RelationGetNumberOfBlocks(index);
    const std::size_t pages = blocks - std::min<BlockNumber>(m.model_block, blocks);
    if (m.model_bytes > pages * page::kPageUsable)
        index::report_corrupt(index, vg::cur::kMetaBlock, "the model ends beyond the index");
    auto* bytes = static_cast<std::byte*>(MemoryContextAllocHuge(CurrentMemoryContext, size));
    read_model(index, m, at, size, bytes);
    auto* queries = static_cast<Datum*>(palloc(sizeof(Datum) * (m.anchors + 1)));
    vg::cur::PackedQueries packed{bytes, size};
    for (std::uint32_t i = 0; i < m.anchors; ++i) {
        std::size_t length;
        std::byte* query = packed.next(&length);
        // A wrong length would have the scorer read beyond its query.
        if (query == nullptr || (type.length >= 0 && length != static_cast<Size>(type.length)) ||
            (type.length == -1 &&
             (length < VARHDRSZ || VARATT_IS_EXTENDED(query) || VARSIZE(query) != length)))
            index::report_corrupt(index, m.model_block,
                                  "the model holds an anchor query of another size");
        queries[i] = type.by_value ? fetch_att(query, true, type.length) : PointerGetDatum(query);
    }
    return queries;
}

}  // namespace vg::pg::cur
