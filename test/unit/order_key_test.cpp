#include "core/node/order_key.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace vg::node {
namespace {

TEST(OrderKey, SortsByDistanceThenSlotAndGivesBothBack) {
    constexpr float kInf = std::numeric_limits<float>::infinity();
    constexpr float kTiny = std::numeric_limits<float>::denorm_min();
    const std::vector<float> orders = {-kInf, -3e38f, -2.0f, -1.5f, -kTiny, -0.0f, 0.0f,
                                       kTiny, 1e-20f, 1.0f,  2.0f,  3e38f,  kInf};
    const std::vector<SlotId> slots = {0, 1, 77, 0x80000000u, kMaxSlotId, 0xFFFFFFFFu};
    for (std::size_t i = 0; i < orders.size(); ++i) {
        for (const SlotId slot : slots) {
            const std::int64_t key = order_key(orders[i], slot);
            EXPECT_EQ(slot_of_key(key), slot);
            EXPECT_EQ(order_of_key(key), orders[i]);
            EXPECT_EQ(std::signbit(order_of_key(key)), std::signbit(orders[i]));
            if (i > 0) {
                for (const SlotId before : slots)
                    EXPECT_LT(order_key(orders[i - 1], before), key);
            }
        }
    }
    EXPECT_LT(order_key(1.0f, 5), order_key(1.0f, 6));
    EXPECT_LT(order_key(-1.0f, 5), order_key(-1.0f, 0x80000001u));
}

}  // namespace
}  // namespace vg::node
