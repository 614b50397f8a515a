// Keys of rows as graph functions read them: the keys of one node's rows, and the rows of one key.
// A record belongs to a heap TID, and is told from others by that TID alone: while a vacuum is at
// work, and after one that did not finish, there are records of rows that are gone, also of nodes
// that have other rows.
//
// Chains of pages are copied page by page inside call_pg; so this may be called while C++ objects
// are alive. Nothing stays locked or pinned between two calls.
#pragma once

#include "pg/boundary/pg.h"

#include <cstdint>
#include <vector>

#include "pg/semantic_graph/graph_index.h"
#include "pg/semantic_graph/keys.h"
#include "pg/semantic_graph/list_store.h"

namespace vg::pg::semantic_graph {

class RowKeys {
  public:
    RowKeys(Relation index, ListStore* lists) : index_(index), lists_(lists) {}

    // Gives the rows their keys; the memory behind them is `keys`, which is empty before. Rows
    // without a record keep a null key.
    void give(node::SlotId node, std::vector<GraphRow>& rows, std::vector<char>& keys);

    // The rows that have a record with this key, by node and TID, distinct.
    void find(Datum key, std::vector<GraphKeyRow>& rows);

  private:
    struct Found {
        std::uint64_t tid;
        std::size_t at;  // in the memory of keys
    };

    // Calls take(entry, bytes) for the records of a node.
    template <typename Take, typename Restart>
    void read_node(node::SlotId node, const Chain& chain, Take&& take, Restart&& restart);
    template <typename Take, typename Restart>
    void read(const Chain& chain, Take&& take, Restart&& restart);
    bool find_chain(node::PageKind kind, std::uint32_t number, Chain* chain);
    void read_bucket(std::uint32_t number, std::uint32_t hash, std::vector<node::SlotId>& nodes);
    void add_rows_of(node::SlotId node, std::vector<GraphKeyRow>& rows);
    void append_key(const node::RowEntry& e, const std::byte* key, std::vector<char>& keys) const;
    Datum key_datum(const char* at) const;

    Relation index_;
    ListStore* lists_;
    PGAlignedBlock page_;              // scratch
    KeyBytes key_{};                   // scratch
    std::vector<Found> found_;         // scratch
    std::vector<node::SlotId> nodes_;  // scratch
};

}  // namespace vg::pg::semantic_graph
