// A whole index in memory for the tests of the core: slots in an array of "pages" instead of
// buffers, built in bulk as CREATE INDEX does it, grown row by row as src/pg/lid_hnsw/insert.cpp
// does it, and searched with the same BeamSearch. Every slot handed out is checked first.
// Single-threaded.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "core/base/random.h"
#include "core/hnsw/assemble.h"
#include "core/hnsw/beam_search.h"
#include "core/hnsw/bulk_builder.h"
#include "core/hnsw/code_prune.h"
#include "core/hnsw/node_insert.h"
#include "core/hnsw/row_store.h"
#include "core/node/geometry.h"
#include "core/node/slot.h"

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

class MemoryIndex {
  public:
    MemoryIndex(std::uint32_t dims, Metric metric, std::uint32_t m = 16, std::uint32_t ef = 64)
        : geometry_(node::plan_geometry(dims, m, kUsable)),
          metric_(metric),
          m_(m),
          ef_(ef),
          rotation_(dims, kIndexSeed),
          centre_(dims, 0.0f) {}

    // Builds from row i = TID i, as CREATE INDEX does.
    void build(const Matrix& rows) {
        hnsw::RowStore store(geometry_, metric_);
        for (std::size_t i = 0; i < rows.size(); ++i)
            store.add(rows.row(i), tid_of(i));
        store.finish();
        hnsw::BuildParams p;
        p.m = m_;
        p.capacity = p.upper_capacity = geometry_.capacity;
        p.ef_construction = ef_;
        p.placement_group = geometry_.slots_per_page;
        p.seed = kIndexSeed;
        const hnsw::Graph graph = hnsw::bulk_build(store.rows(), p);
        const hnsw::RotatedRows rotated(store, rotation_, 1, {});
        const hnsw::SlotPlan plan(graph, geometry_, kFirstBlock);
        const hnsw::SlotWriter writer(graph, store, rotated, plan, geometry_);
        centre_.assign(store.centre(), store.centre() + geometry_.dims);
        entry_ = plan.entry();
        entry_level_ = plan.entry_level();
        root_ = graph.entry == hnsw::kNoNode ? kNoSlot : plan.base_slot(graph.entry);
        slots_.assign(std::size_t{plan.pages()} * geometry_.slots_per_page, Slot{});
        for (std::uint32_t page = 0; page < plan.pages(); ++page) {
            for (std::uint32_t i = 0; i < geometry_.slots_per_page; ++i) {
                const auto& who = plan.occupant(page, i);
                Slot& s = slots_[std::size_t{page} * geometry_.slots_per_page + i];
                s.bytes = make_bytes();
                if (who.node == hnsw::kNoNode)
                    continue;
                writer.write(who, s.bytes.get());
                if (who.level == 0)
                    keep_overflow(store, who.node, geometry_.slot_id(kFirstBlock + page, i));
            }
        }
        tail_ = slots_.size();
    }

    // Inserts one row as the access method does it. False when the metric cannot index it.
    bool insert(const float* vector, const node::Tid& tid) {
        if (work_ == nullptr)
            work_ =
                std::make_unique<hnsw::NodeInsert>(geometry_, metric_, rotation_, centre_.data());
        if (!work_->set_row(vector))
            return false;
        const bool first = root_ == kNoSlot;
        const unsigned old_top = entry_level_;
        if (!first) {
            search_level(0);
            const SlotId same = work_->duplicate();
            if (same != kNoSlot) {
                add_tid(same, tid);
                return true;
            }
        }
        const std::size_t parent = find_parent();
        if (!first && parent == work_->chosen())
            throw std::runtime_error("no neighbour can take a protected link");
        const SlotId base = new_slot(0);
        node::SlotHeader& h = edit(base).header();
        h.base = base;
        h.tids[h.tid_count++] = tid;
        if (first) {
            root_ = entry_ = base;
            entry_level_ = 0;
            return true;
        }
        back_link(parent, base, true);
        edit(base).header().parent = work_->chosen_slot(parent);
        add_back_links(base, parent);

        const unsigned level = hnsw::level_for(kIndexSeed, tid.key(), m_);
        SlotId below = base;
        for (unsigned l = 1; l <= level; ++l) {
            if (l <= old_top)
                search_level(l);
            else
                work_->clear_candidates();
            const SlotId id = new_slot(l);
            edit(id).header().base = base;
            edit(id).header().other = below;
            if (l == 1)
                edit(base).header().other = id;
            if (l > entry_level_) {
                entry_ = id;
                entry_level_ = l;
            }
            add_back_links(id, work_->chosen());
            below = id;
        }
        return true;
    }

    // A search in progress. Rows are row numbers.
    class Cursor {
      public:
        Cursor(const MemoryIndex& index, const float* query, std::size_t ef)
            : index_(index),
              query_(index.geometry_, index.metric_, index.rotation_, index.centre_.data()),
              search_(query_) {
            query_.set_query(query);
            search_.set_root(index.root_);
            search_.start_scan(index.entry_, index.entry_level_, ef);
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
        rows.resize(std::min(rows.size(), k));
        return rows;
    }

    std::vector<node::Tid> tids(const hnsw::Found& f) const {
        std::vector<node::Tid> all(f.tids, f.tids + f.tid_count);
        const auto more = overflow_.find(f.slot);
        if (more != overflow_.end())
            all.insert(all.end(), more->second.begin(), more->second.end());
        return all;
    }

    node::SlotView slot(SlotId id) const {
        const std::size_t at = position(id);
        if (at >= slots_.size() || slots_[at].bytes == nullptr)
            throw std::out_of_range("a link leads to no slot");
        const node::SlotView view(geometry_, slots_[at].bytes.get());
        if (const char* fault = view.check())
            throw std::runtime_error(fault);
        return view;
    }
    node::SlotEdit edit(SlotId id) { return {geometry_, slots_.at(position(id)).bytes.get()}; }
    // Every slot that was ever given out, as ids.
    std::vector<SlotId> all_slots() const {
        std::vector<SlotId> ids;
        for (std::size_t i = 0; i < tail_; ++i)
            ids.push_back(static_cast<SlotId>(i) + kFirstBlock * geometry_.slots_per_page);
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
        std::vector<bool> seen(slots_.size(), false);
        std::vector<SlotId> open;
        if (root_ != kNoSlot)
            open.push_back(root_);
        std::size_t count = 0;
        while (!open.empty()) {
            const SlotId id = open.back();
            open.pop_back();
            if (seen[position(id)])
                continue;
            seen[position(id)] = true;
            ++count;
            for (std::size_t i = 0; i < slot(id).degree(); ++i)
                if (slot(id).link_protected(i))
                    open.push_back(slot(id).link(i));
        }
        return base_slots().size() - count;
    }

    const node::Geometry& geometry() const { return geometry_; }
    Metric metric() const { return metric_; }
    SlotId root() const { return root_; }
    SlotId entry() const { return entry_; }
    unsigned entry_level() const { return entry_level_; }
    const code::Rotation& rotation() const { return rotation_; }
    const float* centre() const { return centre_.data(); }

  private:
    // One allocation per slot, so that a sanitizer sees every step beyond it.
    struct Slot {
        std::shared_ptr<std::byte[]> bytes;
    };
    std::shared_ptr<std::byte[]> make_bytes() const {
        return std::shared_ptr<std::byte[]>(new std::byte[geometry_.slot_bytes]());
    }
    std::size_t position(SlotId id) const {
        return std::size_t{id} - std::size_t{kFirstBlock} * geometry_.slots_per_page;
    }
    void keep_overflow(const hnsw::RowStore& store, std::uint32_t row, SlotId id) {
        std::size_t seen = 0;
        store.for_each_tid(row, [&](node::Tid t) {
            if (++seen > node::kInlineTids)
                overflow_[id].push_back(t);
        });
    }
    void add_tid(SlotId id, const node::Tid& tid) {
        node::SlotHeader& h = edit(id).header();
        if (h.tid_count < node::kInlineTids)
            h.tids[h.tid_count++] = tid;
        else
            overflow_[id].push_back(tid);
    }
    SlotId new_slot(unsigned level) {
        slots_.push_back({make_bytes()});
        tail_ = slots_.size();
        work_->write_slot(level, slots_.back().bytes.get());
        return static_cast<SlotId>(slots_.size() - 1) + kFirstBlock * geometry_.slots_per_page;
    }
    void search_level(unsigned level) {
        work_->clear_candidates();
        work_->search().start(entry_, entry_level_, level, hnsw::insert_beam(ef_, level, metric_));
        for (SlotId id; (id = work_->search().next()) != kNoSlot;)
            work_->expand(id, slot(id));
        for (const SlotId id : work_->far_slots())
            work_->keep_far(id, slot(id));
        work_->choose();
    }
    bool has_room(SlotId id) const {
        const node::SlotView s = slot(id);
        bool room = s.degree() < geometry_.capacity;
        for (std::size_t l = 0; !room && l < s.degree(); ++l)
            room = !s.link_protected(l);
        return room;
    }
    // The nearest chosen neighbour with room for a protected link, else the first node with room on
    // the way down the tree below them: its leaves protect nothing.
    std::size_t find_parent() const {
        std::vector<SlotId> open;
        for (std::size_t i = 0; i < work_->chosen(); ++i) {
            if (has_room(work_->chosen_slot(i)))
                return i;
            open.push_back(work_->chosen_slot(i));
        }
        for (std::size_t at = 0; at < open.size(); ++at) {
            const node::SlotView s = slot(open[at]);
            if (s.live() && has_room(open[at]))
                return work_->choose_also(open[at], s);
            for (std::size_t l = 0; l < s.degree(); ++l)
                if (s.link_protected(l))
                    open.push_back(s.link(l));
        }
        return work_->chosen();
    }
    bool back_link(std::size_t i, SlotId to, bool force) {
        const node::SlotEdit s = edit(work_->chosen_slot(i));
        const node::SlotEdit::LinkValue link = work_->back_link(i, to, force);
        if (s.degree() < geometry_.capacity) {
            s.set_link(s.header().degree++, link);
            return true;
        }
        const std::size_t victim = work_->victim(i, s, link, force);
        if (victim == hnsw::kNoVictim)
            return false;
        s.set_link(victim, link);
        return true;
    }
    void add_back_links(SlotId to, std::size_t done) {
        for (std::size_t i = 0; i < work_->chosen(); ++i)
            if (i != done)
                back_link(i, to, false);
    }

    node::Geometry geometry_;
    Metric metric_;
    std::uint32_t m_;
    std::uint32_t ef_;
    code::Rotation rotation_;
    std::vector<float> centre_;
    SlotId root_ = kNoSlot;
    SlotId entry_ = kNoSlot;
    unsigned entry_level_ = 0;
    std::vector<Slot> slots_;
    std::size_t tail_ = 0;
    std::map<SlotId, std::vector<node::Tid>> overflow_;
    std::unique_ptr<hnsw::NodeInsert> work_;
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
