// A random sample of a column's rows, and the distances from each of them to its nearest other
// rows: what lid_rows and lid_profile are computed from.
//
// Ownership: a Sample lives in a memory context (new_in_context) and owns its containers; the
// functions own nothing and may ereport. Its size is bounded by maintenance_work_mem.
#pragma once

#include "pg/boundary/pg.h"

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/random.h"
#include "core/hnsw/recall.h"
#include "pg/lid/column.h"
#include "pg/lid/method.h"

namespace vg::pg::lid {

struct SampleRequest {
    Oid relation;
    const char* column;
    int k;
    const char* metric;  // null: choose_metric's default
    int rows;            // at most
    Method method;
    const char* search;
    std::uint64_t seed;
    bool need_ctid;   // keep where the rows are
    bool need_order;  // estimate LID as a build does, too
};

struct RowId {
    Oid relation;
    ItemPointerData ctid;
};

// Of one sampled row.
struct RowResult {
    float lid;      // 0: unknown
    float nearest;  // to the nearest and to the last of the k other rows; < 0: there is none
    float farthest;
    float first;  // the two nearest that are no duplicates; 0: there are fewer
    float second;
    int neighbours;  // that are no duplicates
};

struct Sample {
    Sample(const SampleRequest& r, const Column& c) : request(r), column(c), random(r.seed) {}

    SampleRequest request;
    Column column;
    Random random;
    std::uint64_t rows = 0;     // that have a vector with a distance to others
    std::uint64_t skipped = 0;  // zero vectors under cosine
    std::size_t dims = 0;       // 0 before the first row

    std::vector<float> row;       // scratch: the row at hand, of unit length under cosine
    std::vector<float> distance;  // scratch: to the neighbours of one row, ascending
    std::vector<float> points;    // the sampled rows; moved into the panel by an exact search
    std::vector<RowId> ids;       // empty unless need_ctid
    std::vector<RowResult> results;

    std::optional<hnsw::ExactPanel> panel;
    // What a build looks at: Euclidean distances to a random prefix of the rows.
    std::optional<hnsw::ExactPanel> prefix;
    double prefix_share = 0;
    std::vector<float> prefix_lid;

    std::size_t size() const noexcept { return results.size(); }
    bool exact() const noexcept { return column.order_operator == nullptr; }
    const float* point(std::size_t i) const noexcept {
        return exact() ? panel->query(i) : points.data() + i * dims;
    }
};

// Checks the request, samples the rows and measures them. `context` holds the result.
Sample* take_sample(const SampleRequest& request, MemoryContext context);

// The arguments that both functions share.
SampleRequest read_request(FunctionCallInfo fcinfo);

}  // namespace vg::pg::lid
