// The audit of a cur index: a small sound one passes, and each damage is named.
#include "core/cur/audit.h"

#include <cmath>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace vg::cur {
namespace {

constexpr std::size_t kUsable = 8192 - 24 - 16;

// meta, statistics, two pending pages, model, items.
struct Small {
    static constexpr std::uint32_t kSecondPending = 3, kModel = 4, kItems = 5, kBlocks = 6;
    MetaData meta{};
    std::vector<std::vector<std::byte>> pages{kBlocks, std::vector<std::byte>(kUsable)};
    node::PageKind kinds[kBlocks] = {kMetaPage,    kStatsPage, kPendingPage,
                                     kPendingPage, kModelPage, kItemsPage};
    std::uint32_t used[kBlocks] = {0, 0, 2, 1, 0, 3};
    std::vector<std::byte> model;
    std::uint32_t blocks_now = kBlocks;

    template <typename T>
    void put(std::uint32_t block, std::size_t at, const T& value) {
        std::memcpy(pages[block].data() + at, &value, sizeof value);
    }
    template <typename T>
    void put_model(std::size_t at, const T& value) {
        std::memcpy(model.data() + at, &value, sizeof value);
    }
    static node::Tid tid(std::uint16_t block, std::uint16_t offset) { return {0, block, offset}; }
    ItemsLayout items() const { return items_layout(meta.row_bytes, kUsable); }
    ModelLayout layout() const { return model_layout(meta.anchors, meta.dims, meta.anchor_items); }

    explicit Small(Storage storage = Storage::kInt8) {
        meta.magic = kMagic;
        meta.version = kFormatVersion;
        meta.page_bytes = 8192;
        meta.anchors = 3;
        meta.dims = 2;
        meta.storage = static_cast<std::uint8_t>(storage);
        meta.row_bytes = static_cast<std::uint32_t>(row_bytes(storage, 2));
        meta.slots_per_page = items().slots;
        meta.anchor_items = 1;
        meta.noise = meta.variance = 1;
        meta.model_block = kModel;
        meta.item_tail = kItems;
        meta.pending_insert = kSecondPending;
        meta.built_items = 2;
        meta.flushed_items = 1;
        meta.removed_items = 1;
        meta.live_items = 2;
        model.resize(layout().queries + 3 * 16);
        meta.model_bytes = model.size();
        for (std::size_t i = 0; i < 3; ++i)
            put_model(layout().queries + 16 * i, std::uint32_t{5});
        put_model(layout().anchor_refs, AnchorRef{kItems, 0, tid(1, 1), 0});
        put(kPendingHead, 0, PendingHeader{kSecondPending, 0});
        put(kPendingHead, 8, tid(7, 1));
        put(kPendingHead, 14, tid(7, 2));
        put(kSecondPending, 0, PendingHeader{kNoBlock, 0});
        put(kSecondPending, 8, tid(9, 1));
        put(kItems, 0, tid(1, 1));
        put(kItems, 12, tid(1, 3));  // the slot between them is free
    }

    std::string check() const {
        if (const char* what = check_meta(meta, 8192, kUsable))
            return what;
        Audit audit(meta, kBlocks, kUsable, {});
        for (std::uint32_t block = 1; block < kBlocks; ++block) {
            const Fault f = audit.add_page(block, kinds[block], pages[block].data(), used[block]);
            if (f.what != nullptr)
                return f.what;
        }
        if (const Fault f = audit.finish(blocks_now); f.what != nullptr)
            return f.what;
        EXPECT_EQ(audit.items(), 2u);
        EXPECT_EQ(audit.pending(), 3u);
        EXPECT_EQ(audit.last_heap_block(), 9u);
        EXPECT_TRUE(audit.holds(tid(1, 3)) && audit.holds(tid(9, 1)) && !audit.holds(tid(1, 2)));
        std::vector<std::byte> copy = model;
        const Fault f = audit.add_model(copy);
        return f.what == nullptr ? "" : f.what;
    }
};

TEST(CurAudit, SoundIndex) {
    for (const Storage s : {Storage::kInt8, Storage::kFloat16, Storage::kFloat32})
        EXPECT_EQ(Small(s).check(), "");
}

TEST(CurAudit, PagesThatCameMeanwhileAreNoFault) {
    Small s;
    s.put(Small::kSecondPending, 0, PendingHeader{Small::kBlocks, 0});
    EXPECT_NE(s.check(), "");
    s.blocks_now = Small::kBlocks + 1;
    EXPECT_EQ(s.check(), "");
}

// A cancel must not wait for the sort of all rows.
TEST(CurAudit, PollsWhileItSorts) {
    constexpr std::uint32_t kPages = 42, kRows = 1000;
    MetaData meta{};
    meta.pending_insert = kPendingHead;
    int polls = 0;
    Audit audit(meta, kPages, kUsable, {[](void* n) { ++*static_cast<int*>(n); }, &polls});
    const std::vector<std::byte> stats(kUsable);
    ASSERT_EQ(audit.add_page(kStatsBlock, kStatsPage, stats.data(), 0).what, nullptr);
    for (std::uint32_t block = kPendingHead; block < kPages; ++block) {
        std::vector<std::byte> page(kUsable);
        const PendingHeader header{block + 1 < kPages ? block + 1 : kNoBlock, 0};
        std::memcpy(page.data(), &header, sizeof header);
        for (std::uint32_t i = 0; i < kRows; ++i) {
            const node::Tid tid = Small::tid(static_cast<std::uint16_t>(i * 7 % kRows),
                                             static_cast<std::uint16_t>(block));
            std::memcpy(page.data() + sizeof header + i * sizeof tid, &tid, sizeof tid);
        }
        ASSERT_EQ(audit.add_page(block, kPendingPage, page.data(), kRows).what, nullptr);
    }
    EXPECT_EQ(polls, 0);
    ASSERT_EQ(audit.finish(kPages).what, nullptr);
    EXPECT_GT(polls, 10);
    EXPECT_TRUE(audit.holds(Small::tid(5, kPages - 1)));
}

TEST(CurAudit, NamesEachDamage) {
    const float nan = std::nanf("");
    const std::pair<const char*, std::function<void(Small&)>> cases[] = {
        {"kind", [](Small& s) { s.kinds[4] = kMetaPage; }},
        {"kind", [](Small& s) { s.kinds[3] = kStatsPage; }},
        {"kind", [](Small& s) { s.kinds[5] = node::PageKind{36 + 1}; }},
        {"variance", [](Small& s) { s.meta.variance = 0; }},
        {"variance", [](Small& s) { s.meta.variance = -1; }},
        {"statistics", [](Small& s) { s.kinds[1] = node::PageKind{}; }},
        {"impossible residuals", [](Small& s) { s.put(1, 24, -1.0); }},
        {"impossible residuals", [](Small& s) { s.put(1, 32, std::nan("")); }},
        {"more items than slots", [](Small& s) { s.used[5] = s.meta.slots_per_page + 1; }},
        {"mean of an item", [=](Small& s) { s.put(5, s.items().means + 8, nan); }},
        {"more pending rows", [](Small& s) { s.used[2] = 1400; }},
        {"no place in the table", [](Small& s) { s.put(2, 14, Small::tid(7, 0)); }},
        {"to another page",
         [](Small& s) {
             s.put(2, 0, PendingHeader{5, 0});
         }},
        {"to another page",
         [](Small& s) {
             s.put(2, 0, PendingHeader{77, 0});
         }},
        {"in a circle",
         [](Small& s) {
             s.put(3, 0, PendingHeader{2, 0});
         }},
        {"not in the list",
         [](Small& s) {
             s.put(2, 0, PendingHeader{kNoBlock, 0});
         }},
        {"page for new rows", [](Small& s) { s.meta.pending_insert = 5; }},
        {"page for new items", [](Small& s) { s.meta.item_tail = 4; }},
        {"other items", [](Small& s) { s.meta.live_items = 3; }},
        {"other items", [](Small& s) { s.meta.removed_items = 0; }},
        {"more than once", [](Small& s) { s.put(3, 8, Small::tid(1, 3)); }},
        {"page of the model", [](Small& s) { s.meta.model_bytes += 3 * kUsable; }},
        {"ends beyond",
         [](Small& s) {
             s.kinds[5] = kModelPage;
             s.meta.model_bytes += 3 * kUsable;
         }},
        {"page of the model", [](Small& s) { s.kinds[4] = node::PageKind{}; }},
        {"range of the model", [=](Small& s) { s.put_model(s.layout().step, nan); }},
        {"component", [=](Small& s) { s.put_model(s.layout().components + 20, nan); }},
        {"anchor item", [](Small& s) { s.put_model(s.layout().anchor_refs, 4); }},
        {"anchor item", [](Small& s) { s.put_model(s.layout().anchor_refs + 4, short{9999}); }},
        {"shorter", [](Small& s) { s.put_model(s.layout().queries + 16, 100); }},
        {"longer", [](Small& s) { s.model.resize(s.model.size() + 8); }},
    };
    for (const auto& [what, damage] : cases) {
        Small s;
        damage(s);
        EXPECT_NE(s.check().find(what), std::string::npos) << what << ": " << s.check();
    }
    Small s(Storage::kFloat32);
    s.put(5, s.items().rows + 4, nan);
    EXPECT_EQ(s.check(), "a coordinate of an item is not a number");
    // A free slot may hold anything.
    Small free(Storage::kFloat32);
    free.put(5, free.items().rows + 8, nan);
    EXPECT_EQ(free.check(), "");
}

TEST(CurAudit, ItemsWithoutAModel) {
    Small s;
    s.meta.anchors = s.meta.dims = s.meta.row_bytes = 0;
    EXPECT_EQ(s.check(), "the index has items but no model");
}

TEST(CurAudit, PackedQueriesEndWhereTheirBytesDo) {
    std::vector<std::byte> bytes(24);
    const std::uint32_t length = 9;
    std::memcpy(bytes.data(), &length, sizeof length);
    std::size_t got;
    PackedQueries whole{bytes.data(), 24};
    EXPECT_EQ(whole.next(&got), bytes.data() + 8);
    EXPECT_EQ(got, 9u);
    EXPECT_EQ(whole.next(&got), nullptr);
    PackedQueries cut{bytes.data(), 23};
    EXPECT_EQ(cut.next(&got), nullptr);
    PackedQueries none{bytes.data(), 4};
    EXPECT_EQ(none.next(&got), nullptr);
    const std::uint32_t huge = 0xFFFFFFFF;
    std::memcpy(bytes.data(), &huge, sizeof huge);
    PackedQueries wrong{bytes.data(), 24};
    EXPECT_EQ(wrong.next(&got), nullptr);
}

}  // namespace
}  // namespace vg::cur
