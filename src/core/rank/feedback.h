// Query refinement from feedback vectors: Rocchio's rule (1971) and the average used by vector
// pseudo-relevance feedback (Li et al. 2021, arXiv 2108.11044). Sums are kept in double precision.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

namespace vg::rank {

// Sum of the vectors of one kind of feedback.
class FeedbackSum {
  public:
    FeedbackSum(std::size_t dims, std::pmr::memory_resource* memory) : sum_(dims, 0.0, memory) {}

    // x has as many elements as all others.
    void add(std::span<const float> x) noexcept {
        for (std::size_t i = 0; i < sum_.size(); ++i)
            sum_[i] += static_cast<double>(x[i]);
        ++count_;
    }
    std::uint64_t count() const noexcept { return count_; }
    double mean(std::size_t i) const noexcept {
        return count_ == 0 ? 0.0 : sum_[i] / static_cast<double>(count_);
    }

  private:
    std::pmr::vector<double> sum_;
    std::uint64_t count_ = 0;
};

// The defaults of the vector PRF experiments: five documents, no negative feedback.
struct RocchioWeights {
    double alpha = 0.4;  // of the query
    double beta = 0.6;   // of the mean of the relevant vectors
    double gamma = 0.0;  // against the mean of the irrelevant ones
};

// out = alpha query + beta mean(relevant) - gamma mean(irrelevant), brought to length 1 when
// unit_length. False when that vector is zero and so has no direction. Elements may overflow to
// infinity: the caller checks.
bool rocchio(std::span<const float> query, const FeedbackSum& relevant,
             const FeedbackSum& irrelevant, const RocchioWeights& weights, bool unit_length,
             std::span<float> out) noexcept;

// The weights under which rocchio gives the plain mean of the query and `count` relevant vectors.
inline RocchioWeights average_weights(std::uint64_t count) noexcept {
    const double all = static_cast<double>(count) + 1.0;
    return {1.0 / all, static_cast<double>(count) / all, 0.0};
}

}  // namespace vg::rank
