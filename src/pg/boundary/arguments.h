// Checks of SQL arguments: one vocabulary, and one form of what is said. A check looks at a value
// and returns it; what ends in _argument(fcinfo, i, name) looks at an argument of the function,
// which must not be NULL either (share_argument, range_argument, ...).
//
//   message   <name> must be <what>, with SQLSTATE 22023, or 22004 for NULL
//   detail    It is <value>, and where that stands if it is one of many: in row 3 of the partition
//   hint      what to do instead, where the message does not say it
//
// They raise PostgreSQL errors: call them only where no object with a destructor is alive (R2).
#pragma once

#include "pg/boundary/pg.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <string_view>

#include "core/base/names.h"

namespace vg::pg {

// Where a value stands that is one of many, {"row", 3, "the partition"} or in words of its own,
// {.where = "for the pair (1, 2)"}; and what is to be done about one that is wrong.
struct Place {
    const char* what = nullptr;
    int64 number = 0;
    const char* whole = nullptr;
    const char* where = nullptr;
    const char* hint = nullptr;
};

// ---- what the checks say ----------------------------------------------------------------------

// 22004: an argument is NULL, or another thing that a function needs.
[[noreturn]] void report_null_argument(const char* name);
[[noreturn]] void report_null(const char* name);
// 22023: "<name> must <demand>", such as "be greater than 0".
[[noreturn]] void report_number(const char* name, const char* demand, float8 value,
                                const Place& place = {});
[[noreturn]] void report_integer(const char* name, const char* demand, int64 value,
                                 const Place& place = {});
// The same for a value outside [least, most], each of which may be the largest there is.
[[noreturn]] void report_range(const char* name, int64 least, int64 most, int64 value,
                               const Place& place);
[[noreturn]] void report_range(const char* name, float8 least, float8 most, float8 value,
                               const Place& place);
// 22023 for a name that is none of `names`, which the hint lists: "The methods are: mle, mom."
[[noreturn]] void report_unknown_name(const char* what, const char* plural, std::string_view name,
                                      const std::string_view* names, std::size_t count);

// ---- values -----------------------------------------------------------------------------------

// Neither NaN nor infinite.
inline float8 check_finite(float8 value, const char* name, const Place& place = {}) {
    if (unlikely(!std::isfinite(value)))
        report_number(name, "be a finite number", value, place);
    return value;
}
inline float8 check_nonnegative(float8 value, const char* name, const Place& place = {}) {
    check_finite(value, name, place);
    if (unlikely(value < 0.0))
        report_number(name, "not be negative", value, place);
    return value;
}
inline float8 check_positive(float8 value, const char* name, const Place& place = {}) {
    check_finite(value, name, place);
    if (unlikely(value <= 0.0))
        report_number(name, "be greater than 0", value, place);
    return value;
}
// Within (0, most].
inline float8 check_positive(float8 value, const char* name, float8 most, const Place& place = {}) {
    check_finite(value, name, place);
    if (unlikely(value <= 0.0 || value > most))
        report_number(name, psprintf("be greater than 0 and at most %g", most), value, place);
    return value;
}
// Within [0, 1].
inline float8 check_share(float8 value, const char* name, const Place& place = {}) {
    if (unlikely(!(value >= 0.0 && value <= 1.0)))
        report_number(name, "be between 0 and 1", value, place);
    return value;
}
// Within [least, most].
inline float8 check_between(float8 value, const char* name, float8 least, float8 most,
                            const Place& place = {}) {
    check_finite(value, name, place);
    if (unlikely(value < least || value > most))
        report_range(name, least, most, value, place);
    return value;
}
inline int64 check_range(int64 value, const char* name, int64 least, int64 most,
                         const Place& place = {}) {
    if (unlikely(value < least || value > most))
        report_range(name, least, most, value, place);
    return value;
}
inline int64 check_at_least(int64 value, const char* name, int64 least, const Place& place = {}) {
    return check_range(value, name, least, PG_INT64_MAX, place);
}
// The enumerator whose name stands at its place in `names`.
template <typename Enum, std::size_t N>
Enum check_choice(std::string_view name, const char* what, const char* plural,
                  const std::array<std::string_view, N>& names) {
    const auto found = find_name<Enum>(names, name);
    if (unlikely(!found))
        report_unknown_name(what, plural, name, names.data(), N);
    return *found;
}

inline std::string_view text_view(const text* value) {
    return {VARDATA_ANY(value), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(value))};
}

// ---- arguments of the function ----------------------------------------------------------------

inline void require_argument(FunctionCallInfo fcinfo, int i, const char* name) {
    if (unlikely(PG_ARGISNULL(i)))
        report_null_argument(name);
}
// Of the first arguments, those that have a name here.
inline void require_arguments(FunctionCallInfo fcinfo, std::initializer_list<const char*> names) {
    int i = 0;
    for (const char* name : names) {
        if (name != nullptr)
            require_argument(fcinfo, i, name);
        ++i;
    }
}
inline float8 number_argument(FunctionCallInfo fcinfo, int i, const char* name) {
    require_argument(fcinfo, i, name);
    return PG_GETARG_FLOAT8(i);
}
inline float8 finite_argument(FunctionCallInfo fcinfo, int i, const char* name) {
    return check_finite(number_argument(fcinfo, i, name), name);
}
inline float8 nonnegative_argument(FunctionCallInfo fcinfo, int i, const char* name) {
    return check_nonnegative(number_argument(fcinfo, i, name), name);
}
inline float8 positive_argument(FunctionCallInfo fcinfo, int i, const char* name) {
    return check_positive(number_argument(fcinfo, i, name), name);
}
inline float8 positive_argument(FunctionCallInfo fcinfo, int i, const char* name, float8 most) {
    return check_positive(number_argument(fcinfo, i, name), name, most);
}
inline float8 share_argument(FunctionCallInfo fcinfo, int i, const char* name) {
    return check_share(number_argument(fcinfo, i, name), name);
}
inline float8 between_argument(FunctionCallInfo fcinfo, int i, const char* name, float8 least,
                               float8 most) {
    return check_between(number_argument(fcinfo, i, name), name, least, most);
}
inline int32 range_argument(FunctionCallInfo fcinfo, int i, const char* name, int32 least,
                            int32 most) {
    require_argument(fcinfo, i, name);
    check_range(PG_GETARG_INT32(i), name, least, most);
    return PG_GETARG_INT32(i);
}
inline int32 integer_argument(FunctionCallInfo fcinfo, int i, const char* name, int32 least) {
    require_argument(fcinfo, i, name);
    check_at_least(PG_GETARG_INT32(i), name, least);
    return PG_GETARG_INT32(i);
}
template <typename Enum, std::size_t N>
Enum choice_argument(FunctionCallInfo fcinfo, int i, const char* what, const char* plural,
                     const std::array<std::string_view, N>& names) {
    require_argument(fcinfo, i, what);
    return check_choice<Enum>(text_view(PG_GETARG_TEXT_PP(i)), what, plural, names);
}

// ---- arrays, aggregates -----------------------------------------------------------------------

struct ArrayItems {
    Datum* values;
    bool* nulls;
    int n;
};

// The elements of an array of any shape, in CurrentMemoryContext.
inline ArrayItems array_items(ArrayType* array) {
    int16 length;
    bool by_value;
    char align;
    get_typlenbyvalalign(ARR_ELEMTYPE(array), &length, &by_value, &align);
    ArrayItems items;
    deconstruct_array(array, ARR_ELEMTYPE(array), length, by_value, align, &items.values,
                      &items.nulls, &items.n);
    return items;
}

// The memory context of the aggregate that calls; an error when called from anywhere else.
inline MemoryContext aggregate_context(FunctionCallInfo fcinfo) {
    MemoryContext context;
    if (AggCheckCallContext(fcinfo, &context) == 0)
        elog(ERROR, "aggregate support function called in non-aggregate context");
    return context;
}
// The state of an aggregate, null before its first row.
template <typename State>
State* state_argument(FunctionCallInfo fcinfo) {
    return PG_ARGISNULL(0) ? nullptr : reinterpret_cast<State*>(PG_GETARG_POINTER(0));
}
// The same in the function that makes the result of it.
template <typename State>
State* final_state(FunctionCallInfo fcinfo) {
    aggregate_context(fcinfo);
    return state_argument<State>(fcinfo);
}

}  // namespace vg::pg
