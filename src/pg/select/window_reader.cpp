// From the rows of a window partition to an Input.

#include "pg/boundary/pg.h"

#include "pg/select/window_reader.h"

#include <cmath>
#include <type_traits>

#include "core/base/names.h"

namespace vg::pg::select {

static_assert(std::is_trivially_destructible_v<WindowReader>);  // errors jump over it

WindowReader::WindowReader(FunctionCallInfo fcinfo, const Layout& layout)
    : call_(fcinfo), window_(PG_WINDOW_OBJECT()), layout_(layout) {}

NullableDatum WindowReader::current(int argument) {
    NullableDatum d = {0, true};
    if (argument != kNoArgument)
        d.value = WinGetFuncArgCurrent(window_, argument, &d.isnull);
    return d;
}

double WindowReader::current_number(int argument, const char* name) {
    const NullableDatum d = current(argument);
    if (d.isnull)
        report_null_argument(name);
    return DatumGetFloat8(d.value);
}

std::string_view WindowReader::current_text(int argument, const char* name) {
    const NullableDatum d = current(argument);
    if (d.isnull)
        report_null_argument(name);
    return text_view(DatumGetTextPP(d.value));
}

RowArgument WindowReader::row_argument(int number) {
    RowArgument a;
    a.number = number;
    if (number == kNoArgument)
        return a;
    a.constant = get_fn_expr_arg_stable(call_->flinfo, number);
    if (a.constant)
        a.value = current(number);
    return a;
}

NullableDatum WindowReader::at_row(const RowArgument& argument, int64 row) {
    if (argument.constant)
        return argument.value;
    NullableDatum d = {0, true};
    bool outside;
    d.value = WinGetFuncArgInPartition(window_, argument.number, static_cast<int>(row),
                                       WINDOW_SEEK_HEAD, false, &d.isnull, &outside);
    return d;
}

double WindowReader::number_at_row(const RowArgument& argument, int64 row, const char* name) {
    const NullableDatum d = at_row(argument, row);
    return d.isnull ? vg::select::kAbsent : checked_number(name, DatumGetFloat8(d.value), row + 1);
}

// ---- settings

void WindowReader::read_settings(Input* input, vg::select::Method method) {
    if (layout_.method != kNoArgument)
        method = checked_method(current_text(layout_.method, "method"));
    input->request.method = method;
    if (layout_.diversity != kNoArgument) {
        input->request.diversity =
            check_share(current_number(layout_.diversity, "diversity"), "diversity");
        input->request.compression = vg::select::compression_weights(input->request.diversity);
    }
    if (layout_.dispersion != kNoArgument)
        read_compression(input);
    read_limits(input);
}

void WindowReader::read_compression(Input* input) {
    const auto weight = [this](int argument, const char* name) {
        return check_nonnegative(current_number(argument, name), name);
    };
    vg::select::CompressionWeights& w = input->request.compression;
    w.relevance = weight(layout_.relevance_weight, "relevance_weight");
    w.coverage = weight(layout_.coverage_weight, "coverage_weight");
    w.diversity = weight(layout_.diversity_weight, "diversity_weight");
    const std::string_view name = current_text(layout_.dispersion, "dispersion");
    w.dispersion = check_choice<vg::select::Dispersion>(name, "dispersion", "dispersions",
                                                        vg::select::kDispersionNames);
}

void WindowReader::read_limits(Input* input) {
    const NullableDatum budget = current(layout_.budget);
    if (!budget.isnull)
        input->limits.budget = check_nonnegative(DatumGetFloat8(budget.value), "budget");
    const NullableDatum k = current(layout_.k);
    if (!k.isnull)
        input->limits.k = static_cast<std::size_t>(check_at_least(DatumGetInt32(k.value), "k", 1));
    else if (budget.isnull)
        ereport(ERROR,
                (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("argument \"k\" must not be null"),
                 errhint("Only a budget can take the place of k.")));
    const NullableDatum dedupe = current(layout_.dedupe);
    if (!dedupe.isnull)
        input->limits.dedupe = check_share(DatumGetFloat8(dedupe.value), "dedupe");
}

// ---- rows

void WindowReader::find_arguments(Input* input) {
    embedding_ = row_argument(layout_.embedding);
    relevance_ = row_argument(layout_.relevance);
    shown_ = row_argument(layout_.shown);
    cost_ = row_argument(layout_.cost);
    grp_ = row_argument(layout_.grp);
    most_ = row_argument(layout_.max_per_group);
    least_ = row_argument(layout_.min_per_group);
    weight_ = row_argument(layout_.weight);
    if (cost_.given() == std::isnan(input->limits.budget))
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("cost and budget must be given together")));
    if (grp_.given())
        input->groups.set_type(get_fn_expr_argtype(call_->flinfo, layout_.grp), call_->fncollation);
    else if (most_.given() || least_.given())
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("max_per_group and min_per_group need grp")));
}

InputRow WindowReader::read_row(int64 row) {
    InputRow r{};
    r.number = row + 1;
    const NullableDatum embedding = at_row(embedding_, row);
    r.embedding = embedding.value;
    r.has_embedding = !embedding.isnull;
    r.row.relevance = number_at_row(relevance_, row, "relevance");
    const NullableDatum shown = at_row(shown_, row);
    r.row.shown = !shown.isnull && DatumGetBool(shown.value);
    r.row.weight = number_at_row(weight_, row, "weight");
    r.row.cost = number_at_row(cost_, row, "cost");
    return r;
}

void WindowReader::read_group(Input* input, InputRow* row) {
    const NullableDatum group = at_row(grp_, row->number - 1);
    if (group.isnull)
        return;
    row->row.group = input->groups.number(group.value);
    const NullableDatum most = at_row(most_, row->number - 1);
    const NullableDatum least = at_row(least_, row->number - 1);
    set_group_limits(input, row->row.group, most.isnull ? kNoGroupLimit : DatumGetInt32(most.value),
                     least.isnull ? kNoGroupLimit : DatumGetInt32(least.value));
}

void WindowReader::read_rows(Input* input, std::pmr::vector<int64>* positions) {
    constexpr int64 kRowsPerReset = 32;
    find_arguments(input);
    const int64 rows = WinGetPartitionRowCount(window_);
    input->expected_rows = static_cast<std::size_t>(rows);
    MemoryContext scratch =
        AllocSetContextCreate(input->context, "rows of a selection", ALLOCSET_DEFAULT_SIZES);
    const MemoryContext old = MemoryContextSwitchTo(scratch);
    for (int64 i = 0; i < rows; ++i) {
        CHECK_FOR_INTERRUPTS();
        InputRow row = read_row(i);
        read_group(input, &row);
        if (add_row(input, row, layout_.embedding != kNoArgument))
            positions->push_back(i);
        if (i % kRowsPerReset == kRowsPerReset - 1)
            MemoryContextReset(scratch);
    }
    MemoryContextSwitchTo(old);
    MemoryContextDelete(scratch);
}

}  // namespace vg::pg::select
