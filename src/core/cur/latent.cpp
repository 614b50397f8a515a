#include "core/cur/latent.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/distance/byte_dot.h"
#include "core/distance/distance.h"
#include "core/distance/half.h"
#include "core/no_postgres.h"

namespace vg::cur {
namespace {

constexpr float kCodes = 255.0f;
// Rows outside the sample's range by less than this share of it are not clamped.
constexpr float kMargin = 0.05f;
// Smaller ranges and weights are none: half floats and integers are scaled to about one by them.
constexpr float kTiny = 1e-30f;

}  // namespace

Codec make_codec(Storage storage, std::uint32_t dims, std::span<const float> sample) {
    Codec codec{storage, dims, std::vector<float>(dims, 0.0f), std::vector<float>(dims, 1.0f)};
    const std::size_t count = dims == 0 ? 0 : sample.size() / dims;
    if (storage == Storage::kFloat32 || count == 0)
        return codec;
    for (std::uint32_t i = 0; i < dims; ++i) {
        float low = sample[i];
        float high = low;
        for (std::size_t j = 1; j < count; ++j) {
            low = std::min(low, sample[j * dims + i]);
            high = std::max(high, sample[j * dims + i]);
        }
        if (storage == Storage::kFloat16) {
            const float largest = std::max(std::abs(low), std::abs(high));
            codec.step[i] = largest > kTiny ? largest : 1.0f;
            continue;
        }
        const float margin = kMargin * (high - low);
        codec.low[i] = low - margin;
        const float step = (high - low + 2 * margin) / kCodes;
        codec.step[i] = step > kTiny ? step : 0.0f;
    }
    return codec;
}

void Codec::encode(const float* latent, std::byte* row) const noexcept {
    switch (storage) {
        case Storage::kInt8:
            for (std::uint32_t i = 0; i < dims; ++i) {
                const float code =
                    step[i] > 0 ? std::nearbyint((latent[i] - low[i]) / step[i]) : 0.0f;
                row[i] = static_cast<std::byte>(std::clamp(code, 0.0f, kCodes));
            }
            return;
        case Storage::kFloat16:
            for (std::uint32_t i = 0; i < dims; ++i) {
                const float scaled = std::clamp(latent[i] / step[i], -6e4f, 6e4f);
                std::uint16_t half;
                distance::to_half(&scaled, 1, &half);
                std::memcpy(row + std::size_t{2} * i, &half, sizeof half);
            }
            return;
        case Storage::kFloat32:
            std::memcpy(row, latent, bytes());
    }
}

void Codec::decode(const std::byte* row, float* latent) const noexcept {
    switch (storage) {
        case Storage::kInt8:
            for (std::uint32_t i = 0; i < dims; ++i)
                latent[i] = low[i] + step[i] * static_cast<float>(row[i]);
            return;
        case Storage::kFloat16:
            for (std::uint32_t i = 0; i < dims; ++i) {
                std::uint16_t half;
                std::memcpy(&half, row + std::size_t{2} * i, sizeof half);
                distance::from_half(&half, 1, latent + i);
                latent[i] *= step[i];
            }
            return;
        case Storage::kFloat32:
            std::memcpy(latent, row, bytes());
    }
}

Predictor::Predictor(const Codec& codec, std::span<const double> weights)
    : storage_(codec.storage), weights_(codec.dims) {
    double offset = 0;
    float largest = 0;
    for (std::uint32_t i = 0; i < codec.dims; ++i) {
        weights_[i] = static_cast<float>(weights[i] * codec.step[i]);
        offset += weights[i] * codec.low[i];
        largest = std::max(largest, std::abs(weights_[i]));
    }
    offset_ = static_cast<float>(offset);
    if (storage_ != Storage::kInt8)
        return;
    const std::size_t block = distance::kByteDotBlock;
    integers_.assign((codec.dims + block - 1) / block * block, 0);
    if (!(largest > kTiny) || !std::isfinite(largest))
        return;
    unit_ = largest / static_cast<float>(distance::largest_byte_weight(codec.dims));
    for (std::uint32_t i = 0; i < codec.dims; ++i)
        integers_[i] = static_cast<std::int16_t>(std::nearbyint(weights_[i] / unit_));
}

void Predictor::predict(std::size_t count, const float* means, const std::byte* rows,
                        float* out) const noexcept {
    const std::size_t n = weights_.size();
    if (storage_ == Storage::kInt8) {
        constexpr std::size_t kChunk = 64;
        std::int32_t sums[kChunk];
        for (std::size_t first = 0; first < count; first += kChunk) {
            const std::size_t some = std::min(kChunk, count - first);
            distance::byte_dots(integers_.data(),
                                reinterpret_cast<const std::uint8_t*>(rows) + first * n, some, n,
                                sums);
            for (std::size_t j = 0; j < some; ++j)
                out[first + j] = means[first + j] + (offset_ + unit_ * static_cast<float>(sums[j]));
        }
        return;
    }
    for (std::size_t j = 0; j < count; ++j) {
        const float product =
            storage_ == Storage::kFloat16
                ? distance::inner_product(weights_.data(),
                                          reinterpret_cast<const std::uint16_t*>(rows) + j * n, n)
                : distance::inner_product(weights_.data(),
                                          reinterpret_cast<const float*>(rows) + j * n, n);
        out[j] = means[j] + offset_ + product;
    }
}

}  // namespace vg::cur
