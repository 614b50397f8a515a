// Keys of rows: the INCLUDE column as bytes, stored with the row's heap TID beside the list of its
// node, and a hash table from key to node. One record per row in each; both are written in one
// edit, so a crash leaves both or none. A null key has no record. Keys are equal when their bytes
// are (numbers and uuid: when they are equal; text: equality of a deterministic collation).
//
// May ereport: callers own no C++ object with a destructor, or use call_pg.
#pragma once

#include "pg/boundary/pg.h"

#include <vector>

#include "pg/boundary/context.h"
#include "pg/lid_hnsw/vacuum.h"
#include "pg/semantic_graph/list_store.h"

namespace vg::pg::semantic_graph {

// The key's type from the INCLUDE column; kNone without one. 42804 / 0A000 for what an index cannot
// keep.
node::KeyKind key_kind_of(Relation index);
// Its SQL type; InvalidOid for kNone.
Oid key_type_of(node::KeyKind kind);

// A key as bytes. Fixed memory: may be kept and copied.
struct KeyBytes {
    std::uint16_t size;
    std::byte bytes[node::kMaxKeyBytes];
};
// 54000 for text of more than kMaxKeyBytes.
void encode_key(Relation index, node::KeyKind kind, Datum key, KeyBytes* out);
std::uint32_t hash_key(const std::byte* bytes, std::size_t size);

// Records that row `tid` of node `slot` has this key.
void add_key(ListStore* s, node::SlotId slot, const node::Tid& tid, const std::byte* bytes,
             std::size_t size);

// Calls fn(entry, key bytes) for the row entries in `bytes` bytes; false when they make no sense.
template <typename Fn>
bool each_row_entry(const std::byte* entries, std::size_t bytes, Fn&& fn) {
    while (bytes >= sizeof(node::RowEntry)) {
        const auto* entry = reinterpret_cast<const node::RowEntry*>(entries);
        const std::uint32_t size = node::row_entry_bytes(entry->key_bytes);
        if (entry->key_bytes > node::kMaxKeyBytes || size > bytes)
            return false;
        fn(*entry, entries + sizeof(node::RowEntry));
        entries += size;
        bytes -= size;
    }
    return bytes == 0;
}

// Vacuum: removes the records of dead rows everywhere.
void sweep_keys(lid_hnsw::IndexVacuum* v, ListStore* s);
// Sets ListMeta::sweep, returning what it was. The flag outlives a vacuum that does not finish, so
// that all sweeps of the next one happen although it finds nothing to forget (vacuum.cpp).
bool set_sweep_flag(ListStore* s, bool on);

}  // namespace vg::pg::semantic_graph
