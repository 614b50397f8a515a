// Implements row_codes.h. The step comes from a sample of rows; which one decides about speed only,
// because rows outside its range are measured themselves.
#include "core/hnsw/row_codes.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>
#include <vector>

#include "core/base/large_blocks.h"
#include "core/base/parallel.h"
#include "core/code/centre.h"
#include "core/code/rotation.h"

#include "core/no_postgres.h"

namespace vg::hnsw {
namespace {

constexpr std::size_t kSample = 4096;
// Share of the sample that must lie within the codes' range.
constexpr double kInside = 0.99;
constexpr float kMiddle = 128.0f;
constexpr float kLargest = 127.0f;
constexpr std::size_t kChunk = 256;

std::size_t padded_dims(std::size_t dims) noexcept {
    return (dims + 63) / 64 * 64;
}

float largest_coordinate(const std::vector<float>& v) noexcept {
    float most = 0.0f;
    for (const float x : v)
        most = std::max(most, std::fabs(x));
    return most;
}

}  // namespace

RowCodes::RowCodes(const Rows& rows, std::uint64_t seed, unsigned threads, const Poll& poll)
    : rows_(rows),
      padded_(padded_dims(rows.dims)),
      record_bytes_(record_bytes(rows.dims)),
      kernel_(distance::code_kernel()) {
    const std::size_t total = rows.n * record_bytes_;
    records_.reset(static_cast<std::byte*>(std::malloc(total)));
    if (records_ == nullptr)
        throw std::bad_alloc();
    prefer_huge_pages(records_.get(), total);

    const code::Rotation rotation(rows.dims, seed);
    const std::size_t step = std::max<std::size_t>(1, rows.n / kSample);
    const std::vector<float> mean = code::robust_centre(rows.data, rows.n, rows.stride, rows.dims);
    std::vector<float> rotated(padded_);
    std::vector<float> largest;
    for (std::size_t r = 0; r < rows.n; r += step) {
        rotation.apply(rows.data + r * rows.stride, mean.data(), rotated.data());
        largest.push_back(largest_coordinate(rotated));
    }
    const auto at = largest.begin() +
                    static_cast<std::ptrdiff_t>(kInside * static_cast<double>(largest.size() - 1));
    std::nth_element(largest.begin(), at, largest.end());
    const float range = *at > 0.0f ? *at : 1.0f;
    const float per_unit = kLargest / range;

    // Rounding moves each of the two coordinates by up to half a step, evenly: a variance of 1/6
    // per dimension of the difference. It adds that to every squared sum S, and spreads the sum
    // with a standard deviation of sqrt(4 S / 6).
    unit_ = 1.0f / (per_unit * per_unit);
    noise_ = static_cast<std::uint32_t>(padded_ / 6);
    const double accurate = 4.0 / 6.0 / (kTolerance * kTolerance);
    least_ = static_cast<std::uint32_t>(accurate) + noise_;

    parallel_for(threads, rows.n, kChunk, poll, [&](std::size_t b, std::size_t e, unsigned) {
        std::vector<float> turned(padded_);
        for (std::size_t r = b; r < e; ++r) {
            rotation.apply(rows.data + r * rows.stride, mean.data(), turned.data());
            auto tag = static_cast<std::uint32_t>(r);
            if (!(largest_coordinate(turned) <= range))
                tag |= kOutside;
            std::byte* out = records_.get() + r * record_bytes_;
            std::memcpy(out, &tag, sizeof tag);
            out += sizeof tag;
            for (std::size_t i = 0; i < padded_; ++i) {
                const float code = std::clamp(turned[i] * per_unit, -kLargest, kLargest) + kMiddle;
                out[i] = static_cast<std::byte>(static_cast<int>(code + 0.5f));
            }
        }
    });
}

std::size_t RowCodes::record_bytes(std::size_t dims) noexcept {
    return padded_dims(dims) + sizeof(std::uint32_t);
}

std::size_t RowCodes::bytes(std::size_t n, std::size_t dims) noexcept {
    return n * record_bytes(dims) + (std::size_t{1} << 16);
}

}  // namespace vg::hnsw
