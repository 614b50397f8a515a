// The hash table of a search: as a std::set would answer, through growth and clearing.
#include "core/hnsw/slot_set.h"

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

}  // namespace
}  // namespace vg::hnsw
