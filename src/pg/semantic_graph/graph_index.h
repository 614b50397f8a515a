// A semantic_graph index as a graph: what functions outside this room read of it. Nodes are slot
// numbers of the node store; a node is one distinct vector and stands for every row with that
// vector. A key belongs to a row, not to a node: rows with equal vectors share a node and keep
// their own keys, and the versions of an updated row are rows of their own.
//
// Errors: every member may be called while C++ objects are alive; what PostgreSQL raises arrives as
// PgError (call_pg inside), and nothing else is thrown but std::bad_alloc.
// Locks: one page at a time is share-locked and copied, nothing stays locked or pinned between two
// calls. So the graph may change between two reads: a neighbour may be gone (read_node returns
// false) or be another row by then, which no snapshot taken before can see. Callers resolve TIDs
// under an MVCC snapshot (table_index_fetch_*), never trust a key without that, and tolerate nodes
// whose rows are all invisible.
#pragma once

#include "pg/boundary/pg.h"

#include <cstdint>
#include <vector>

#include "core/node/format.h"

namespace vg::pg::semantic_graph {

// What semantic_graph_search and its like report when they refer to a node that is none.
inline constexpr std::uint32_t kNoGraphNode = node::kNoSlot;

struct GraphNeighbour {
    std::uint32_t node;
    float weight;      // >= 0, as the index's edge_weight defines it
    float similarity;  // cosine: the cosine; l2 and l1: 1 / (1 + distance); ip: the inner product
};

struct GraphRow {
    ItemPointerData tid;  // root of the row's HOT chain
    bool key_is_null;     // also where the index has no key
    Datum key;            // by reference for uuid and text: points into GraphNode::keys
};

// A row that has a key: of find_key.
struct GraphKeyRow {
    std::uint32_t node;
    ItemPointerData tid;  // root of the row's HOT chain
};

// Filled by read_node; reuse one for many reads.
struct GraphNode {
    std::uint32_t node = kNoGraphNode;
    // False: all rows are dead and vacuum has not come by yet. Walk through it, never return it.
    bool live = false;
    std::vector<GraphRow> rows;
    std::vector<GraphNeighbour> knn;  // by falling similarity
    std::vector<float> vector;        // as stored: of unit length in a cosine index
    std::vector<char> keys;           // memory behind by-reference keys
};

// Parts of a node to read; the cost is in pages.
enum GraphPart : unsigned {
    kGraphVector = 1,                // the node's own page, which is read anyway
    kGraphRows = 2,                  // TIDs: the same page, and overflow chunks where there are
    kGraphKeys = 4 | kGraphRows,     // one page more; shared with the list
    kGraphKnn = 8,                   // one page more; weights are those of kGraphWeights or 0
    kGraphWeights = 16 | kGraphKnn,  // cosine: nothing more; else one page for each neighbour
};

struct GraphHit {
    std::uint32_t node;
    double distance;   // the operator's; a lower bound of it where the index stores 8-bit vectors
    float similarity;  // as in GraphNeighbour
};

// Nearest nodes of a vector, one after another. Made by GraphIndex::search, gone with its context.
class GraphSeeds {
  public:
    virtual ~GraphSeeds() = default;
    // The next node with at least one heap TID, nearest first; false when there is none. The order
    // is strict while a beam lasts, as that of an index scan is. The rows may all be invisible.
    virtual bool next(GraphHit& out) = 0;
};

class GraphIndex {
  public:
    // Opens the table, then the index, both with AccessShareLock. CurrentMemoryContext owns the
    // object. Checks no privileges: that is the caller's business.
    // 42809 for what is no semantic_graph index, and with need_key for one without INCLUDE column;
    // 55000 for one that is not valid; 40001 or 55000 when `snapshot` (may be null) must not use it
    // (check_snapshot); 0A000 for another session's temporary table.
    static GraphIndex* open(Oid index, bool need_key, Snapshot snapshot);
    // Closes both relations, keeping the locks until the end of the transaction. After an error the
    // resource owner does it.
    virtual void close() = 0;
    virtual ~GraphIndex() = default;

    virtual Relation heap() const = 0;
    virtual Relation index() const = 0;
    // INT4OID, INT8OID, UUIDOID, TEXTOID; InvalidOid without a key. A varchar key is TEXTOID.
    virtual Oid key_type() const = 0;
    // Attribute number of the key in the table; InvalidAttrNumber for an expression or none.
    virtual AttrNumber key_attribute() const = 0;
    virtual int k() const = 0;
    virtual int dimensions() const = 0;
    virtual node::Metric metric() const = 0;

    // Reads the parts of a node that `parts` (GraphPart, or-ed) names into `out`, and `live`
    // always. False, and `out` empty, for a number that is no base node now. Duplicates among the
    // rows of a node do not occur.
    virtual bool read_node(std::uint32_t node, unsigned parts, GraphNode& out) = 0;

    // The rows whose key equals `key` (of type key_type(), detoasted or not), distinct and
    // ascending by node. Some may be gone: a deleted row keeps its key until a vacuum has come by,
    // no matter whether its node has other rows. The TID under a snapshot tells.
    virtual void find_key(Datum key, std::vector<GraphKeyRow>& rows) = 0;

    // Nodes near `query`, dimensions() finite floats in the column's space (cosine: any length but
    // zero). ef >= 1: beam of the first round. In CurrentMemoryContext.
    virtual GraphSeeds* search(const float* query, int ef) = 0;

    // The first node >= from that has rows (live), kNoGraphNode when there is none: for
    // (n = next_node(0); n != kNoGraphNode; n = next_node(n + 1)) visits all of them, page by page.
    virtual std::uint32_t next_node(std::uint32_t from) = 0;
};

}  // namespace vg::pg::semantic_graph
