// Where things lie inside a slot and inside a page, from the index's dimensions and m.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/node/format.h"
#include "core/node/storage.h"

namespace vg::node {

// Slot = header | vector | ids | bias | scale | length | codes, every part a multiple of 4 bytes
// and the codes 8-byte aligned relative to the slot.
struct Geometry {
    std::uint32_t dims = 0;
    std::uint32_t words = 0;     // 64-bit code words per link
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

// Chooses the geometry for a page with `usable` bytes between header and trailer.
// With floats the capacity is at least 2m where a page holds that many; with 8 bits as many nodes
// share a page as leave room for 13/8 m links each. Slack bytes of the page become further links,
// up to 3m. Throws Error(kLimitExceeded) when dims > kMaxDims or not even 4 links fit.
Geometry plan_geometry(std::uint32_t dims, std::uint32_t m, std::uint32_t usable,
                       StorageChoice choice = StorageChoice::kAuto);

// Checks a metapage's numbers against each other before anything is computed from them; `usable`
// and `page_bytes` as compiled in. Returns null when sound, else a sentence saying what is wrong.
const char* check_meta(const MetaData& meta, std::uint32_t page_bytes,
                       std::uint32_t usable) noexcept;

// Requires: check_meta(meta) is null.
Geometry geometry_of(const MetaData& meta) noexcept;

}  // namespace vg::node
