// How a slot keeps its vector. What differs between storages is here and in storage.cpp and nowhere
// else: as a property, as a step of writing, or as a function of StoredVector.
//
//   float32   the row itself (under cosine brought to unit length)
//   8-bit     the nearest of 256 values over the vector's own range, and a hash of the row itself:
//             unequal rows can be stored alike, and share a node then. The header says how far
//             that is from the row, or the farthest of them
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/distance/distance.h"
#include "core/node/format.h"

namespace vg::node {

// Largest relative error of one rounding to float, a little up.
inline constexpr double kHalfUlp = 6e-8;

constexpr bool is_storage(std::uint8_t value) noexcept {
    return value == static_cast<std::uint8_t>(Storage::kFloat32) ||
           value == static_cast<std::uint8_t>(Storage::kSq8);
}
// As reloptions and statistics call it.
const char* storage_name(Storage storage) noexcept;

// Whether slots hold the rows themselves: then a distance is the row's, up to rounding. Otherwise
// it is that of something near the row, and the row's own has to be asked for.
constexpr bool is_exact(Storage storage) noexcept {
    return storage == Storage::kFloat32;
}

// Bytes of a vector in a slot, a multiple of 8: 8-bit codes have the hash behind them.
constexpr std::uint32_t vector_bytes(Storage storage, std::uint32_t dims) noexcept {
    return is_exact(storage) ? (4 * dims + 7) / 8 * 8 : (dims + 7) / 8 * 8 + 8;
}

// How a row was brought into a storage. All zeros where that is exact.
struct Encoding {
    float low;
    float step;
    float error;         // bounds the L2 distance between the row and what is read back
    std::uint64_t hash;  // of the row as it was given; kUnequalRows for several unequal ones
};
inline constexpr std::uint64_t kUnequalRows = 0;
// Of the bits of a row; never kUnequalRows.
std::uint64_t hash_row(const float* row, std::size_t dims) noexcept;
// Another row that is stored alike shares the vector. Both are of one index.
void share(Encoding* first, const Encoding& other) noexcept;
// As `error`: so large that no value of a cosine distance is bounded.
inline constexpr float kNoBound = 3.0f;

// Makes of a row, in place, what a slot of the index will give back. dims floats. False when the
// metric cannot index it (a zero vector under cosine).
bool make_storable(Storage storage, Metric metric, float* row, std::size_t dims,
                   Encoding* encoding) noexcept;
// Writes a row that make_storable has left: into the vector's place in a slot, and what is needed
// to read it into the header.
void write_vector(Storage storage, const float* row, std::size_t dims, const Encoding& encoding,
                  SlotHeader* header, std::byte* out) noexcept;
// Another row, which make_storable has made the same, joins those of a slot.
void share_vector(Storage storage, std::size_t dims, const Encoding& encoding, SlotHeader* header,
                  std::byte* vector) noexcept;

// A vector as it lies in a slot. Owns nothing.
class StoredVector {
  public:
    StoredVector(Storage storage, std::uint32_t dims, const SlotHeader& header,
                 const std::byte* bytes) noexcept
        : storage_(storage), dims_(dims), header_(&header), bytes_(bytes) {}

    // Distances to q, dims floats, by the kernels of core/distance.
    float l2_squared(const float* q) const noexcept {
        return is_exact(storage_) ? distance::l2_squared(q, floats(), dims_)
                                  : distance::l2_squared(q, sq8(), dims_);
    }
    float inner_product(const float* q) const noexcept {
        return is_exact(storage_) ? distance::inner_product(q, floats(), dims_)
                                  : distance::inner_product(q, sq8(), dims_);
    }
    float l1(const float* q) const noexcept {
        return is_exact(storage_) ? distance::l1(q, floats(), dims_)
                                  : distance::l1(q, sq8(), dims_);
    }
    // zeros: dims of them.
    float squared_norm(const float* zeros) const noexcept {
        return is_exact(storage_) ? distance::inner_product(floats(), floats(), dims_)
                                  : distance::l2_squared(zeros, sq8(), dims_);
    }

    // Copies dims floats.
    void read(float* out) const noexcept {
        if (is_exact(storage_)) {
            std::memcpy(out, floats(), sizeof(float) * dims_);
            return;
        }
        const distance::Sq8 v = sq8();
        for (std::uint32_t i = 0; i < dims_; ++i)
            out[i] = static_cast<float>(v.codes[i]) * v.step + v.low;
    }
    // The same dims floats where they lie, or else in scratch.
    const float* as_floats(float* scratch) const noexcept {
        if (is_exact(storage_))
            return floats();
        read(scratch);
        return scratch;
    }
    // Whether read() would give exactly these dims floats.
    bool holds(const float* vector) const noexcept {
        if (is_exact(storage_))
            return std::memcmp(vector, floats(), sizeof(float) * dims_) == 0;
        const distance::Sq8 v = sq8();
        for (std::uint32_t i = 0; i < dims_; ++i) {
            if (vector[i] != static_cast<float>(v.codes[i]) * v.step + v.low)
                return false;
        }
        return true;
    }
    // Whether all rows of the node are equal, so that the operator has one value for them.
    bool of_equal_rows() const noexcept;
    // Null, or what is wrong with it.
    const char* fault() const noexcept;

  private:
    const float* floats() const noexcept { return reinterpret_cast<const float*>(bytes_); }
    distance::Sq8 sq8() const noexcept {
        return {reinterpret_cast<const std::uint8_t*>(bytes_), header_->sq8_low, header_->sq8_step};
    }

    Storage storage_;
    std::uint32_t dims_;
    const SlotHeader* header_;
    const std::byte* bytes_;
};

// ---- 8 bits ----

// Quantises over the vector's own range. codes: dims bytes. The error includes the float rounding
// of whoever reads the codes.
Encoding encode_sq8(const float* vector, std::size_t dims, std::uint8_t* codes) noexcept;
// The same over a given range: a vector that was decoded from it gets its codes back. Returns the
// error.
float quantise_sq8(const float* vector, std::size_t dims, float low, float step,
                   std::uint8_t* codes) noexcept;

}  // namespace vg::node
