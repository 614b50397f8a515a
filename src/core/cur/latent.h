// Latent vectors as they lie on pages: one byte, two or four per dimension, and the prediction of
// scores from those bytes. 8-bit storage has a range of its own per dimension; its loss is below
// what the model itself misses by (research behind docs/cur.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace vg::cur {

enum class Storage : std::uint8_t { kInt8 = 0, kFloat16 = 1, kFloat32 = 2 };
inline constexpr std::uint8_t kStorageCount = 3;

inline constexpr std::size_t row_bytes(Storage storage, std::uint32_t dims) noexcept {
    switch (storage) {
        case Storage::kInt8:
            return dims;
        case Storage::kFloat16:
            return std::size_t{2} * dims;
        case Storage::kFloat32:
            break;
    }
    return std::size_t{4} * dims;
}

// Coordinate i is low_i + step_i * byte for 8-bit rows and step_i * half for 16-bit rows.
struct Codec {
    Storage storage = Storage::kInt8;
    std::uint32_t dims = 0;
    std::vector<float> low;   // dims
    std::vector<float> step;  // dims

    std::size_t bytes() const noexcept { return row_bytes(storage, dims); }
    void encode(const float* latent, std::byte* row) const noexcept;
    void decode(const std::byte* row, float* latent) const noexcept;
};

// Ranges from a sample (count x dims), widened a little; what lies outside is clamped.
Codec make_codec(Storage storage, std::uint32_t dims, std::span<const float> sample);

// Predicts  mean + u . v  from stored rows, with the codec folded into the weights. For 8-bit rows
// the weights are rounded to 16 bits and the sum is one of integers.
class Predictor {
  public:
    Predictor(const Codec& codec, std::span<const double> weights);
    // count consecutive rows; out may be means.
    void predict(std::size_t count, const float* means, const std::byte* rows,
                 float* out) const noexcept;

  private:
    Storage storage_;
    std::vector<float> weights_;          // float storages
    std::vector<std::int16_t> integers_;  // 8-bit storage, padded
    float unit_ = 0;                      // what an integer weight of 1 is worth
    float offset_ = 0;
};

}  // namespace vg::cur
