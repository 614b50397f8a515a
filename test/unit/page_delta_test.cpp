// Deltas of pages: they make the one into the other, and are as short as they should be.
#include "core/node/page_delta.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.h"

namespace vg::node {
namespace {

constexpr std::size_t kPage = 8192;

struct Pages {
    std::vector<std::byte> before = std::vector<std::byte>(kPage);
    std::vector<std::byte> after = before;
    std::vector<std::byte> delta = std::vector<std::byte>(max_delta_bytes(kPage));

    explicit Pages(std::uint64_t seed) {
        Random rng(seed);
        for (std::byte& b : before)
            b = static_cast<std::byte>(rng.below(256));
        after = before;
    }
    void flip(std::size_t at) { after[at] ^= std::byte{0x5A}; }
    std::size_t write() {
        const std::size_t length =
            write_page_delta(before.data(), after.data(), kPage, delta.data());
        EXPECT_LE(length, delta.size());
        std::vector<std::byte> page = before;
        apply_page_delta(delta.data(), length, page.data());
        EXPECT_EQ(std::memcmp(page.data(), after.data(), kPage), 0);
        return length;
    }
};

TEST(PageDelta, OfEqualPagesIsEmpty) {
    EXPECT_EQ(Pages(1).write(), 0u);
}

TEST(PageDelta, HoldsTheChangedBytesAlone) {
    Pages p(2);
    p.flip(0);
    EXPECT_EQ(p.write(), kFragmentHeader + 1);
    p.flip(kPage - 1);
    EXPECT_EQ(p.write(), 2 * (kFragmentHeader + 1));
    for (std::size_t i = 803; i < 817; ++i)
        p.flip(i);
    EXPECT_EQ(p.write(), 3 * kFragmentHeader + 16);
}

// PostgreSQL reads the header of a fragment as two 16-bit numbers.
TEST(PageDelta, StartsWithOffsetAndLength) {
    Pages p(3);
    p.flip(4001);
    p.flip(4003);
    ASSERT_EQ(p.write(), kFragmentHeader + 3);
    std::uint16_t head[2];
    std::memcpy(head, p.delta.data(), sizeof head);
    EXPECT_EQ(head[0], 4001);
    EXPECT_EQ(head[1], 3);
    EXPECT_EQ(std::memcmp(p.delta.data() + sizeof head, &p.after[4001], 3), 0);
}

TEST(PageDelta, OfAllBytesFitsItsBound) {
    Pages p(4);
    for (std::size_t i = 0; i < kPage; ++i)
        p.flip(i);
    EXPECT_EQ(p.write(), kFragmentHeader + kPage);
    // The most fragments there can be: every other word.
    Pages q(5);
    for (std::size_t i = 0; i < kPage; ++i) {
        if (i / 8 % 2 == 0)
            q.flip(i);
    }
    EXPECT_EQ(q.write(), kPage / 16 * (kFragmentHeader + 8));
}

TEST(PageDelta, MakesTheOneIntoTheOther) {
    Random rng(6);
    for (std::uint64_t round = 0; round < 300; ++round) {
        Pages p(round + 100);
        const std::size_t changes = 1 + rng.below(40);
        for (std::size_t c = 0; c < changes; ++c) {
            const std::size_t first = rng.below(kPage);
            const std::size_t last = std::min(kPage, first + 1 + rng.below(100));
            for (std::size_t i = first; i < last; ++i)
                p.after[i] = static_cast<std::byte>(rng.below(256));
        }
        p.write();
    }
}

}  // namespace
}  // namespace vg::node
