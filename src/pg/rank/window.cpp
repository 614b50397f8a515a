// Window functions: minmax_norm, zscore_norm and sigmoid_norm of a score, edge_order of a list.
// Each looks at its whole partition, whatever the frame.
//
// Ownership: what one partition needs is plain data in the executor's partition-local memory,
// filled at the partition's first row and gone with it. No C++ object lives longer than a call.

#include "pg/boundary/pg.h"

#include <cmath>
#include <new>

#include "core/rank/normalise.h"
#include "core/rank/permutation.h"
#include "pg/boundary/arguments.h"
#include "pg/boundary/boundary.h"

namespace vg::pg::rank {
namespace {

// Counted from 1, in the order of the window: row_number() over the same window finds it.
void check_score(float8 score, int64 position) {
    check_finite(score, "score", {"row", position + 1, "the partition"});
}

using vg::rank::ScoreSummary;
static_assert(std::is_trivially_destructible_v<ScoreSummary>);

struct Partition {  // zeroed by the executor
    bool ready;
    alignas(ScoreSummary) unsigned char summary[sizeof(ScoreSummary)];
};

// Calls fn with each score of the partition that is not NULL.
template <typename Fn>
void for_each_score(WindowObject window, Fn fn) {
    const int64 rows = WinGetPartitionRowCount(window);
    for (int64 row = 0; row < rows; ++row) {
        CHECK_FOR_INTERRUPTS();
        bool isnull;
        bool outside;
        const Datum value = WinGetFuncArgInPartition(window, 0, static_cast<int>(row),
                                                     WINDOW_SEEK_HEAD, false, &isnull, &outside);
        if (isnull || outside)
            continue;
        const float8 score = DatumGetFloat8(value);
        check_score(score, row);
        fn(score);
    }
}

const ScoreSummary& partition_summary(WindowObject window, bool with_deviations) {
    auto* partition =
        static_cast<Partition*>(WinGetPartitionLocalMemory(window, sizeof(Partition)));
    auto* summary = reinterpret_cast<ScoreSummary*>(partition->summary);
    if (!partition->ready) {
        ::new (static_cast<void*>(partition->summary)) ScoreSummary();
        for_each_score(window, [summary](float8 score) { summary->add(score); });
        if (with_deviations)
            for_each_score(window, [summary](float8 score) { summary->add_deviation(score); });
        partition->ready = true;
    }
    return *summary;
}

// The score of the current row; false for NULL.
bool current_score(WindowObject window, float8* score) {
    bool isnull;
    const Datum value = WinGetFuncArgCurrent(window, 0, &isnull);
    if (isnull)
        return false;
    *score = DatumGetFloat8(value);
    check_score(*score, WinGetCurrentPosition(window));
    return true;
}

// The current row's score as one of its partition.
using Norm = double (ScoreSummary::*)(double score) const noexcept;
Datum norm_of(FunctionCallInfo fcinfo, Norm norm, bool with_deviations) {
    WindowObject window = PG_WINDOW_OBJECT();
    const ScoreSummary& summary = partition_summary(window, with_deviations);
    float8 score;
    if (!current_score(window, &score))
        PG_RETURN_NULL();
    const float8 result = (summary.*norm)(score);
    if (unlikely(!std::isfinite(result)))
        float_overflow_error();
    return Float8GetDatum(result);
}

}  // namespace

VG_FUNCTION_RETURNS(vg_minmax_norm, norm_of(fcinfo, &ScoreSummary::min_max, false))
VG_FUNCTION_RETURNS(vg_zscore_norm, norm_of(fcinfo, &ScoreSummary::z_score, true))

VG_FUNCTION(vg_sigmoid_norm) {
    float8 score;
    if (!current_score(PG_WINDOW_OBJECT(), &score))
        PG_RETURN_NULL();
    return Float8GetDatum(vg::rank::sigmoid(score));
}

VG_FUNCTION(vg_edge_order) {
    WindowObject window = PG_WINDOW_OBJECT();
    return Int64GetDatum(vg::rank::edge_position(WinGetCurrentPosition(window) + 1,
                                                 WinGetPartitionRowCount(window)));
}

}  // namespace vg::pg::rank
