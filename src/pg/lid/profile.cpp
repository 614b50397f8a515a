// lid_profile: a column's LID in one row, and what a build with build_order = auto makes of it.

#include "pg/boundary/pg.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "core/distance/distance.h"
#include "core/lid/lid.h"
#include "core/lid/order.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/context.h"
#include "pg/boundary/result.h"
#include "pg/lid/sample.h"

namespace vg::pg::lid {
namespace {

struct Profile {
    explicit Profile(const Sample* s) : sample(s) {}

    const Sample* sample;
    std::vector<float> lid;  // known estimates
    std::vector<float> first;
    std::vector<float> second;
    std::size_t duplicates = 0;  // sampled rows that equal another row

    std::vector<std::uint32_t> pivots;
    std::vector<std::uint32_t> cell;
    std::vector<float> ordered_lid;  // as a build estimates it; 0 for the pivots

    double spread = 0;
    double confounding = 0;
    const char* build_order = nullptr;  // null: not asked
    const char* reason = nullptr;
};

void gather(Profile* p) {
    for (const RowResult& r : p->sample->results) {
        if (r.lid > 0)
            p->lid.push_back(r.lid);
        if (r.second > 0) {
            p->first.push_back(r.first);
            p->second.push_back(r.second);
        }
        p->duplicates += r.nearest == 0 ? 1 : 0;
    }
}

double mean(const std::vector<float>& lid) {
    double sum = 0;
    for (const float x : lid)
        sum += x;
    return sum / static_cast<double>(lid.size());
}

// 1 / LID is what the estimator gives without bias, so its mean is the one to invert (MacKay and
// Ghahramani 2005).
double harmonic_mean(const std::vector<float>& lid) {
    double sum = 0;
    for (const float x : lid)
        sum += 1.0 / x;
    return static_cast<double>(lid.size()) / sum;
}

// ---- build order ------------------------------------------------------------------------------

void choose_pivots(Profile* p) {
    Random random(p->sample->request.seed);
    for (std::uint32_t i = 0; i < p->sample->size(); ++i)
        p->pivots.push_back(i);
    shuffle(p->pivots, random);
    p->pivots.resize(std::min<std::size_t>(p->pivots.size(), vg::lid::kPivots));
}

std::uint32_t nearest_pivot(const Profile* p, std::size_t i) {
    const Sample* s = p->sample;
    std::uint32_t best = 0;
    float least = std::numeric_limits<float>::infinity();
    for (std::uint32_t c = 0; c < p->pivots.size(); ++c) {
        const float d = distance::l2_squared(s->point(p->pivots[c]), s->point(i), s->dims);
        if (d < least) {
            least = d;
            best = c;
        }
    }
    return best;
}

void judge_order(Profile* p) {
    const Sample* s = p->sample;
    p->spread = vg::lid::spread(s->prefix_lid);
    choose_pivots(p);
    p->ordered_lid = s->prefix_lid;
    for (const std::uint32_t pivot : p->pivots)
        p->ordered_lid[pivot] = 0;
    for (std::size_t i = 0; i < s->size(); ++i) {
        CHECK_FOR_INTERRUPTS();
        p->cell.push_back(nearest_pivot(p, i));
    }
    p->confounding =
        vg::lid::confounding(p->ordered_lid, p->cell, static_cast<std::uint32_t>(p->pivots.size()));
}

void explain_order(Profile* p) {
    const auto rows = static_cast<std::size_t>(p->sample->rows);
    p->build_order = "random";
    if (vg::lid::prefix_rows(rows) >= rows)
        p->reason = "so few rows all go into the random prefix of a build";
    else if (p->spread < vg::lid::kMinSpread)
        p->reason =
            psprintf("spread %.2f is below %.2f: LID differs no more than its estimate does",
                     p->spread, vg::lid::kMinSpread);
    else if (p->confounding > vg::lid::kMaxConfounding)
        p->reason = psprintf(
            "confounding %.2f is above %.2f: a sort by LID would be a sort by "
            "cluster",
            p->confounding, vg::lid::kMaxConfounding);
    else {
        p->build_order = "lid";
        p->reason =
            psprintf("spread %.2f is at least %.2f, confounding %.2f at most %.2f", p->spread,
                     vg::lid::kMinSpread, p->confounding, vg::lid::kMaxConfounding);
    }
}

// ---- result -----------------------------------------------------------------------------------

// In the order of lid.sql.
void fill_row(Profile* p, ResultRow* row) {
    const Sample* s = p->sample;
    const std::size_t n = s->size();
    const bool none = p->lid.empty();
    const double two_nn = vg::lid::two_nn(p->first, p->second, vg::lid::Scale::kDistance);
    row->add_int8(s->rows);
    row->add_int8(s->skipped);
    row->add_int4(static_cast<std::int64_t>(n));
    row->add_text(metric_name(s->column.metric));
    row->add_text(s->exact() ? "exact" : "index");
    row->add_float8(none ? 0 : mean(p->lid), none);
    for (const double q : {0.1, 0.5, 0.9, 0.99})
        row->add_float8(none ? 0 : vg::lid::quantile(p->lid, q), none);
    row->add_int4(static_cast<std::int64_t>(n - p->lid.size()));
    row->add_float8(none ? 0 : harmonic_mean(p->lid), none);
    row->add_float8(two_nn, !(two_nn > 0));
    row->add_float8(n > 0 ? static_cast<double>(p->duplicates) / static_cast<double>(n) : 0,
                    n == 0);
    row->add_float8(p->spread, p->build_order == nullptr);
    row->add_float8(p->confounding, p->build_order == nullptr);
    row->add_text(p->build_order);
    row->add_text(p->reason);
}

}  // namespace

VG_FUNCTION(vg_lid_profile) {
    ResultRow row(row_columns(fcinfo));
    SampleRequest request = read_request(fcinfo);
    request.need_order = true;
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "lid sample", ALLOCSET_DEFAULT_SIZES);
    const Sample* s = take_sample(request, context);
    auto* p = new_in_context<Profile>(context, s);
    gather(p);
    if (s->size() > 0 && s->exact()) {
        judge_order(p);
        explain_order(p);
    }
    fill_row(p, &row);
    MemoryContextDelete(context);
    return row.datum();
}

}  // namespace vg::pg::lid
