// Inserts, deletions and vacuums of core/store on pages in memory, some at the same time, some
// stopped in their midst, against a plain list of rows.

#include <gtest/gtest.h>

#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/store/insert.h"
#include "core/store/tids.h"
#include "core/store/vacuum.h"
#include "memory_index.h"
#include "memory_store.h"
#include "store_audit.h"
#include "turns.h"

namespace vg {
namespace {

using node::PageKind;
using node::Tid;
using test::MemoryPages;
using test::MemoryStore;
using test::Turns;

// Pages of one to many slots, lists of four links and more, storage in floats and 8 bits; the last
// one has two vectors only, and long lists of rows.
struct Shape {
    std::uint32_t dims;
    std::uint32_t m;
    std::uint32_t usable;
    std::uint64_t values;  // a coordinate has one of so many
};
constexpr Shape kShapes[] = {
    {4, 2, 512, 3}, {4, 2, 1024, 3}, {2, 2, 300, 3}, {100, 4, 512, 3}, {1, 2, 1024, 2}};

// One index, the rows that it must hold, and those that a vacuum is to remove.
class World {
  public:
    World(std::uint64_t seed, const Shape& shape)
        : random_(seed),
          values_(shape.values),
          pages_(test::empty_meta(node::plan_geometry(shape.dims, shape.m, shape.usable),
                                  metric_of(seed), shape.m, 6),
                 shape.usable),
          constants_(pages_.meta()) {
        pages_.add(PageKind::kCentre);
        pages_.after_commit = [this] { check(); };
    }

    // Two inserts, perhaps a vacuum and perhaps a reader side by side; those that write may be told
    // to fail at some commit.
    void round() {
        // Long runs of one find other faults than quick changes.
        Turns turns(random_.next(), std::uint64_t{4} << random_.below(5));
        const std::uint64_t vacuum_fails = fails(60);
        const bool vacuums = !rows_.empty() && random_.below(3) > 0;
        for (int writer = 0; writer < 2; ++writer) {
            const std::uint64_t n = random_.below(8);
            const std::uint64_t at = fails(12);
            turns.add([this, &turns, n, at] { insert_some(turns, n, at); });
        }
        if (vacuums)
            turns.add([this, &turns, vacuum_fails] { vacuum(turns, vacuum_fails); });
        if (random_.below(2) == 0)
            turns.add([this, &turns] { read_all(turns); });
        turns.run();
        check();
    }
    // Alone, to the end: what must be gone is gone.
    void finish() {
        Turns turns(random_.next());
        turns.add([&] { vacuum(turns, 0); });
        turns.run();
        std::map<std::uint64_t, int> held;
        ASSERT_EQ(test::audit(pages_, &held), "");
        EXPECT_EQ(held.size(), rows_.size());
        for (std::uint32_t block = 1; block < pages_.pages.size(); ++block) {
            const auto& page = pages_.pages[block];
            for (std::uint32_t i = 0; page->kind() == PageKind::kSlots && i < page->trailer.used;
                 ++i) {
                const node::SlotView slot(
                    pages_.geometry,
                    page->data.data() + std::size_t{i} * pages_.geometry.slot_bytes);
                EXPECT_FALSE(slot.dead());
                const node::SlotId id = pages_.geometry.slot_id(block, i);
                for (std::size_t l = 0; slot.live() && l < slot.degree(); ++l)
                    EXPECT_TRUE(!slot.link_protected(l) || parent_of(slot.link(l)) == id);
            }
        }
    }
    std::uint64_t commits() const { return pages_.commits; }
    std::uint64_t crashes() const { return crashes_; }

  private:
    static node::Metric metric_of(std::uint64_t seed) {
        return static_cast<node::Metric>(seed % node::kMetricCount);
    }
    // Once in a while a commit out of the next few.
    std::uint64_t fails(std::uint64_t few) {
        return random_.below(3) == 0 ? 1 + random_.below(few) : 0;
    }

    node::SlotId parent_of(node::SlotId id) {
        MemoryStore store(pages_);
        node::SlotId parent = node::kNoSlot;
        store::with_slot(store, id, [&](const node::SlotView& s) { parent = s.header().parent; });
        return parent;
    }

    void check() {
        std::map<std::uint64_t, int> held;
        const std::string fault = test::audit(pages_, &held);
        if (!fault.empty())
            throw std::runtime_error(fault);
        for (const auto& [tid, times] : held) {
            if (times > 1)
                throw std::runtime_error("a row is held twice");
        }
        for (const auto& [tid, vector] : rows_) {
            if (held.count(tid) == 0)
                throw std::runtime_error("a row is lost");
        }
    }

    // Coordinates of few values, so that many rows are equal; none is zero.
    std::vector<float> some_row() {
        std::vector<float> row(pages_.geometry.dims);
        for (float& x : row)
            x = static_cast<float>(1 + random_.below(values_));
        return row;
    }

    void insert_some(Turns& turns, std::uint64_t n, std::uint64_t fail_at) {
        MemoryStore store(pages_, &turns);
        store.fail_at(fail_at);
        store::Inserter inserter(store, constants_);
        for (std::uint64_t i = 0; i < n; ++i) {
            const Tid tid = test::tid_of(next_tid_++);
            const std::vector<float> row = some_row();
            try {
                const test::InsertGate gate(pages_);
                inserter.insert(row.data(), tid);
            } catch (const test::Crash&) {
                ++crashes_;
                gone_.insert(tid.key());  // of a transaction that did not commit
                return;
            }
            rows_[tid.key()] = row;
        }
    }

    // Removes some rows, now and then all of them, and what earlier vacuums did not.
    void vacuum(Turns& turns, std::uint64_t fail_at) {
        const std::uint64_t share = random_.below(5);
        for (auto at = rows_.begin(); at != rows_.end();) {
            const bool goes = share == 4 || random_.below(4) < share;
            if (goes)
                gone_.insert(at->first);
            at = goes ? rows_.erase(at) : std::next(at);
        }
        std::set<std::uint64_t> dead = gone_;
        const auto is_dead = [](const Tid& tid, void* arg) {
            return static_cast<const std::set<std::uint64_t>*>(arg)->count(tid.key()) > 0;
        };
        MemoryStore store(pages_, &turns);
        store.fail_at(fail_at);
        // With memory for new lists, and without.
        const std::size_t memory = random_.below(2) == 0 ? 0 : std::size_t{1} << 24;
        auto v = std::make_unique<store::Vacuum>(
            store, constants_, store::TidFilter{is_dead, &dead, 0}, memory, Poll{});
        try {
            store::vacuum(v.get());
        } catch (const test::Crash&) {
            ++crashes_;
            return;
        }
        EXPECT_EQ(v->unlinked, 0u);
        for (const std::uint64_t tid : dead)
            gone_.erase(tid);
    }

    // The rows that are there from the beginning to the end come exactly once, the others at most.
    void read_all(Turns& turns) {
        const std::map<std::uint64_t, std::vector<float>> before = rows_;
        std::map<std::uint64_t, int> seen;
        MemoryStore store(pages_, &turns);
        store::SlotsCopy page(pages_.geometry);
        store::TidReader reader;
        store.begin_walk(store.blocks());
        for (store::Block block; store.next_of_walk(&block, &page);) {
            for (std::uint32_t i = 0; i < page.used(); ++i) {
                const node::SlotHeader& h = page.slot(i).header();
                if (!page.slot(i).live() || h.level > 0)
                    continue;
                for (std::size_t t = 0; t < h.tid_count; ++t)
                    ++seen[h.tids[t].key()];
                reader.start(pages_.geometry.slot_id(block, i), h.chunk);
                for (Tid tid; reader.next(store, &tid);)
                    ++seen[tid.key()];
            }
        }
        store.end_walk();
        for (const auto& [tid, times] : seen) {
            if (times > 1)
                throw std::runtime_error("a reader met a row twice");
        }
        for (const auto& [tid, vector] : before) {
            if (rows_.count(tid) > 0 && seen.count(tid) == 0)
                throw std::runtime_error("a reader missed a row");
        }
    }

    Random random_;
    std::uint64_t values_;
    MemoryPages pages_;
    store::Constants constants_;
    std::map<std::uint64_t, std::vector<float>> rows_;
    std::set<std::uint64_t> gone_;
    std::size_t next_tid_ = 0;
    std::uint64_t crashes_ = 0;
};

// After every commit of every schedule the pages obey docs/on-disk-format.md, and each row that was
// inserted and not deleted is held once, by a node that can be reached.
TEST(StoreModel, SchedulesOfInsertsVacuumsAndCrashesLoseNothing) {
    std::uint64_t commits = 0;
    std::uint64_t crashes = 0;
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
        const Shape& shape = kShapes[seed / node::kMetricCount % std::size(kShapes)];
        World world(seed, shape);
        try {
            for (int round = 0; round < 6; ++round)
                world.round();
            world.finish();
        } catch (const std::exception& e) {
            FAIL() << "seed " << seed << ": " << e.what();
        }
        commits += world.commits();
        crashes += world.crashes();
    }
    // The schedules do happen.
    EXPECT_GT(commits, 50000u);
    EXPECT_GT(crashes, 1000u);
}

}  // namespace
}  // namespace vg
