#include "core/node/storage.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/base/random.h"
#include "core/node/node_query.h"

#include "core/no_postgres.h"

namespace vg::node {

// ---- 8 bits ----

// Where the codes of a vector begin and how far apart their values are. The width of the range must
// be a float too; values beyond are cut, which counts as error.
static Encoding range_of(const float* vector, std::size_t dims) noexcept {
    constexpr float kMost = std::numeric_limits<float>::max() / 2;
    const auto [lo, hi] = std::minmax_element(vector, vector + dims);
    const float low = std::clamp(*lo, -kMost, kMost);
    const float high = std::clamp(*hi, -kMost, kMost);
    const float step = static_cast<float>((static_cast<double>(high) - low) / 255.0);
    return {low, step, 0, 0};
}

// Hands the code of each coordinate to put(i, code). Returns how far the values of the codes are
// from the vector, in L2 distance, whatever way a reader rounds.
template <typename Put>
static float quantise(const float* vector, std::size_t dims, float low, float step,
                      Put&& put) noexcept {
    // In double: ranges near either end of the float range have no finite inverse or no finite
    // width.
    const double inverse = step > 0 ? 1.0 / step : 0.0;
    double squared = 0;
    for (std::size_t i = 0; i < dims; ++i) {
        const double scaled = (static_cast<double>(vector[i]) - low) * inverse + 0.5;
        // NaN, from a damaged range, becomes 0: no integer has its value.
        const auto code = static_cast<std::uint8_t>(scaled > 0 ? std::min(scaled, 255.0) : 0.0);
        const double product = static_cast<double>(code) * step;
        const double value = product + low;
        // Readers round the product and the sum to float, or the sum alone where they fuse them.
        const double off = std::abs(vector[i] - value) + kHalfUlp * (product + std::abs(value));
        squared += off * off;
        put(i, code);
    }
    // A little up, as the cast may round down.
    return static_cast<float>(
        std::min(std::sqrt(squared) * 1.0001, double{std::numeric_limits<float>::max()}));
}

float quantise_sq8(const float* vector, std::size_t dims, float low, float step,
                   std::uint8_t* codes) noexcept {
    return quantise(vector, dims, low, step,
                    [codes](std::size_t i, std::uint8_t code) { codes[i] = code; });
}

Encoding encode_sq8(const float* vector, std::size_t dims, std::uint8_t* codes) noexcept {
    Encoding e = range_of(vector, dims);
    e.error = quantise_sq8(vector, dims, e.low, e.step, codes);
    return e;
}

// The hash behind the codes.
static std::uint64_t hash_behind(std::size_t dims, const std::byte* vector) noexcept {
    std::uint64_t hash;
    std::memcpy(&hash, vector + (dims + 7) / 8 * 8, sizeof hash);
    return hash;
}

static void put_hash_behind(std::size_t dims, std::byte* vector, std::uint64_t hash) noexcept {
    std::memcpy(vector + (dims + 7) / 8 * 8, &hash, sizeof hash);
}

void share(Encoding* first, const Encoding& other) noexcept {
    first->error = std::max(first->error, other.error);
    if (first->hash != other.hash)
        first->hash = kUnequalRows;
}

// ---- all storages ----

std::uint64_t hash_row(const float* row, std::size_t dims) noexcept {
    std::uint64_t h = dims;
    for (std::size_t i = 0; i < dims; ++i) {
        std::uint32_t bits;
        std::memcpy(&bits, row + i, sizeof bits);
        h = mix64(h ^ bits);
    }
    return h == kUnequalRows ? 1 : h;
}

const char* storage_name(Storage storage) noexcept {
    return storage == Storage::kFloat32 ? "float32" : "int8";
}

bool make_storable(Storage storage, Metric metric, float* row, std::size_t dims,
                   Encoding* encoding) noexcept {
    const bool sound = metric != Metric::kCosine || norm_fits_floats(row, dims);
    *encoding = {};
    // The operator sees the row before it is brought to unit length.
    const std::uint64_t hash = is_exact(storage) ? 0 : hash_row(row, dims);
    if (!prepare_row(metric, row, dims))
        return false;
    if (is_exact(storage))
        return true;
    *encoding = range_of(row, dims);
    encoding->hash = hash;
    encoding->error = quantise(row, dims, encoding->low, encoding->step,
                               [row, encoding](std::size_t i, std::uint8_t code) {
                                   row[i] =
                                       static_cast<float>(code) * encoding->step + encoding->low;
                               });
    if (!sound)
        encoding->error = std::max(encoding->error, kNoBound);
    return true;
}

void write_vector(Storage storage, const float* row, std::size_t dims, const Encoding& encoding,
                  SlotHeader* header, std::byte* out) noexcept {
    if (is_exact(storage)) {
        std::memcpy(out, row, dims * sizeof(float));
        return;
    }
    // The row's own range again, so that readers decode the very vector that make_storable has
    // made, and a later insert of an equal row finds this node.
    header->sq8_low = encoding.low;
    header->sq8_step = encoding.step;
    header->error = encoding.error + quantise_sq8(row, dims, encoding.low, encoding.step,
                                                  reinterpret_cast<std::uint8_t*>(out));
    put_hash_behind(dims, out, encoding.hash);
}

void share_vector(Storage storage, std::size_t dims, const Encoding& encoding, SlotHeader* header,
                  std::byte* vector) noexcept {
    if (is_exact(storage))
        return;
    Encoding of_all{header->sq8_low, header->sq8_step, header->error, hash_behind(dims, vector)};
    share(&of_all, encoding);
    header->error = of_all.error;
    put_hash_behind(dims, vector, of_all.hash);
}

bool StoredVector::of_equal_rows() const noexcept {
    return is_exact(storage_) || hash_behind(dims_, bytes_) != kUnequalRows;
}

const char* StoredVector::fault() const noexcept {
    if (!is_exact(storage_))
        return std::isfinite(header_->sq8_low) && header_->sq8_step >= 0 &&
                       std::isfinite(header_->sq8_step)
                   ? nullptr
                   : "the range of the 8-bit vector is not sound";
    for (std::uint32_t i = 0; i < dims_; ++i) {
        if (!std::isfinite(floats()[i]))
            return "a coordinate of the vector is not finite";
    }
    return nullptr;
}

}  // namespace vg::node
