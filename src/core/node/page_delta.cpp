#include "core/node/page_delta.h"

#include <cstring>

#include "core/no_postgres.h"

namespace vg::node {
namespace {

constexpr std::size_t kWord = sizeof(std::uint64_t);
// Words compared at once: a cache line.
constexpr std::size_t kStride = 8;

std::uint64_t word(const std::byte* page, std::size_t at) noexcept {
    std::uint64_t w;
    std::memcpy(&w, page + at * kWord, kWord);
    return w;
}

// The first word at or behind `at` that differs; `words` when there is none.
std::size_t next_difference(const std::byte* a, const std::byte* b, std::size_t at,
                            std::size_t words) noexcept {
    while (at + kStride <= words) {
        std::uint64_t difference = 0;
        for (std::size_t i = 0; i < kStride; ++i)
            difference |= word(a, at + i) ^ word(b, at + i);
        if (difference != 0)
            break;
        at += kStride;
    }
    while (at < words && word(a, at) == word(b, at))
        ++at;
    return at;
}

}  // namespace

std::size_t write_page_delta(const std::byte* before, const std::byte* after, std::size_t bytes,
                             std::byte* out) noexcept {
    const std::size_t words = bytes / kWord;
    std::byte* end = out;
    for (std::size_t at = next_difference(before, after, 0, words); at < words;
         at = next_difference(before, after, at, words)) {
        std::size_t first = at * kWord;
        // One equal word is longer than a header: it ends the fragment.
        while (at < words && word(before, at) != word(after, at))
            ++at;
        std::size_t last = at * kWord;
        while (before[first] == after[first])
            ++first;
        while (before[last - 1] == after[last - 1])
            --last;
        const auto offset = static_cast<std::uint16_t>(first);
        const auto length = static_cast<std::uint16_t>(last - first);
        std::memcpy(end, &offset, sizeof offset);
        std::memcpy(end + sizeof offset, &length, sizeof length);
        std::memcpy(end + kFragmentHeader, after + first, length);
        end += kFragmentHeader + length;
    }
    return static_cast<std::size_t>(end - out);
}

void apply_page_delta(const std::byte* delta, std::size_t length, std::byte* page) noexcept {
    const std::byte* const end = delta + length;
    while (delta < end) {
        std::uint16_t offset;
        std::uint16_t bytes;
        std::memcpy(&offset, delta, sizeof offset);
        std::memcpy(&bytes, delta + sizeof offset, sizeof bytes);
        std::memcpy(page + offset, delta + kFragmentHeader, bytes);
        delta += kFragmentHeader + bytes;
    }
}

}  // namespace vg::node
