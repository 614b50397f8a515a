#include "pg/boundary/pg.h"

#include "pg/semantic_graph/row_keys.h"

#include <algorithm>
#include <cstring>

#include "pg/boundary/boundary.h"
#include "pg/index/report.h"
#include "pg/page/page.h"

namespace vg::pg::semantic_graph {

template <typename Take, typename Restart>
void RowKeys::read(const Chain& chain, Take&& take, Restart&& restart) {
    read_chain(
        lists_, chain, &page_,
        [&](BlockNumber block, PGAlignedBlock* page) {
            return call_pg([&] { return copy_chain_page(lists_, chain, block, page); });
        },
        take, restart);
}

template <typename Take, typename Restart>
void RowKeys::read_node(node::SlotId node, const Chain& chain, Take&& take, Restart&& restart) {
    read(
        chain,
        [&](const std::byte* entries, std::size_t bytes) {
            const bool sound =
                each_row_entry(entries, bytes, [&](const node::RowEntry& e, const std::byte* key) {
                    if (e.slot == node)
                        take(e, key);
                });
            if (!sound)
                call_pg([&] {
                    index::report_corrupt(index_, chain.first, "an entry reaches past the end");
                });
        },
        restart);
}

bool RowKeys::find_chain(node::PageKind kind, std::uint32_t number, Chain* chain) {
    const BlockNumber block = call_pg([&] { return find_list_store_page(lists_, kind, number); });
    *chain = {kind, number, block};
    return block != node::kNoBlock;
}

// ---- keys of a node's rows ----------------------------------------------------------------------

// Appends what a Datum of the key points to, or the value itself.
void RowKeys::append_key(const node::RowEntry& e, const std::byte* key,
                         std::vector<char>& keys) const {
    const auto* bytes = reinterpret_cast<const char*>(key);
    if (lists_->key_kind == node::KeyKind::kText) {
        char head[VARHDRSZ];
        SET_VARSIZE(head, VARHDRSZ + e.key_bytes);
        keys.insert(keys.end(), head, head + VARHDRSZ);
    }
    keys.insert(keys.end(), bytes, bytes + e.key_bytes);
    keys.resize(MAXALIGN(keys.size()));
}

Datum RowKeys::key_datum(const char* at) const {
    switch (lists_->key_kind) {
        case node::KeyKind::kInt4: {
            int32 value;
            std::memcpy(&value, at, sizeof value);
            return Int32GetDatum(value);
        }
        case node::KeyKind::kInt8: {
            int64 value;
            std::memcpy(&value, at, sizeof value);
            return Int64GetDatum(value);
        }
        default:
            return PointerGetDatum(at);
    }
}

void RowKeys::give(node::SlotId node, std::vector<GraphRow>& rows, std::vector<char>& keys) {
    Chain chain;
    if (!find_chain(node::PageKind::kLists, lists_->g.list_page_of(node), &chain))
        return;
    found_.clear();
    read_node(
        node, chain,
        [&](const node::RowEntry& e, const std::byte* key) {
            found_.push_back({e.tid.key(), keys.size()});
            append_key(e, key, keys);
        },
        [&] {
            found_.clear();
            keys.clear();
        });
    std::sort(found_.begin(), found_.end(),
              [](const Found& a, const Found& b) { return a.tid < b.tid; });
    for (GraphRow& row : rows) {
        const std::uint64_t tid = index::to_tid(row.tid).key();
        const auto at = std::lower_bound(found_.begin(), found_.end(), tid,
                                         [](const Found& f, std::uint64_t t) { return f.tid < t; });
        if (at == found_.end() || at->tid != tid)
            continue;
        row.key_is_null = false;
        row.key = key_datum(keys.data() + at->at);
    }
}

// ---- rows of a key ------------------------------------------------------------------------------

void RowKeys::read_bucket(std::uint32_t number, std::uint32_t hash,
                          std::vector<node::SlotId>& nodes) {
    Chain chain;
    if (!find_chain(node::PageKind::kBuckets, number, &chain))
        return;
    read(
        chain,
        [&](const std::byte* entries, std::size_t bytes) {
            const auto* e = reinterpret_cast<const node::BucketEntry*>(entries);
            for (std::size_t i = 0; i < bytes / sizeof *e; ++i) {
                if (e[i].hash == hash)
                    nodes.push_back(e[i].slot);
            }
        },
        [] {});  // nodes met twice are dropped later
}

// Those with the key in key_. Keys of equal hashes are told apart here.
void RowKeys::add_rows_of(node::SlotId node, std::vector<GraphKeyRow>& rows) {
    Chain chain;
    if (!find_chain(node::PageKind::kLists, lists_->g.list_page_of(node), &chain))
        return;
    const std::size_t before = rows.size();
    read_node(
        node, chain,
        [&](const node::RowEntry& e, const std::byte* key) {
            if (e.key_bytes == key_.size && std::memcmp(key, key_.bytes, key_.size) == 0)
                rows.push_back({node, index::from_tid(e.tid)});
        },
        [&] { rows.resize(before); });
}

void RowKeys::find(Datum key, std::vector<GraphKeyRow>& rows) {
    rows.clear();
    nodes_.clear();
    call_pg([&] { encode_key(index_, lists_->key_kind, key, &key_); });
    const std::uint32_t hash = hash_key(key_.bytes, key_.size);
    const node::ListMeta meta = call_pg([&] { return read_list_meta(lists_); });
    for (std::size_t g = 0; g < meta.generations; ++g)
        read_bucket(node::bucket_of(meta, g, hash), hash, nodes_);
    std::sort(nodes_.begin(), nodes_.end());
    nodes_.erase(std::unique(nodes_.begin(), nodes_.end()), nodes_.end());
    for (const node::SlotId node : nodes_)
        add_rows_of(node, rows);
    const auto place = [](const GraphKeyRow& r) {
        return std::pair{r.node, index::to_tid(r.tid).key()};
    };
    // A page that came back to the same chain showed its records twice.
    std::sort(rows.begin(), rows.end(),
              [&](const GraphKeyRow& a, const GraphKeyRow& b) { return place(a) < place(b); });
    rows.erase(std::unique(rows.begin(), rows.end(),
                           [&](const GraphKeyRow& a, const GraphKeyRow& b) {
                               return place(a) == place(b);
                           }),
               rows.end());
}

}  // namespace vg::pg::semantic_graph
