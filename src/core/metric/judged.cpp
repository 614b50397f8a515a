#include "core/metric/judged.h"

#include <algorithm>
#include <functional>
#include <limits>

#include "core/base/pace.h"
#include "core/no_postgres.h"

namespace vg::metric {

RankFault check_ranks(std::span<const std::int32_t> ranks, Poll poll) {
    Pace pace(poll);
    std::vector<std::int32_t> sorted;
    sorted.reserve(ranks.size());
    for (const std::int32_t rank : ranks) {
        if (rank != 0)
            sorted.push_back(rank);
        pace();
    }
    sort_paced(sorted.begin(), sorted.end(), pace);
    std::int32_t expected = 1;
    for (const std::int32_t rank : sorted) {
        if (rank < expected)
            return {RankFault::kDuplicate, rank};
        if (rank > expected)
            return {RankFault::kMissing, expected};
        ++expected;
    }
    return {};
}

Judged::Judged(std::span<const Judgement> rows, Poll poll) {
    Pace pace(poll);
    std::size_t retrieved = 0;
    std::size_t judged = 0;
    for (const Judgement& row : rows) {
        retrieved += row.rank != 0;
        judged += row.judged;
    }
    run_.assign(retrieved, std::numeric_limits<double>::quiet_NaN());
    judged_.reserve(judged);
    for (const Judgement& row : rows) {
        pace();
        if (!row.judged)
            continue;
        judged_.push_back(row.rel);
        if (row.rank != 0)
            run_[static_cast<std::size_t>(row.rank) - 1] = row.rel;
    }
    sort_paced(judged_.begin(), judged_.end(), pace, std::greater<>());
}

std::size_t Judged::relevant(double threshold) const noexcept {
    const auto end =
        std::upper_bound(judged_.begin(), judged_.end(), threshold, std::greater<double>());
    return static_cast<std::size_t>(end - judged_.begin());
}

}  // namespace vg::metric
