// What changed on a page, as a list of fragments: offset and length, two bytes each in the
// machine's order, then the new bytes. This is the format in which PostgreSQL's generic WAL records
// describe a page (access/transam/generic_xlog.c), so its redo applies it; PostgreSQL's own
// comparison goes byte by byte, which was a sixth of the time of an insert.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vg::node {

// A fragment costs its header, so bytes that are equal do not end one before there are as many.
inline constexpr std::size_t kFragmentHeader = 2 * sizeof(std::uint16_t);

// Upper bound of a delta of `bytes` bytes.
constexpr std::size_t max_delta_bytes(std::size_t bytes) noexcept {
    return bytes + 2 * kFragmentHeader;
}

// Writes the delta that makes `before` into `after` to `out`, which holds max_delta_bytes(bytes).
// Returns its length. Both pages are `bytes` long, a multiple of 8 and at most 32,768, and aligned
// to 8.
std::size_t write_page_delta(const std::byte* before, const std::byte* after, std::size_t bytes,
                             std::byte* out) noexcept;

// Makes the changes of a delta that write_page_delta wrote.
void apply_page_delta(const std::byte* delta, std::size_t length, std::byte* page) noexcept;

}  // namespace vg::node
