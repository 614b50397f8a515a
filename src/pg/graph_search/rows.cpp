#include "pg/boundary/pg.h"

#include "pg/graph_search/rows.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "core/base/status.h"
#include "core/distance/distance.h"
#include "core/node/node_query.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/query.h"
#include "pg/lid_hnsw/lid_hnsw.h"

namespace vg::pg {
namespace {

// Nodes looked into at a time when every one costs a query.
constexpr std::size_t kRowSecurityBatch = 64;
// Beam of the search for seeds, at least: a walk from wrong seeds goes nowhere, and the beam is a
// small part of what a walk costs.
constexpr int kLeastBeam = 500;

struct KeyDatums {
    Datum* values;
    uint64 n;
};

// Those of the given keys that rows of the table have, as the caller may see them. In `into`.
KeyDatums existing_keys(const Session& s, Oid array_type, Datum keys, KeyClass key_class,
                        MemoryContext into) {
    const Relation heap = s.index->heap();
    const char* column = quote_identifier(s.key_column);
    const char* sql =
        psprintf("SELECT %s::pg_catalog.%s FROM ONLY %s WHERE %s OPERATOR(pg_catalog.=) ANY ($1)",
                 column, key_class == KeyClass::kInteger ? "int8" : "text",
                 relation_sql(RelationGetRelid(heap)), column);
    KeyDatums result;
    SPI_connect();
    SPIPlanPtr plan = kept_plan(sql, 1, &array_type);
    const int rc = SPI_execute_plan(plan, &keys, nullptr, true, 0);
    if (rc != SPI_OK_SELECT)
        elog(ERROR, "SPI_execute_plan returned %s", SPI_result_code_string(rc));
    const MemoryContext old = MemoryContextSwitchTo(into);
    result.n = SPI_processed;
    result.values = static_cast<Datum*>(palloc(sizeof(Datum) * (SPI_processed + 1)));
    for (uint64 i = 0; i < SPI_processed; ++i) {
        bool null;
        const Datum value = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &null);
        result.values[i] =
            key_class == KeyClass::kInteger ? value : PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
    }
    MemoryContextSwitchTo(old);
    SPI_finish();
    return result;
}

}  // namespace

IndexRows::IndexRows(const Session& session, Keys& keys, std::pmr::memory_resource* memory)
    : session_(session),
      keys_(keys),
      index_(*session.index),
      key_array_type_(key_array_type(session.index->key_type())),
      rows_(memory),
      nodes_(memory) {}

void IndexRows::set_query(std::span<const float> query) {
    query_.assign(query.begin(), query.end());
    if (!node::prepare_row(index_.metric(), query_.data(),
                           static_cast<std::uint32_t>(query_.size())))
        throw Error(StatusCode::kInvalidArgument, "query must not be a zero vector");
}

// Of the row's root TID the version that the snapshot sees, which has the same key and vector: only
// updates that change neither leave the index alone.
bool IndexRows::visible(const ItemPointerData& tid) {
    return call_pg([&] {
        ItemPointerData at = tid;
        bool again = false;
        bool dead = false;
        return table_index_fetch_tuple(session_.fetch, &at, session_.snapshot, session_.slot,
                                       &again, &dead);
    });
}

double IndexRows::similarity() const {
    if (query_.empty() || node_.vector.size() != query_.size())
        return 0.0;
    const float* a = query_.data();
    const float* b = node_.vector.data();
    switch (index_.metric()) {
        case node::Metric::kL2:
            return 1.0 / (1.0 + std::sqrt(static_cast<double>(
                                    distance::l2_squared(a, b, query_.size()))));
        case node::Metric::kL1:
            return 1.0 / (1.0 + static_cast<double>(distance::l1(a, b, query_.size())));
        default:
            return distance::inner_product(a, b, query_.size());
    }
}

KnownRow IndexRows::find(graph::Vertex key) {
    KnownRow best;
    Datum datum;
    if (!keys_.to_index(key, &datum))
        return best;
    index_.find_key(datum, found_);
    for (const GraphKeyRow& row : found_) {
        // A record of a deleted row outlives it until a vacuum has come by.
        if (!visible(row.tid) ||
            !index_.read_node(row.node, query_.empty() ? 0u : unsigned{kGraphVector}, node_))
            continue;
        const double s = similarity();
        if (!best.indexed || s > best.similarity)
            best = {true, true, row.node, s};
    }
    return best;
}

// Removes from `keys` what the caller cannot see in the table.
void IndexRows::ask_table(std::vector<graph::Vertex>& keys) {
    if (keys.empty() || session_.key_column == nullptr) {
        keys.clear();
        return;
    }
    MemoryContextReset(session_.scratch);
    const Datum array = key_array(keys_, key_array_type_, keys, session_.scratch);
    const KeyClass key_class = keys_.key_class();
    const KeyDatums found = call_pg([&] {
        return existing_keys(session_, key_array_type_, array, key_class, session_.scratch);
    });
    std::unordered_set<graph::Vertex> visible;
    for (uint64 i = 0; i < found.n; ++i)
        visible.insert(keys_.of_sql(found.values[i]));
    std::erase_if(keys, [&](graph::Vertex v) { return !visible.contains(v); });
}

void IndexRows::look_up(std::span<const graph::Vertex> keys) {
    std::vector<graph::Vertex> doubtful;
    std::vector<graph::Vertex> fresh;
    for (const graph::Vertex key : keys) {
        const auto [at, added] = rows_.try_emplace(key);
        if (!added)
            continue;
        at->second = find(key);
        if (!at->second.indexed || session_.row_security) {
            doubtful.push_back(key);
            fresh.push_back(key);
        }
    }
    ask_table(doubtful);
    for (const graph::Vertex key : fresh)
        rows_[key].exists = false;
    for (const graph::Vertex key : doubtful)
        rows_[key].exists = true;
    for (const graph::Vertex key : fresh)
        rows_[key].indexed = rows_[key].indexed && rows_[key].exists;
}

void IndexRows::read_rows(std::uint32_t node, std::vector<graph::Vertex>& out) {
    if (!index_.read_node(node, kGraphKeys | (query_.empty() ? 0u : unsigned{kGraphVector}), node_))
        return;
    for (const GraphRow& row : node_.rows) {
        if (row.key_is_null || !visible(row.tid))
            continue;
        const graph::Vertex key = keys_.of_index(row.key);
        const KnownRow known{true, true, node, similarity()};
        const auto [at, added] = rows_.try_emplace(key, known);
        // Two visible rows with one key: the more similar stands for both.
        if (!added && at->second.exists && known.similarity > at->second.similarity)
            at->second = known;
        out.push_back(key);
    }
}

void IndexRows::look_into(std::span<const std::uint32_t> nodes) {
    std::vector<graph::Vertex> keys;
    std::vector<graph::Vertex> all;
    std::vector<std::uint32_t> fresh;
    for (const std::uint32_t node : nodes) {
        if (nodes_.contains(node))
            continue;
        keys.clear();
        read_rows(node, keys);
        std::sort(keys.begin(), keys.end(),
                  [&](graph::Vertex a, graph::Vertex b) { return keys_.before(a, b); });
        keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
        nodes_.try_emplace(node, keys.begin(), keys.end());
        fresh.push_back(node);
        all.insert(all.end(), keys.begin(), keys.end());
    }
    if (!session_.row_security || all.empty())
        return;
    std::vector<graph::Vertex> shown = all;
    ask_table(shown);
    const std::unordered_set<graph::Vertex> visible(shown.begin(), shown.end());
    for (const graph::Vertex key : all)
        if (!visible.contains(key))
            rows_[key] = {};
    for (const std::uint32_t node : fresh)
        std::erase_if(nodes_.at(node), [&](graph::Vertex key) { return !visible.contains(key); });
}

std::vector<graph::Similar> IndexRows::nearest(std::size_t n) {
    std::vector<graph::Similar> rows;
    std::unordered_set<graph::Vertex> seen;
    const int ef = std::max(
        {kLeastBeam, lid_hnsw_ef_search, static_cast<int>(std::min<std::size_t>(2 * n, 1000))});
    GraphSeeds* seeds = index_.search(query_.data(), ef);
    const std::size_t batch = session_.row_security ? kRowSecurityBatch : 1;
    std::vector<std::uint32_t> nodes;
    std::vector<float> similarities;
    for (bool more = true; more && rows.size() < n;) {
        poll_interrupts();
        nodes.clear();
        similarities.clear();
        GraphHit hit;
        while (nodes.size() < batch && (more = seeds->next(hit))) {
            nodes.push_back(hit.node);
            similarities.push_back(hit.similarity);
        }
        look_into(nodes);
        for (std::size_t i = 0; i < nodes.size(); ++i)
            for (const graph::Vertex key : keys_of(nodes[i]))
                if (rows_.at(key).exists && rows_.at(key).node == nodes[i] &&
                    seen.insert(key).second)
                    rows.push_back({key, similarities[i]});
    }
    // An index of 8-bit vectors finds rows by a lower bound of their distance.
    std::stable_sort(rows.begin(), rows.end(),
                     [](const graph::Similar& a, const graph::Similar& b) {
                         return a.similarity > b.similarity;
                     });
    return rows;
}

void IndexRows::all(std::pmr::vector<graph::Vertex>& out, Poll poll) {
    std::vector<std::uint32_t> nodes;
    const std::size_t batch = session_.row_security ? 16 * kRowSecurityBatch : 64;
    for (std::uint32_t node = index_.next_node(0); node != kNoGraphNode;) {
        nodes.clear();
        for (; node != kNoGraphNode && nodes.size() < batch; node = index_.next_node(node + 1))
            nodes.push_back(node);
        poll();
        look_into(nodes);
        for (const std::uint32_t n : nodes)
            for (const graph::Vertex key : keys_of(n))
                if (rows_.at(key).node == n)
                    out.push_back(key);
    }
}

}  // namespace vg::pg
