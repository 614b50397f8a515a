// Text and binary input and output of vectors, and their type modifier.
//
// Reading is core/input's; here are the error texts. Elements are written as the shortest decimal
// that reads back to the same float.

#include "pg/boundary/pg.h"

#include "core/input/vector_input.h"
#include "pg/boundary/boundary.h"
#include "pg/types/vector.h"

extern "C" {
#include "common/shortest_dec.h"
}

namespace vg::pg {
namespace {

[[noreturn]] void report_syntax(const char* literal, const char* detail = nullptr) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
                    errmsg("invalid input syntax for type vector: \"%s\"", literal),
                    detail != nullptr ? errdetail("%s", detail) : 0));
    pg_unreachable();
}

[[noreturn]] void report_text(const char* literal, const input::TextResult& result) {
    switch (result.fault) {
        case input::TextFault::kNoBracket:
            report_syntax(literal, "Vector contents must start with \"[\".");
        case input::TextFault::kEmpty:
            report_bad_dim(0);
        case input::TextFault::kTooMany:
            report_bad_dim(kMaxDimensions + 1);
        case input::TextFault::kOutOfRange:
            ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                            errmsg("\"%s\" is out of range for type vector",
                                   pnstrdup(result.at, result.length))));
        case input::TextFault::kNotFinite:
            report_bad_element(result.value);
        case input::TextFault::kJunk:
            report_syntax(literal, "Junk after closing right brace.");
        case input::TextFault::kSyntax:
        case input::TextFault::kNone:
            break;
    }
    report_syntax(literal);
}

Vector* parse_vector(const char* literal) {
    const std::size_t room = input::count_elements(literal, kMaxDimensions);
    Vector* vector = make_vector(static_cast<int>(room));
    const input::TextResult result = input::read_text(literal, vector->x, room);
    if (result.fault != input::TextFault::kNone)
        report_text(literal, result);
    Assert(result.count == room);
    return vector;
}

}  // namespace

VG_FUNCTION(vg_vector_in) {
    const char* literal = PG_GETARG_CSTRING(0);
    const int32 typmod = PG_GETARG_INT32(2);
    const Vector* vector = parse_vector(literal);
    check_expected_dim(typmod, vector->dim);
    return vector_datum(vector);
}

VG_FUNCTION(vg_vector_out) {
    const Vector* vector = datum_vector(PG_GETARG_DATUM(0));
    // FLOAT_SHORTEST_DECIMAL_LEN counts a NUL, whose place the comma takes; then "[", "]" and a
    // NUL.
    const Size bytes = static_cast<Size>(vector->dim) * FLOAT_SHORTEST_DECIMAL_LEN + 3;
    char* text = static_cast<char*>(palloc(bytes));
    char* p = text;
    *p++ = '[';
    for (int i = 0; i < vector->dim; i++) {
        if (i > 0)
            *p++ = ',';
        p += float_to_shortest_decimal_bufn(vector->x[i], p);
    }
    *p++ = ']';
    *p = '\0';
    return CStringGetDatum(text);
}

VG_FUNCTION(vg_vector_recv) {
    auto* message = reinterpret_cast<StringInfo>(PG_GETARG_POINTER(0));
    const int32 typmod = PG_GETARG_INT32(2);
    const auto next_bytes = [message](std::size_t n) {
        return reinterpret_cast<const unsigned char*>(pq_getmsgbytes(message, static_cast<int>(n)));
    };
    const input::BinaryHeader header =
        input::read_binary_header(next_bytes(input::kBinaryHeaderBytes));
    check_dim(header.dim);
    check_expected_dim(typmod, header.dim);
    if (header.reserved != 0)
        ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
                        errmsg("expected unused to be 0, not %d", header.reserved)));
    // The message must hold the elements before there is room for them.
    const unsigned char* elements = next_bytes(header.dim * input::kBinaryElementBytes);
    Vector* vector = make_vector(header.dim);
    const std::size_t read = input::read_binary_elements(elements, header.dim, vector->x);
    if (read < header.dim)
        report_bad_element(vector->x[read]);
    return vector_datum(vector);
}

VG_FUNCTION(vg_vector_send) {
    const Vector* vector = datum_vector(PG_GETARG_DATUM(0));
    StringInfoData message;
    pq_begintypsend(&message);
    enlargeStringInfo(&message, static_cast<int>(vector_bytes(vector->dim)));
    pq_sendint16(&message, static_cast<uint16>(vector->dim));
    pq_sendint16(&message, static_cast<uint16>(vector->unused));
    for (int i = 0; i < vector->dim; i++)
        pq_sendfloat4(&message, vector->x[i]);
    return PointerGetDatum(pq_endtypsend(&message));
}

VG_FUNCTION(vg_vector_typmod_in) {
    int count;
    const int32* typmods = ArrayGetIntegerTypmods(PG_GETARG_ARRAYTYPE_P(0), &count);
    if (count != 1)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid type modifier")));
    if (typmods[0] < 1)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("dimensions for type vector must be at least 1")));
    if (typmods[0] > kMaxDimensions)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("dimensions for type vector cannot exceed %d", kMaxDimensions)));
    return Int32GetDatum(typmods[0]);
}

}  // namespace vg::pg
