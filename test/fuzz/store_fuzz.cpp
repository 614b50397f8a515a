// A store with changed bytes: the walks of the check, a scan to its end, an insert.
#include <cstdlib>

#include "patches.h"

namespace {

using vg::node::Metric;

const vg::test::StoreImage& image_of(std::uint8_t which) {
    static const vg::test::StoreImage kImages[] = {
        vg::test::make_image(3, Metric::kL2, 4, 200),
        vg::test::make_image(24, Metric::kInnerProduct, 8, 120),
        vg::test::make_image(100, Metric::kCosine, 6, 60),
        vg::test::make_image(1600, Metric::kL1, 16, 24),  // 8-bit storage
    };
    return kImages[which % 4];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 5)
        return 0;
    vg::test::StoreImage image = image_of(data[0]);
    float row;
    std::memcpy(&row, data + 1, sizeof row);
    if (!std::isfinite(row))
        row = 0;
    vg::test::apply_patches(&image, image.meta().slot_bytes, data + 5, size - 5);
    vg::test::check_store(image);
    try {
        vg::test::use_store(image, &row);
    } catch (const std::runtime_error&) {
    } catch (const std::logic_error&) {
        std::abort();
    }
    return 0;
}
