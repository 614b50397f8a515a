// The hash tables of a search: as a std::map would answer, through growth and clearing.
#include "core/hnsw/slot_set.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "core/base/random.h"

namespace vg::hnsw {
namespace {

TEST(SlotSet, HoldsWhatWasInsertedSinceItWasCleared) {
    SlotSet set;
    Random rng(1);
    for (int round = 0; round < 3; ++round) {
        std::set<SlotId> expected;
        for (int i = 0; i < 20000; ++i) {
            const auto id = static_cast<SlotId>(rng.uniform() * 30000);
            ASSERT_EQ(set.insert(id), expected.insert(id).second);
        }
        ASSERT_EQ(set.size(), expected.size());
        for (SlotId id = 0; id < 30000; ++id)
            ASSERT_EQ(set.contains(id), expected.count(id) == 1) << id;
        set.clear();
        EXPECT_EQ(set.size(), 0u);
        EXPECT_FALSE(set.contains(*expected.begin()));
    }
}

TEST(LeastDistances, TakeOnlyWhatIsNearerThanAllBefore) {
    LeastDistances least;
    Random rng(2);
    for (int round = 0; round < 3; ++round) {
        std::map<SlotId, float> expected;
        for (int i = 0; i < 50000; ++i) {
            const auto id = static_cast<SlotId>(rng.uniform() * 5000);
            const auto d = static_cast<float>(rng.uniform() - 0.5);
            const auto known = expected.find(id);
            const float least_before =
                known == expected.end() ? std::numeric_limits<float>::infinity() : known->second;
            float before = 0;
            ASSERT_EQ(least.improve(id, d, &before), d < least_before);
            ASSERT_EQ(before, least_before);
            expected[id] = std::min(d, least_before);
        }
        ASSERT_EQ(least.size(), expected.size());
        least.clear();
    }
    // The first is taken, however far.
    const float infinity = std::numeric_limits<float>::infinity();
    EXPECT_TRUE(least.improve(9, infinity));
    EXPECT_FALSE(least.improve(9, infinity));
}

}  // namespace
}  // namespace vg::hnsw
