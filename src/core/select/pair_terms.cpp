// Terms of the similarities between a row and the chosen ones. Each row remembers how many of the
// chosen rows it has been compared with, and catches up when its gain is asked for.
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "core/select/objective.h"

#include "core/no_postgres.h"

namespace vg::select {
namespace {

// Rounding may carry a cosine beyond 1 by this much.
constexpr double kSlack = 1e-5;

double at_least_zero(float s) noexcept {
    return std::max(0.0f, s);
}

// ln x for x > 0. The C library picks its logarithm by processor, and the last bit with it.
double natural_log(double x) noexcept {
    int exponent;
    double m = std::frexp(x, &exponent);
    if (m < 0x1.6a09e667f3bcdp-1) {  // sqrt(1/2)
        m *= 2;
        --exponent;
    }
    const double z = (m - 1.0) / (m + 1.0);  // ln m = 2 artanh z, |z| < 0.172
    const double zz = z * z;
    double sum = 0.0;
    for (int k = 21; k >= 1; k -= 2)
        sum = sum * zz + 1.0 / k;
    return exponent * 0x1.62e42fefa39efp-1 + 2.0 * z * sum;
}

class PairTerm : public Term {
  public:
    void choose(std::size_t i) final {
        join(i);
        ++chosen_;
    }
    double gain(std::size_t i) final {
        catch_up(i);
        return value_[i];
    }
    double bound(std::size_t i) const override { return value_[i]; }

  protected:
    PairTerm(const Ground& ground, double first_value)
        : value_(ground.candidates.size(), first_value, ground.memory),
          similarities_(ground.similarities),
          seen_(ground.candidates.size(), 0, ground.memory) {}

    // Brings value_[i] up to date with chosen rows number first, first + 1, ..., whose similarities
    // to row i are given.
    virtual void compare(std::size_t i, std::size_t first, std::span<const float> similarity) = 0;

    // Row i becomes the next chosen one.
    virtual void join(std::size_t) {}

    void catch_up(std::size_t i) {
        const std::size_t first = seen_[i];
        if (first == chosen_)
            return;
        seen_[i] = chosen_;
        compare(i, first, {similarities_.to_chosen(i, first), chosen_ - first});
    }
    bool compared(std::size_t i) const { return seen_[i] > 0; }
    std::size_t chosen() const { return chosen_; }

    std::pmr::vector<double> value_;

  private:
    Similarities& similarities_;
    std::pmr::vector<std::size_t> seen_;  // chosen rows that value_ accounts for
    std::size_t chosen_ = 0;
};

class Redundancy final : public PairTerm {
  public:
    explicit Redundancy(const Ground& ground) : PairTerm(ground, 0.0) {}
    // Opposite vectors are better than none.
    double bound(std::size_t i) const override { return compared(i) ? value_[i] : 1.0 + kSlack; }

  private:
    void compare(std::size_t i, std::size_t first, std::span<const float> similarity) override {
        const double gain =
            -static_cast<double>(*std::max_element(similarity.begin(), similarity.end()));
        value_[i] = first == 0 ? gain : std::min(value_[i], gain);
    }
};

class Separation final : public PairTerm {
  public:
    Separation(const Ground& ground, std::size_t floor) : PairTerm(ground, 1.0), floor_(floor) {
        for (std::size_t i = floor; i < value_.size(); ++i)
            value_[i] -= kBelowFloor;
    }
    double bound(std::size_t i) const override {
        return compared(i) ? value_[i] : kFarthest + kSlack - below_floor(i);
    }

  private:
    void compare(std::size_t i, std::size_t first, std::span<const float> similarity) override {
        const double nearest = *std::max_element(similarity.begin(), similarity.end());
        const double gain = std::max(0.0, 1.0 - nearest) - below_floor(i);
        value_[i] = first == 0 ? gain : std::min(value_[i], gain);
    }
    double below_floor(std::size_t i) const { return i < floor_ ? 0.0 : kBelowFloor; }

    static constexpr double kFarthest = 2.0;
    static constexpr double kBelowFloor = 2.0;
    std::size_t floor_;
};

class Overlap final : public PairTerm {
  public:
    explicit Overlap(const Ground& ground) : PairTerm(ground, 0.0) {}

  private:
    void compare(std::size_t i, std::size_t, std::span<const float> similarity) override {
        for (const float s : similarity)
            value_[i] -= at_least_zero(s);
    }
};

class Dispersion final : public PairTerm {
  public:
    explicit Dispersion(const Ground& ground) : PairTerm(ground, 0.0) {}
    double bound(std::size_t) const override { return std::numeric_limits<double>::infinity(); }

  private:
    void compare(std::size_t i, std::size_t, std::span<const float> similarity) override {
        for (const float s : similarity)
            value_[i] += std::sqrt(std::max(0.0, 0.5 - 0.5 * s));
    }
};

class GraphCut final : public PairTerm {
  public:
    explicit GraphCut(const Ground& ground) : PairTerm(ground, 0.0) {
        const std::span<const double> weights = ground.candidates.weights();
        double largest = 0.0;
        for (std::size_t i = 0; i < value_.size(); ++i) {
            const float* s = ground.similarities.row(i);
            double sum = 0.0;
            for (std::size_t u = 0; u < value_.size(); ++u)
                sum += weights[u] * at_least_zero(s[u]);
            value_[i] = sum - 0.5 * at_least_zero(s[i]);
            if (ground.candidates.selectable(i))
                largest = std::max(largest, sum);
        }
        scale_ = largest > 0 ? 1.0 / largest : 0.0;
        for (double& value : value_)
            value *= scale_;
    }

  private:
    void compare(std::size_t i, std::size_t, std::span<const float> similarity) override {
        for (const float s : similarity)
            value_[i] -= scale_ * at_least_zero(s);
    }
    double scale_ = 0.0;
};

// rest_[i] is the squared distance of row i from the span of the chosen rows it was compared with,
// and its factors, one per chosen row that added a dimension, are its row of the Cholesky factor.
class Volume final : public PairTerm {
  public:
    Volume(const Ground& ground, std::size_t columns)
        : PairTerm(ground, 0.0),
          columns_(columns),
          rest_(ground.candidates.size(), 1.0, ground.memory),
          factors_(ground.candidates.size() * columns, 0.0, ground.memory),
          used_(ground.candidates.size(), 0, ground.memory),
          pivots_(ground.memory) {}

  private:
    // A chosen row that added a dimension.
    struct Pivot {
        std::size_t number;  // among the chosen rows
        std::size_t row;
        double length;  // its distance from the span of those before
    };

    void compare(std::size_t i, std::size_t first, std::span<const float> similarity) override {
        double* factors = factors_.data() + i * columns_;
        for (; used_[i] < pivots_.size(); ++used_[i]) {
            const Pivot& pivot = pivots_[used_[i]];
            const double* of_pivot = factors_.data() + pivot.row * columns_;
            double product = similarity[pivot.number - first];
            for (std::size_t c = 0; c < used_[i]; ++c)
                product -= factors[c] * of_pivot[c];
            const double factor = product / pivot.length;
            factors[used_[i]] = factor;
            rest_[i] -= factor * factor;
        }
        value_[i] = natural_log(std::max(rest_[i], kVolumeFloor));
    }

    void join(std::size_t i) override {
        catch_up(i);
        if (pivots_.size() < columns_ && rest_[i] >= kVolumeFloor)
            pivots_.push_back({chosen(), i, std::sqrt(rest_[i])});
    }

    std::size_t columns_;
    std::pmr::vector<double> rest_;
    std::pmr::vector<double> factors_;
    std::pmr::vector<std::size_t> used_;  // pivots that rest_ accounts for
    std::pmr::vector<Pivot> pivots_;
};

}  // namespace

std::unique_ptr<Term> redundancy_term(const Ground& ground) {
    return std::make_unique<Redundancy>(ground);
}
std::unique_ptr<Term> overlap_term(const Ground& ground) {
    return std::make_unique<Overlap>(ground);
}
std::unique_ptr<Term> separation_term(const Ground& ground, std::size_t floor) {
    return std::make_unique<Separation>(ground, floor);
}
std::unique_ptr<Term> dispersion_term(const Ground& ground) {
    return std::make_unique<Dispersion>(ground);
}
std::unique_ptr<Term> volume_term(const Ground& ground, std::size_t columns) {
    return std::make_unique<Volume>(ground, columns);
}
std::unique_ptr<Term> graph_cut_term(const Ground& ground) {
    return std::make_unique<GraphCut>(ground);
}

}  // namespace vg::select
