// What the exact scores of some items say about a query: the posterior mean of its latent vector u
// under u ~ N(0, I), score_j = mean_j + v_j . u + noise.
//
// With t scored items and d dimensions the solve is of order min(t, d), by Cholesky. Where that
// fails the noise is raised tenfold, up to five times; then the prior, u = 0, stands. Without noise
// and with t <= d this equals the CUR approximation by pseudo-inverse; the noise is what keeps it
// from blowing up when t comes near d.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace vg::cur {

class Posterior {
  public:
    Posterior(std::uint32_t dims, double noise);

    // Takes an exact score into account; ignored unless all is finite.
    void observe(std::span<const float> latent, double mean, double score);
    // Renews the weights. A few milliseconds at a thousand dimensions.
    void solve();

    std::span<const double> weights() const noexcept { return weights_; }
    std::size_t observed() const noexcept { return targets_.size(); }

  private:
    bool solve_with(double noise);

    std::uint32_t dims_;
    double noise_;
    std::vector<double> rows_;     // observed x dims
    std::vector<double> targets_;  // score - mean
    std::vector<double> weights_;  // dims
};

}  // namespace vg::cur
