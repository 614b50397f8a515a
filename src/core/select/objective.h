// What a selection maximises: a weighted sum of a row's relevance and of terms that depend on the
// rows chosen so far. README.md has the formulas and their sources.
//
// Gains shrink as rows are chosen. So an old gain bounds the new one from above, and most rows need
// not be looked at again in most steps (lazy greedy, Minoux 1978): a term brings a row up to date
// when its gain is asked for, not when another row is chosen.
//
// Terms hold references to the candidates and similarities, which outlive them, and take their
// memory from the resource they are given.
#pragma once

#include <cstddef>
#include <memory>
#include <memory_resource>
#include <vector>

#include "core/select/candidates.h"
#include "core/select/similarity.h"

namespace vg::select {

class Term {
  public:
    virtual ~Term() = default;
    // Row i joins the set.
    virtual void choose(std::size_t i) = 0;
    // Marginal gain of row i.
    virtual double gain(std::size_t i) = 0;
    // What gain(i) will not exceed from now on; O(1).
    virtual double bound(std::size_t i) const = 0;
};

struct Objective {
    struct Weighted {
        double weight;  // > 0
        std::unique_ptr<Term> term;
    };
    double relevance_weight = 1.0;
    std::vector<Weighted> terms;
};

// What a term works on.
struct Ground {
    const Candidates& candidates;
    Similarities& similarities;
    std::pmr::memory_resource* memory;
};

// -max_{j in S} s_ij (MMR: Carbonell & Goldstein, SIGIR 1998); 0 while S is empty.
std::unique_ptr<Term> redundancy_term(const Ground& ground);

// -sum_{j in S} s_ij, similarities below 0 counting as 0.
std::unique_ptr<Term> overlap_term(const Ground& ground);

// min_{j in S} (1 - s_ij), 1 while S is empty, less 2 for rows from `floor` on, which are so chosen
// last (farthest-point traversal: Gonzalez 1985).
std::unique_ptr<Term> separation_term(const Ground& ground, std::size_t floor);

// sum_{j in S} sqrt((1 - s_ij) / 2): half the distance of the unit vectors, a metric in [0, 1]. The
// one term whose gains grow: all rows are looked at in every step.
std::unique_ptr<Term> dispersion_term(const Ground& ground);

// log det K_{S+i} - log det K_S of the cosine matrix K, by incremental Cholesky (Chen, Zhang &
// Zhou, NeurIPS 2018), not below log kVolumeFloor. At most `columns` rows are eliminated.
std::unique_ptr<Term> volume_term(const Ground& ground, std::size_t columns);
// Squared distance from the span of S below which a row counts as lying in it: what single
// precision leaves of exact dependence.
inline constexpr double kVolumeFloor = 1e-6;

// The rest are in units of what the best single row covers.

// sum_u p_u s_ui - sum_{j in S} s_ij - s_ii / 2, similarities below 0 counting as 0: graph cut with
// the largest penalty for which it is monotone.
std::unique_ptr<Term> graph_cut_term(const Ground& ground);

// sum_u p_u max_{i in S} s_ui: facility location.
std::unique_ptr<Term> facility_term(const Ground& ground);

// sum_u p_u min(sum_{i in S} s_ui, saturation * sum_v s_uv): saturated coverage (Lin & Bilmes
// 2011).
std::unique_ptr<Term> saturated_term(const Ground& ground, double saturation);

}  // namespace vg::select
