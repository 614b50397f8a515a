// Text and binary input and output of vectors, and their type modifier.
//
// Text: "[1,2.5,-3]" with white space anywhere between tokens. Elements are read with strtof and
// written as the shortest decimal that reads back to the same float. Binary: int16 dimensions,
// int16 zero, then the floats, all in network order. Both formats are pgvector's.

#include "pg/boundary/pg.h"

#include <cerrno>
#include <cstdlib>

#include "pg/boundary/boundary.h"
#include "pg/types/vector.h"

extern "C" {
#include "common/shortest_dec.h"
}

namespace vg::pg {
namespace {

// The six characters PostgreSQL's own lexer calls white space, whatever the locale.
bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

const char* skip_space(const char* p) {
    while (is_space(*p))
        p++;
    return p;
}

[[noreturn]] void report_syntax(const char* literal, const char* detail = nullptr) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
                    errmsg("invalid input syntax for type vector: \"%s\"", literal),
                    detail != nullptr ? errdetail("%s", detail) : 0));
    pg_unreachable();
}

// Reads one element at p and moves p behind it.
float read_element(const char* literal, const char*& p) {
    p = skip_space(p);
    // strtof would skip no further, but says nothing about an empty rest.
    if (*p == '\0')
        report_syntax(literal);
    char* end;
    errno = 0;
    const float value = std::strtof(p, &end);
    if (end == p)
        report_syntax(literal);
    // Underflow rounds to zero or a denormal, as for type real's storage; only overflow is an
    // error.
    if (errno == ERANGE && std::isinf(value))
        ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                        errmsg("\"%s\" is out of range for type vector",
                               pnstrdup(p, static_cast<Size>(end - p)))));
    check_element(value);
    p = end;
    return value;
}

// Upper bound of the elements of a literal: exact when the literal is well-formed, never above the
// limit.
int count_elements(const char* p) {
    int count = 1;
    for (; *p != '\0' && count < kMaxDimensions; p++)
        count += *p == ',';
    return count;
}

Vector* parse_vector(const char* literal) {
    const char* p = skip_space(literal);
    if (*p != '[')
        report_syntax(literal, "Vector contents must start with \"[\".");
    p = skip_space(p + 1);
    if (*p == ']')
        report_bad_dim(0);
    const int room = count_elements(p);
    Vector* vector = make_vector(room);
    int dim = 0;
    for (;;) {
        if (dim == room)
            report_bad_dim(kMaxDimensions + 1);
        vector->x[dim++] = read_element(literal, p);
        p = skip_space(p);
        if (*p == ']')
            break;
        if (*p != ',')
            report_syntax(literal);
        p++;
    }
    if (*skip_space(p + 1) != '\0')
        report_syntax(literal, "Junk after closing right brace.");
    Assert(dim == room);
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
    const int dim = static_cast<int>(pq_getmsgint(message, sizeof(int16)));
    const int unused = static_cast<int>(pq_getmsgint(message, sizeof(int16)));
    check_dim(dim);
    check_expected_dim(typmod, dim);
    if (unused != 0)
        ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
                        errmsg("expected unused to be 0, not %d", unused)));
    Vector* vector = make_vector(dim);
    for (int i = 0; i < dim; i++) {
        vector->x[i] = pq_getmsgfloat4(message);
        check_element(vector->x[i]);
    }
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
