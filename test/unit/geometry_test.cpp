// Layout arithmetic of slots and pages, and the check that stands between a metapage's bytes and
// all arithmetic on them.
#include "core/node/geometry.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "core/base/status.h"

namespace vg::node {
namespace {

constexpr std::uint32_t kUsable = 8152;  // 8192 - page header 24 - trailer 16
constexpr std::uint32_t kPageBytes = 8192;
constexpr std::uint32_t kDims[] = {1,   2,   3,    63,   64,   65,   100,  128, 384,
                                   768, 784, 1024, 1536, 1999, 2000, 4000, 6000};

constexpr std::uint32_t full(std::uint32_t dims) {
    return (dims + 63) / 64;
}

// Most links, with codes of that many words, that a slot with a page to itself can hold.
std::uint32_t page_limit(std::uint32_t dims, Storage storage, std::uint32_t words) {
    const std::uint32_t vector =
        storage == Storage::kFloat32 ? (4 * dims + 7) / 8 * 8 : (dims + 7) / 8 * 8 + 8;
    const std::uint32_t fixed = 56 + vector;
    return fixed > kUsable ? 0 : (kUsable - fixed) / (12 + 8 * words) / 2 * 2;
}

class Plan : public testing::TestWithParam<std::uint32_t> {};

TEST_P(Plan, PartsFollowOneAnotherAndFitTheSlot) {
    const std::uint32_t m = GetParam();
    for (const std::uint32_t dims : kDims) {
        SCOPED_TRACE("dims " + std::to_string(dims));
        const Geometry g = plan_geometry(dims, m, kUsable);
        EXPECT_EQ(g.dims, dims);
        EXPECT_LE(g.words, full(dims));
        EXPECT_GE(g.words, std::min(full(dims), 8u));
        const std::uint32_t coordinate = g.storage == Storage::kFloat32 ? 4 : 1;
        EXPECT_EQ(g.vector_offset(), sizeof(SlotHeader));
        EXPECT_GE(g.ids_offset(), g.vector_offset() + coordinate * dims);
        EXPECT_GE(g.bias_offset(), g.ids_offset() + 4 * g.capacity);
        EXPECT_GE(g.scale_offset(), g.bias_offset() + 4 * g.capacity);
        EXPECT_GE(g.length_offset(), g.scale_offset() + 2 * g.capacity);
        EXPECT_GE(g.codes_offset(), g.length_offset() + 2 * g.capacity);
        EXPECT_GE(g.slot_bytes, g.codes_offset() + 8 * g.words * g.capacity);
        EXPECT_EQ(g.used_bytes(), g.codes_offset() + 8 * g.words * g.capacity);
    }
}

TEST_P(Plan, PartsAreAlignedForTheirTypes) {
    const std::uint32_t m = GetParam();
    for (std::uint32_t dims = 1; dims <= kMaxDims; ++dims) {
        const Geometry g = plan_geometry(dims, m, kUsable);
        ASSERT_EQ(g.slot_bytes % 8, 0u) << dims;
        ASSERT_EQ(g.vector_offset() % 8, 0u) << dims;
        ASSERT_EQ(g.ids_offset() % 4, 0u) << dims;
        ASSERT_EQ(g.bias_offset() % 4, 0u) << dims;
        ASSERT_EQ(g.scale_offset() % 2, 0u) << dims;
        ASSERT_EQ(g.length_offset() % 2, 0u) << dims;
        ASSERT_EQ(g.codes_offset() % 8, 0u) << dims;
        ASSERT_EQ(g.capacity % 2, 0u) << dims;
    }
}

TEST_P(Plan, PagesAreFullAndListsAreLongEnough) {
    const std::uint32_t m = GetParam();
    for (std::uint32_t dims = 1; dims <= kMaxDims; ++dims) {
        const Geometry g = plan_geometry(
            dims, m, kUsable, {dims % 2 == 0 ? StorageChoice::kAuto : StorageChoice::kSq8});
        ASSERT_GE(g.slots_per_page, 1u) << dims;
        ASSERT_LE(g.slots_per_page * g.slot_bytes, kUsable) << dims;
        ASSERT_LT(kUsable - g.slots_per_page * g.slot_bytes, 8 * g.slots_per_page) << dims;
        // Full codes where they leave room for the links, else shorter ones.
        const std::uint32_t fewest = (13 * m / 8 + 1) / 2 * 2;
        const std::uint32_t shortest = page_limit(dims, g.storage, std::min(full(dims), 8u));
        ASSERT_GE(g.capacity, std::min(fewest, shortest)) << dims;
        if (g.exact()) {
            const std::uint32_t longest = page_limit(dims, g.storage, full(dims));
            ASSERT_GE(g.capacity, std::min(2 * m, longest)) << dims;
        }
        if (g.words < full(dims)) {
            const std::uint32_t left = g.slot_bytes - g.ids_offset();
            ASSERT_LT(left / (12 + 8 * (g.words + 1)) / 2 * 2, g.capacity) << dims;
        }
        ASSERT_LE(g.capacity, 3 * m) << dims;
        // No further pair of links would have fitted.
        if (g.capacity + 2 <= 3 * m) {
            ASSERT_GT(g.used_bytes() + 2 * g.link_bytes(), g.slot_bytes) << dims;
        }
    }
}

TEST_P(Plan, FloatsAreKeptWhileTheyLeaveRoomForLinks) {
    const std::uint32_t m = GetParam();
    for (std::uint32_t dims = 1; dims <= kMaxDims; ++dims) {
        const Geometry g = plan_geometry(dims, m, kUsable);
        const bool room = page_limit(dims, Storage::kFloat32, full(dims)) >= 3 * m / 2;
        ASSERT_EQ(g.storage == Storage::kFloat32, room) << dims;
    }
}

TEST(Geometry, StorageIsWhatIsAskedFor) {
    for (const std::uint32_t dims : {3u, 100u, 768u, 1536u}) {
        const auto storage = [dims](StorageChoice choice) {
            return plan_geometry(dims, 16, kUsable, {choice}).storage;
        };
        EXPECT_EQ(storage(StorageChoice::kSq8), Storage::kSq8) << dims;
        EXPECT_EQ(storage(StorageChoice::kFloat32), Storage::kFloat32) << dims;
    }
    EXPECT_THROW(plan_geometry(3000, 16, kUsable, {StorageChoice::kFloat32}), Error);
}

TEST(Geometry, CodesAreAsLongAsAskedFor) {
    for (const std::uint32_t dims : {100u, 768u, 1536u}) {
        for (const StorageChoice storage : {StorageChoice::kFloat32, StorageChoice::kSq8}) {
            for (const std::uint32_t words : {1u, 4u, 8u, 1000u}) {
                const Geometry g = plan_geometry(dims, 16, kUsable, {storage, words});
                EXPECT_EQ(g.words, std::min(words, full(dims))) << dims << " " << words;
            }
        }
    }
    // Shorter codes leave room for more nodes on a page.
    EXPECT_EQ(plan_geometry(1536, 16, kUsable, {StorageChoice::kSq8, 0}).slots_per_page, 2u);
    EXPECT_EQ(plan_geometry(1536, 16, kUsable, {StorageChoice::kSq8, 24}).slots_per_page, 1u);
}

TEST_P(Plan, SurvivesTheMetapage) {
    const std::uint32_t m = GetParam();
    for (std::uint32_t dims = 1; dims <= kMaxDims; ++dims) {
        const Geometry g = plan_geometry(dims, m, kUsable);
        MetaData meta{};
        meta.magic = kMagic;
        meta.version = kFormatVersion;
        meta.page_bytes = kPageBytes;
        meta.dims = dims;
        meta.words = g.words;
        meta.m = static_cast<std::uint16_t>(m);
        meta.ef_construction = 64;
        meta.centre_block = 1;
        meta.capacity = g.capacity;
        meta.slot_bytes = g.slot_bytes;
        meta.slots_per_page = g.slots_per_page;
        meta.storage = static_cast<std::uint8_t>(g.storage);
        meta.entry = meta.root = kNoSlot;
        meta.list_block = kNoBlock;
        ASSERT_EQ(check_meta(meta, kPageBytes, kUsable), nullptr) << dims;
        const Geometry back = geometry_of(meta);
        ASSERT_EQ(back.words, g.words);
        ASSERT_EQ(back.codes_offset(), g.codes_offset());
        ASSERT_EQ(back.used_bytes(), g.used_bytes());
    }
}

INSTANTIATE_TEST_SUITE_P(M, Plan, testing::Values(2, 3, 5, 16, 25, 32, 64, 99, 100));

// The table of docs/on-disk-format.md.
TEST(Geometry, ByteBudgetsAreAsDocumented) {
    struct Row {
        std::uint32_t dims;
        StorageChoice choice;
        Storage storage;
        std::uint32_t capacity, slot_bytes, slots_per_page;
        std::uint32_t words = full(dims);
    };
    constexpr auto kAuto = StorageChoice::kAuto;
    constexpr auto kInt8 = StorageChoice::kSq8;
    const Row rows[] = {
        {3, kAuto, Storage::kFloat32, 32, 736, 11},
        {100, kAuto, Storage::kFloat32, 32, 1352, 6},
        {128, kAuto, Storage::kFloat32, 36, 1624, 5},
        {384, kAuto, Storage::kFloat32, 40, 4072, 2},
        {768, kAuto, Storage::kFloat32, 46, 8152, 1},
        {784, kAuto, Storage::kFloat32, 42, 8152, 1},
        {1024, kAuto, Storage::kFloat32, 28, 8152, 1},
        {1536, kAuto, Storage::kSq8, 26, 4072, 2, 10},
        {2000, kAuto, Storage::kSq8, 26, 4072, 2, 8},
        {3000, kAuto, Storage::kSq8, 26, 8152, 1, 22},
        {4000, kAuto, Storage::kSq8, 26, 8152, 1, 18},
        {6000, kAuto, Storage::kSq8, 26, 8152, 1, 8},
        {100, kInt8, Storage::kSq8, 30, 1016, 8},
        {128, kInt8, Storage::kSq8, 28, 1016, 8},
        {384, kInt8, Storage::kSq8, 26, 2032, 4},
        {512, kInt8, Storage::kSq8, 28, 2712, 3},
        {768, kInt8, Storage::kSq8, 30, 4072, 2},
        {784, kInt8, Storage::kSq8, 26, 4072, 2},
        {1024, kInt8, Storage::kSq8, 26, 4072, 2, 12},
        {640, kInt8, Storage::kSq8, 26, 2712, 3, 8},
    };
    for (const Row& r : rows) {
        SCOPED_TRACE("dims " + std::to_string(r.dims));
        const Geometry g = plan_geometry(r.dims, 16, kUsable, {r.choice});
        EXPECT_EQ(g.storage, r.storage);
        EXPECT_EQ(g.capacity, r.capacity);
        EXPECT_EQ(g.slot_bytes, r.slot_bytes);
        EXPECT_EQ(g.slots_per_page, r.slots_per_page);
        EXPECT_EQ(g.words, r.words);
    }
}

TEST(Geometry, SlotIdsAndBlocksAreInverse) {
    const Geometry g = plan_geometry(100, 16, kUsable);
    for (const std::uint32_t block : {0u, 1u, 7u, 100000u}) {
        for (std::uint32_t i = 0; i < g.slots_per_page; ++i) {
            EXPECT_EQ(g.block_of(g.slot_id(block, i)), block);
            EXPECT_EQ(g.index_of(g.slot_id(block, i)), i);
        }
    }
}

void expect_limit_error(std::uint32_t dims, std::uint32_t m, std::uint32_t usable) {
    try {
        plan_geometry(dims, m, usable);
        FAIL() << "no error for dims " << dims;
    } catch (const Error& e) {
        EXPECT_EQ(e.code(), StatusCode::kLimitExceeded);
        EXPECT_STRNE(e.what(), "");
    }
}

TEST(Geometry, RefusesDimensionsOutOfRange) {
    expect_limit_error(0, 16, kUsable);
    expect_limit_error(6001, 16, kUsable);
    expect_limit_error(std::numeric_limits<std::uint32_t>::max(), 16, kUsable);
}

TEST(Geometry, RefusesPagesTooSmallForANode) {
    expect_limit_error(2000, 16, 2000);
    expect_limit_error(2000, 16, 56 + 2008 + 3 * 76);
    EXPECT_EQ(plan_geometry(2000, 16, 56 + 2008 + 4 * 76).capacity, 4u);
    expect_limit_error(100, 1, kUsable);  // two links do not make a graph
}

class Meta : public testing::Test {
  protected:
    void SetUp() override {
        const Geometry g = plan_geometry(100, 16, kUsable);
        meta_.magic = kMagic;
        meta_.version = kFormatVersion;
        meta_.page_bytes = kPageBytes;
        meta_.dims = 100;
        meta_.words = g.words;
        meta_.capacity = g.capacity;
        meta_.slot_bytes = g.slot_bytes;
        meta_.slots_per_page = g.slots_per_page;
        meta_.storage = static_cast<std::uint8_t>(g.storage);
        meta_.m = 16;
        meta_.ef_construction = 64;
        meta_.metric = static_cast<std::uint8_t>(Metric::kCosine);
        meta_.centre_block = 1;
        meta_.entry = 60;
        meta_.entry_level = 2;
        meta_.root = 12;
        meta_.free_slot = kNoSlot;
        meta_.free_chunk = kNoChunk;
        meta_.tail_block = 30;
        meta_.list_block = kNoBlock;
    }
    const char* check(const std::function<void(MetaData&)>& change) const {
        MetaData copy = meta_;
        change(copy);
        return check_meta(copy, kPageBytes, kUsable);
    }
    MetaData meta_{};
};

TEST_F(Meta, SoundPagesPass) {
    EXPECT_EQ(check([](MetaData&) {}), nullptr);
    EXPECT_EQ(check([](MetaData& m) { m.entry = m.root = kNoSlot; }), nullptr);
    EXPECT_EQ(check([](MetaData& m) { m.entry_level = kMaxLevel; }), nullptr);
    EXPECT_EQ(check([](MetaData& m) { m.list_block = 40; }), nullptr);
}

TEST_F(Meta, EverySingleFaultIsFound) {
    constexpr std::uint32_t kHuge = std::numeric_limits<std::uint32_t>::max();
    const std::pair<const char*, std::function<void(MetaData&)>> faults[] = {
        {"magic", [](MetaData& m) { m.magic ^= 1; }},
        {"list store on the metapage", [](MetaData& m) { m.list_block = 0; }},
        {"version 0", [](MetaData& m) { m.version = 0; }},
        {"next version", [](MetaData& m) { m.version = kFormatVersion + 1; }},
        {"page_bytes", [](MetaData& m) { m.page_bytes = 4096; }},
        {"dims 0", [](MetaData& m) { m.dims = 0; }},
        {"dims that do not fit the slot", [](MetaData& m) { m.dims = 200; }},
        {"dims above the limit", [](MetaData& m) { m.dims = 6001; }},
        {"codes of no words", [](MetaData& m) { m.words = 0; }},
        {"codes longer than the rotation", [](MetaData& m) { m.words = 3; }},
        {"dims that overflow", [](MetaData& m) { m.dims = 0x40000000u; }},
        {"capacity 0", [](MetaData& m) { m.capacity = 0; }},
        {"capacity 2", [](MetaData& m) { m.capacity = 2; }},
        {"capacity odd", [](MetaData& m) { m.capacity -= 1; }},
        {"capacity beyond the slot", [](MetaData& m) { m.capacity += 4; }},
        {"capacity that overflows", [](MetaData& m) { m.capacity = 0x20000000u; }},
        {"slot_bytes 0", [](MetaData& m) { m.slot_bytes = 0; }},
        {"slot_bytes unaligned", [](MetaData& m) { m.slot_bytes -= 4; }},
        {"slot_bytes too small", [](MetaData& m) { m.slot_bytes /= 2; }},
        {"slot_bytes beyond the page", [](MetaData& m) { m.slot_bytes += 16; }},
        {"slot_bytes that overflows", [](MetaData& m) { m.slot_bytes = 0xFFFFFFF8u; }},
        {"slots_per_page 0", [](MetaData& m) { m.slots_per_page = 0; }},
        {"slots_per_page beyond the page", [](MetaData& m) { ++m.slots_per_page; }},
        {"slots_per_page that overflows", [](MetaData& m) { m.slots_per_page = kHuge; }},
        {"m 0", [](MetaData& m) { m.m = 0; }},
        {"m 1", [](MetaData& m) { m.m = 1; }},
        {"m beyond the lists", [](MetaData& m) { m.m = 60000; }},
        {"ef_construction 0", [](MetaData& m) { m.ef_construction = 0; }},
        {"metric", [](MetaData& m) { m.metric = kMetricCount; }},
        {"storage", [](MetaData& m) { m.storage = 1; }},
        {"centre_block", [](MetaData& m) { m.centre_block = 0; }},
        {"entry", [](MetaData& m) { m.entry = 0x80000000u; }},
        {"entry missing", [](MetaData& m) { m.entry = kNoSlot; }},
        {"entry_level", [](MetaData& m) { m.entry_level = kMaxLevel + 1; }},
        {"root", [](MetaData& m) { m.root = 0x80000000u; }},
        {"root missing", [](MetaData& m) { m.root = kNoSlot; }},
    };
    for (const auto& [name, change] : faults)
        EXPECT_NE(check(change), nullptr) << name;
}

// Whatever passes must be safe to compute with: a slot stays inside its page.
TEST_F(Meta, RandomDamageNeverYieldsAnUnsafeGeometry) {
    std::uint64_t state = 1;
    const auto random = [&state] {
        state = state * 6364136223846793005ull + 1442695040888963407ull;
        return static_cast<std::uint32_t>(state >> 33);
    };
    std::size_t passed = 0;
    for (int round = 0; round < 200000; ++round) {
        MetaData m = meta_;
        auto* words = reinterpret_cast<std::uint32_t*>(&m);
        // dims, capacity, slot_bytes, slots_per_page; words
        const std::uint32_t at = random() % 5 == 0 ? 37 : 3 + random() % 4;
        words[at] = round % 2 == 0 ? random() : random() % 3000;
        if (check_meta(m, kPageBytes, kUsable) != nullptr)
            continue;
        ++passed;
        const Geometry g = geometry_of(m);
        const std::uint64_t need = 56 + std::uint64_t{m.dims} * (g.exact() ? 4 : 1) +
                                   std::uint64_t{m.capacity} * (12 + 8 * std::uint64_t{m.words});
        ASSERT_LE(need, g.slot_bytes);
        ASSERT_LE(std::uint64_t{g.slots_per_page} * g.slot_bytes, kUsable);
        ASSERT_EQ(g.codes_offset() % 8, 0u);
    }
    EXPECT_GT(passed, 100u);
}

}  // namespace
}  // namespace vg::node
