// The rows that a scan has scored and not returned yet, in the order in which the executor would
// sort them. Plain C++: nothing here calls PostgreSQL.
#pragma once

#include "pg/boundary/pg.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "core/node/format.h"

namespace vg::pg::cur {

struct Result {
    double distance;
    bool null;
    node::Tid tid;
};

// As the executor sorts float8: NaN behind everything, NULL behind that; ties by TID.
inline bool comes_before(const Result& a, const Result& b) {
    if (a.null != b.null)
        return b.null;
    if (!a.null) {
        const bool nan_a = std::isnan(a.distance);
        const bool nan_b = std::isnan(b.distance);
        if (nan_a != nan_b)
            return nan_b;
        if (!nan_a && a.distance != b.distance)
            return a.distance < b.distance;
    }
    return a.tid.key() < b.tid.key();
}

class Results {
  public:
    void add(const Result& result) { results_.push_back(result); }
    // Orders what waits. Call it after rows were added and before the next one is taken.
    void sort() {
        std::sort(results_.begin() + static_cast<std::ptrdiff_t>(next_), results_.end(),
                  comes_before);
    }
    bool waiting() const { return next_ < results_.size(); }
    const Result& take() { return results_[next_++]; }
    std::size_t taken() const { return next_; }
    void clear() {
        results_.clear();
        next_ = 0;
    }

  private:
    std::vector<Result> results_;
    std::size_t next_ = 0;
};

}  // namespace vg::pg::cur
