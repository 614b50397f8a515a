#include "pg/boundary/pg.h"

#include "pg/links/keys.h"

#include <cstring>

#include "pg/boundary/compat.h"

namespace vg::pg::links {
namespace {

constexpr std::size_t kUuidBytes = 16;
constexpr std::size_t kUuidText = 36;

bool is_dash(std::size_t at) {
    return at == 8 || at == 13 || at == 18 || at == 23;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

// The form that uuid values are printed in; other ways to write one do not get here.
bool parse_uuid(std::string_view text, unsigned char* bytes) {
    if (text.size() != kUuidText)
        return false;
    std::size_t digits = 0;
    for (std::size_t i = 0; i < kUuidText; ++i) {
        if (is_dash(i)) {
            if (text[i] != '-')
                return false;
            continue;
        }
        const int digit = hex_digit(text[i]);
        if (digit < 0)
            return false;
        unsigned char& byte = bytes[digits / 2];
        byte = static_cast<unsigned char>(digits % 2 == 0 ? digit << 4 : byte | digit);
        ++digits;
    }
    return true;
}

void print_uuid(const unsigned char* bytes, char* text) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::size_t digits = 0;
    for (std::size_t i = 0; i < kUuidText; ++i) {
        if (is_dash(i)) {
            text[i] = '-';
            continue;
        }
        const unsigned char byte = bytes[digits / 2];
        text[i] = kDigits[digits % 2 == 0 ? byte >> 4 : byte & 15];
        ++digits;
    }
}

std::string_view view(Datum text) {
    const auto* t = reinterpret_cast<const struct varlena*>(DatumGetPointer(text));
    return {VARDATA_ANY(t), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(t))};
}

}  // namespace

Keys::Keys(Oid type, std::pmr::memory_resource* memory)
    : type_(type), numbers_(memory), texts_(memory), buffer_(memory) {}

graph::Vertex Keys::number(std::string_view text) {
    const auto [at, added] =
        numbers_.try_emplace(std::pmr::string(text, numbers_.get_allocator().resource()),
                             static_cast<graph::Vertex>(texts_.size()));
    if (added)
        texts_.push_back(&at->first);
    return at->second;
}

graph::Vertex Keys::of_index(Datum key) {
    if (type_ == INT4OID)
        return DatumGetInt32(key);
    if (type_ == INT8OID)
        return DatumGetInt64(key);
    if (type_ != UUIDOID)
        return number(view(key));
    char text[kUuidText];
    print_uuid(reinterpret_cast<const unsigned char*>(DatumGetPointer(key)), text);
    return number({text, kUuidText});
}

graph::Vertex Keys::of_sql(Datum value) {
    if (key_class() == KeyClass::kInteger)
        return DatumGetInt64(value);
    unsigned char bytes[kUuidBytes];
    if (type_ != UUIDOID || !parse_uuid(view(value), bytes))
        return number(view(value));
    return of_index(PointerGetDatum(bytes));
}

bool Keys::to_uuid(graph::Vertex vertex, unsigned char (&bytes)[16]) const {
    return parse_uuid(text(vertex), bytes);
}

bool Keys::to_index(graph::Vertex vertex, Datum* key) {
    if (type_ == INT8OID) {
        *key = Int64GetDatum(vertex);
        return true;
    }
    if (type_ == INT4OID) {
        *key = Int32GetDatum(static_cast<int32>(vertex));
        return vertex >= PG_INT32_MIN && vertex <= PG_INT32_MAX;
    }
    if (type_ == UUIDOID) {
        buffer_.resize(kUuidBytes);
        *key = PointerGetDatum(buffer_.data());
        return parse_uuid(text(vertex), reinterpret_cast<unsigned char*>(buffer_.data()));
    }
    const std::string_view name = text(vertex);
    buffer_.resize(VARHDRSZ + name.size());
    SET_VARSIZE(buffer_.data(), buffer_.size());
    std::memcpy(buffer_.data() + VARHDRSZ, name.data(), name.size());
    *key = PointerGetDatum(buffer_.data());
    return true;
}

}  // namespace vg::pg::links
