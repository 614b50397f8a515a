// Every fuzzer of test/fuzz on inputs of a fixed seed, so that each runs wherever the unit tests
// do. A target ends the process when what it asserts does not hold. Searching for more is
// make/fuzz.sh's.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.h"

using Target = int(const std::uint8_t*, std::size_t);
extern "C" Target store_fuzz, slot_fuzz, codec_fuzz, vector_text_fuzz, vector_binary_fuzz;

namespace vg::test {
namespace {

std::vector<std::uint8_t> random_bytes(Random& rng, std::size_t most) {
    std::vector<std::uint8_t> bytes(rng.below(most + 1));
    for (std::uint8_t& b : bytes)
        b = static_cast<std::uint8_t>(rng.next());
    return bytes;
}

void feed(Target* target, std::size_t inputs, std::size_t most) {
    Random rng(20240517);
    for (std::size_t i = 0; i < inputs; ++i) {
        const std::vector<std::uint8_t> bytes = random_bytes(rng, most);
        ASSERT_EQ(target(bytes.data(), bytes.size()), 0);
    }
}

TEST(FuzzTargets, Store) {
    feed(store_fuzz, 300, 60);
}
TEST(FuzzTargets, Slot) {
    feed(slot_fuzz, 5000, 8192);
}
TEST(FuzzTargets, Codec) {
    feed(codec_fuzz, 3000, 2000);
}

TEST(FuzzTargets, VectorText) {
    constexpr std::string_view kPieces[] = {"[",  "]", ",",     " ",   "1",   "-2",
                                            ".5", "e", "1e39",  "nan", "inf", "0x1p3",
                                            "\t", "+", "1e-46", "a",   "\v",  "99"};
    Random rng(20240517);
    for (int i = 0; i < 20000; ++i) {
        std::vector<std::uint8_t> text;
        const auto add = [&](std::string_view s) { text.insert(text.end(), s.begin(), s.end()); };
        const bool near_sound = rng.below(4) != 0;
        if (near_sound)
            add("[1");
        for (std::size_t n = rng.below(12); n > 0; --n)
            add(near_sound && rng.below(3) != 0 ? ",2" : kPieces[rng.below(std::size(kPieces))]);
        if (near_sound)
            add("]");
        ASSERT_EQ(vector_text_fuzz(text.data(), text.size()), 0);
    }
}

TEST(FuzzTargets, VectorBinary) {
    Random rng(20240517);
    for (int i = 0; i < 20000; ++i) {
        std::vector<std::uint8_t> message = random_bytes(rng, 100);
        message.resize(message.size() + 4);
        const std::uint8_t dim = static_cast<std::uint8_t>(rng.below(30));
        const std::uint8_t header[] = {0, dim, 0, static_cast<std::uint8_t>(rng.below(10) == 0)};
        std::memcpy(message.data(), header, 4);
        ASSERT_EQ(vector_binary_fuzz(message.data(), message.size()), 0);
    }
}

}  // namespace
}  // namespace vg::test
