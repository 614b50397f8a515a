// Crowds: thousands of rows within a millionth of one point, beside rows spread over the space. The
// crowd must not hide them, nor they the crowd's members from each other.
#include <algorithm>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "core/hnsw/code_prune.h"
#include "core/hnsw/refine.h"
#include "memory_index.h"

namespace vg::hnsw {
namespace {

using node::Metric;
using test::Matrix;
using test::MemoryIndex;
using test::row_of;
using test::tid_of;

constexpr std::size_t kSpread = 300;
constexpr std::size_t kEf = 40;

enum class Load { kBuilt, kCrowdLast, kCrowdFirst, kMixed };

struct Case {
    std::size_t dims;
    std::size_t crowd;
    bool middle;  // the crowd is nearer to every spread row than these are to each other
};

// kSpread rows, then the crowd.
Matrix rows_of(const Case& c, Random& rng) {
    Matrix rows = test::uniform_rows(kSpread, c.dims, 7);
    std::vector<float> centre(c.dims, 0.5f);
    for (float& x : centre)
        x = c.middle ? x : static_cast<float>(rng.uniform());
    for (std::size_t i = 0; i < c.crowd; ++i) {
        std::vector<float> v = centre;
        for (float& x : v)
            x += static_cast<float>((rng.uniform() - 0.5) * 2e-6);
        rows.append(v.data());
    }
    return rows;
}

void load(MemoryIndex* index, const Matrix& rows, Load how, Random& rng) {
    if (how == Load::kBuilt) {
        index->build(rows);
        return;
    }
    std::vector<std::size_t> order(rows.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (how == Load::kCrowdFirst)
        std::rotate(order.begin(), order.begin() + kSpread, order.end());
    if (how == Load::kMixed)
        shuffle(order, rng);
    for (const std::size_t i : order)
        ASSERT_TRUE(index->insert(rows.row(i), tid_of(i)));
}

std::size_t spread_rows_found(const MemoryIndex& index, const Matrix& rows) {
    std::size_t found = 0;
    for (std::size_t i = 0; i < kSpread; ++i) {
        const std::vector<std::size_t> first = index.search(rows.row(i), 1, kEf);
        found += first == std::vector<std::size_t>{i} ? 1 : 0;
    }
    return found;
}

double recall_inside(const MemoryIndex& index, const Matrix& rows) {
    Matrix crowd{rows.dims, {}};
    Matrix queries{rows.dims, {}};
    for (std::size_t i = kSpread; i < rows.size(); ++i)
        crowd.append(rows.row(i));
    for (std::size_t i = 0; i < 40; ++i)
        queries.append(crowd.row(i * 37 % crowd.size()));
    return test::recall(index, rows, queries, 10, kEf);
}

class Crowds : public testing::TestWithParam<Load> {};

TEST_P(Crowds, HideNoRowAndNoneOfTheirs) {
    for (const Case& c :
         {Case{8, 1000, true}, {8, 1000, false}, {64, 900, true}, {64, 900, false}}) {
        Random rng(11);
        const Matrix rows = rows_of(c, rng);
        MemoryIndex index(c.dims, Metric::kL2);
        load(&index, rows, GetParam(), rng);
        EXPECT_GE(spread_rows_found(index, rows), kSpread * 95 / 100)
            << c.dims << " dims, middle " << c.middle;
        EXPECT_GE(recall_inside(index, rows), 0.9) << c.dims << " dims, middle " << c.middle;
        EXPECT_EQ(index.unreachable(), 0u);
    }
}

INSTANTIATE_TEST_SUITE_P(Loads, Crowds,
                         testing::Values(Load::kBuilt, Load::kCrowdLast, Load::kCrowdFirst,
                                         Load::kMixed));

// A node at 0 with candidates on a line.
std::vector<float> choose(const std::vector<float>& at, std::size_t capacity) {
    std::vector<float> values(at.size() + 1, 0.0f);
    std::copy(at.begin(), at.end(), values.begin() + 1);
    const Rows rows{values.data(), values.size(), 1, 1, nullptr};
    LayerView view;
    view.rows = &rows;
    view.size = values.size();
    std::vector<Candidate> candidates;
    for (std::uint32_t i = 1; i < values.size(); ++i)
        candidates.push_back({values[i] * values[i], i});
    std::vector<Candidate> chosen;
    choose_links(view, candidates, capacity, true, chosen);
    std::vector<float> out;
    for (const Candidate& c : chosen)
        out.push_back(values[c.id]);
    return out;
}

// The unread slots that a search of the index near `row` knows, as an insert asks for them.
std::vector<SlotId> unread_near(const MemoryIndex& index, const float* row, BeamSearch* search,
                                node::NodeQuery* query) {
    query->set_row(row);
    search->start(index.entry(), index.entry_level(), 0, 10);
    for (SlotId id; (id = search->next()) != node::kNoSlot;)
        search->expand(id, index.slot(id));
    std::vector<SlotId> unread;
    search->unread_beyond(0, 10000, &unread);
    return unread;
}

TEST(BeamSearch, KnowsNoCrowdOfAnEarlierQuery) {
    Random rng(3);
    const Matrix rows = rows_of({8, 600, false}, rng);
    MemoryIndex index(8, Metric::kL2, 8);
    index.build(rows);
    node::NodeQuery query(index.geometry(), index.metric(), index.rotation(), index.centre());
    BeamSearch used(query);
    std::size_t known = 0;
    for (std::size_t i = 0; i < kSpread; i += 10) {
        BeamSearch fresh(query);
        const std::vector<SlotId> expected = unread_near(index, rows.row(i), &fresh, &query);
        EXPECT_EQ(unread_near(index, rows.row(i), &used, &query), expected) << i;
        known += expected.size();
    }
    EXPECT_GT(known, 1000u);
}

TEST(ChooseLinks, FillsNoNearCopiesOfATakenLinkIn) {
    EXPECT_EQ(choose({1.0f, 1.01f, 1.02f, 2.0f}, 8), (std::vector<float>{1.0f, 2.0f}));
}

TEST(ChooseLinks, KeepsAQuarterForTheWayOutOfACrowd) {
    std::vector<float> at;
    for (int i = 0; i < 20; ++i)
        at.push_back((i % 2 == 0 ? 1.0f : -1.0f) * 1e-6f * static_cast<float>(10 + i));
    at.push_back(1.0f);
    at.push_back(-1.5f);
    const std::vector<float> chosen = choose(at, 8);
    EXPECT_EQ(chosen.size(), 8u);
    EXPECT_EQ(std::count(chosen.begin(), chosen.end(), 1.0f), 1);
    EXPECT_EQ(std::count(chosen.begin(), chosen.end(), -1.5f), 1);
}

// A slot of capacity links of which those in `lengths` are the first; codes alternate.
TEST(ChooseVictim, LeavesTheWayOutOfACrowd) {
    node::Geometry g = node::plan_geometry(64, 16, test::kUsable);
    std::vector<std::byte> bytes(g.slot_bytes);
    const node::SlotEdit slot(g, bytes.data());
    slot.header().state = static_cast<std::uint8_t>(node::SlotState::kLive);
    slot.header().degree = static_cast<std::uint16_t>(g.capacity);
    const std::uint64_t code = 0x5555555555555555u;
    const std::size_t out = g.capacity / 4;
    for (std::size_t i = 0; i < g.capacity; ++i) {
        const float length = i < out ? 1.0f + static_cast<float>(i) : 1e-6f * static_cast<float>(i);
        const std::uint64_t own =
            i < out ? std::uint64_t{0x0F0F0F0F0F0F0F0Fu} << i : code << (i % 2);
        slot.set_link(
            i, {static_cast<SlotId>(i + 1), false, 0, 0, distance::bf16_from_float(length), &own});
    }
    const std::size_t victim = choose_victim(slot, &code, 1e-6f, false);
    ASSERT_NE(victim, kNoVictim);
    EXPECT_GE(victim, out);
}

}  // namespace
}  // namespace vg::hnsw
