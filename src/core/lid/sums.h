// LID from distances that come one at a time, in any order: what the SQL aggregates keep per group,
// and what the estimators of lid.h are made of. Constant memory; parts can be computed apart and
// merged. A trivial struct of doubles on purpose, so that it can be stored as an array.
//
// Distances are finite and >= 0. Zeros (duplicates of the point) are dropped. Everything is kept
// relative to the first distance, or a later one that is greater by far: nothing overflows, and
// nearly equal distances keep their digits.
#pragma once

namespace vg::lid {

struct DistanceSums {
    double n = 0;          // positive distances
    double reference = 0;  // the first of them, or a much greater one
    double logs = 0;       // sum of ln(r / reference)
    double ratios = 0;     // sum of r / reference
    double min = 0;
    double max = 0;

    // Sets the reference beforehand; it is not counted.
    static DistanceSums relative_to(double reference) noexcept;
    void add(double distance) noexcept;
    void merge(const DistanceSums& other) noexcept;

    // Takes another reference for what was added so far.
    void refer_to(double other) noexcept;

    // lid.h has formulas and sources. 0 means unknown: fewer than two positive distances, or all
    // equal. Otherwise positive, without an upper limit.
    double mle() const noexcept;
    double method_of_moments() const noexcept;
};

}  // namespace vg::lid
