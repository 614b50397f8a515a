// The low-rank model of a scorer: what the scores of k anchor queries say about every item.
//
// R holds the scores of k anchor queries (rows) with n items (columns). Each column is centred by
// its own mean m_j; with the Gram matrix of the centred rows K = Rc Rc' = U L U', item j gets the
// latent vector v_j = U_d' rc_j / sqrt(k), so that V V' is the covariance of two items' scores over
// the queries. A new query then is u ~ N(0, I) with scores m + V u + noise (core/cur/query.h).
//
// This is the CUR decomposition of Yadav et al. (EMNLP 2022) without its pseudo-inverse: the prior
// keeps the solve well-conditioned for any number of scored items. Pure; nothing here is shared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/poll.h"

namespace vg::cur {

inline constexpr std::uint32_t kMinAnchors = 2;
inline constexpr std::uint32_t kMaxAnchors = 1000;

struct Model {
    std::uint32_t anchors = 0;      // k
    std::uint32_t dims = 0;         // d <= k
    std::vector<float> components;  // k x d, row-major: U_d / sqrt(k)
    double variance = 0;            // of a score around its item's mean, averaged over the items
    double noise = 0;               // of a score around the model, for the solve
    double energy = 0;              // share of the variance that d dimensions carry, 0 .. 1

    bool empty() const noexcept { return dims == 0; }
};

// Sums over columns, which may come in any number of pieces.
class Gram {
  public:
    explicit Gram(std::uint32_t anchors);

    // columns: count x anchors finite scores, one item after the other.
    void add(const float* columns, std::size_t count, const Poll& poll);
    std::uint64_t items() const noexcept { return items_; }
    std::uint32_t anchors() const noexcept { return anchors_; }
    const std::vector<double>& tiles() const noexcept { return tiles_; }
    // Sums of squares of the centred scores that are the level of an anchor query: what it gives
    // all items alike.
    double levels() const noexcept;

  private:
    std::uint32_t anchors_;
    std::uint64_t items_ = 0;
    std::vector<double> tiles_;  // of metric::add_gram
    std::vector<double> sums_;   // per anchor query, of its centred scores
    std::vector<float> centred_;
};

// dims: latent dimensions wanted, 0 for as many as anchors; directions without variance are left
// out (a scorer of rank r needs no more than r). ridge: noise as a share of the variance that is
// left when every query's level is taken off as well. The level says nothing about the order of
// items, and where scores sum over the words of a query it is nearly all of the variance: noise
// measured by it would drown what tells items apart. An empty model when there are no items or no
// variance at all.
Model fit(const Gram& gram, std::uint32_t dims, double ridge, const Poll& poll);

// Means (count) and latent vectors (count x dims) of columns (count x anchors).
void project(const Model& model, const float* columns, std::size_t count, float* means,
             float* latents);

// Positions of up to `wanted` rows of latents (count x dims) that span them best: pivoted
// Cholesky, i.e. QR with column pivoting on the rows. Fewer when the rest is in their span.
std::vector<std::uint32_t> pivot_rows(const float* latents, std::size_t count, std::uint32_t dims,
                                      std::size_t wanted, const Poll& poll);

}  // namespace vg::cur
