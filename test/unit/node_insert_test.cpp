// Inserting rows one by one into the in-memory index, the way the access method does it through
// pages.
#include "core/hnsw/node_insert.h"
#include "core/hnsw/code_prune.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "memory_index.h"

namespace vg::hnsw {
namespace {

using node::Metric;
using test::Matrix;
using test::MemoryIndex;
using test::tid_of;

constexpr Metric kMetrics[] = {Metric::kL2, Metric::kInnerProduct, Metric::kCosine, Metric::kL1};

// Every base node but the root has one protected in-link, and it comes from its parent.
void expect_sound_tree(const MemoryIndex& index) {
    std::map<node::SlotId, node::SlotId> from;
    for (const node::SlotId id : index.base_slots()) {
        const node::SlotView slot = index.slot(id);
        for (std::size_t i = 0; i < slot.degree(); ++i) {
            if (!slot.link_protected(i))
                continue;
            EXPECT_TRUE(from.emplace(slot.link(i), id).second) << "two protected links to one node";
        }
    }
    for (const node::SlotId id : index.base_slots()) {
        if (id == index.root()) {
            EXPECT_EQ(index.slot(id).header().parent, node::kNoSlot);
            EXPECT_EQ(from.count(id), 0u);
            continue;
        }
        ASSERT_EQ(from.count(id), 1u);
        EXPECT_EQ(from[id], index.slot(id).header().parent);
    }
    EXPECT_EQ(index.unreachable(), 0u);
}

// Links: right level, no self-link, no double link; other/base chains consistent.
void expect_sound_links(const MemoryIndex& index) {
    for (const node::SlotId id : index.all_slots()) {
        const node::SlotView slot = index.slot(id);
        if (!slot.live())
            continue;
        const node::SlotHeader& h = slot.header();
        std::set<node::SlotId> seen;
        for (std::size_t i = 0; i < slot.degree(); ++i) {
            EXPECT_NE(slot.link(i), id);
            EXPECT_TRUE(seen.insert(slot.link(i)).second);
            EXPECT_EQ(index.slot(slot.link(i)).header().level, h.level);
        }
        EXPECT_EQ(index.slot(h.base).header().level, 0);
        if (h.level > 0) {
            EXPECT_EQ(index.slot(h.other).header().level, h.level - 1);
            EXPECT_EQ(index.slot(h.other).header().base, h.base);
        }
    }
}

void insert_all(MemoryIndex* index, const Matrix& rows, const std::vector<std::size_t>& order) {
    for (const std::size_t i : order)
        ASSERT_TRUE(index->insert(rows.row(i), tid_of(i)));
}

std::vector<std::size_t> in_order(std::size_t n) {
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    return order;
}

class Incremental : public testing::TestWithParam<Metric> {};

TEST_P(Incremental, RandomAndSortedLoadsAreFoundAgain) {
    const Matrix rows = test::clustered_rows(3000, 32, 30, 0.6f, 5);  // sorted by cluster
    Matrix queries{32, {}};
    Random rng(4);
    for (int q = 0; q < 40; ++q) {
        const float* near = rows.row(rng.below(3000));
        std::vector<float> v(near, near + 32);
        for (float& x : v)
            x += 0.2f * test::gaussian(rng);
        queries.append(v.data());
    }
    std::vector<std::size_t> random = in_order(3000);
    shuffle(random, rng);
    for (const bool sorted : {false, true}) {
        MemoryIndex index(32, GetParam());
        insert_all(&index, rows, sorted ? in_order(3000) : random);
        EXPECT_EQ(index.base_slots().size(), 3000u);
        EXPECT_GT(index.entry_level(), 0u);
        const double floor =
            GetParam() == Metric::kL1 || GetParam() == Metric::kInnerProduct ? 0.85 : 0.9;
        EXPECT_GE(test::recall(index, rows, queries, 10, 64), sorted ? floor - 0.1 : floor)
            << "sorted " << sorted;
        expect_sound_tree(index);
        expect_sound_links(index);
        std::vector<std::size_t> all = index.search(queries.row(0), 10000, 40);
        std::sort(all.begin(), all.end());
        EXPECT_EQ(all, in_order(3000));
    }
}

TEST_P(Incremental, RowsAfterABulkBuildAreFoundLikeTheOthers) {
    // The mean of four data sets: from one to the next the recall of new clusters varies by 0.04.
    constexpr std::uint64_t kFirstSeed = 6;
    constexpr std::uint64_t kSets = 4;
    double old_recall = 0;
    double new_recall = 0;
    for (std::uint64_t seed = kFirstSeed; seed < kFirstSeed + kSets; ++seed) {
        const Matrix rows = test::clustered_rows(2000, 100, 20, 0.6f, seed);
        Matrix first{100, {}};
        for (std::size_t i = 0; i < 1000; ++i)  // ten clusters built, ten unknown ones inserted
            first.append(rows.row(i));
        MemoryIndex index(100, GetParam());
        index.build(first);
        for (std::size_t i = 1000; i < 2000; ++i)
            ASSERT_TRUE(index.insert(rows.row(i), tid_of(i)));
        Matrix old_rows{100, {}}, new_rows{100, {}};
        for (std::size_t i = 0; i < 1000; i += 40) {
            old_rows.append(rows.row(i));
            new_rows.append(rows.row(1000 + i));
        }
        old_recall += test::recall(index, rows, old_rows, 10, 64) / kSets;
        new_recall += test::recall(index, rows, new_rows, 10, 64) / kSets;
        expect_sound_tree(index);
        expect_sound_links(index);
    }
    EXPECT_GE(old_recall, 0.85);
    EXPECT_GE(new_recall, 0.85);
}

INSTANTIATE_TEST_SUITE_P(Metrics, Incremental, testing::ValuesIn(kMetrics));

// Small lists make protected links scarce: the tree has to hold whatever is evicted around it.
TEST(NodeInsert, ProtectedLinksSurviveSmallLists) {
    for (const std::uint32_t dims : {1u, 2u, 100u}) {
        const Matrix rows = test::uniform_rows(3000, dims, 8);
        MemoryIndex index(dims, Metric::kL2, 2, 10);
        insert_all(&index, rows, in_order(3000));
        expect_sound_tree(index);
        expect_sound_links(index);
        EXPECT_EQ(index.search(rows.row(0), 10000, 10).size(), 3000u);
    }
}

TEST(NodeInsert, EqualRowsJoinTheirNode) {
    // 1536 dimensions are stored in 8 bits: equal must mean equal after quantisation.
    for (const std::uint32_t dims : {3u, 100u, 1536u}) {
        for (const Metric metric : kMetrics) {
            const Matrix rows = test::clustered_rows(200, dims, 4, 1.0f, dims);
            Matrix first{dims, {}};
            for (std::size_t i = 0; i < 100; ++i)
                first.append(rows.row(i));
            MemoryIndex index(dims, metric);
            index.build(first);
            for (std::size_t i = 100; i < 200; ++i)
                index.insert(rows.row(i), tid_of(i));
            const std::size_t before = index.base_slots().size();
            EXPECT_EQ(before, 200u);
            for (std::size_t i = 0; i < 200; ++i)  // built rows and inserted ones
                ASSERT_TRUE(index.insert(rows.row(i), tid_of(1000 + i)));
            // A row need not be among those with the largest products with it, and a copy that is
            // not met gets a node of its own.
            const std::size_t extra = metric == Metric::kInnerProduct ? 200 : 0;
            EXPECT_LE(index.base_slots().size(), before + extra)
                << "dims " << dims << " metric " << static_cast<int>(metric);
            if (metric == Metric::kInnerProduct)
                continue;  // a row need not have the largest product with itself
            const std::vector<std::size_t> two = index.search(rows.row(150), 2, 40);
            EXPECT_EQ(std::set<std::size_t>(two.begin(), two.end()),
                      (std::set<std::size_t>{150, 1150}));
        }
    }
}

TEST(NodeInsert, ManyCopiesOfOneRow) {
    const Matrix rows = test::uniform_rows(300, 8, 2);
    MemoryIndex index(8, Metric::kL2);
    insert_all(&index, rows, in_order(300));
    for (std::size_t i = 0; i < 1000; ++i)
        index.insert(rows.row(42), tid_of(5000 + i));
    EXPECT_EQ(index.base_slots().size(), 300u);
    EXPECT_EQ(index.search(rows.row(0), 5000, 10).size(), 1300u);
}

TEST(NodeInsert, TheFirstRowsOfAnEmptyIndex) {
    for (const Metric metric : kMetrics) {
        MemoryIndex index(3, metric);
        index.build(Matrix{3, {}});
        const float rows[][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 2}};
        for (std::size_t i = 0; i < 3; ++i) {
            ASSERT_TRUE(index.insert(rows[i], tid_of(i)));
            EXPECT_EQ(index.search(rows[0], 10, 40).size(), i + 1);
            expect_sound_tree(index);
        }
        const float zero[3] = {};
        EXPECT_EQ(index.insert(zero, tid_of(9)), metric != Metric::kCosine);
    }
}

TEST(NodeInsert, ARowLongerThanAllBuiltOnesIsFoundByInnerProduct) {
    const Matrix rows = test::clustered_rows(500, 16, 5, 1.0f, 3);
    MemoryIndex index(16, Metric::kInnerProduct);
    index.build(rows);
    std::vector<float> longer(rows.row(100), rows.row(100) + 16);
    for (float& x : longer)
        x *= 3;
    ASSERT_TRUE(index.insert(longer.data(), tid_of(900)));
    EXPECT_EQ(index.search(longer.data(), 1, 64).at(0), 900u);
}

// ---- choose_victim -----------------------------------------------------------------------------

// A full list around a node at the origin. Codes are taken without a rotation, so that their angles
// are known: a point with sign pattern `pattern` at distance `length`.
struct FullList {
    node::Geometry g = node::plan_geometry(64, 4, test::kUsable);
    std::vector<std::byte> bytes = std::vector<std::byte>(g.slot_bytes);
    node::SlotEdit slot{g, bytes.data()};

    void add(std::uint64_t pattern, float length, bool is_protected = false) {
        const std::size_t i = slot.header().degree++;
        slot.set_link(i, {static_cast<node::SlotId>(i), is_protected, 0, 0,
                          distance::bf16_from_float(length), &pattern});
    }
    std::size_t victim(std::uint64_t pattern, float length, bool force) const {
        return choose_victim(slot, &pattern, length, force);
    }
};

// Sign patterns whose codes differ in half of the bits: at right angles to each other.
constexpr std::uint64_t kAxes[] = {0x0,
                                   0xFFFFFFFF00000000,
                                   0xFFFF0000FFFF0000,
                                   0xFF00FF00FF00FF00,
                                   0xF0F0F0F0F0F0F0F0,
                                   0xCCCCCCCCCCCCCCCC,
                                   0xAAAAAAAAAAAAAAAA};

TEST(ChooseVictim, WithoutOcclusionTheFarthestGoes) {
    FullList list;
    for (std::size_t i = 0; i < 4; ++i)
        list.add(kAxes[i], i == 2 ? 8.0f : 2.0f + static_cast<float>(i));
    EXPECT_EQ(list.victim(kAxes[4], 1.0f, false), 2u);
    EXPECT_EQ(list.victim(kAxes[4], 7.0f, false), 2u);
    EXPECT_EQ(list.victim(kAxes[4], 9.0f, false), kNoVictim);  // the new one itself
    EXPECT_EQ(list.victim(kAxes[4], 9.0f, true), 2u);          // must go in
}

TEST(ChooseVictim, AnOccludedLinkGoesBeforeAFartherOneInItsOwnDirection) {
    FullList list;
    list.add(kAxes[0], 1.0f);
    list.add(kAxes[1], 2.0f);
    list.add(kAxes[1] ^ 0x3, 3.0f);  // behind link 1
    list.add(kAxes[2], 9.0f);        // farther, but alone
    EXPECT_EQ(list.victim(kAxes[3], 4.0f, false), 2u);
    EXPECT_EQ(list.victim(kAxes[3], 4.0f, true), 2u);
}

TEST(ChooseVictim, ANewLinkBehindAnOldOneIsRefusedAndTheFarthestOfTheOccludedGoes) {
    FullList list;
    for (std::size_t i = 0; i < 4; ++i)
        list.add(kAxes[i], 2.0f);
    EXPECT_EQ(list.victim(kAxes[1] ^ 0x1, 3.0f, false), kNoVictim);
    EXPECT_NE(list.victim(kAxes[1] ^ 0x1, 3.0f, true), kNoVictim);
    EXPECT_EQ(list.victim(kAxes[1] ^ 0x1, 1.0f, false), 1u);  // the new one hides link 1
}

TEST(ChooseVictim, ProtectedLinksStayWhateverHappens) {
    FullList list;
    list.add(kAxes[0], 1.0f);
    list.add(kAxes[1], 2.0f);
    list.add(kAxes[1] ^ 0x3, 3.0f, true);  // occluded and protected
    list.add(kAxes[2], 9.0f, true);        // farthest and protected
    EXPECT_EQ(list.victim(kAxes[3], 1.5f, false), 1u);
    EXPECT_EQ(list.victim(kAxes[3], 5.0f, true), 1u);
    list.slot.set_protected(0, true);
    list.slot.set_protected(1, true);
    EXPECT_EQ(list.victim(kAxes[3], 1.5f, false), kNoVictim);
    EXPECT_EQ(list.victim(kAxes[3], 1.5f, true), kNoVictim);
}

TEST(ChooseVictim, RandomListsObeyTheRules) {
    Random rng(12);
    for (int round = 0; round < 2000; ++round) {
        FullList list;
        std::size_t unprotected = 0;
        while (list.slot.degree() < list.g.capacity) {
            const bool is_protected = rng.below(3) == 0;
            unprotected += is_protected ? 0 : 1;
            list.add(rng.next(), static_cast<float>(1 + rng.below(20)), is_protected);
        }
        for (const bool force : {false, true}) {
            const std::size_t v =
                list.victim(rng.next(), static_cast<float>(1 + rng.below(20)), force);
            if (v == kNoVictim) {
                ASSERT_TRUE(!force || unprotected == 0);
                continue;
            }
            ASSERT_LT(v, list.slot.degree());
            ASSERT_FALSE(list.slot.link_protected(v));
        }
    }
}

}  // namespace
}  // namespace vg::hnsw
