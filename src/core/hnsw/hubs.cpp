// Implements hubs.h. Pivots are the first rows of the permutation, so they are a random sample.
#include "core/hnsw/hubs.h"

#include <algorithm>

#include "core/base/parallel.h"
#include "core/distance/distance.h"

#include "core/no_postgres.h"

namespace vg::hnsw {
namespace {

constexpr std::size_t kSample = 2000;
constexpr std::size_t kPivots = 32;
constexpr std::size_t kRank = 3;
constexpr std::size_t kHubWins = 8;
// Rows that win none of the first few pivots are done with: a hub misses all of them with a chance
// of (3/4)^8 = 10 % where it is just strong enough to count, and never where it is dangerous.
constexpr std::size_t kFirst = 8;
constexpr std::size_t kChunk = 1024;

struct Pivot {
    std::uint32_t row;
    float nearest;  // squared distance to its kRank-th neighbour in the sample
};

class HubFinder {
  public:
    HubFinder(const Rows& rows, const std::vector<std::uint32_t>& order) : rows_(rows) {
        const std::size_t sample = std::min(order.size(), kSample);
        for (std::size_t p = 0; p < std::min(sample, kPivots); ++p) {
            // A hub inside the sample must not hide behind itself: of the nearest ones take the
            // kRank-th.
            std::vector<float> nearest;
            for (std::size_t i = 0; i < sample; ++i)
                if (i != p)
                    nearest.push_back(distance(order[p], order[i]));
            std::nth_element(nearest.begin(), nearest.begin() + kRank - 1, nearest.end());
            pivots_.push_back({order[p], nearest[kRank - 1]});
        }
    }

    bool is_hub(std::uint32_t row) const noexcept {
        std::size_t wins = 0;
        for (std::size_t p = 0; p < pivots_.size(); ++p) {
            if (p == kFirst && wins == 0)
                return false;
            wins += pivots_[p].row != row && distance(pivots_[p].row, row) < pivots_[p].nearest;
        }
        return wins >= kHubWins;
    }

  private:
    float distance(std::uint32_t a, std::uint32_t b) const noexcept {
        return distance::l2_squared(rows_.data + a * rows_.stride, rows_.data + b * rows_.stride,
                                    rows_.dims);
    }

    const Rows& rows_;
    std::vector<Pivot> pivots_;
};

}  // namespace

std::size_t defer_hubs(const Rows& rows, const BuildParams& params,
                       std::vector<std::uint32_t>& order) {
    // Below this size every row is near every other one in rank, and no list is worth protecting.
    if (order.size() < 4 * kPivots)
        return 0;
    const HubFinder finder(rows, order);
    std::vector<std::uint8_t> hub(rows.n, 0);
    parallel_for(params.threads, rows.n, kChunk, params.poll,
                 [&](std::size_t begin, std::size_t end, unsigned) {
                     for (std::size_t i = begin; i < end; ++i)
                         hub[i] = finder.is_hub(static_cast<std::uint32_t>(i)) ? 1 : 0;
                 });
    const auto hubs = std::stable_partition(order.begin(), order.end(),
                                            [&](std::uint32_t row) { return hub[row] == 0; });
    return static_cast<std::size_t>(order.end() - hubs);
}

}  // namespace vg::hnsw
