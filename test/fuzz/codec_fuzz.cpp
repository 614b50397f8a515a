// Vectors of any floats through the codecs: rotation, 1-bit codes of links, 8-bit storage, the bit
// planes of a query. Finite input must give codes that do not mislead a sort: no NaN.
#include <cmath>
#include <cstdlib>

#include "any_bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2 + 2 * sizeof(float))
        return 0;
    const std::uint32_t dims =
        static_cast<std::uint32_t>(std::min<std::size_t>((size - 2) / sizeof(float) / 2, 2000));
    std::vector<float> a(dims), b(dims);
    std::memcpy(a.data(), data + 2, dims * sizeof(float));
    std::memcpy(b.data(), data + 2 + dims * sizeof(float), dims * sizeof(float));
    const bool damaged = data[0] % 2 == 0;  // as bytes of a page may be; users' values are finite
    for (std::vector<float>* v : {&a, &b})
        for (float& x : *v)
            if (!damaged && !std::isfinite(x))
                x = 1;
    const auto metric = static_cast<vg::node::Metric>(data[1] % vg::node::kMetricCount);

    std::vector<std::uint8_t> codes(dims);
    const vg::node::Encoding e = vg::node::encode_sq8(a.data(), dims, codes.data());
    vg::node::quantise_sq8(b.data(), dims, e.low, e.step, codes.data());
    vg::distance::l2_squared(b.data(), {codes.data(), e.low, e.step}, dims);

    const vg::code::Rotation rotation(dims, data[1]);
    std::vector<float> u_a(rotation.padded_dims()), u_b(rotation.padded_dims());
    rotation.apply(a.data(), b.data(), u_a.data());
    rotation.apply(b.data(), a.data(), u_b.data());
    const vg::code::CodeShape shape{rotation.words(), 1 + data[0] % rotation.words()};
    std::vector<std::uint64_t> code(shape.coded);
    const vg::code::LinkFactors f =
        vg::code::encode_link(u_a.data(), u_b.data(), shape, code.data());
    vg::code::QueryTable table(rotation, shape.coded);
    table.set(b.data(), a.data());
    float estimate;
    vg::distance::estimate_links(table.planes(a[0]), b[0], {code.data(), &f.bias, &f.scale, 1},
                                 &estimate);

    const bool indexed = vg::node::prepare_row(metric, a.data(), dims);
    if (metric == vg::node::Metric::kInnerProduct)
        vg::code::encode_product_link(u_a.data(), u_b.data(), shape, code.data());
    if (!damaged && indexed && metric == vg::node::Metric::kCosine)
        for (const float x : a)
            if (!(std::abs(x) <= 1.001f))
                std::abort();
    return 0;
}
