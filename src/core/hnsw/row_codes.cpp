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

std::size_t coded_dims(std::size_t dims, Space space) noexcept {
    return space == Space::kInnerProduct ? 0 : (dims + 63) / 64 * 64;
}

float largest_coordinate(const std::vector<float>& v) noexcept {
    float most = 0.0f;
    for (const float x : v)
        most = std::max(most, std::fabs(x));
    return most;
}

}  // namespace

RowCodes::RowCodes(const Rows& rows, std::uint64_t seed, unsigned threads, const Poll& poll,
                   std::size_t room)
    : rows_(rows),
      padded_(coded_dims(rows.dims, rows.space)),
      room_(room),
      record_bytes_(sizeof(std::uint32_t) + padded_),
      block_bytes_(room + record_bytes_),
      kernel_(distance::code_kernel()) {
    const std::size_t total = rows.n * block_bytes_;
    blocks_.reset(static_cast<std::byte*>(std::malloc(total)));
    if (blocks_ == nullptr)
        throw std::bad_alloc();
    prefer_huge_pages(blocks_.get(), total);
    if (padded_ == 0)
        write_tags(threads, poll);
    else
        write_codes(seed, threads, poll);
}

std::byte* RowCodes::start_block(std::size_t row, std::uint32_t flags) noexcept {
    std::byte* block = blocks_.get() + row * block_bytes_;
    std::memset(block, 0, room_);
    const std::uint32_t tag = static_cast<std::uint32_t>(row) | flags;
    std::memcpy(block + room_, &tag, sizeof tag);
    return block + room_ + sizeof tag;
}

void RowCodes::write_tags(unsigned threads, const Poll& poll) {
    parallel_for(threads, rows_.n, kChunk, poll, [&](std::size_t b, std::size_t e, unsigned) {
        for (std::size_t r = b; r < e; ++r)
            start_block(r, 0);
    });
}

void RowCodes::write_codes(std::uint64_t seed, unsigned threads, const Poll& poll) {
    const Rows& rows = rows_;
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
    step_ = 1.0f / per_unit;

    // Rounding moves each of the two coordinates by up to half a step, evenly: a variance of 1/6
    // per dimension of the difference. It adds that to every squared sum S, and spreads the sum
    // with a standard deviation of sqrt(4 S / 6).
    unit_ = step_ * step_;
    noise_ = static_cast<std::uint32_t>(padded_ / 6);
    const double accurate = 4.0 / 6.0 / (kTolerance * kTolerance);
    least_ = static_cast<std::uint32_t>(accurate) + noise_;

    parallel_for(threads, rows.n, kChunk, poll, [&](std::size_t b, std::size_t e, unsigned) {
        std::vector<float> turned(padded_);
        for (std::size_t r = b; r < e; ++r) {
            rotation.apply(rows.data + r * rows.stride, mean.data(), turned.data());
            const bool inside = largest_coordinate(turned) <= range;
            std::byte* out = start_block(r, inside ? 0 : kOutside);
            for (std::size_t i = 0; i < padded_; ++i) {
                const float code = std::clamp(turned[i] * per_unit, -kLargest, kLargest) + kMiddle;
                out[i] = static_cast<std::byte>(static_cast<int>(code + 0.5f));
            }
        }
    });
}

void RowCodes::prefetch(std::uint32_t row) const noexcept {
    constexpr std::size_t kLine = 64;
    const auto ask = [](const void* start, std::size_t bytes) {
        const char* p = static_cast<const char*>(start);
        for (std::size_t at = 0; at < bytes; at += kLine)
            __builtin_prefetch(p + at);
        __builtin_prefetch(p + bytes - 1);
    };
    ask(record(row), record_bytes_);
    if (padded_ == 0)
        ask(rows_.data + row * rows_.stride, rows_.dims * sizeof(float));
}

bool RowCodes::decode_beside(std::uint32_t a, std::uint32_t b, float* out) const noexcept {
    // The deviation falls with the root of the sum.
    constexpr std::uint32_t kSurer = 16;
    if (padded_ == 0 || ((tag(record(a)) | tag(record(b))) & kOutside) != 0)
        return false;
    const std::uint8_t* from = codes(record(b));
    if (kernel_(codes(record(a)), from, padded_) < kSurer * least_)
        return false;
    for (std::size_t i = 0; i < padded_; ++i)
        out[i] = (static_cast<float>(from[i]) - kMiddle) * step_;
    return true;
}

std::size_t RowCodes::bytes(std::size_t n, std::size_t dims, Space space,
                            std::size_t room) noexcept {
    return n * (room + sizeof(std::uint32_t) + coded_dims(dims, space)) + (std::size_t{1} << 16);
}

}  // namespace vg::hnsw
