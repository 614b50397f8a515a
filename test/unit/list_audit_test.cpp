// ListAudit: a sound list store of two list pages, an overflow page and keys is sound, and each
// change that breaks one of its rules is named. The node store behind it is a small built index.
#include "core/node/list_audit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "any_bytes.h"

namespace vg::test {
namespace {

using node::BucketEntry;
using node::ChainHead;
using node::HeldTid;
using node::kNoBlock;
using node::ListHead;
using node::ListNeighbour;
using node::PageKind;
using node::RowEntry;

constexpr std::uint32_t kK = 4;
constexpr std::uint32_t kMapSize = 16;
// Blocks: maps of lists (root, leaf) and of buckets (root, leaf), two list pages, two bucket pages,
// an overflow page of the second list page, and a free one.
enum Block : std::uint32_t {
    kListRoot = 1,
    kListLeaf,
    kBucketRoot,
    kBucketLeaf,
    kFirstList,
    kSecondList,
    kFirstBucket,
    kSecondBucket,
    kOverflow,
    kFree,
    kBlocks
};

std::uint32_t hash_of(const std::byte* bytes, std::size_t size) {
    std::uint32_t hash = 0;
    for (std::size_t i = 0; i < size; ++i)
        hash = hash * 31 + std::to_integer<std::uint32_t>(bytes[i]);
    return hash;
}

struct ListImage {
    node::ListMeta meta{};
    node::ListGeometry g;
    std::vector<std::vector<std::uint64_t>> words{
        kBlocks, std::vector<std::uint64_t>(kUsable / sizeof(std::uint64_t))};
    std::vector<PageKind> kinds{kBlocks, PageKind{}};
    std::vector<std::vector<std::uint32_t>> maps{kBlocks,
                                                 std::vector<std::uint32_t>(kMapSize, kNoBlock)};
    std::vector<HeldTid> tids;

    std::byte* data(std::uint32_t block) {
        return reinterpret_cast<std::byte*>(words[block].data());
    }
    ChainHead& head(std::uint32_t block) { return *reinterpret_cast<ChainHead*>(data(block)); }
    std::byte* entries(std::uint32_t block) { return data(block) + g.entries_offset(kinds[block]); }
    RowEntry& row(std::uint32_t block, std::size_t i) {
        return *reinterpret_cast<RowEntry*>(entries(block) + i * node::row_entry_bytes(4));
    }
    BucketEntry& bucket(std::uint32_t block, std::size_t i) {
        return reinterpret_cast<BucketEntry*>(entries(block))[i];
    }
    std::byte* list(std::uint32_t block, SlotId slot) { return data(block) + g.list_offset(slot); }
    ListHead& list_head(std::uint32_t block, SlotId slot) {
        return *reinterpret_cast<ListHead*>(list(block, slot));
    }
    ListNeighbour& neighbour(std::uint32_t block, SlotId slot, std::size_t i) {
        return reinterpret_cast<ListNeighbour*>(list(block, slot) + sizeof(ListHead))[i];
    }

    void page(std::uint32_t block, PageKind kind, std::uint32_t owner, PageKind of) {
        kinds[block] = kind;
        head(block) = {owner, kNoBlock, static_cast<std::uint16_t>(of), 0, 0};
    }
    void add_row(std::uint32_t block, SlotId slot, const node::Tid& tid, std::int32_t key) {
        ChainHead& h = head(block);
        std::byte* at = entries(block) + h.used;
        *reinterpret_cast<RowEntry*>(at) = {slot, tid, sizeof key};
        std::memcpy(at + sizeof(RowEntry), &key, sizeof key);
        h.used = static_cast<std::uint16_t>(h.used + node::row_entry_bytes(sizeof key));
        const std::uint32_t hash = hash_of(at + sizeof(RowEntry), sizeof key);
        const std::uint32_t to = hash % 2 == 0 ? kFirstBucket : kSecondBucket;
        bucket(to, head(to).used / sizeof(BucketEntry)) = {hash, slot, tid, 0};
        head(to).used = static_cast<std::uint16_t>(head(to).used + sizeof(BucketEntry));
    }
};

class ListAuditTest : public testing::Test {
  protected:
    const StoreImage store_ = make_image(8, Metric::kL2, 4, 60);
    const node::MetaData meta_ = store_.meta();
    node::Audit nodes_{meta_, store_.blocks(), {}};
    node::ChunkAudit chunks_{{}};
    ListImage lists_;
    std::vector<SlotId> here_;   // base slots of the first list page that is used
    std::vector<SlotId> there_;  // and of the second

    void SetUp() override {
        const node::Geometry g = node::geometry_of(meta_);
        ASSERT_EQ(audit_slots(store_, g, &nodes_, &chunks_), nullptr);
        lists_.g = node::plan_lists(kUsable, kK, node::KeyKind::kInt4);
        lists_.g.slots_per_list_page = std::min<std::uint32_t>(lists_.g.slots_per_list_page, 24);
        std::vector<SlotId> base;
        for (SlotId id = 0; id < store_.blocks() * g.slots_per_page; ++id)
            if (nodes_.is_live_base(id))
                base.push_back(id);
        const std::uint32_t first = lists_.g.list_page_of(base.front());
        for (const SlotId id : base) {
            if (lists_.g.list_page_of(id) == first)
                here_.push_back(id);
            else if (there_.empty() ||
                     lists_.g.list_page_of(id) == lists_.g.list_page_of(there_[0]))
                there_.push_back(id);
        }
        ASSERT_GE(here_.size(), 3u);
        ASSERT_GE(there_.size(), 3u);
        fill(first, lists_.g.list_page_of(there_[0]));
    }

    void fill(std::uint32_t first, std::uint32_t second) {
        ListImage& s = lists_;
        s.meta.key_kind = static_cast<std::uint8_t>(node::KeyKind::kInt4);
        s.meta.generations = 1;
        s.meta.generation_bits[0] = 1;
        s.meta.free_page = kFree;
        s.page(kFirstList, PageKind::kLists, first, PageKind::kLists);
        s.page(kSecondList, PageKind::kLists, second, PageKind::kLists);
        s.page(kFirstBucket, PageKind::kBuckets, 0, PageKind::kBuckets);
        s.page(kSecondBucket, PageKind::kBuckets, 1, PageKind::kBuckets);
        s.page(kOverflow, PageKind::kOverflow, second, PageKind::kLists);
        s.page(kFree, PageKind::kOverflow, kNoBlock, PageKind{});
        s.head(kSecondList).next = kOverflow;
        for (const std::uint32_t map : {kListRoot, kListLeaf, kBucketRoot, kBucketLeaf})
            s.kinds[map] = PageKind::kMap;
        s.maps[kListRoot][0] = kListLeaf;
        s.maps[kBucketRoot][0] = kBucketLeaf;
        s.maps[kListLeaf][first] = kFirstList;
        s.maps[kListLeaf][second] = kSecondList;
        s.maps[kBucketLeaf][0] = kFirstBucket;
        s.maps[kBucketLeaf][1] = kSecondBucket;
        for (std::size_t i = 0; i < 2; ++i) {
            s.list_head(kFirstList, here_[0]).count = 2;
            s.neighbour(kFirstList, here_[0], i) = {there_[i], 0.5f - 0.1f * static_cast<float>(i)};
        }
        std::uint16_t offset = 0;
        const auto add = [&](std::uint32_t block, SlotId slot) {
            const node::Tid tid{0, 7, ++offset};
            s.tids.push_back({slot, tid, 0});
            s.add_row(block, slot, tid, 1000 + offset);
        };
        add(kFirstList, here_[0]);
        add(kFirstList, here_[0]);  // two rows of one node
        add(kFirstList, here_[1]);
        add(kSecondList, there_[0]);
        add(kOverflow, there_[1]);
        s.tids.push_back({there_[2], {0, 7, ++offset}, 0});  // its key is null
    }

    // What the audit says of the store: the empty text when it is sound.
    std::string verdict() {
        std::optional<node::ListAudit> audit;
        audit.emplace(lists_.meta, lists_.g, kBlocks, nodes_, Poll{});
        const auto shown = [&]() -> node::ListFault {
            for (const auto& [root, of] :
                 {std::pair{kListRoot, PageKind::kLists}, {kBucketRoot, PageKind::kBuckets}}) {
                if (const auto f = audit->add_map(root, of, true, 0, lists_.maps[root]))
                    return f;
                if (const auto f = audit->add_map(root + 1, of, false, 0, lists_.maps[root + 1]))
                    return f;
            }
            for (std::uint32_t block = kFirstList; block < kBlocks; ++block)
                if (const auto f =
                        audit->add_page(block, lists_.kinds[block], lists_.data(block), hash_of))
                    return f;
            return audit->finish(lists_.tids);
        };
        const node::ListFault f = shown();
        return f ? f.what : "";
    }
};

TEST_F(ListAuditTest, ASoundStoreIsSound) {
    EXPECT_EQ(verdict(), "");
}

TEST_F(ListAuditTest, KnowsTheKeysOfRows) {
    node::ListAudit audit(lists_.meta, lists_.g, kBlocks, nodes_, {});
    for (std::uint32_t block = kFirstList; block < kBlocks; ++block)
        audit.add_page(block, lists_.kinds[block], lists_.data(block), hash_of);
    for (std::uint32_t leaf : {kListLeaf, kBucketLeaf})
        audit.add_map(leaf, leaf == kListLeaf ? PageKind::kLists : PageKind::kBuckets, false, 0,
                      lists_.maps[leaf]);
    ASSERT_FALSE(audit.finish(lists_.tids));
    std::uint32_t hash = 0;
    EXPECT_TRUE(audit.key_hash(lists_.tids[0].tid.key(), &hash));
    EXPECT_EQ(hash, hash_of(reinterpret_cast<const std::byte*>(&lists_.row(kFirstList, 0) + 1), 4));
    EXPECT_FALSE(audit.key_hash(lists_.tids.back().tid.key(), &hash));
    EXPECT_EQ(audit.lists(), 1u);
}

TEST_F(ListAuditTest, ARowOfAnotherNodeIsNoticed) {
    // Row and bucket entry agree, on a node of the same list page that does not hold the TID.
    const node::Tid tid = lists_.row(kFirstList, 2).tid;
    lists_.row(kFirstList, 2).slot = here_[2];
    for (const std::uint32_t block : {kFirstBucket, kSecondBucket})
        for (std::size_t i = 0; i < lists_.head(block).used / sizeof(BucketEntry); ++i)
            if (lists_.bucket(block, i).tid == tid)
                lists_.bucket(block, i).slot = here_[2];
    EXPECT_EQ(verdict(), "a key belongs to a row of another node");
}

TEST_F(ListAuditTest, LeftoversOfAnUnfinishedVacuumAreLegal) {
    lists_.tids.erase(lists_.tids.begin());
    EXPECT_EQ(verdict(), "a key belongs to a row that the index does not hold");
    lists_.meta.sweep = 1;
    EXPECT_EQ(verdict(), "");
}

struct Damage {
    const char* says;
    std::function<void(ListImage&, SlotId here, SlotId there)> make;
};
void PrintTo(const Damage& d, std::ostream* os) {
    *os << d.says;
}
class ListDamage : public ListAuditTest, public testing::WithParamInterface<Damage> {};

TEST_P(ListDamage, IsNoticed) {
    GetParam().make(lists_, here_[0], there_[0]);
    EXPECT_EQ(verdict(), GetParam().says);
}

void swap_first_list(ListImage& s, SlotId here) {
    std::swap(s.neighbour(kFirstList, here, 0), s.neighbour(kFirstList, here, 1));
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, ListDamage,
    testing::Values(
        Damage{"a map points past the end of the index",
               [](ListImage& s, SlotId, SlotId) { s.maps[kListLeaf][9] = kBlocks; }},
        Damage{"a map names a page of another number or kind",
               [](ListImage& s, SlotId, SlotId) { s.maps[kBucketLeaf][1] = kFirstBucket; }},
        Damage{"no map names the page",
               [](ListImage& s, SlotId, SlotId) { s.maps[kBucketLeaf][1] = kNoBlock; }},
        Damage{"the page claims more entries than it can hold",
               [](ListImage& s, SlotId, SlotId) { s.head(kFirstList).used = 60000; }},
        Damage{"the page belongs to a chain of another kind",
               [](ListImage& s, SlotId, SlotId) {
                   s.head(kFirstList).of = static_cast<std::uint16_t>(PageKind::kBuckets);
               }},
        Damage{"a free overflow page has entries",
               [](ListImage& s, SlotId, SlotId) { s.head(kFree).used = 16; }},
        Damage{"a chain leads to a page that is no overflow page",
               [](ListImage& s, SlotId, SlotId) { s.head(kSecondList).next = kFirstBucket; }},
        Damage{"an overflow page is chained twice",
               [](ListImage& s, SlotId, SlotId) { s.head(kOverflow).next = kOverflow; }},
        Damage{"an overflow page belongs to another chain",
               [](ListImage& s, SlotId, SlotId) { s.head(kFirstList).next = kOverflow; }},
        Damage{"an overflow page is in no chain",
               [](ListImage& s, SlotId, SlotId) { s.meta.free_page = kNoBlock; }},
        Damage{"a list is longer than lists can be",
               [](ListImage& s, SlotId here, SlotId) {
                   s.list_head(kFirstList, here).count = kK + 1;
               }},
        Damage{"a node is in its own list",
               [](ListImage& s, SlotId here, SlotId) {
                   s.neighbour(kFirstList, here, 0).node = here;
               }},
        Damage{"a list names a slot that is no live base node",
               [](ListImage& s, SlotId here, SlotId) {
                   s.neighbour(kFirstList, here, 1).node = 1u << 30;
               }},
        Damage{"a list is out of order",
               [](ListImage& s, SlotId here, SlotId) { swap_first_list(s, here); }},
        Damage{"a list names a node twice",
               [](ListImage& s, SlotId here, SlotId there) {
                   s.neighbour(kFirstList, here, 1).node = there;
               }},
        Damage{"a similarity is not finite",
               [](ListImage& s, SlotId here, SlotId) {
                   s.neighbour(kFirstList, here, 1).similarity = std::nanf("");
               }},
        Damage{"a key has an impossible size",
               [](ListImage& s, SlotId, SlotId) { s.row(kFirstList, 0).key_bytes = 3; }},
        Damage{"an entry reaches past the end of the page",
               [](ListImage& s, SlotId, SlotId) { s.row(kFirstList, 2).key_bytes = 900; }},
        Damage{"a row lies in the chain of another list page",
               [](ListImage& s, SlotId, SlotId there) { s.row(kFirstList, 0).slot = there; }},
        Damage{"a row has more than one key",
               [](ListImage& s, SlotId, SlotId) {
                   s.row(kFirstList, 1).tid = s.row(kFirstList, 0).tid;
               }},
        Damage{"a key lies in the bucket of another hash",
               [](ListImage& s, SlotId, SlotId) { s.bucket(kFirstBucket, 0).hash ^= 1; }},
        Damage{"keys and buckets do not hold the same rows",
               [](ListImage& s, SlotId, SlotId) { s.bucket(kFirstBucket, 0).hash ^= 2; }}));

}  // namespace
}  // namespace vg::test
