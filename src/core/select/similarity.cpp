// Rows of the similarity matrix, and the matrix itself in tiles that fit the first level of cache.
#include "core/select/similarity.h"

#include <algorithm>
#include <limits>

#include "core/distance/dot_rows.h"

#include "core/no_postgres.h"

namespace vg::select {
namespace {

// Multiplications between two polls: below a millisecond.
constexpr std::size_t kPollEvery = std::size_t{1} << 20;
// Rows of a tile: as many as the kernel takes at once.
constexpr std::size_t kTile = 8;

}  // namespace

Similarities::Similarities(const Candidates& candidates, std::pmr::memory_resource* memory,
                           Poll poll)
    : candidates_(candidates),
      poll_(poll),
      matrix_(memory),
      scratch_(memory),
      in_scratch_(std::numeric_limits<std::size_t>::max()),
      chosen_(memory),
      chosen_vectors_(memory),
      few_(memory) {}

void Similarities::keep_all(std::size_t budget_bytes) {
    const std::size_t n = candidates_.size();
    const std::size_t dims = candidates_.stride();
    if (n == 0 || n > budget_bytes / sizeof(float) / n)
        return;
    matrix_.resize(n * n);
    float out[kTile];
    std::size_t work = 0;
    for (std::size_t first = 0; first < n; first += kTile) {
        const std::size_t count = std::min(kTile, n - first);
        for (std::size_t i = first; i < n; ++i) {
            distance::dot_rows(candidates_.vector(i), candidates_.vector(first), count, dims, out);
            std::copy_n(out, count, matrix_.data() + i * n + first);
            for (std::size_t j = 0; j < count; ++j)
                matrix_[(first + j) * n + i] = out[j];
            work += count * dims;
            if (work >= kPollEvery) {
                poll_();
                work = 0;
            }
        }
    }
}

const float* Similarities::row(std::size_t i) {
    poll_();
    const std::size_t n = candidates_.size();
    if (!matrix_.empty())
        return matrix_.data() + i * n;
    if (i == in_scratch_)
        return scratch_.data();
    scratch_.resize(n);
    const std::size_t dims = candidates_.stride();
    const std::size_t step = std::max(kTile, kPollEvery / dims / kTile * kTile);
    for (std::size_t first = 0; first < n; first += step) {
        poll_();
        distance::dot_rows(candidates_.vector(i), candidates_.vector(first),
                           std::min(step, n - first), dims, scratch_.data() + first);
    }
    in_scratch_ = i;
    return scratch_.data();
}

void Similarities::choose(std::size_t i) {
    chosen_.push_back(i);
    const float* vector = candidates_.vector(i);
    if (matrix_.empty())
        chosen_vectors_.insert(chosen_vectors_.end(), vector, vector + candidates_.stride());
}

const float* Similarities::to_chosen(std::size_t i, std::size_t from) {
    const std::size_t count = chosen_.size() - from;
    few_.resize(std::max(few_.size(), count));
    if (!matrix_.empty()) {
        const float* kept = matrix_.data() + i * candidates_.size();
        for (std::size_t c = 0; c < count; ++c)
            few_[c] = kept[chosen_[from + c]];
        return few_.data();
    }
    const std::size_t dims = candidates_.stride();
    work_ += count * dims;
    if (work_ >= kPollEvery) {
        poll_();
        work_ = 0;
    }
    distance::dot_rows(candidates_.vector(i), chosen_vectors_.data() + from * dims, count, dims,
                       few_.data());
    return few_.data();
}

}  // namespace vg::select
