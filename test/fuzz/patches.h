// Fuzz input as a list of changes to a sound store: 6 bytes each, a place and what to put there.
// Changing a sound store reaches far deeper than bytes of one's own: most of those fail the first
// check.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "any_bytes.h"

namespace vg::test {

inline constexpr std::size_t kPatchBytes = 6;

// place: 24 bits over all pages, their kind and count included; 0xFF in the top byte aims at the
// metapage, 0xFE and less at slot headers, so that the fields that steer are hit often.
inline void apply_patches(StoreImage* image, std::uint32_t slot_bytes, const std::uint8_t* data,
                          std::size_t size) {
    for (; size >= kPatchBytes; data += kPatchBytes, size -= kPatchBytes) {
        std::uint32_t place = data[0] | data[1] << 8 | data[2] << 16;
        const std::uint8_t aim = data[3];
        std::size_t at = place % image->bytes();
        if (aim >= 0xE0) {
            at = place % sizeof(node::MetaData);
        } else if (aim >= 0x80) {
            const std::size_t page = place / 64 % image->pages.size();
            const std::size_t slot = place / 4096 % (kUsable / slot_bytes);
            at = page * kUsable + slot * slot_bytes + place % sizeof(node::SlotHeader);
        } else if (aim >= 0x78) {
            // The check takes block 0 for the metapage whatever it says.
            StoreImage::Page& page = image->pages[1 + place % (image->pages.size() - 1)];
            page.used = place >> 8 & 0xFFFF;
            page.kind = static_cast<node::PageKind>(data[4] % 5);
            continue;
        }
        std::byte* target = image->pages[at / kUsable].data() + at % kUsable;
        const std::size_t width = aim % 2 == 0 || at % kUsable + 2 > kUsable ? 1 : 2;
        std::memcpy(target, data + 4, width);
    }
}

}  // namespace vg::test
