#include "pg/boundary/pg.h"

#include "pg/index/report.h"
#include "pg/page/page.h"
#include "pg/semantic_graph/keys.h"

#include <algorithm>
#include <cstring>

namespace vg::pg::semantic_graph {

node::KeyKind key_kind_of(Relation index) {
    const TupleDesc columns = RelationGetDescr(index);
    if (columns->natts == 1)
        return node::KeyKind::kNone;
    if (columns->natts > 2)
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("semantic_graph index cannot include more than one column"),
                        errdetail("The included column is the key of the rows.")));
    const Oid type = getBaseType(TupleDescAttr(columns, 1)->atttypid);
    switch (type) {
        case INT4OID:
            return node::KeyKind::kInt4;
        case INT8OID:
            return node::KeyKind::kInt8;
        case UUIDOID:
            return node::KeyKind::kUuid;
        case TEXTOID:
        case VARCHAROID:
            return node::KeyKind::kText;
        default:
            ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                            errmsg("type %s cannot be the key of a semantic_graph index",
                                   format_type_be(type)),
                            errhint("Include a column of type integer, bigint, uuid or text.")));
    }
    pg_unreachable();
}

Oid key_type_of(node::KeyKind kind) {
    constexpr Oid kTypes[node::kKeyKinds] = {InvalidOid, INT4OID, INT8OID, UUIDOID, TEXTOID};
    return kTypes[static_cast<int>(kind)];
}

void encode_key(Relation index, node::KeyKind kind, Datum key, KeyBytes* out) {
    switch (kind) {
        case node::KeyKind::kNone:
            out->size = 0;
            break;
        case node::KeyKind::kInt4: {
            const int32 value = DatumGetInt32(key);
            out->size = sizeof value;
            std::memcpy(out->bytes, &value, sizeof value);
            break;
        }
        case node::KeyKind::kInt8: {
            const int64 value = DatumGetInt64(key);
            out->size = sizeof value;
            std::memcpy(out->bytes, &value, sizeof value);
            break;
        }
        case node::KeyKind::kUuid:
            out->size = UUID_LEN;
            std::memcpy(out->bytes, DatumGetUUIDP(key)->data, UUID_LEN);
            break;
        case node::KeyKind::kText: {
            text* value = DatumGetTextPP(key);
            const std::size_t size = VARSIZE_ANY_EXHDR(value);
            if (size > node::kMaxKeyBytes)
                ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                                errmsg("key of %zu bytes is too long for index \"%s\"", size,
                                       RelationGetRelationName(index)),
                                errdetail("A key can have %zu bytes.", node::kMaxKeyBytes),
                                errhint("Include a shorter column, such as a number or a uuid.")));
            out->size = static_cast<std::uint16_t>(size);
            std::memcpy(out->bytes, VARDATA_ANY(value), size);
            if (reinterpret_cast<Pointer>(value) != DatumGetPointer(key))
                pfree(value);
            break;
        }
    }
}

std::uint32_t hash_key(const std::byte* bytes, std::size_t size) {
    return hash_bytes(reinterpret_cast<const unsigned char*>(bytes), static_cast<int>(size));
}

void add_key(ListStore* s, node::SlotId slot, const node::Tid& tid, const std::byte* bytes,
             std::size_t size) {
    alignas(8) std::byte row[sizeof(node::RowEntry) + node::kMaxKeyBytes] = {};
    *reinterpret_cast<node::RowEntry*>(row) = {slot, tid, static_cast<std::uint16_t>(size)};
    std::memcpy(row + sizeof(node::RowEntry), bytes, size);
    const node::BucketEntry entry{hash_key(bytes, size), slot, tid, 0};

    const std::uint32_t number = s->g.list_page_of(slot);
    const Chain rows{node::PageKind::kLists, number,
                     need_list_store_page(s, node::PageKind::kLists, number)};
    const node::ListMeta meta = read_list_meta(s);
    const std::uint32_t bucket = node::bucket_of(meta, meta.generations - 1u, entry.hash);
    const Chain buckets{node::PageKind::kBuckets, bucket,
                        need_list_store_page(s, node::PageKind::kBuckets, bucket)};
    append_entries(s, rows, row, node::row_entry_bytes(size), buckets, entry);
}

bool set_sweep_flag(ListStore* s, bool on) {
    page::Edits e;
    page::begin_edits(&e, s->index, s->direct);
    node::ListMeta* meta = page_list_meta(page::edit_page(&e, s->block, node::PageKind::kListMeta));
    const bool was = meta->sweep != 0;
    if (was == on) {
        page::abort_edits(&e);
        return was;
    }
    meta->sweep = on ? 1 : 0;
    page::commit_edits(&e);
    return was;
}

namespace {

struct Sweep {
    explicit Sweep(lid_hnsw::IndexVacuum* vacuum, ListStore* lists) : v(vacuum), s(lists) {}
    lid_hnsw::IndexVacuum* v;
    ListStore* s;
    PGAlignedBlock page;
    std::vector<std::uint64_t> thinned;  // chains of several pages that lost entries: kind, number
};

bool is_chain_page(Page page, node::PageKind* kind) {
    if (PageIsNew(page) || PageGetSpecialSize(page) != MAXALIGN(sizeof(node::PageTrailer)))
        return false;
    *kind = static_cast<node::PageKind>(page::trailer_of(page)->kind);
    return page::fault_of(page, *kind) == nullptr && *kind >= node::PageKind::kLists &&
           *kind <= node::PageKind::kOverflow;
}

bool holds_rows(const node::ChainHead* head) {
    return head->of == static_cast<std::uint16_t>(node::PageKind::kLists);
}

std::uint32_t entry_bytes(const node::ChainHead* head, const std::byte* entry) {
    if (!holds_rows(head))
        return sizeof(node::BucketEntry);
    return node::row_entry_bytes(reinterpret_cast<const node::RowEntry*>(entry)->key_bytes);
}

const node::Tid& entry_tid(const node::ChainHead* head, const std::byte* entry) {
    return holds_rows(head) ? reinterpret_cast<const node::RowEntry*>(entry)->tid
                            : reinterpret_cast<const node::BucketEntry*>(entry)->tid;
}

// Keeps the entries of live rows, in place if `apply`; returns the bytes they take.
std::uint32_t keep_live(Sweep* w, BlockNumber block, Page page, bool apply) {
    const node::ChainHead* head = page_chain(page);
    std::byte* entries = page_entries(w->s, page);
    const auto kind = static_cast<node::PageKind>(page::trailer_of(page)->kind);
    std::uint32_t kept = 0;
    if (head->used > w->s->g.entries_room(kind))
        index::report_corrupt(w->s->index, block, "the page claims more entries than it can hold");
    for (std::uint32_t at = 0; at < head->used;) {
        const std::uint32_t bytes = entry_bytes(head, entries + at);
        if (bytes > head->used - at)
            index::report_corrupt(w->s->index, block, "an entry reaches past the end of the page");
        if (!w->v->work.filter(entry_tid(head, entries + at))) {
            if (apply && kept != at)
                std::memmove(entries + kept, entries + at, bytes);
            kept += bytes;
        }
        at += bytes;
    }
    return kept;
}

void sweep_page(Sweep* w, Buffer buffer) {
    const BlockNumber block = BufferGetBlockNumber(buffer);
    LockBuffer(buffer, BUFFER_LOCK_SHARE);
    node::PageKind kind{};
    const bool ours = is_chain_page(BufferGetPage(buffer), &kind);
    if (ours)
        std::memcpy(w->page.data, BufferGetPage(buffer), BLCKSZ);
    UnlockReleaseBuffer(buffer);
    if (!ours)
        return;
    const node::ChainHead* copy = page_chain(w->page.data);
    const std::uint32_t used = copy->used;
    std::uint32_t left = used;
    if (left != 0 && keep_live(w, block, w->page.data, false) != left) {
        page::Edits e;
        page::begin_edits(&e, w->s->index, w->s->direct);
        const Page page = page::edit_page(&e, block, kind);
        left = keep_live(w, block, page, true);
        page_chain(page)->used = static_cast<std::uint16_t>(left);
        page::commit_edits(&e);
    }
    const bool chained = kind == node::PageKind::kOverflow ? copy->owner != node::kNoBlock
                                                           : copy->next != node::kNoBlock;
    if (chained && (left == 0 || left != used))
        w->thinned.push_back(std::uint64_t{copy->of} << 32 | copy->owner);
}

void compact_thinned(Sweep* w) {
    std::sort(w->thinned.begin(), w->thinned.end());
    w->thinned.erase(std::unique(w->thinned.begin(), w->thinned.end()), w->thinned.end());
    for (const std::uint64_t chain : w->thinned) {
        delay_point();
        const auto kind = static_cast<node::PageKind>(chain >> 32);
        const auto number = static_cast<std::uint32_t>(chain);
        const BlockNumber first = find_list_store_page(w->s, kind, number);
        if (first == node::kNoBlock)
            index::report_corrupt(w->s->index, w->s->block, "an overflow page belongs to no chain");
        compact_chain(w->s, {kind, number, first});
    }
}

}  // namespace

void sweep_keys(lid_hnsw::IndexVacuum* v, ListStore* s) {
    auto* w = new_in_context<Sweep>(CurrentMemoryContext, v, s);
    const BlockNumber blocks = RelationGetNumberOfBlocks(s->index);
    PageWalk walk;
    lid_hnsw::begin_vacuum_walk(v, &walk, blocks);
    for (Buffer buffer; BufferIsValid(buffer = lid_hnsw::next_vacuum_page(&walk));)
        sweep_page(w, buffer);
    end_page_walk(&walk);
    compact_thinned(w);
}

}  // namespace vg::pg::semantic_graph
