// A whole index in memory for the tests of the core: on the pages of memory_store.h, built in bulk
// as CREATE INDEX does it, grown by the inserts of core/store, and searched with the same
// BeamSearch. Every slot handed out is checked first. Single-threaded.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "core/base/random.h"
#include "core/hnsw/assemble.h"
#include "core/hnsw/beam_search.h"
#include "core/hnsw/bulk_builder.h"
#include "core/hnsw/row_store.h"
#include "core/node/geometry.h"
#include "core/node/slot.h"
#include "core/store/constants.h"
#include "core/store/insert.h"
#include "core/store/tids.h"
#include "memory_store.h"

namespace vg::test {

inline constexpr std::uint32_t kUsable = 8152;
inline constexpr std::uint32_t kFirstBlock = 2;  // a metapage and one centre page come before
inline constexpr std::uint64_t kIndexSeed = 20240517;

using node::kNoSlot;
using node::Metric;
using node::SlotId;

// Rows of equal dimensions, one after another.
struct Matrix {
    std::size_t dims = 0;
    std::vector<float> values;
    std::size_t size() const { return dims == 0 ? 0 : values.size() / dims; }
    float* row(std::size_t i) { return values.data() + i * dims; }
    const float* row(std::size_t i) const { return values.data() + i * dims; }
    void append(const float* r) { values.insert(values.end(), r, r + dims); }
};

inline float gaussian(Random& rng) {
    const double u = 1.0 - rng.uniform();
    return static_cast<float>(std::sqrt(-2.0 * std::log(u)) *
                              std::cos(6.283185307179586 * rng.uniform()));
}

inline Matrix uniform_rows(std::size_t n, std::size_t dims, std::uint64_t seed) {
    Matrix m{dims, std::vector<float>(n * dims)};
    Random rng(seed);
    for (float& x : m.values)
        x = static_cast<float>(rng.uniform());
    return m;
}

// Sorted by cluster, as a table loaded category by category.
inline Matrix clustered_rows(std::size_t n, std::size_t dims, std::size_t clusters, float width,
                             std::uint64_t seed) {
    Matrix m{dims, std::vector<float>(n * dims)};
    Random rng(seed);
    std::vector<float> centre(dims);
    const std::size_t per = (n + clusters - 1) / clusters;
    for (std::size_t i = 0; i < n; ++i) {
        if (i % per == 0)
            for (float& c : centre)
                c = gaussian(rng);
        for (std::size_t j = 0; j < dims; ++j)
            m.row(i)[j] = centre[j] + width * gaussian(rng);
    }
    return m;
}

// What the SQL operator of a metric computes, in double.
inline double operator_value(Metric metric, const float* a, const float* b, std::size_t n) {
    double l2 = 0, l1 = 0, ab = 0, aa = 0, bb = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const double x = a[i];
        const double y = b[i];
        l2 += (x - y) * (x - y);
        l1 += std::abs(x - y);
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    switch (metric) {
        case Metric::kL2:
            return std::sqrt(l2);
        case Metric::kInnerProduct:
            return -ab;
        case Metric::kCosine:
            return 1.0 - std::clamp(ab / std::sqrt(aa * bb), -1.0, 1.0);
        case Metric::kL1:
            return l1;
    }
    return 0;
}

// Heap TIDs of the tests: row number in the block, offset 1.
inline node::Tid tid_of(std::size_t row) {
    return {static_cast<std::uint16_t>(row >> 16), static_cast<std::uint16_t>(row), 1};
}
inline std::size_t row_of(const node::Tid& t) {
    return static_cast<std::size_t>(t.block_high) << 16 | t.block_low;
}

// The metapage of an index without nodes.
inline node::MetaData empty_meta(const node::Geometry& g, Metric metric, std::uint32_t m,
                                 std::uint32_t ef) {
    node::MetaData meta{};
    meta.magic = node::kMagic;
    meta.version = node::kFormatVersion;
    meta.dims = g.dims;
    meta.words = g.words;
    meta.capacity = g.capacity;
    meta.slot_bytes = g.slot_bytes;
    meta.slots_per_page = g.slots_per_page;
    meta.m = static_cast<std::uint16_t>(m);
    meta.ef_construction = static_cast<std::uint16_t>(ef);
    meta.metric = static_cast<std::uint8_t>(metric);
    meta.storage = static_cast<std::uint8_t>(g.storage);
    meta.centre_block = 1;
    meta.seed = kIndexSeed;
    meta.entry = meta.free_slot = meta.root = kNoSlot;
    meta.tail_block = meta.chunk_tail_block = meta.list_block = node::kNoBlock;
    meta.free_chunk = node::kNoChunk;
    return meta;
}

class MemoryIndex {
  public:
    MemoryIndex(std::uint32_t dims, Metric metric, std::uint32_t m = 16, std::uint32_t ef = 64)
        : pages_(empty_meta(node::plan_geometry(dims, m, kUsable), metric, m, ef), kUsable),
          constants_(pages_.meta()),
          store_(pages_),
          inserter_(store_, constants_) {
        pages_.add(node::PageKind::kCentre);
    }

    // Builds from row i = TID i, as CREATE INDEX does.
    void build(const Matrix& rows) {
        const node::Geometry& g = geometry();
        hnsw::RowStore store(g, metric());
        for (std::size_t i = 0; i < rows.size(); ++i)
            store.add(rows.row(i), tid_of(i));
        store.finish();
        hnsw::BuildParams p;
        p.m = constants_.m;
        p.capacity = p.upper_capacity = g.capacity;
        p.ef_construction = constants_.ef_construction;
        p.placement_group = g.slots_per_page;
        p.seed = kIndexSeed;
        const hnsw::GraphAndCodes built = hnsw::bulk_build_with_codes(store.rows(), p);
        const hnsw::Graph& graph = built.graph;
        const hnsw::SlotPlan plan(graph, g, kFirstBlock);
        const hnsw::SlotWriter writer(graph, store, built.codes.get(), constants_.rotation, plan,
                                      g);
        hnsw::SlotWriter::Scratch scratch(constants_.rotation);
        constants_.centre.assign(store.centre(), store.centre() + g.dims);
        node::MetaData& meta = pages_.meta();
        meta.entry = plan.entry();
        meta.entry_level = plan.entry_level();
        meta.root = graph.entry == hnsw::kNoNode ? kNoSlot : plan.base_slot(graph.entry);
        for (std::uint32_t page = 0; page < plan.pages(); ++page) {
            MemoryPage& out = pages_.add(node::PageKind::kSlots);
            out.trailer.used = static_cast<std::uint16_t>(g.slots_per_page);
            for (std::uint32_t i = 0; i < g.slots_per_page; ++i) {
                const auto& who = plan.occupant(page, i);
                if (who.node != hnsw::kNoNode)
                    writer.write(who, out.data.data() + std::size_t{i} * g.slot_bytes, scratch);
            }
        }
        for (std::uint32_t node = 0; node < store.rows().n; ++node)
            add_overflow(store, node, plan.base_slot(node));
    }

    // False when the metric cannot index the row.
    bool insert(const float* vector, const node::Tid& tid) { return inserter_.insert(vector, tid); }

    // A search in progress. Rows are row numbers.
    class Cursor {
      public:
        Cursor(const MemoryIndex& index, const float* query, std::size_t ef)
            : index_(index),
              query_(index.geometry(), index.metric(), index.rotation(), index.centre()),
              search_(query_) {
            query_.set_query(query);
            search_.set_root(index.root());
            search_.start_scan(index.entry(), index.entry_level(), ef);
            run();
        }
        void run() {
            for (SlotId id; (id = search_.next()) != kNoSlot;)
                search_.expand(id, index_.slot(id));
        }
        bool next(hnsw::Found* f) {
            while (!search_.pop(f)) {
                if (!search_.grow())
                    return false;
                ++rounds_;
                run();
            }
            return true;
        }
        hnsw::BeamSearch& search() { return search_; }
        std::size_t rounds() const { return rounds_; }

      private:
        const MemoryIndex& index_;
        node::NodeQuery query_;
        hnsw::BeamSearch search_;
        std::size_t rounds_ = 1;
    };

    // The first k rows a scan returns.
    std::vector<std::size_t> search(const float* query, std::size_t k, std::size_t ef) const {
        Cursor cursor(*this, query, ef);
        std::vector<std::size_t> rows;
        hnsw::Found f;
        while (rows.size() < k && cursor.next(&f))
            for (const node::Tid& t : tids(f))
                rows.push_back(row_of(t));
        if (rows.size() > k)
            rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(k), rows.end());
        return rows;
    }

    std::vector<node::Tid> tids(const hnsw::Found& f) const {
        std::vector<node::Tid> all(f.tids, f.tids + f.tid_count);
        store::TidReader reader;
        reader.start(f.slot, f.chunk);
        for (node::Tid tid; reader.next(store_, &tid);)
            all.push_back(tid);
        return all;
    }

    node::SlotView slot(SlotId id) const {
        const node::SlotView view = edit(id);
        if (const char* fault = view.check())
            throw std::runtime_error(fault);
        return view;
    }
    node::SlotEdit edit(SlotId id) const {
        const std::uint32_t block = geometry().block_of(id);
        MemoryPage& page = pages_.at(block, node::PageKind::kSlots);
        const std::uint32_t i = geometry().index_of(id);
        if (i >= page.trailer.used)
            throw std::out_of_range("a link leads to no slot");
        return {geometry(), page.data.data() + std::size_t{i} * geometry().slot_bytes};
    }
    // Every slot that was ever given out, as ids.
    std::vector<SlotId> all_slots() const {
        std::vector<SlotId> ids;
        for (std::uint32_t block = 0; block < pages_.pages.size(); ++block) {
            const MemoryPage& page = *pages_.pages[block];
            for (std::uint32_t i = 0;
                 page.kind() == node::PageKind::kSlots && i < page.trailer.used; ++i)
                ids.push_back(geometry().slot_id(block, i));
        }
        return ids;
    }
    std::vector<SlotId> base_slots() const {
        std::vector<SlotId> ids;
        for (const SlotId id : all_slots())
            if (slot(id).live() && slot(id).header().level == 0)
                ids.push_back(id);
        return ids;
    }
    // Base slots that protected links do not lead to from the root.
    std::size_t unreachable() const {
        std::vector<bool> seen(pages_.pages.size() * geometry().slots_per_page, false);
        std::vector<SlotId> open;
        if (root() != kNoSlot)
            open.push_back(root());
        std::size_t count = 0;
        while (!open.empty()) {
            const SlotId id = open.back();
            open.pop_back();
            if (seen[id])
                continue;
            seen[id] = true;
            ++count;
            for (std::size_t i = 0; i < slot(id).degree(); ++i)
                if (slot(id).link_protected(i))
                    open.push_back(slot(id).link(i));
        }
        return base_slots().size() - count;
    }

    const node::Geometry& geometry() const { return pages_.geometry; }
    Metric metric() const { return constants_.metric; }
    SlotId root() const { return pages_.meta().root; }
    SlotId entry() const { return pages_.meta().entry; }
    unsigned entry_level() const { return pages_.meta().entry_level; }
    const code::Rotation& rotation() const { return constants_.rotation; }
    const float* centre() const { return constants_.centre.data(); }
    const MemoryPages& pages() const { return pages_; }

  private:
    // The TIDs of a row that its slot has no room for, as the build writes them.
    void add_overflow(const hnsw::RowStore& rows, std::uint32_t row, SlotId id) {
        std::size_t seen = 0;
        rows.for_each_tid(row, [&](node::Tid t) {
            if (++seen <= node::kInlineTids)
                return;
            store_.begin();
            store_.edit_meta();
            node::SlotHeader& h = store_.edit_slot(id).header();
            if (store::add_tid_in_place(store_, id, &h, t) == store::Added::kNoRoom)
                store::add_tid_in_new_chunk(store_, id, &h, t);
            store_.commit();
        });
    }

    mutable MemoryPages pages_;
    store::Constants constants_;
    mutable MemoryStore store_;
    store::Inserter inserter_;
};

// Share of the true k nearest that the index returns, hits counted by distance.
inline double recall(const MemoryIndex& index, const Matrix& rows, const Matrix& queries,
                     std::size_t k, std::size_t ef) {
    std::size_t hits = 0;
    std::vector<double> exact(rows.size());
    for (std::size_t q = 0; q < queries.size(); ++q) {
        for (std::size_t i = 0; i < rows.size(); ++i)
            exact[i] = operator_value(index.metric(), queries.row(q), rows.row(i), rows.dims);
        std::vector<double> sorted = exact;
        std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(k - 1),
                         sorted.end());
        const double limit = sorted[k - 1] + 1e-6 * std::abs(sorted[k - 1]);
        for (const std::size_t r : index.search(queries.row(q), k, ef))
            hits += exact[r] <= limit ? 1 : 0;
    }
    return static_cast<double>(hits) / static_cast<double>(k * queries.size());
}

}  // namespace vg::test
