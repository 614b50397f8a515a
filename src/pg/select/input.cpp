// Reading, checking and running one selection; the parameters diverse.*.

#include "pg/boundary/pg.h"

#include "pg/select/select.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "core/base/names.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/compat.h"
#include "pg/boundary/memory.h"
#include "pg/types/vector.h"

namespace vg::pg::select {

int select_max_candidates = 5000;
int select_max_pairwise_candidates = 2000;

namespace {

constexpr int kMostCandidates = 1000000;

void check_count(std::size_t rows, const vg::select::Request& request) {
    const bool pairwise = vg::select::needs_all_pairs(request);
    const int limit = pairwise ? std::min(select_max_candidates, select_max_pairwise_candidates)
                               : select_max_candidates;
    if (rows <= static_cast<std::size_t>(limit))
        return;
    const bool by_pairs = pairwise && select_max_pairwise_candidates <= select_max_candidates;
    ereport(ERROR,
            (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
             errmsg("more than %d candidates in one selection", limit),
             errdetail(by_pairs ? "The method compares all pairs of candidates."
                                : "The method compares every chosen row with all candidates."),
             errhint("Pass fewer rows, for example the nearest ones with ORDER BY ... LIMIT, or "
                     "raise %s.",
                     by_pairs ? "diverse.max_pairwise_candidates" : "diverse.max_candidates")));
}

bool is_zero(const Vector& vector) {
    for (int i = 0; i < vector.dim; ++i) {
        if (vector.x[i] != 0.0f)
            return false;
    }
    return true;
}

void check_vector(const Input& input, const Vector& vector, int64 row) {
    if (input.candidates.size() > 0 && static_cast<int>(input.candidates.dims()) != vector.dim)
        report_different_dims(static_cast<int>(input.candidates.dims()), vector.dim);
    if (is_zero(vector))
        ereport(
            ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
             errmsg("a zero vector has no direction to compare"),
             errdetail("Row " INT64_FORMAT " of the selection holds one.", row),
             errhint("Leave such rows out, for example with WHERE vector_norm(embedding) > 0.")));
}

void check_row(const InputRow& row) {
    const Place place{"row", row.number, "the selection"};
    if (row.row.weight < 0.0)
        report_number("weight", "not be negative", row.row.weight, place);
    if (row.row.cost < 0.0)
        report_number("cost", "not be negative", row.row.cost, place);
}

std::size_t bytes_with(const Input& input, std::size_t rows, std::size_t dims) {
    return vg::select::Candidates::bytes(rows, dims) +
           vg::select::working_bytes(input.request, rows, dims, input.limits.k) +
           input.extra_bytes + input.groups.bytes();
}

// Makes room for the rows to come, as far as the limits let them come.
void reserve_rows(Input* input, std::size_t dims) {
    const std::size_t fitting = state_budget() / vg::select::Candidates::bytes(1, dims);
    input->candidates.reserve(
        std::min({input->expected_rows, fitting, static_cast<std::size_t>(select_max_candidates)}),
        dims);
}

}  // namespace

Input::Input(MemoryContext where)
    : context(where),
      memory(where),
      candidates(&memory),
      limits(&memory),
      groups(where, "grp"),
      limited(&memory),
      picks(&memory) {}

bool add_row(Input* input, const InputRow& row, bool needs_embedding) {
    if (needs_embedding && !row.has_embedding)
        return false;
    if (std::isnan(row.row.relevance) && !row.row.shown && !(row.row.weight > 0))
        return false;
    check_row(row);
    const std::size_t rows = input->candidates.size() + 1;
    check_count(rows, input->request);
    if (!needs_embedding) {
        check_selection_size(bytes_with(*input, rows, 0));
        input->candidates.add({}, row.row);
        return true;
    }
    const Vector* vector = datum_vector(row.embedding);
    check_vector(*input, *vector, row.number);
    const auto dims = static_cast<std::size_t>(vector->dim);
    check_selection_size(bytes_with(*input, rows, dims));
    if (rows == 1)
        reserve_rows(input, dims);
    input->candidates.add({vector->x, dims}, row.row);
    return true;
}

void set_group_limits(Input* input, int group, int64 at_most, int64 at_least) {
    const bool has_most = at_most != kNoGroupLimit;
    const bool has_least = at_least != kNoGroupLimit;
    if (has_most)
        check_at_least(at_most, "max_per_group", 0);
    if (has_least)
        check_at_least(at_least, "min_per_group", 0);
    if (has_most && has_least && at_least > at_most)
        report_integer("min_per_group",
                       psprintf("be at most max_per_group, " INT64_FORMAT, at_most), at_least);
    vg::select::GroupLimit limit;
    if (has_most)
        limit.at_most = static_cast<std::size_t>(at_most);
    if (has_least)
        limit.at_least = static_cast<std::size_t>(at_least);
    const auto g = static_cast<std::size_t>(group);
    if (g >= input->limited.size()) {
        input->limited.resize(g + 1, false);
        input->limits.groups.resize(g + 1);
    }
    vg::select::GroupLimit& known = input->limits.groups[g];
    if (input->limited[g] && (known.at_most != limit.at_most || known.at_least != limit.at_least))
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("max_per_group and min_per_group differ within a group"),
                        errdetail("They may depend on the group, but on nothing else.")));
    known = limit;
    input->limited[g] = true;
}

void run_selection(Input* input) {
    const std::size_t used = bytes_with(*input, input->candidates.size(), input->candidates.dims());
    const std::size_t spare = used < state_budget() ? state_budget() - used : 0;
    input->candidates.finish();
    input->picks = vg::select::select(input->candidates, input->request, input->limits, spare,
                                      &input->memory, kInterruptPoll);
}

double checked_number(const char* name, double value, int64 row) {
    return check_finite(value, name, {"row", row, "the selection"});
}

vg::select::Method checked_method(std::string_view name) {
    return check_choice<vg::select::Method>(name, "selection method", "methods",
                                            vg::select::kMethodNames);
}

void check_selection_size(std::size_t bytes) {
    check_state_size("a selection", static_cast<double>(bytes),
                     "pass fewer rows, for example the nearest ones with ORDER BY ... LIMIT");
}

Datum array_of(Oid type, int count, NullableDatum (*element)(int i, void* arg), void* arg) {
    if (count == 0)
        return PointerGetDatum(construct_empty_array(type));
    int16 length;
    bool by_value;
    char align;
    get_typlenbyvalalign(type, &length, &by_value, &align);
    const auto n = static_cast<Size>(count);
    auto* values = static_cast<Datum*>(palloc(n * sizeof(Datum)));
    auto* nulls = static_cast<bool*>(palloc(n * sizeof(bool)));
    for (int i = 0; i < count; ++i) {
        const NullableDatum e = element(i, arg);
        values[i] = e.value;
        nulls[i] = e.isnull;
    }
    int dims[] = {count};
    int bounds[] = {1};
    return PointerGetDatum(
        construct_md_array(values, nulls, 1, dims, bounds, type, length, by_value, align));
}

void init() {
    DefineCustomIntVariable(
        "diverse.max_candidates", "Most rows one diversity-aware selection chooses from.",
        "A selection takes time in proportion to its rows times the rows it returns.",
        &select_max_candidates, 5000, 1, kMostCandidates, PGC_USERSET, 0, nullptr, nullptr,
        nullptr);
    DefineCustomIntVariable("diverse.max_pairwise_candidates",
                            "Most rows a selection that compares all pairs of rows chooses from.",
                            "Holds for facility_location, saturated, graph_cut and compression.",
                            &select_max_pairwise_candidates, 2000, 1, kMostCandidates, PGC_USERSET,
                            0, nullptr, nullptr, nullptr);
    MarkGUCPrefixReserved("diverse");
}

}  // namespace vg::pg::select
