#include "core/input/vector_input.h"

#include <bit>
#include <cerrno>
#include <cmath>
#include <cstdlib>

#include "core/no_postgres.h"

namespace vg::input {
namespace {

// The six characters PostgreSQL's own lexer calls white space, whatever the locale.
bool is_space(char c) noexcept {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

const char* skip_space(const char* p) noexcept {
    while (is_space(*p))
        ++p;
    return p;
}

// Reads one element at *p and moves *p behind it.
TextResult read_element(const char** p, float* out) noexcept {
    const char* const from = skip_space(*p);
    // strtof would skip no further, but says nothing about an empty rest.
    if (*from == '\0')
        return {TextFault::kSyntax};
    char* end;
    errno = 0;
    const float value = std::strtof(from, &end);
    if (end == from)
        return {TextFault::kSyntax};
    // Underflow rounds to zero or a denormal, as for type real's storage; only overflow is an
    // error.
    if (errno == ERANGE && std::isinf(value))
        return {TextFault::kOutOfRange, 0, from, static_cast<std::size_t>(end - from)};
    if (!std::isfinite(value))
        return {TextFault::kNotFinite, 0, nullptr, 0, value};
    *out = value;
    *p = end;
    return {};
}

std::uint32_t big_endian(const unsigned char* bytes, std::size_t n) noexcept {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < n; ++i)
        value = value << 8 | bytes[i];
    return value;
}

}  // namespace

std::size_t count_elements(const char* literal, std::size_t limit) noexcept {
    std::size_t count = 1;
    for (const char* p = literal; *p != '\0' && count < limit; ++p)
        count += *p == ',' ? 1 : 0;
    return count;
}

TextResult read_text(const char* literal, float* out, std::size_t room) noexcept {
    const char* p = skip_space(literal);
    if (*p != '[')
        return {TextFault::kNoBracket};
    p = skip_space(p + 1);
    if (*p == ']')
        return {TextFault::kEmpty};
    std::size_t count = 0;
    for (;;) {
        if (count == room)
            return {TextFault::kTooMany, count};
        const TextResult element = read_element(&p, out + count);
        if (element.fault != TextFault::kNone)
            return element;
        ++count;
        p = skip_space(p);
        if (*p == ']')
            break;
        if (*p != ',')
            return {TextFault::kSyntax};
        ++p;
    }
    if (*skip_space(p + 1) != '\0')
        return {TextFault::kJunk};
    return {TextFault::kNone, count};
}

BinaryHeader read_binary_header(const unsigned char* bytes) noexcept {
    return {static_cast<std::uint16_t>(big_endian(bytes, 2)),
            static_cast<std::uint16_t>(big_endian(bytes + 2, 2))};
}

std::size_t read_binary_elements(const unsigned char* bytes, std::size_t dim, float* out) noexcept {
    for (std::size_t i = 0; i < dim; ++i) {
        out[i] = std::bit_cast<float>(big_endian(bytes + kBinaryElementBytes * i, 4));
        if (!std::isfinite(out[i]))
            return i;
    }
    return dim;
}

}  // namespace vg::input
