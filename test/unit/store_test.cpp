// Single steps of core/store: what one insert leaves on the pages, what it costs, and what the
// rules of the store in memory refuse.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "core/store/insert.h"
#include "core/store/links.h"
#include "core/store/tids.h"
#include "core/store/vacuum.h"
#include "memory_index.h"
#include "memory_store.h"
#include "store_audit.h"

namespace vg {
namespace {

using node::Metric;
using node::PageKind;
using node::SlotId;
using test::MemoryIndex;
using test::MemoryPages;
using test::MemoryStore;
using test::tid_of;

MemoryPages small_pages() {
    const node::Geometry g = node::plan_geometry(4, 2, 512);
    MemoryPages pages(test::empty_meta(g, Metric::kL2, 2, 6), 512);
    pages.add(PageKind::kCentre);
    return pages;
}

// While no list is full, every neighbour that a new node links to links back.
TEST(StoreInsert, NeighboursLinkBack) {
    MemoryIndex index(8, Metric::kL2);
    const test::Matrix rows = test::uniform_rows(20, 8, 3);
    for (std::size_t i = 0; i < rows.size(); ++i)
        ASSERT_TRUE(index.insert(rows.row(i), tid_of(i)));
    ASSERT_LT(rows.size(), index.geometry().capacity);
    std::size_t links = 0;
    for (const SlotId id : index.base_slots()) {
        const node::SlotView slot = index.slot(id);
        links += slot.degree();
        for (std::size_t l = 0; l < slot.degree(); ++l)
            EXPECT_TRUE(store::links_to(index.slot(slot.link(l)), id)) << id;
    }
    EXPECT_GE(links, 10 * rows.size());
}

// On 8-bit storage a node stands for all rows that are stored alike: its bound covers the farthest.
TEST(StoreInsert, BoundCoversEveryRowOfANode) {
    constexpr std::size_t kDims = 1500;
    MemoryIndex index(kDims, Metric::kL2);
    ASSERT_EQ(index.geometry().storage, node::Storage::kSq8);
    std::vector<float> exact(kDims, 0.0f);
    for (std::size_t i = 0; i < kDims; ++i)
        exact[i] = static_cast<float>(i % 256);
    std::vector<float> off = exact;
    for (std::size_t i = 2; i < kDims; i += 3)
        off[i] += i % 256 < 255 && i % 256 > 0 ? 0.25f : 0.0f;
    const auto equal = [&index] {
        return index.slot(index.base_slots().front()).vector().of_equal_rows();
    };
    ASSERT_TRUE(index.insert(exact.data(), tid_of(0)));
    ASSERT_TRUE(index.insert(exact.data(), tid_of(1)));
    EXPECT_TRUE(equal());
    ASSERT_TRUE(index.insert(off.data(), tid_of(2)));
    EXPECT_FALSE(equal());
    ASSERT_TRUE(index.insert(exact.data(), tid_of(3)));
    EXPECT_FALSE(equal());
    ASSERT_EQ(index.base_slots().size(), 1u);
    const node::SlotView slot = index.slot(index.base_slots().front());
    EXPECT_EQ(slot.header().tid_count, 3);  // and a chunk
    std::vector<float> stored(kDims);
    slot.read_vector(stored.data());
    const double distance = test::operator_value(Metric::kL2, stored.data(), off.data(), kDims);
    EXPECT_GT(distance, 1.0);
    EXPECT_GE(slot.header().error, distance * (1 - 1e-5));
}

// The edits of one insert: the node with its parent's link, then a few pages of back-links each.
TEST(StoreInsert, NumberOfEdits) {
    MemoryIndex index(64, Metric::kL2);
    const test::Matrix rows = test::uniform_rows(600, 64, 5);
    for (std::size_t i = 0; i < 500; ++i)
        ASSERT_TRUE(index.insert(rows.row(i), tid_of(i)));
    const std::uint64_t before = index.pages().commits;
    for (std::size_t i = 500; i < 600; ++i)
        ASSERT_TRUE(index.insert(rows.row(i), tid_of(i)));
    const double edits = static_cast<double>(index.pages().commits - before) / 100;
    EXPECT_LT(edits, 8.0);
    EXPECT_GT(edits, 1.0);
}

// A row with an equal vector costs one edit, whatever number of rows is there.
TEST(StoreInsert, EqualRowsCostOneEdit) {
    MemoryIndex index(4, Metric::kL2);
    const std::vector<float> row(4, 1.0f);
    std::uint64_t most = 0;
    for (std::size_t i = 0; i < 100; ++i) {
        const std::uint64_t before = index.pages().commits;
        ASSERT_TRUE(index.insert(row.data(), tid_of(i)));
        most = std::max(most, index.pages().commits - before);
    }
    EXPECT_EQ(most, 1u);
    EXPECT_EQ(index.base_slots().size(), 1u);
    hnsw::Found f{};
    f.slot = index.base_slots().front();
    const node::SlotHeader& h = index.slot(f.slot).header();
    std::copy_n(h.tids, node::kInlineTids, f.tids);
    f.tid_count = h.tid_count;
    f.chunk = h.chunk;
    EXPECT_EQ(index.tids(f).size(), 100u);
}

// Between the search of an insert and its edit a vacuum frees the dead child whose link was to give
// way, and another node takes the slot, below the same parent: that one keeps its link.
TEST(StoreInsert, TakesNoLinkOfANodeThatTookTheSlotOfADeadOne) {
    MemoryPages pages = small_pages();
    ASSERT_EQ(pages.geometry.capacity, 4u);
    const store::Constants constants(pages.meta());
    MemoryStore store(pages);
    store::Inserter inserter(store, constants);
    std::size_t rows = 0;
    const auto insert = [&](store::Inserter& in, std::size_t axis, float value) {
        std::vector<float> row(4, 0.0f);
        row[axis] = value;
        return in.insert(row.data(), tid_of(rows++));
    };
    // A node in the middle, and four around it, to which its list has protected links only.
    ASSERT_TRUE(insert(inserter, 0, 0));
    for (std::size_t axis = 0; axis < 4; ++axis)
        ASSERT_TRUE(insert(inserter, axis, 1));
    const auto is_dead = [](const node::Tid& t, void*) {
        return test::row_of(t) >= 1 && test::row_of(t) <= 4;
    };
    const auto vacuum = [&](void (*passes)(store::Vacuum*)) {
        MemoryStore own(pages);
        const auto v = std::make_unique<store::Vacuum>(
            own, constants, store::TidFilter{is_dead, nullptr, 0}, 0, Poll{});
        passes(v.get());
    };
    vacuum(store::forget_rows);
    pages.before_edit = [&] {
        vacuum(store::vacuum);
        MemoryStore own(pages);
        store::Inserter others(own, constants);
        for (std::size_t axis = 0; axis < 4; ++axis)
            ASSERT_TRUE(insert(others, axis, -1));
    };
    ASSERT_TRUE(insert(inserter, 0, 0.1f));
    std::map<std::uint64_t, int> held;
    EXPECT_EQ(test::audit(pages, &held), "");
    EXPECT_EQ(held.size(), 6u);
}

// A vacuum empties chunks of a list and takes them out while a reader is in its midst: the reader
// goes along the list again, and passes over what it has read.
TEST(TidReader, MeetsEachRowOnceWhileChunksAreTakenOut) {
    MemoryPages pages = small_pages();
    const store::Constants constants(pages.meta());
    MemoryStore store(pages);
    store::Inserter inserter(store, constants);
    const std::vector<float> row(4, 1.0f);
    constexpr std::size_t kRows = 60;
    for (std::size_t i = 0; i < kRows; ++i)
        ASSERT_TRUE(inserter.insert(row.data(), tid_of(i)));
    const SlotId node = pages.meta().root;
    node::ChunkId head = node::kNoChunk;
    store::with_slot(store, node, [&](const node::SlotView& slot) { head = slot.header().chunk; });
    store::TidReader reader;
    reader.start(node, head);
    std::vector<int> seen(kRows);
    node::Tid tid;
    for (int i = 0; i < 12; ++i) {  // well into the second chunk of seven or eight
        ASSERT_TRUE(reader.next(store, &tid));
        ++seen[test::row_of(tid)];
    }
    // Rows 20 to 44 go: whole chunks, among them the one that the reader would read next.
    store::TidFilter filter{
        [](const node::Tid& t, void*) { return test::row_of(t) >= 20 && test::row_of(t) < 45; },
        nullptr, 0};
    const store::ChunksLeft left = store::clean_chunks(store, node, head, &filter);
    EXPECT_EQ(filter.removed, 25u);
    EXPECT_EQ(left.total, kRows - 25 - node::kInlineTids);
    while (reader.next(store, &tid))
        ++seen[test::row_of(tid)];
    for (std::size_t i = node::kInlineTids; i < kRows; ++i) {
        if (i < 20 || i >= 45)
            EXPECT_EQ(seen[i], 1) << i;
        else
            EXPECT_LE(seen[i], 1) << i;
    }
}

// ---- the rules ----

TEST(MemoryStore, RefusesPagesOutOfLockOrder) {
    MemoryPages pages = small_pages();
    pages.add(PageKind::kSlots);
    pages.add(PageKind::kSlots);
    MemoryStore store(pages);
    store.begin();
    store.edit(3, PageKind::kSlots);
    EXPECT_THROW(store.edit(2, PageKind::kSlots), std::logic_error);
    EXPECT_THROW(store.edit_meta(), std::logic_error);
    EXPECT_NO_THROW(store.edit(3, PageKind::kSlots));
    store.rollback();
}

TEST(MemoryStore, RefusesToLookWhileItLooks) {
    MemoryPages pages = small_pages();
    pages.add(PageKind::kSlots).trailer.used = 1;
    MemoryStore store(pages);
    const SlotId id = pages.geometry.slot_id(2, 0);
    store.look(id);
    EXPECT_THROW(store.look(id), std::logic_error);
    EXPECT_THROW(store.begin(), std::logic_error);
    EXPECT_THROW(store.poll(), std::logic_error);
    store.let_go();
    EXPECT_THROW(store.let_go(), std::logic_error);
}

TEST(MemoryStore, RefusesToRollBackChanges) {
    MemoryPages pages = small_pages();
    MemoryStore store(pages);
    store.begin();
    store.edit_meta()->connected = 1;
    EXPECT_THROW(store.rollback(), std::logic_error);
}

TEST(MemoryStore, ShowsChangesOnlyAfterTheCommit) {
    MemoryPages pages = small_pages();
    MemoryStore store(pages);
    store.begin();
    store.edit_meta()->connected = 1;
    EXPECT_EQ(pages.meta().connected, 0u);
    store.commit();
    EXPECT_EQ(pages.meta().connected, 1u);
    store.fail_at(1);
    store.begin();
    store.edit_meta()->connected = 2;
    EXPECT_THROW(store.commit(), test::Crash);
    EXPECT_EQ(pages.meta().connected, 1u);
}

}  // namespace
}  // namespace vg
