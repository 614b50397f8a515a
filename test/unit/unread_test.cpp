// What a search has not read, beside a plain map that is asked the same.
#include "core/hnsw/unread.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.h"

namespace vg::hnsw {
namespace {

struct Seen {
    double sum = 0;
    double count = 0;
    float least = std::numeric_limits<float>::infinity();
};

// Slots by what a reader of the header expects of them, nearest first.
std::vector<SlotId> by_distance(const std::map<SlotId, Seen>& known, bool least) {
    std::vector<std::pair<double, SlotId>> order;
    for (const auto& [id, seen] : known)
        order.push_back({least ? seen.least : seen.sum / seen.count, id});
    std::sort(order.begin(), order.end());
    std::vector<SlotId> ids;
    for (const auto& [distance, id] : order)
        ids.push_back(id);
    return ids;
}

class Ways : public testing::TestWithParam<bool> {};

TEST_P(Ways, TakesTheNearestByAllEstimates) {
    const bool least = GetParam();
    Unread unread;
    Random rng(2);
    for (int round = 0; round < 3; ++round) {
        unread.clear(least);
        std::map<SlotId, Seen> known;
        std::set<SlotId> read;
        for (int step = 0; step < 40; ++step) {
            for (int i = 0; i < 2000; ++i) {
                const auto id = static_cast<SlotId>(rng.below(9000));
                // Quarters add up without rounding; each slot has a distance of its own.
                const float d = static_cast<float>(rng.below(64)) / 4 + static_cast<float>(id);
                unread.see(id, d);
                if (read.count(id) != 0)
                    continue;
                Seen& s = known[id];
                s.sum += d;
                s.count += 1;
                s.least = std::min(s.least, d);
            }
            const auto gone = static_cast<SlotId>(rng.below(9000));
            unread.leave_out(gone);
            known.erase(gone);
            read.insert(gone);

            const std::size_t n = 1 + rng.below(100);
            std::vector<SlotId> want = by_distance(known, least);
            want.resize(std::min(want.size(), n));
            std::vector<SlotId> got;
            unread.take_nearest(n, 1, &got);
            ASSERT_TRUE(std::is_sorted(got.begin(), got.end()));
            ASSERT_EQ(std::set<SlotId>(got.begin(), got.end()),
                      std::set<SlotId>(want.begin(), want.end()));
            for (const SlotId id : got) {
                known.erase(id);
                read.insert(id);
            }
            ASSERT_EQ(unread.ids().size(), known.size());
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Estimates, Ways, testing::Bool(),
                         [](const auto& info) { return info.param ? "least" : "mean"; });

TEST(Unread, TakesThoseThatShareAPageWithTheNearest) {
    Unread unread;
    unread.clear(false);
    // Pages of ten. The two nearest are 5 and 31; 38 and 7 are fourth and sixth, 9 is far off.
    const std::vector<SlotId> nearest_first{5, 31, 50, 38, 60, 7, 70, 80, 90, 100, 9};
    for (std::size_t i = 0; i < nearest_first.size(); ++i)
        unread.see(nearest_first[i], static_cast<float>(i));
    std::vector<SlotId> got{1000};
    unread.take_nearest(2, 10, &got);
    EXPECT_EQ(got, (std::vector<SlotId>{1000, 5, 7, 31, 38}));
    got.clear();
    unread.take_nearest(100, 10, &got);
    EXPECT_EQ(got, (std::vector<SlotId>{9, 50, 60, 70, 80, 90, 100}));
    EXPECT_TRUE(unread.empty());
    unread.see(31, -1);  // it was read
    EXPECT_TRUE(unread.empty());
}

// Distances beyond the range of floats are as far as can be, and stay comparable.
TEST(Unread, BearsInfiniteEstimates) {
    const float infinity = std::numeric_limits<float>::infinity();
    Unread unread;
    unread.clear(false);
    for (const float d : {infinity, infinity, 1.0f})
        unread.see(7, d);
    unread.see(8, infinity);
    unread.see(9, 2);
    for (const float d : unread.estimates())
        EXPECT_TRUE(d == d);
    std::vector<SlotId> got;
    unread.take_nearest(1, 1, &got);
    EXPECT_EQ(got, std::vector<SlotId>{9});
}

}  // namespace
}  // namespace vg::hnsw
