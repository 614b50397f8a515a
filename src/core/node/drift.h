// How far the rows of an index have moved from what its codes were made for, and whether some lie
// far outside all others. The centre of the codes is fixed when the index is built; rows that come
// later may lie elsewhere, and are then found less well until a rebuild.
//
//   Drift drift(geometry, metric, centre); for every live base slot: drift.add(slot);
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/node/format.h"
#include "core/node/slot.h"

namespace vg::node {

class Drift {
  public:
    // centre: geometry.dims floats, copied. Throws std::bad_alloc.
    Drift(const Geometry& geometry, Metric metric, const float* centre);

    void add(const SlotView& slot) noexcept;

    std::uint64_t rows() const noexcept { return rows_; }
    // Distance of the rows' mean from the centre, in units of the rows' root mean square distance
    // from their mean; 0 where there is no row, infinity where all rows are equal and not at the
    // centre.
    double centre_shift() const noexcept;
    // Rows over some hundred times as far from the centre as the median row. Of L2 and L1 alone:
    // lengths do not count for cosine, and may be of any size for inner products.
    std::uint64_t outliers() const noexcept;

  private:
    Geometry geometry_;
    bool has_distances_;
    std::vector<float> centre_;
    std::vector<float> row_;   // scratch
    std::vector<double> sum_;  // of rows less centre, by coordinate
    double squares_ = 0;       // of the same
    std::uint64_t rows_ = 0;
    std::vector<std::uint64_t> by_size_;  // rows by the binary exponent of their squared distance
};

// Shift above which an index answers measurably worse than a rebuilt one (docs/tuning.md).
inline constexpr double kShiftLimit = 1.0;

// What advise() goes by.
struct Upkeep {
    std::uint64_t live_nodes = 0;
    std::uint64_t dead_nodes = 0;
    std::uint64_t free_slots = 0;
    std::uint64_t unreachable = 0;
    std::uint64_t inserted = 0;  // since the build
    std::uint64_t outliers = 0;
    double centre_shift = 0;
};
// The most pressing advice, null for none: a static string.
const char* advise(const Upkeep& facts) noexcept;

}  // namespace vg::node
