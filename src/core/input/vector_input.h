// The text and the binary form of a vector, read without a server: what clients send is the one
// input that anybody may choose byte by byte. Nothing here allocates, throws or keeps anything.
//
// Text: "[1,2.5,-3]" with white space anywhere between tokens, elements as strtof reads them.
// Binary: int16 dimensions, int16 zero, then the floats, all in network order. Both are pgvector's.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vg::input {

enum class TextFault {
    kNone,
    kSyntax,
    kNoBracket,   // does not start with "["
    kEmpty,       // "[]"
    kTooMany,     // more elements than there is room for
    kOutOfRange,  // an element overflows
    kNotFinite,   // NaN or infinity by name
    kJunk,        // something after "]"
};

struct TextResult {
    TextFault fault = TextFault::kNone;
    std::size_t count = 0;     // elements written
    const char* at = nullptr;  // kOutOfRange: the element
    std::size_t length = 0;    // and its length
    float value = 0;           // kNotFinite: the element
};

// How many elements a literal may have: exact when it is well-formed, between 1 and limit.
std::size_t count_elements(const char* literal, std::size_t limit) noexcept;

// Reads a NUL-terminated literal into out, which has room for `room` floats.
TextResult read_text(const char* literal, float* out, std::size_t room) noexcept;

struct BinaryHeader {
    std::uint16_t dim;
    std::uint16_t reserved;  // must be zero
};
inline constexpr std::size_t kBinaryHeaderBytes = 4;
inline constexpr std::size_t kBinaryElementBytes = 4;

// bytes: kBinaryHeaderBytes.
BinaryHeader read_binary_header(const unsigned char* bytes) noexcept;
// bytes: dim * kBinaryElementBytes. Returns the position of the first element that is not finite,
// where it stops, or dim.
std::size_t read_binary_elements(const unsigned char* bytes, std::size_t dim, float* out) noexcept;

}  // namespace vg::input
