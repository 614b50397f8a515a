// 100,000 damaged stores and slots, the same in every run: the check, scans, inserts and the
// judging of lists must end, with a fault named or an answer. Most useful under a sanitizer.
#include "any_bytes.h"

#include <gtest/gtest.h>

#include "../fuzz/patches.h"

namespace vg::test {
namespace {

struct Shape {
    std::uint32_t dims;
    Metric metric;
    std::uint32_t m;
    std::size_t rows;
    std::size_t stores;  // how many damaged ones
    std::size_t slots;
};
void PrintTo(const Shape& s, std::ostream* os) {
    *os << s.dims << " dimensions, metric " << static_cast<int>(s.metric);
}

class AnyBytes : public testing::TestWithParam<Shape> {
  protected:
    const Shape shape_ = GetParam();
    const StoreImage image_ = make_image(shape_.dims, shape_.metric, shape_.m, shape_.rows);
    const std::uint32_t slot_bytes_ = image_.meta().slot_bytes;
    Random rng_{shape_.dims};

    std::vector<std::uint8_t> patches(std::size_t count) {
        std::vector<std::uint8_t> bytes(count * kPatchBytes);
        for (std::uint8_t& b : bytes)
            b = static_cast<std::uint8_t>(rng_.next());
        return bytes;
    }
};

TEST_P(AnyBytes, TheSoundStoreIsSound) {
    EXPECT_EQ(check_store(image_), nullptr);
    const float row = 0.5f;
    EXPECT_NO_THROW(use_store(image_, &row));
}

TEST_P(AnyBytes, DamagedStoresAreNoticedOrSurvived) {
    std::size_t noticed = 0;
    std::size_t refused = 0;
    StoreImage image = image_;
    for (std::size_t i = 0; i < shape_.stores; ++i) {
        image = image_;
        const std::vector<std::uint8_t> damage = patches(1 + rng_.below(8));
        apply_patches(&image, slot_bytes_, damage.data(), damage.size());
        noticed += check_store(image) != nullptr ? 1 : 0;
        const float row = static_cast<float>(rng_.uniform());
        try {
            use_store(image, &row);
        } catch (const std::runtime_error&) {
            ++refused;
        } catch (const std::logic_error& e) {
            FAIL() << e.what() << " in store " << i;
        }
    }
    EXPECT_GT(noticed, shape_.stores / 2);
    EXPECT_GT(refused, 0u);
}

TEST_P(AnyBytes, DamagedSlotsAreRefusedOrSurvived) {
    const node::Geometry g = node::geometry_of(image_.meta());
    const code::Rotation rotation(g.dims, kIndexSeed);
    const std::vector<float> centre(g.dims, 0.5f);
    node::NodeQuery query(g, shape_.metric, rotation, centre.data());
    query.set_query(std::vector<float>(g.dims, 0.25f).data());
    std::vector<std::byte> bytes(g.slot_bytes);
    for (std::size_t i = 0; i < shape_.slots; ++i) {
        const StoreImage::Page& page =
            image_.pages[kFirstBlock + rng_.below(image_.blocks() - kFirstBlock - 1)];
        std::memcpy(bytes.data(), page.data() + rng_.below(g.slots_per_page) * g.slot_bytes,
                    g.slot_bytes);
        const std::size_t changes = std::size_t{1} << rng_.below(12);
        for (std::size_t c = 0; c < changes; ++c) {
            const std::size_t at = rng_.below(2) == 0 ? rng_.below(sizeof(node::SlotHeader))
                                                      : rng_.below(g.slot_bytes);
            bytes[at] = static_cast<std::byte>(rng_.next());
        }
        if (rng_.below(2) == 0)  // or most would be refused for these two
            bytes[0] = std::byte{1}, bytes[1] = std::byte{0};
        use_slot(g, query, bytes.data());
    }
}

// 10,000 stores and 90,000 slots.
INSTANTIATE_TEST_SUITE_P(Shapes, AnyBytes,
                         testing::Values(Shape{3, Metric::kL2, 4, 200, 4000, 30000},
                                         Shape{24, Metric::kInnerProduct, 8, 120, 3000, 25000},
                                         Shape{100, Metric::kCosine, 6, 60, 2000, 20000},
                                         Shape{1600, Metric::kL1, 16, 24, 1000, 15000}));

// Sorts need an order, which NaN has not; it reads as the longest.
TEST(AnyByte, LengthsAreNeverNan) {
    const node::Geometry g = node::plan_geometry(4, 4, kUsable);
    std::vector<std::uint64_t> bytes(g.slot_bytes / 8);
    std::memset(bytes.data(), 0xFF, g.slot_bytes);
    const node::SlotView slot(g, reinterpret_cast<const std::byte*>(bytes.data()));
    EXPECT_EQ(slot.length(0), std::numeric_limits<float>::infinity());
}

// A damaged range of 8-bit storage: every code is one, whatever the arithmetic gave.
TEST(AnyByte, QuantisationSurvivesAnyRange) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const float inf = std::numeric_limits<float>::infinity();
    const float values[] = {0, -1, 1e38f, nan, inf, -inf};
    std::uint8_t codes[6];
    for (const float low : values)
        for (const float step : values)
            node::quantise_sq8(values, 6, low, step, codes);
    EXPECT_EQ(codes[3], 0);
}

}  // namespace
}  // namespace vg::test
