// Where things lie inside a slot and inside a page, from the index's dimensions and m.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/code/link_code.h"
#include "core/node/format.h"
#include "core/node/storage.h"

namespace vg::node {

// Words of a code that has a bit for every rotated dimension.
constexpr std::uint32_t full_words(std::uint32_t dims) noexcept {
    return (dims + 63) / 64;
}

// Slot = header | vector | ids | bias | scale | length | codes, every part a multiple of 4 bytes
// and the codes 8-byte aligned relative to the slot.
struct Geometry {
    std::uint32_t dims = 0;
    std::uint32_t words = 0;     // 64-bit code words per link, at most full_words(dims)
    std::uint32_t capacity = 0;  // links per slot, even
    std::uint32_t slots_per_page = 0;
    std::uint32_t slot_bytes = 0;  // multiple of 8
    Storage storage = Storage::kFloat32;

    std::uint32_t vector_offset() const noexcept { return sizeof(SlotHeader); }
    std::uint32_t ids_offset() const noexcept { return vector_offset() + vector_bytes(); }
    std::uint32_t bias_offset() const noexcept { return ids_offset() + 4 * capacity; }
    std::uint32_t scale_offset() const noexcept { return bias_offset() + 4 * capacity; }
    std::uint32_t length_offset() const noexcept { return scale_offset() + 2 * capacity; }
    std::uint32_t codes_offset() const noexcept { return length_offset() + 2 * capacity; }
    std::uint32_t vector_bytes() const noexcept { return node::vector_bytes(storage, dims); }
    // Whether slots hold the rows themselves.
    bool exact() const noexcept { return is_exact(storage); }
    code::CodeShape code_shape() const noexcept { return {full_words(dims), words}; }
    std::uint32_t link_bytes() const noexcept { return 12 + 8 * words; }
    std::uint32_t used_bytes() const noexcept { return codes_offset() + 8 * words * capacity; }

    SlotId slot_id(std::uint32_t block, std::uint32_t index) const noexcept {
        return block * slots_per_page + index;
    }
    std::uint32_t block_of(SlotId id) const noexcept { return id / slots_per_page; }
    std::uint32_t index_of(SlotId id) const noexcept { return id % slots_per_page; }
};

// What a user may ask for. kAuto takes 8 bits only where floats would leave room for fewer than
// 1.5 m links.
enum class StorageChoice { kAuto, kFloat32, kSq8 };

// code_words asks for codes of that length, or the full one where that is shorter; 0 leaves it
// open.
struct GeometryChoice {
    StorageChoice storage = StorageChoice::kAuto;
    std::uint32_t code_words = 0;
};

// Chooses the geometry for a page with `usable` bytes between header and trailer: as few pages as
// leave every node 13/8 m links, with floats 2m where a page holds that many, and a code of
// kFewestWords words for each, if that many are not full. What is left of a slot lengthens the
// codes, then the lists, up to 3m links.
// Throws Error(kLimitExceeded) when dims > kMaxDims or not even 4 links fit.
inline constexpr std::uint32_t kFewestWords = 8;
Geometry plan_geometry(std::uint32_t dims, std::uint32_t m, std::uint32_t usable,
                       GeometryChoice choice = {});

// Checks a metapage's numbers against each other before anything is computed from them; `usable`
// and `page_bytes` as compiled in. Returns null when sound, else a sentence saying what is wrong.
const char* check_meta(const MetaData& meta, std::uint32_t page_bytes,
                       std::uint32_t usable) noexcept;

// Requires: check_meta(meta) is null.
Geometry geometry_of(const MetaData& meta) noexcept;

}  // namespace vg::node
