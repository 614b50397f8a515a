// Checks of SQL arguments, with their error texts. They raise PostgreSQL errors: call them only
// where no object with a destructor is alive (R2).
#pragma once

#include "pg/boundary/pg.h"

#include <cmath>
#include <cstddef>
#include <string_view>

namespace vg::pg {

// 22004 for NULL.
inline void require_argument(FunctionCallInfo fcinfo, int i, const char* name) {
    if (PG_ARGISNULL(i))
        ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                        errmsg("argument \"%s\" must not be null", name)));
}

// 22004: what a function needs is NULL.
[[noreturn]] inline void report_null(const char* name) {
    ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", name)));
    pg_unreachable();
}

// 22023 for NaN and infinities.
inline void check_finite(float8 value, const char* name) {
    if (unlikely(!std::isfinite(value)))
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%s must be a finite number", name),
                        errdetail("It is %s.", std::isnan(value) ? "NaN" : "infinite")));
}

// The same for one of many values: says where it stands, "row 3 of the partition".
inline void check_finite_at(float8 value, const char* name, const char* what, int64 number,
                            const char* whole) {
    if (unlikely(!std::isfinite(value)))
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%s must be a finite number", name),
                        errdetail("It is %s in %s " INT64_FORMAT " of %s.",
                                  std::isnan(value) ? "NaN" : "infinite", what, number, whole)));
}

// A number that is given, finite and not negative.
inline float8 nonnegative_argument(FunctionCallInfo fcinfo, int i, const char* name) {
    require_argument(fcinfo, i, name);
    const float8 value = PG_GETARG_FLOAT8(i);
    check_finite(value, name);
    if (value < 0.0)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%s must not be negative", name), errdetail("It is %g.", value)));
    return value;
}

// 22023 below `least`.
inline void check_at_least(int64 value, const char* name, int64 least) {
    if (unlikely(value < least))
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%s must be at least " INT64_FORMAT, name, least),
                        errdetail("It is " INT64_FORMAT ".", value)));
}

// 22023 outside [least, most].
inline void check_range(int64 value, const char* name, int64 least, int64 most) {
    if (unlikely(value < least || value > most))
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                 errmsg("%s must be between " INT64_FORMAT " and " INT64_FORMAT, name, least, most),
                 errdetail("It is " INT64_FORMAT ".", value)));
}

// An integer that is given and in [least, most].
inline int32 ranged_argument(FunctionCallInfo fcinfo, int i, const char* name, int32 least,
                             int32 most) {
    require_argument(fcinfo, i, name);
    check_range(PG_GETARG_INT32(i), name, least, most);
    return PG_GETARG_INT32(i);
}

// An integer that is given and at least `least`.
inline int32 integer_argument(FunctionCallInfo fcinfo, int i, const char* name, int32 least) {
    require_argument(fcinfo, i, name);
    check_at_least(PG_GETARG_INT32(i), name, least);
    return PG_GETARG_INT32(i);
}

inline std::string_view text_view(const text* value) {
    return {VARDATA_ANY(value), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(value))};
}

// 22023 for a name that is none of `names`, which the hint lists.
[[noreturn]] inline void report_unknown_name(const char* what, const char* plural,
                                             std::string_view name, const std::string_view* names,
                                             std::size_t count) {
    StringInfoData list;
    initStringInfo(&list);
    for (std::size_t i = 0; i < count; ++i)
        appendStringInfo(&list, "%s%.*s", i > 0 ? ", " : "", static_cast<int>(names[i].size()),
                         names[i].data());
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("unknown %s \"%.*s\"", what, static_cast<int>(name.size()), name.data()),
                    errhint("The %s are: %s.", plural, list.data)));
    pg_unreachable();
}

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

}  // namespace vg::pg
