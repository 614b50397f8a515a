// The rows of a bulk build in 8 bits per dimension: a quarter of the memory to move, and moving
// memory is what building a graph mostly does. Rows are rotated (core/code), so that one step size
// fits all dimensions, and rounded. Distances between codes are off by less than kTolerance (one
// standard deviation); where that cannot be had - rows too near each other for the step, rows with
// a coordinate outside the codes' range - the rows themselves are measured. So near-duplicates keep
// their true distances, and a far outlier stays far. Inner products, whose rows may differ in
// length by any factor, are always computed from the rows, and their records hold no codes.
//
// The codes are the largest thing that a build holds, so there is one copy of them. Each row has a
// block: room that belongs to whoever builds the graph (its lists), then the row's record.
//
// Records are immutable once constructed: read by any number of threads. The rows must outlive
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "core/base/poll.h"
#include "core/distance/distance.h"
#include "core/hnsw/bulk_builder.h"

namespace vg::hnsw {

class RowCodes {
  public:
    static constexpr double kTolerance = 0.02;  // of the squared distance

    // `room` bytes, a multiple of 4, come before each record, zero at first. Throws std::bad_alloc,
    // and whatever poll throws.
    RowCodes(const Rows& rows, std::uint64_t seed, unsigned threads, const Poll& poll,
             std::size_t room = 0);

    // One row: its number, then its codes. Records may be copied; any two can be compared.
    const std::byte* record(std::uint32_t row) const noexcept {
        return blocks_.get() + std::size_t{row} * block_bytes_ + room_;
    }
    std::size_t record_bytes() const noexcept { return record_bytes_; }
    // The blocks, one after another, row by row.
    std::byte* blocks() noexcept { return blocks_.get(); }
    std::size_t block_bytes() const noexcept { return block_bytes_; }
    std::size_t room() const noexcept { return room_; }

    // Asks for the memory that comparing this row will read.
    void prefetch(std::uint32_t row) const noexcept;

    // Distance of two rows by the space of the rows, given by their records.
    float between(const std::byte* a, const std::byte* b) const noexcept {
        const std::uint32_t tag_a = tag(a);
        const std::uint32_t tag_b = tag(b);
        if (rows_.space == Space::kInnerProduct)
            return exact(tag_a & ~kOutside, tag_b & ~kOutside);
        if (((tag_a | tag_b) & kOutside) == 0) {
            const std::uint32_t sum = kernel_(codes(a), codes(b), padded_);
            if (sum >= least_)
                return unit_ * static_cast<float>(sum - noise_);
        }
        return exact(tag_a & ~kOutside, tag_b & ~kOutside);
    }
    float distance(std::uint32_t a, std::uint32_t b) const noexcept {
        return between(record(a), record(b));
    }

    // Writes the rotated row b, as Rotation with the same seed makes it of the row less its centre,
    // rounded to 8 bits. False, and nothing written, where a and b are so near that the rounding
    // would be more than about kTolerance / 4 of their squared distance, or one of them is not
    // within the codes' range. Never true for inner products.
    bool decode_beside(std::uint32_t a, std::uint32_t b, float* out) const noexcept;

    // Upper bound of the heap bytes for n rows.
    static std::size_t bytes(std::size_t n, std::size_t dims, Space space,
                             std::size_t room) noexcept;

  private:
    static constexpr std::uint32_t kOutside = 0x80000000u;  // a coordinate was out of range

    struct Free {
        void operator()(std::byte* p) const noexcept { std::free(p); }
    };
    static std::uint32_t tag(const std::byte* record) noexcept {
        std::uint32_t t;
        __builtin_memcpy(&t, record, sizeof t);
        return t;
    }
    static const std::uint8_t* codes(const std::byte* record) noexcept {
        return reinterpret_cast<const std::uint8_t*>(record) + sizeof(std::uint32_t);
    }
    void write_tags(unsigned threads, const Poll& poll);
    void write_codes(std::uint64_t seed, unsigned threads, const Poll& poll);
    // Clears the room of a row's block and writes its tag; returns where the codes go.
    std::byte* start_block(std::size_t row, std::uint32_t flags) noexcept;
    float exact(std::uint32_t a, std::uint32_t b) const noexcept {
        return space_distance(rows_, a, b);
    }

    Rows rows_;
    std::size_t padded_ = 0;
    std::size_t room_ = 0;
    std::size_t record_bytes_ = 0;
    std::size_t block_bytes_ = 0;
    distance::CodeKernel kernel_ = nullptr;
    float step_ = 0;           // between two codes
    float unit_ = 0;           // its square
    std::uint32_t noise_ = 0;  // what rounding adds to a sum on average
    std::uint32_t least_ = 0;  // smallest sum that is accurate enough
    std::unique_ptr<std::byte, Free> blocks_;
};

}  // namespace vg::hnsw
