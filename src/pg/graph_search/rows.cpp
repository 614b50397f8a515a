#include "pg/boundary/pg.h"

#include "pg/graph_search/rows.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/base/status.h"
#include "core/distance/distance.h"
#include "core/node/node_query.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/query.h"
#include "pg/lid_hnsw/options.h"

namespace vg::pg::graph_search {
namespace {

// Nodes looked into at a time when every one costs a query.
constexpr std::size_t kRowSecurityBatch = 64;
// Keys asked for in one query: a node with very many rows is asked about in parts.
constexpr std::size_t kMostAsked = 1024;
// Beam of the search for seeds, at least: a walk from wrong seeds goes nowhere, and the beam is a
// small part of what a walk costs.
constexpr int kLeastBeam = 500;

struct KeyDatums {
    Datum* values;
    uint64 n;
};

// Those of the given keys that rows of the table have, as the caller may see them. In `into`.
KeyDatums existing_keys(const Session& s, Oid array_type, Datum keys, links::KeyClass key_class,
                        MemoryContext into) {
    const Relation heap = s.index->heap();
    const char* column = quote_identifier(s.key_column);
    const char* sql =
        psprintf("SELECT %s::pg_catalog.%s FROM ONLY %s WHERE %s OPERATOR(pg_catalog.=) ANY ($1)",
                 column, key_class == links::KeyClass::kInteger ? "int8" : "text",
                 relation_sql(RelationGetRelid(heap)), column);
    KeyDatums result;
    SPI_connect();
    SPIPlanPtr plan = links::kept_plan(sql, 1, &array_type);
    const int rc = SPI_execute_plan(plan, &keys, nullptr, true, 0);
    if (rc != SPI_OK_SELECT)
        elog(ERROR, "SPI_execute_plan returned %s", SPI_result_code_string(rc));
    const MemoryContext old = MemoryContextSwitchTo(into);
    result.n = SPI_processed;
    result.values = static_cast<Datum*>(palloc(sizeof(Datum) * (SPI_processed + 1)));
    for (uint64 i = 0; i < SPI_processed; ++i) {
        bool null;
        const Datum value = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &null);
        result.values[i] = key_class == links::KeyClass::kInteger
                               ? value
                               : PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
    }
    MemoryContextSwitchTo(old);
    SPI_finish();
    return result;
}

}  // namespace

IndexRows::IndexRows(const Session& session, links::Keys& keys, std::pmr::memory_resource* memory)
    : session_(session),
      keys_(keys),
      index_(*session.index),
      key_array_type_(links::key_array_type(session.index->key_type())),
      rows_(memory),
      looked_into_(memory),
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
    for (const semantic_graph::GraphKeyRow& row : found_) {
        // A record of a deleted row outlives it until a vacuum has come by.
        if (!visible(row.tid) ||
            !index_.read_node(row.node,
                              query_.empty() ? 0u : unsigned{semantic_graph::kGraphVector}, node_))
            continue;
        const double s = similarity();
        if (!best.indexed || s > best.similarity)
            best = {true, true, row.node, s};
    }
    return best;
}

std::unordered_set<graph::Vertex> IndexRows::shown_part(links::Keys& keys,
                                                        std::span<const graph::Vertex> asked) {
    MemoryContextReset(session_.scratch);
    const Datum array = links::key_array(keys, key_array_type_, asked, session_.scratch);
    const links::KeyClass key_class = keys.key_class();
    const KeyDatums found = call_pg([&] {
        return existing_keys(session_, key_array_type_, array, key_class, session_.scratch);
    });
    std::unordered_set<graph::Vertex> shown;
    for (uint64 i = 0; i < found.n; ++i)
        shown.insert(keys.of_sql(found.values[i]));
    MemoryContextReset(session_.scratch);
    return shown;
}

std::unordered_set<graph::Vertex> IndexRows::shown(links::Keys& keys,
                                                   std::span<const graph::Vertex> asked) {
    std::unordered_set<graph::Vertex> all;
    if (session_.key_column == nullptr)
        return all;
    for (std::size_t at = 0; at < asked.size(); at += kMostAsked)
        all.merge(shown_part(keys, asked.subspan(at, std::min(kMostAsked, asked.size() - at))));
    return all;
}

void IndexRows::look_up(std::span<const graph::Vertex> keys) {
    std::vector<graph::Vertex> doubtful;
    for (const graph::Vertex key : keys) {
        const auto [at, added] = rows_.try_emplace(key);
        if (!added)
            continue;
        at->second = find(key);
        if (!at->second.indexed || session_.row_security)
            doubtful.push_back(key);
    }
    const std::unordered_set<graph::Vertex> visible = shown(keys_, doubtful);
    for (const graph::Vertex key : doubtful) {
        KnownRow& row = rows_[key];
        row.exists = visible.contains(key);
        row.indexed = row.indexed && row.exists;
    }
}

bool IndexRows::look_first_time(std::uint32_t node) {
    if (node >= looked_into_.size())
        looked_into_.resize(std::max<std::size_t>(node + std::size_t{1}, 2 * looked_into_.size()));
    if (looked_into_[node])
        return false;
    looked_into_[node] = true;
    return true;
}

bool IndexRows::read_rows_of(std::uint32_t node) {
    return index_.read_node(
        node,
        semantic_graph::kGraphKeys | (query_.empty() ? 0u : unsigned{semantic_graph::kGraphVector}),
        node_);
}

// Remembers those of the rows that the caller may see; the others are forgotten.
void IndexRows::take_seen(links::Keys& keys, std::vector<Seen>& rows) {
    if (session_.row_security) {
        std::vector<graph::Vertex> asked;
        for (const Seen& row : rows)
            asked.push_back(row.key);
        const std::unordered_set<graph::Vertex> visible = shown(keys, asked);
        std::erase_if(rows, [&](const Seen& row) { return !visible.contains(row.key); });
    }
    for (const Seen& row : rows) {
        const graph::Vertex key = &keys == &keys_ ? row.key : keys_.of_other(keys, row.key);
        const KnownRow known{true, true, row.node, row.similarity};
        const auto [at, added] = rows_.try_emplace(key, known);
        // Two visible rows with one key: the more similar stands for both.
        if (!added && at->second.exists && known.similarity > at->second.similarity)
            at->second = known;
        nodes_[row.node].push_back(key);
    }
    rows.clear();
}

// Puts the keys of a node in order once all of them are there.
void IndexRows::settle(std::uint32_t node) {
    const auto at = nodes_.find(node);
    if (at == nodes_.end())
        return;
    auto& keys = at->second;
    std::sort(keys.begin(), keys.end(),
              [&](graph::Vertex a, graph::Vertex b) { return keys_.before(a, b); });
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
}

void IndexRows::look_into(std::span<const std::uint32_t> nodes) {
    std::vector<std::uint32_t> fresh;
    std::vector<Seen> seen;
    // Keys that may turn out to be hidden are numbered apart, kMostAsked at a time, and forgotten.
    std::optional<links::Keys> passing;
    links::Keys* keys = &keys_;
    const auto begin_part = [&] {
        if (session_.row_security)
            keys = &passing.emplace(keys_.type(), std::pmr::new_delete_resource());
    };
    begin_part();
    for (const std::uint32_t node : nodes) {
        if (!look_first_time(node) || !read_rows_of(node))
            continue;
        fresh.push_back(node);
        const double s = similarity();
        for (const semantic_graph::GraphRow& row : node_.rows) {
            poll_interrupts();
            if (row.key_is_null || !visible(row.tid))
                continue;
            seen.push_back({node, keys->of_index(row.key), s});
            if (seen.size() < kMostAsked)
                continue;
            take_seen(*keys, seen);
            begin_part();
        }
    }
    take_seen(*keys, seen);
    for (const std::uint32_t node : fresh)
        settle(node);
}

std::vector<graph::Similar> IndexRows::nearest(std::size_t n, Poll poll) {
    std::vector<graph::Similar> rows;
    std::unordered_set<graph::Vertex> seen;
    const int ef = std::max({kLeastBeam, lid_hnsw::lid_hnsw_ef_search,
                             static_cast<int>(std::min<std::size_t>(2 * n, 1000))});
    semantic_graph::GraphSeeds* seeds = index_.search(query_.data(), ef);
    const std::size_t batch = session_.row_security ? kRowSecurityBatch : 1;
    std::vector<std::uint32_t> nodes;
    std::vector<float> similarities;
    for (bool more = true; more && rows.size() < n;) {
        poll();
        nodes.clear();
        similarities.clear();
        semantic_graph::GraphHit hit;
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

double IndexRows::similarity_unit(std::span<const graph::Similar> nearest) {
    constexpr double kShare = 0.1;
    if (index_.metric() == node::Metric::kCosine)
        return kShare;
    if (index_.metric() != node::Metric::kInnerProduct || nearest.empty() ||
        !index_.read_node(rows_.at(nearest.front().vertex).node, semantic_graph::kGraphVector,
                          node_))
        return 0.0;
    const auto length = [](const std::vector<float>& v) {
        double sum = 0.0;
        for (const float x : v)
            sum += static_cast<double>(x) * static_cast<double>(x);
        return std::sqrt(sum);
    };
    return kShare * length(query_) * length(node_.vector);
}

void IndexRows::all(std::pmr::vector<graph::Vertex>& out, Poll poll) {
    std::vector<std::uint32_t> nodes;
    const std::size_t batch = session_.row_security ? 16 * kRowSecurityBatch : 64;
    for (std::uint32_t node = index_.next_node(0); node != semantic_graph::kNoGraphNode;) {
        nodes.clear();
        for (; node != semantic_graph::kNoGraphNode && nodes.size() < batch;
             node = index_.next_node(node + 1))
            nodes.push_back(node);
        poll();
        look_into(nodes);
        for (const std::uint32_t n : nodes)
            for (const graph::Vertex key : keys_of(n))
                if (rows_.at(key).node == n)
                    out.push_back(key);
    }
}

}  // namespace vg::pg::graph_search
