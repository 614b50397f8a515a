// The resumable search over a complete index in memory: recall, order, completeness, and slots that
// are not what a link promised.
#include "core/hnsw/beam_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "memory_index.h"

namespace vg::test {

// Access to a private member by explicit instantiation, to bring the generation near its wrap
// without four billion calls.
template <auto kMember>
struct Expose {
    friend constexpr auto generation_of() { return kMember; }
};
constexpr auto generation_of();
template struct Expose<&hnsw::SlotSet::generation_>;

}  // namespace vg::test

namespace vg::hnsw {
namespace {

using node::Metric;
using test::Matrix;
using test::MemoryIndex;

constexpr Metric kMetrics[] = {Metric::kL2, Metric::kInnerProduct, Metric::kCosine, Metric::kL1};

struct Case {
    std::uint32_t dims;
    std::size_t n;
    bool clustered;
    std::size_t ef;
    double floor[4];  // by metric
};

class Recall : public testing::TestWithParam<Case> {};

TEST_P(Recall, AtTenReachesItsFloor) {
    const Case& c = GetParam();
    const auto make = [&](std::size_t n, std::uint64_t seed) {
        return c.clustered ? test::clustered_rows(n, c.dims, 20, 0.4f, seed)
                           : test::uniform_rows(n, c.dims, seed);
    };
    Matrix rows = make(c.n + 40, 1);
    Matrix queries{c.dims, {}};
    for (std::size_t i = 0; i < 40; ++i) {  // held out, spread over the clusters
        const std::size_t at = (i + 1) * (rows.size() / 41);
        queries.append(rows.row(at));
        std::copy(rows.row(rows.size() - 1), rows.row(rows.size() - 1) + c.dims, rows.row(at));
        rows.values.resize(rows.values.size() - c.dims);
    }
    for (const Metric metric : kMetrics) {
        MemoryIndex index(c.dims, metric);
        index.build(rows);
        EXPECT_EQ(index.unreachable(), 0u);
        const double got = test::recall(index, rows, queries, 10, c.ef);
        EXPECT_GE(got, c.floor[static_cast<std::size_t>(metric)])
            << "metric " << static_cast<int>(metric);
        RecordProperty("recall_" + std::to_string(static_cast<int>(metric)), std::to_string(got));
    }
}

INSTANTIATE_TEST_SUITE_P(Data, Recall,
                         testing::Values(Case{2, 3000, false, 40, {.97, .9, .9, .95}},
                                         Case{2, 3000, true, 40, {.97, .9, .9, .95}},
                                         Case{16, 3000, false, 64, {.93, .9, .9, .85}},
                                         Case{16, 3000, true, 64, {.93, .9, .9, .85}},
                                         Case{100, 2000, false, 128, {.9, .9, .9, .82}},
                                         Case{100, 2000, true, 64, {.93, .9, .9, .85}},
                                         Case{784, 800, false, 128, {.9, .9, .9, .82}},
                                         Case{784, 800, true, 64, {.93, .9, .9, .85}},
                                         Case{1536, 400, true, 64, {.9, .9, .9, .85}}),
                         [](const auto& info) {
                             return "dims" + std::to_string(info.param.dims) +
                                    (info.param.clustered ? "clustered" : "uniform");
                         });

// Near-duplicates: clusters far narrower than the spread of the data, queries beside a member. The
// beam is as wide as a cluster, so that what is asked of the estimates is to tell its members apart
// and not to find the cluster. Without the finer query planes recall is near .5 at width .003.
TEST(TightClusters, RecallDoesNotDependOnTheirWidth) {
    for (const std::uint32_t dims : {2u, 16u, 100u}) {
        for (const float width : {0.1f, 0.01f, 0.003f}) {
            const Matrix rows = test::clustered_rows(2000, dims, 20, width, 1);
            Matrix queries{dims, {}};
            Random rng(2);
            std::vector<float> q(dims);
            for (std::size_t i = 0; i < 60; ++i) {
                const float* member = rows.row(rng.below(rows.size()));
                for (std::size_t j = 0; j < dims; ++j)
                    q[j] = member[j] + 0.5f * width * test::gaussian(rng);
                queries.append(q.data());
            }
            MemoryIndex index(dims, Metric::kL2);
            index.build(rows);
            EXPECT_GE(test::recall(index, rows, queries, 10, 40), 0.93)
                << dims << " dims, width " << width;
        }
    }
}

// A line of rows a hundredth apart within a line of rows one apart.
TEST(TightClusters, ADenseStretchOfALine) {
    Matrix rows{2, {}};
    for (int i = 1; i <= 200; ++i)
        rows.append(std::vector<float>{static_cast<float>(i), 0}.data());
    for (int i = 1; i <= 100; ++i)
        rows.append(std::vector<float>{50.1f + static_cast<float>(i) / 100, 0}.data());
    MemoryIndex index(2, Metric::kL2);
    index.build(rows);
    const Matrix query{2, {50.1f, 0}};
    EXPECT_GE(test::recall(index, rows, query, 30, 20), 0.95);
}

// Iterates to the end. Returns row numbers in the order found; `order` gets each result's order and
// `late` the position at which order first fell, results.size() if never.
std::vector<std::size_t> drain(const MemoryIndex& index, const float* query, std::size_t ef,
                               std::vector<float>* order = nullptr, std::size_t* rounds = nullptr) {
    MemoryIndex::Cursor cursor(index, query, ef);
    std::vector<std::size_t> rows;
    Found f;
    while (cursor.next(&f)) {
        for (const node::Tid& t : index.tids(f))
            rows.push_back(test::row_of(t));
        if (order != nullptr)
            order->push_back(f.order);
    }
    EXPECT_FALSE(cursor.search().grow());
    EXPECT_FALSE(cursor.search().pop(&f));
    if (rounds != nullptr)
        *rounds = cursor.rounds();
    return rows;
}

void expect_each_row_once(std::vector<std::size_t> rows, std::size_t n) {
    std::vector<std::size_t> all(n);
    std::iota(all.begin(), all.end(), std::size_t{0});
    std::sort(rows.begin(), rows.end());
    EXPECT_EQ(rows, all);
}

// A caller that orders the results itself: it sees all that was read, nearest first, without a word
// about what may be handed out, and then each batch of what is read later.
TEST(BeamSearch, TakesWhatIsReadBeforeItMayBeHandedOut) {
    const Matrix rows = test::clustered_rows(3000, 8, 20, 0.5f, 4);
    MemoryIndex index(8, Metric::kL2);
    index.build(rows);
    const Matrix query = test::clustered_rows(1, 8, 1, 1.0f, 5);
    MemoryIndex::Cursor cursor(index, query.row(0), 20);
    BeamSearch& search = cursor.search();
    std::vector<std::size_t> taken;
    std::size_t read = 0;
    bool gated = false;
    for (;;) {
        float before = -std::numeric_limits<float>::infinity();
        for (Found f; search.take(&f);) {
            EXPECT_GE(f.order, before);
            before = f.order;
            for (const node::Tid& t : index.tids(f))
                taken.push_back(test::row_of(t));
            if (search.may_hand_out())
                search.count_handed_out();
            else
                gated = true;
        }
        EXPECT_EQ(search.peek_result(), nullptr);
        EXPECT_GE(search.expanded(), read);
        read = search.expanded();
        if (!search.grow())
            break;
        cursor.run();
    }
    EXPECT_TRUE(gated);
    expect_each_row_once(taken, rows.size());
}

TEST(BeamSearch, UnlimitedIterationReturnsEveryRowOnce) {
    for (const Metric metric : kMetrics) {
        for (const std::size_t n : {0u, 1u, 2u, 3u, 50u, 3000u}) {
            SCOPED_TRACE("n " + std::to_string(n));
            const Matrix rows = test::clustered_rows(n, 16, 10, 0.3f, n + 1);
            MemoryIndex index(16, metric);
            index.build(rows);
            const std::vector<float> query(16, 0.3f);
            for (const std::size_t ef : {1u, 40u})
                expect_each_row_once(drain(index, query.data(), ef), n);
        }
    }
}

TEST(BeamSearch, DuplicatesAreReturnedOneByOneToo) {
    Matrix rows = test::uniform_rows(500, 8, 3);
    for (int i = 0; i < 1000; ++i)
        rows.append(std::vector<float>(rows.row(17), rows.row(17) + 8).data());
    MemoryIndex index(8, Metric::kL2);
    index.build(rows);
    expect_each_row_once(drain(index, rows.row(17), 10), 1500);
    std::vector<std::size_t> near = index.search(rows.row(17), 1001, 10);
    ASSERT_EQ(near.size(), 1001u);
    EXPECT_EQ(near[0], 17u);
    std::sort(near.begin(), near.end());
    for (std::size_t i = 1; i <= 1000; ++i)
        ASSERT_EQ(near[i], 499 + i);

    Matrix equal{8, {}};
    for (int i = 0; i < 200; ++i)
        equal.append(rows.row(0));
    MemoryIndex same(8, Metric::kL2);
    same.build(equal);
    expect_each_row_once(drain(same, rows.row(3), 10), 200);
}

TEST(BeamSearch, ResultsAreInOrderUntilExhaustionAndThenLateOnesAreToo) {
    const Matrix rows = test::uniform_rows(3000, 24, 5);
    MemoryIndex index(24, Metric::kL2);
    index.build(rows);
    const Matrix queries = test::uniform_rows(10, 24, 6);
    std::size_t with_late = 0;
    for (std::size_t q = 0; q < queries.size(); ++q) {
        MemoryIndex::Cursor cursor(index, queries.row(q), 1);
        Found f;
        float last = -1;
        bool exhausted = false;
        std::vector<float> late;
        std::size_t count = 0;
        for (;;) {
            if (!cursor.search().pop(&f)) {
                const std::size_t before = cursor.search().expanded();
                if (!cursor.search().grow())
                    break;
                cursor.run();
                exhausted = cursor.search().expanded() == before;
                continue;
            }
            ++count;
            if (f.order < last || !late.empty()) {
                ASSERT_TRUE(exhausted) << "out of order before the end";
                ASSERT_TRUE(late.empty() || f.order >= late.back());
                late.push_back(f.order);
            } else {
                last = f.order;
            }
        }
        EXPECT_EQ(count, 3000u);
        with_late += !late.empty();
    }
    EXPECT_GT(with_late, 0u);  // or the test says nothing
}

// A narrow search that goes on must get as far as a wide one for the same number of expansions.
TEST(BeamSearch, GoingOnEqualsLookingHarder) {
    const Matrix rows = test::clustered_rows(4000, 32, 40, 0.6f, 9);
    const Matrix queries = test::clustered_rows(40, 32, 40, 0.6f, 9);
    MemoryIndex index(32, Metric::kL2);
    index.build(rows);
    std::size_t narrow = 0, wide = 0, cost_narrow = 0, cost_wide = 0;
    for (std::size_t q = 0; q < queries.size(); ++q) {
        std::vector<float> found[2];
        for (const std::size_t ef : {10u, 80u}) {
            MemoryIndex::Cursor cursor(index, queries.row(q), ef);
            const std::size_t wide_beam = scan_beam(index.geometry().words, index.metric(), 80);
            while (ef == 10 && cursor.search().expanded() < wide_beam && cursor.search().grow())
                cursor.run();
            (ef == 10 ? cost_narrow : cost_wide) += cursor.search().expanded();
            for (const Found& f : cursor.search().found())
                found[ef == 80].push_back(f.order);
        }
        std::vector<float> exact;
        for (std::size_t i = 0; i < rows.size(); ++i)
            exact.push_back(distance::l2_squared(queries.row(q), rows.row(i), 32));
        std::nth_element(exact.begin(), exact.begin() + 19, exact.end());
        const float limit = exact[19] * 1.00001f;
        const auto hits = [&](const std::vector<float>& v) {
            return static_cast<std::size_t>(
                std::count_if(v.begin(), v.end(), [&](float d) { return d <= limit; }));
        };
        narrow += hits(found[0]);
        wide += hits(found[1]);
    }
    EXPECT_GT(wide, 20u * 40 * 8 / 10);
    EXPECT_GE(static_cast<double>(narrow), 0.95 * static_cast<double>(wide));
    EXPECT_LE(static_cast<double>(cost_narrow), 2.0 * static_cast<double>(cost_wide));
}

// Or more than that, by what lies in the same pages.
TEST(BeamSearch, GrowReadsAnEighthMore) {
    const Matrix rows = test::uniform_rows(3000, 8, 2);
    MemoryIndex index(8, Metric::kL2);
    index.build(rows);
    MemoryIndex::Cursor cursor(index, rows.row(0), 20);
    std::size_t before = cursor.search().found().size();
    EXPECT_GE(before, 100u);
    while (before < rows.size() / 2) {
        ASSERT_TRUE(cursor.search().grow());
        cursor.run();
        const std::size_t step = std::max<std::size_t>(before / 8, 16);
        EXPECT_GE(cursor.search().found().size(), before + step);
        EXPECT_LE(cursor.search().found().size(), before + 4 * step);
        before = cursor.search().found().size();
    }
}

// A row is handed out when several times as many have been read: an ef as large as the answer must
// not return more of a beam than is sure. More ef never finds less.
TEST(BeamSearch, LongAnswersKeepTheirRecall) {
    const Matrix rows = test::uniform_rows(6000, 12, 11);
    const Matrix queries = test::uniform_rows(30, 12, 12);
    MemoryIndex index(12, Metric::kL2);
    index.build(rows);
    for (const std::size_t k : {50u, 200u}) {
        double last = 0;
        for (const std::size_t ef : {10u, 40u, 100u, 200u}) {
            const double found = test::recall(index, rows, queries, k, ef);
            EXPECT_GE(found, 0.97) << "k " << k << ", ef " << ef;
            EXPECT_GE(found, last - 0.002) << "k " << k << ", ef " << ef;
            last = found;
        }
    }
}

TEST(BeamSearch, EqualRowsComeBySlot) {
    Matrix rows = test::uniform_rows(400, 8, 3);
    for (std::size_t i = 0; i < 400; ++i) {  // eight rows around the query, equally far
        if (i % 4 != 0)
            continue;
        std::fill(rows.row(i), rows.row(i) + 8, 2.0f);
        rows.row(i)[(i / 4) % 8] = i % 8 == 0 ? 3.0f : 1.0f;
    }
    MemoryIndex index(8, Metric::kL2);
    index.build(rows);
    const std::vector<float> query(8, 2.0f);
    for (const std::size_t ef : {1u, 40u, 100u}) {
        std::vector<SlotId> nodes;
        MemoryIndex::Cursor cursor(index, query.data(), ef);
        Found f;
        for (int i = 0; i < 8 && cursor.next(&f); ++i)
            nodes.push_back(f.slot);
        EXPECT_TRUE(std::is_sorted(nodes.begin(), nodes.end())) << "ef " << ef;
    }
}

TEST(BeamSearch, EfOneFindsTheRowItself) {
    const Matrix rows = test::clustered_rows(2000, 32, 20, 0.5f, 3);
    MemoryIndex index(32, Metric::kL2);
    index.build(rows);
    std::size_t hits = 0;
    for (std::size_t i = 0; i < 2000; i += 50) {
        const std::vector<std::size_t> got = index.search(rows.row(i), 1, 1);
        ASSERT_EQ(got.size(), 1u);
        hits += got[0] == i;
    }
    EXPECT_GE(hits, 25u);  // of 40
}

TEST(BeamSearch, PeekNamesTheNextSlotOfAnUndisturbedSearch) {
    const Matrix rows = test::uniform_rows(500, 8, 2);
    MemoryIndex index(8, Metric::kL2);
    index.build(rows);
    node::NodeQuery query(index.geometry(), Metric::kL2, index.rotation(), index.centre());
    query.set_query(rows.row(3));
    BeamSearch search(query);
    EXPECT_EQ(search.peek(), kNoSlot);
    search.start(index.entry(), index.entry_level(), 0, 10);
    for (SlotId id; (id = search.next()) != kNoSlot;) {
        EXPECT_NE(search.peek(), id);
        search.expand(id, index.slot(id));
        const SlotId hint = search.peek();
        if (hint != kNoSlot) {
            EXPECT_NO_THROW(index.slot(hint));
        }
    }
}

// A slot that was freed, or taken over by a node of another level, since a link to it was read.
TEST(BeamSearch, FreeDeadAndWrongLevelSlotsAreNotResults) {
    const Matrix rows = test::uniform_rows(1000, 8, 4);
    MemoryIndex index(8, Metric::kL2);
    index.build(rows);
    std::set<std::size_t> gone;
    const std::vector<SlotId> slots = index.base_slots();
    for (std::size_t i = 5; i < slots.size(); i += 7) {
        if (slots[i] == index.root() || slots[i] == index.entry())
            continue;
        node::SlotHeader& h = index.edit(slots[i]).header();
        gone.insert(test::row_of(h.tids[0]));
        if (i % 3 == 0)
            h.state = static_cast<std::uint8_t>(node::SlotState::kFree);
        else if (i % 3 == 1)
            h.state = static_cast<std::uint8_t>(node::SlotState::kDead);
        else
            h.level = 3;
    }
    std::set<std::size_t> found;
    for (const std::size_t r : drain(index, rows.row(500), 40)) {
        EXPECT_TRUE(found.insert(r).second);
        EXPECT_EQ(gone.count(r), 0u);
    }
    EXPECT_GE(found.size() + gone.size(), 995u);
}

TEST(BeamSearch, DeadNodesStillLeadOn) {
    const Matrix rows = test::uniform_rows(800, 8, 4);
    MemoryIndex index(8, Metric::kL2);
    index.build(rows);
    for (const SlotId id : index.base_slots())
        if (test::row_of(index.slot(id).header().tids[0]) % 10 != 0)
            index.edit(id).header().state = static_cast<std::uint8_t>(node::SlotState::kDead);
    EXPECT_EQ(drain(index, rows.row(0), 10).size(), 80u);
}

// Only protected links lead into a subset; a search that starts inside it has no way out.
TEST(BeamSearch, TheRootLeadsToWhatTheLinksDoNot) {
    const Matrix rows = test::uniform_rows(600, 8, 7);
    MemoryIndex index(8, Metric::kL2);
    index.build(rows);
    const std::vector<SlotId> slots = index.base_slots();
    // Base lists keep their protected links alone.
    for (const SlotId id : slots) {
        const node::SlotEdit slot = index.edit(id);
        for (std::size_t i = slot.degree(); i-- > 0;)
            if (!slot.link_protected(i))
                slot.remove_link(i);
    }
    SlotId leaf = kNoSlot;
    for (const SlotId id : slots)
        if (index.slot(id).degree() == 0)
            leaf = id;
    ASSERT_NE(leaf, kNoSlot);

    const auto count = [&](bool with_root) {
        node::NodeQuery query(index.geometry(), Metric::kL2, index.rotation(), index.centre());
        query.set_query(rows.row(0));
        BeamSearch search(query);
        search.set_root(with_root ? index.root() : kNoSlot);
        search.start(leaf, 0, 0, 10);
        std::set<SlotId> found;
        Found f;
        do {
            for (SlotId id; (id = search.next()) != kNoSlot;)
                search.expand(id, index.slot(id));
            while (search.pop(&f))
                EXPECT_TRUE(found.insert(f.slot).second);
        } while (search.grow());
        return found.size();
    };
    EXPECT_EQ(count(false), 1u);
    EXPECT_EQ(count(true), 600u);
}

// The entry point was freed and its slot reused between reading the metapage and the first visit.
TEST(BeamSearch, ALostEntryPointFallsBackToTheRoot) {
    const Matrix rows = test::uniform_rows(600, 8, 7);
    MemoryIndex index(8, Metric::kL2);
    index.build(rows);
    ASSERT_GT(index.entry_level(), 0u);
    index.edit(index.entry()).header().state = static_cast<std::uint8_t>(node::SlotState::kFree);
    expect_each_row_once(drain(index, rows.row(0), 10), 600);
    index.edit(index.entry()).header().state = static_cast<std::uint8_t>(node::SlotState::kLive);
    index.edit(index.entry()).header().level = 0;
    expect_each_row_once(drain(index, rows.row(0), 10), 600);
}

TEST(BeamSearch, SeveralSeedsAtTheTargetLevel) {
    const Matrix rows = test::uniform_rows(500, 8, 7);
    MemoryIndex index(8, Metric::kL2);
    index.build(rows);
    node::NodeQuery query(index.geometry(), Metric::kL2, index.rotation(), index.centre());
    query.set_query(rows.row(9));
    BeamSearch search(query);
    const std::vector<SlotId> slots = index.base_slots();
    const BeamSearch::Seed seeds[] = {{slots[400], 5.0f}, {slots[3], 1.0f}, {slots[3], 1.0f}};
    search.start(seeds, 0, 30);
    EXPECT_EQ(search.next(), slots[3]);
    search.expand(slots[3], index.slot(slots[3]));
    for (SlotId id; (id = search.next()) != kNoSlot;)
        search.expand(id, index.slot(id));
    Found f;
    ASSERT_TRUE(search.pop(&f));
    EXPECT_EQ(test::row_of(f.tids[0]), 9u);
}

TEST(BeamSearch, OneObjectServesManyQueries) {
    const Matrix rows = test::uniform_rows(1500, 8, 7);
    MemoryIndex index(8, Metric::kL2);
    index.build(rows);
    node::NodeQuery query(index.geometry(), Metric::kL2, index.rotation(), index.centre());
    BeamSearch search(query);
    search.set_root(index.root());
    for (std::size_t q = 0; q < 30; ++q) {
        query.set_query(rows.row(q * 50));
        search.start(index.entry(), index.entry_level(), 0, 40);
        std::size_t count = 0;
        Found f;
        do {
            for (SlotId id; (id = search.next()) != kNoSlot;)
                search.expand(id, index.slot(id));
            while (search.pop(&f)) {
                if (count++ == 0) {
                    EXPECT_EQ(test::row_of(f.tids[0]), q * 50);
                }
            }
        } while ((q % 3 == 0 || count == 0) && search.grow());
        if (q % 3 == 0) {
            EXPECT_EQ(count, 1500u);
        }
    }
}

TEST(BeamSearch, CoordinatesNearTheFloatLimitLoseNoRow) {
    Matrix rows = test::uniform_rows(300, 8, 7);
    for (std::size_t i = 0; i < rows.values.size(); ++i)
        rows.values[i] = (rows.values[i] - 0.5f) * (i % 5 == 0 ? 3e38f : 1.0f) * 1.9f;
    for (const Metric metric : kMetrics) {
        MemoryIndex index(8, metric);
        index.build(rows);
        expect_each_row_once(drain(index, rows.row(0), 10), 300);
    }
}

TEST(SlotSet, GrowsAndKeepsItsMembers) {
    SlotSet set;
    Random rng(2);
    std::set<SlotId> truth;
    for (int i = 0; i < 50000; ++i) {
        const SlotId id = static_cast<SlotId>(i % 2 == 0 ? rng.below(100000) : rng.next() >> 33);
        ASSERT_EQ(set.insert(id), truth.insert(id).second);
    }
    EXPECT_EQ(set.size(), truth.size());
    for (SlotId id = 0; id < 100000; ++id)
        ASSERT_EQ(set.contains(id), truth.count(id) == 1);
    set.clear();
    EXPECT_EQ(set.size(), 0u);
    EXPECT_FALSE(set.contains(*truth.begin()));
    EXPECT_TRUE(set.insert(0));
}

TEST(SlotSet, SurvivesTheWrapOfItsGeneration) {
    SlotSet set;
    for (SlotId id = 0; id < 100; ++id)
        set.insert(id);  // cells of generation 1
    set.*test::generation_of() = std::numeric_limits<std::uint32_t>::max();
    set.insert(500);
    set.clear();  // back to generation 1, whose cells must not come back to life
    EXPECT_EQ(set.size(), 0u);
    for (SlotId id = 0; id <= 500; ++id)
        ASSERT_FALSE(set.contains(id)) << id;
    EXPECT_TRUE(set.insert(7));
    EXPECT_TRUE(set.contains(7));
    for (SlotId id = 0; id < 5000; ++id)
        set.insert(id);
    EXPECT_EQ(set.size(), 5000u);
}

}  // namespace
}  // namespace vg::hnsw
