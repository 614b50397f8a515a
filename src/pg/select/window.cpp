// The window functions. At the first row of a partition all its rows are read and the selection is
// made; then every row looks itself up.
//
// Ownership: the selection lives in a context that is deleted before the first row's value is
// returned. What is kept, O(k) per partition, belongs to the partition's memory.

#include "pg/boundary/pg.h"

#include <algorithm>

#include "pg/boundary/boundary.h"
#include "pg/select/select.h"
#include "pg/select/window_reader.h"

namespace vg::pg::select {
namespace {

using vg::select::Method;

// (embedding, relevance, k, diversity, shown, dedupe, cost, budget, grp, max_per_group,
// min_per_group [, weight]), behind a method where there is one.
Layout method_layout(int first, int nargs) {
    Layout a;
    a.method = first > 0 ? 0 : kNoArgument;
    a.embedding = first;
    a.relevance = first + 1;
    a.k = first + 2;
    a.diversity = first + 3;
    a.shown = first + 4;
    a.dedupe = first + 5;
    a.cost = first + 6;
    a.budget = first + 7;
    a.grp = first + 8;
    a.max_per_group = first + 9;
    a.min_per_group = first + 10;
    a.weight = nargs > first + 11 ? first + 11 : kNoArgument;
    return a;
}

constexpr Layout kCompressionLayout{.embedding = 0,
                                    .relevance = 1,
                                    .k = 2,
                                    .shown = 8,
                                    .dedupe = 9,
                                    .cost = 10,
                                    .budget = 11,
                                    .grp = 12,
                                    .max_per_group = 13,
                                    .min_per_group = 14,
                                    .weight = 7,
                                    .relevance_weight = 3,
                                    .coverage_weight = 4,
                                    .diversity_weight = 5,
                                    .dispersion = 6};

constexpr Layout kQuotaLayout{.relevance = 0,
                              .k = 2,
                              .shown = 5,
                              .cost = 6,
                              .budget = 7,
                              .grp = 1,
                              .max_per_group = 3,
                              .min_per_group = 4};

struct Chosen {
    int64 position;
    int32 rank;
    double gain;
};

// What a partition keeps. Zeroed by PostgreSQL when the partition starts.
struct PartitionState {
    bool ready;
    int count;
    Chosen* chosen;  // by position
};

struct WindowSelection {
    explicit WindowSelection(MemoryContext context) : input(context), positions(&input.memory) {}
    Input input;
    std::pmr::vector<int64> positions;  // of the rows that take part
};

void keep_picks(const WindowSelection& s, PartitionState* state) {
    const std::pmr::vector<vg::select::Pick>& picks = s.input.picks;
    state->chosen = static_cast<Chosen*>(MemoryContextAllocHuge(
        GetMemoryChunkContext(state), std::max<Size>(1, picks.size()) * sizeof(Chosen)));
    state->count = static_cast<int>(picks.size());
    for (int i = 0; i < state->count; ++i) {
        const vg::select::Pick& pick = picks[static_cast<std::size_t>(i)];
        state->chosen[i] = {s.positions[s.input.candidates.position(pick.row)], i + 1, pick.gain};
    }
    std::sort(state->chosen, state->chosen + state->count,
              [](const Chosen& a, const Chosen& b) { return a.position < b.position; });
}

void select_in_partition(FunctionCallInfo fcinfo, const Layout& layout, Method method,
                         PartitionState* state) {
    MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "diversity-aware selection",
                                                  ALLOCSET_DEFAULT_SIZES);
    const MemoryContext old = MemoryContextSwitchTo(context);
    auto* s = new_in_context<WindowSelection>(context, context);
    WindowReader reader(fcinfo, layout);
    reader.read_settings(&s->input, method);
    reader.read_rows(&s->input, &s->positions);
    run_selection(&s->input);
    keep_picks(*s, state);
    state->ready = true;
    MemoryContextSwitchTo(old);
    MemoryContextDelete(context);
}

// The current row among the chosen ones, or null.
const Chosen* choice(FunctionCallInfo fcinfo, const Layout& layout, Method method) {
    WindowObject window = PG_WINDOW_OBJECT();
    if (!WindowObjectIsValid(window))
        ereport(ERROR, (errcode(ERRCODE_WINDOWING_ERROR),
                        errmsg("selection functions are window functions")));
    auto* state =
        static_cast<PartitionState*>(WinGetPartitionLocalMemory(window, sizeof(PartitionState)));
    if (!state->ready)
        select_in_partition(fcinfo, layout, method, state);
    const int64 position = WinGetCurrentPosition(window);
    const Chosen* begin = state->chosen;
    const Chosen* end = begin + state->count;
    const Chosen* found = std::lower_bound(
        begin, end, position, [](const Chosen& c, int64 wanted) { return c.position < wanted; });
    return found != end && found->position == position ? found : nullptr;
}

Datum rank_of(FunctionCallInfo fcinfo, const Layout& layout, Method method) {
    const Chosen* chosen = choice(fcinfo, layout, method);
    if (chosen == nullptr)
        PG_RETURN_NULL();
    return Int32GetDatum(chosen->rank);
}

Datum rank_by(FunctionCallInfo fcinfo, Method method) {
    return rank_of(fcinfo, method_layout(0, PG_NARGS()), method);
}

}  // namespace

VG_FUNCTION_RETURNS(vg_mmr_rank, rank_by(fcinfo, Method::kMmr))
VG_FUNCTION_RETURNS(vg_dpp_rank, rank_by(fcinfo, Method::kDpp))
VG_FUNCTION_RETURNS(vg_facility_location_rank, rank_by(fcinfo, Method::kFacilityLocation))
VG_FUNCTION_RETURNS(vg_saturated_rank, rank_by(fcinfo, Method::kSaturated))
VG_FUNCTION_RETURNS(vg_graph_cut_rank, rank_by(fcinfo, Method::kGraphCut))
VG_FUNCTION_RETURNS(vg_max_min_rank, rank_by(fcinfo, Method::kMaxMin))
VG_FUNCTION_RETURNS(vg_max_sum_rank, rank_by(fcinfo, Method::kMaxSum))
VG_FUNCTION_RETURNS(vg_compression_rank, rank_of(fcinfo, kCompressionLayout, Method::kCompression))
VG_FUNCTION_RETURNS(vg_quota_rank, rank_of(fcinfo, kQuotaLayout, Method::kTopK))
// The method is an argument of the next two.
VG_FUNCTION_RETURNS(vg_diverse_rank, rank_of(fcinfo, method_layout(1, PG_NARGS()), Method::kTopK))
VG_FUNCTION(vg_diverse_gain) {
    const Chosen* chosen = choice(fcinfo, method_layout(1, PG_NARGS()), Method::kTopK);
    if (chosen == nullptr)
        PG_RETURN_NULL();
    return Float8GetDatum(chosen->gain);
}

}  // namespace vg::pg::select
