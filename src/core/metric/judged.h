// The documents of one query, as a ranking metric sees them: what a system retrieved, what was
// judged, and how good it is. Input is one row per document of `run FULL JOIN qrels`, in any order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/poll.h"

namespace vg::metric {

// One document. Neither retrieved nor judged is legal and means nothing.
struct Judgement {
    double rel;         // finite; of no meaning when not judged
    std::int32_t rank;  // 1-based; 0 = judged but not retrieved
    bool judged;        // false = retrieved but not judged
};

// What is wrong with the ranks of one query. They must be 1, 2, ..., n, each once, in any order.
struct RankFault {
    enum Kind : std::uint8_t { kNone, kDuplicate, kMissing };
    Kind kind = kNone;
    std::int32_t rank = 0;  // the rank that is there twice, or the first that is missing
};

// The first fault of the ranks that are not 0. Throws std::bad_alloc and what the poll throws.
RankFault check_ranks(std::span<const std::int32_t> ranks, Poll poll);

// The ranking and its judgements, ready for the metrics of ranking.h.
class Judged {
  public:
    // rows must have passed check_ranks. Throws std::bad_alloc and what the poll throws.
    Judged(std::span<const Judgement> rows, Poll poll);

    // Grade of the document at rank i + 1; NaN = not judged.
    std::span<const double> run() const noexcept { return run_; }
    // Grades of all judged documents, best first.
    std::span<const double> judged() const noexcept { return judged_; }
    // Judged documents of at least this grade.
    std::size_t relevant(double threshold) const noexcept;

  private:
    std::vector<double> run_;
    std::vector<double> judged_;
};

}  // namespace vg::metric
