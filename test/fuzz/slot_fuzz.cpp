// Arbitrary bytes as one slot, of both storages and every metric: all that reads or changes it.
#include "any_bytes.h"

namespace {

struct Target {
    Target(std::uint32_t dims, vg::node::Metric metric, std::uint32_t m,
           vg::node::StorageChoice storage = vg::node::StorageChoice::kAuto)
        : g(vg::node::plan_geometry(dims, m, vg::test::kUsable, {storage})),
          rotation(dims, 7),
          centre(dims, 0.5f),
          query(g, metric, rotation, centre.data()) {
        query.set_query(std::vector<float>(dims, 0.75f).data());
    }
    vg::node::Geometry g;
    vg::code::Rotation rotation;
    std::vector<float> centre;
    vg::node::NodeQuery query;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using vg::node::Metric;
    constexpr auto kInt8 = vg::node::StorageChoice::kSq8;
    static const Target kTargets[] = {{1, Metric::kL2, 2},        {7, Metric::kInnerProduct, 4},
                                      {65, Metric::kCosine, 16},  {100, Metric::kL1, 100},
                                      {1600, Metric::kL2, 16},    {2000, Metric::kInnerProduct, 16},
                                      {1, Metric::kL1, 4, kInt8}, {65, Metric::kCosine, 16, kInt8},
                                      {6000, Metric::kL2, 16}};
    if (size == 0)
        return 0;
    const Target& t = kTargets[data[0] % std::size(kTargets)];
    std::vector<std::byte> bytes(t.g.slot_bytes);
    std::memcpy(bytes.data(), data + 1, std::min(size - 1, bytes.size()));
    vg::test::use_slot(t.g, t.query, bytes.data());
    return 0;
}
