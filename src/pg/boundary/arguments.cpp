#include "pg/boundary/pg.h"

#include "pg/boundary/arguments.h"

#include <cfloat>

namespace vg::pg {
namespace {

const char* number_text(float8 value) {
    if (std::isnan(value))
        return "NaN";
    return std::isinf(value) ? "infinite" : psprintf("%g", value);
}

[[noreturn]] void report_value(const char* name, const char* demand, const char* value,
                               const Place& place) {
    const char* where = place.where;
    if (where == nullptr && place.what != nullptr)
        where = psprintf("in %s " INT64_FORMAT " of %s", place.what, place.number, place.whole);
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s must %s", name, demand),
                    where == nullptr ? errdetail("It is %s.", value)
                                     : errdetail("It is %s %s.", value, where),
                    place.hint == nullptr ? 0 : errhint("%s", place.hint)));
    pg_unreachable();
}

}  // namespace

void report_null_argument(const char* name) {
    ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                    errmsg("argument \"%s\" must not be null", name)));
    pg_unreachable();
}

void report_null(const char* name) {
    ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", name)));
    pg_unreachable();
}

void report_number(const char* name, const char* demand, float8 value, const Place& place) {
    report_value(name, demand, number_text(value), place);
}

void report_integer(const char* name, const char* demand, int64 value, const Place& place) {
    report_value(name, demand, psprintf(INT64_FORMAT, value), place);
}

void report_range(const char* name, int64 least, int64 most, int64 value, const Place& place) {
    const char* demand =
        most == PG_INT64_MAX
            ? psprintf("be at least " INT64_FORMAT, least)
            : psprintf("be between " INT64_FORMAT " and " INT64_FORMAT, least, most);
    report_integer(name, demand, value, place);
}

void report_range(const char* name, float8 least, float8 most, float8 value, const Place& place) {
    const char* demand = least <= -DBL_MAX ? psprintf("be at most %g", most)
                         : most >= DBL_MAX ? psprintf("be at least %g", least)
                                           : psprintf("be between %g and %g", least, most);
    report_number(name, demand, value, place);
}

void report_unknown_name(const char* what, const char* plural, std::string_view name,
                         const std::string_view* names, std::size_t count) {
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

}  // namespace vg::pg
