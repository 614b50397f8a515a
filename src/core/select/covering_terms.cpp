// Terms that measure how well all rows are covered. One gain is one pass over a row of the
// similarity matrix. Every summand can only shrink as rows are chosen, and so, summed in one order,
// can the rounded sum: an old gain is an upper bound exactly.
#include <algorithm>
#include <limits>
#include <span>

#include "core/select/objective.h"

#include "core/no_postgres.h"

namespace vg::select {
namespace {

// sum of term(u) for u < n, in four parts: additions need not wait for each other.
template <class Function>
double sum_over(std::size_t n, Function&& term) {
    double sums[4] = {};
    std::size_t u = 0;
    for (; u + 4 <= n; u += 4) {
        for (std::size_t lane = 0; lane < 4; ++lane)
            sums[lane] += term(u + lane);
    }
    for (; u < n; ++u)
        sums[0] += term(u);
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

class Covering : public Term {
  public:
    void choose(std::size_t i) final { cover(similarities_.row(i)); }
    double gain(std::size_t i) final {
        return known_[i] = gain_in_rows(similarities_.row(i)) * scale_;
    }
    double bound(std::size_t i) const final { return known_[i]; }

  protected:
    explicit Covering(const Ground& ground)
        : weights_(ground.candidates.weights()),
          candidates_(ground.candidates),
          similarities_(ground.similarities),
          known_(ground.candidates.size(), 0.0, ground.memory) {}

    // Measures what single rows cover. To be called by the constructor of the derived class.
    void find_unit() {
        double largest = 0.0;
        for (std::size_t i = 0; i < known_.size(); ++i) {
            if (!candidates_.selectable(i))
                continue;
            known_[i] = gain_in_rows(similarities_.row(i));
            largest = std::max(largest, known_[i]);
        }
        scale_ = largest > 0 ? 1.0 / largest : 0.0;
        for (double& known : known_)
            known *= scale_;
    }

    virtual void cover(const float* similarity) = 0;
    virtual double gain_in_rows(const float* similarity) const = 0;

    std::span<const double> weights_;

  private:
    const Candidates& candidates_;
    Similarities& similarities_;
    std::pmr::vector<double> known_;  // gain when it was last computed
    double scale_ = 0.0;
};

class Facility final : public Covering {
  public:
    explicit Facility(const Ground& ground)
        : Covering(ground), best_(ground.candidates.size(), 0.0f, ground.memory) {
        find_unit();
    }

  private:
    void cover(const float* similarity) override {
        for (std::size_t u = 0; u < best_.size(); ++u)
            best_[u] = std::max(best_[u], similarity[u]);
    }
    double gain_in_rows(const float* similarity) const override {
        const float* best = best_.data();
        const double* weights = weights_.data();
        return sum_over(best_.size(), [=](std::size_t u) {
            return weights[u] * std::max(0.0f, similarity[u] - best[u]);
        });
    }
    std::pmr::vector<float> best_;  // similarity of row u to the chosen row nearest to it
};

class Saturated final : public Covering {
  public:
    Saturated(const Ground& ground, double saturation)
        : Covering(ground), room_(ground.candidates.size(), 0.0, ground.memory) {
        for (std::size_t u = 0; u < room_.size(); ++u) {
            const float* s = ground.similarities.row(u);
            room_[u] = saturation *
                       sum_over(room_.size(), [s](std::size_t i) { return std::max(0.0f, s[i]); });
        }
        find_unit();
    }

  private:
    void cover(const float* similarity) override {
        for (std::size_t u = 0; u < room_.size(); ++u)
            room_[u] = std::max(0.0, room_[u] - std::max(0.0f, similarity[u]));
    }
    double gain_in_rows(const float* similarity) const override {
        const double* room = room_.data();
        const double* weights = weights_.data();
        return sum_over(room_.size(), [=](std::size_t u) {
            return weights[u] * std::min<double>(std::max(0.0f, similarity[u]), room[u]);
        });
    }
    std::pmr::vector<double> room_;  // what may still be added to the coverage of row u
};

}  // namespace

std::unique_ptr<Term> facility_term(const Ground& ground) {
    return std::make_unique<Facility>(ground);
}
std::unique_ptr<Term> saturated_term(const Ground& ground, double saturation) {
    return std::make_unique<Saturated>(ground, saturation);
}

}  // namespace vg::select
