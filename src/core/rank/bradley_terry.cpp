// Implements bradley_terry.h. The negative log posterior is smooth and strictly convex; its Hessian
// is a weighted graph Laplacian plus a positive diagonal, never formed but applied pair by pair.
#include "core/rank/bradley_terry.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/rank/normalise.h"

#include "core/no_postgres.h"

namespace vg::rank {
namespace {

constexpr int kMaxNewtonSteps = 200;
constexpr int kMaxHalvings = 40;
constexpr double kTolerance = 1e-12;  // of the gradient, relative to what it is made of
constexpr std::size_t kPollEvery = 1 << 14;
// The virtual draw: weight of the win and of the loss.
constexpr double kPrior = 0.5;

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

// ln(1 + e^x)
double softplus(double x) {
    return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}

class Model {
  public:
    Model(const Tournament& t, const Poll& poll)
        : t_(t), poll_(poll), curvature_(t.pairs.size()), diagonal_(t.n()) {}

    double loss(const Vector& s) const {
        double sum = 0.0;
        for_each_pair([&](std::size_t, const Pair& p) {
            const double d = s[p.a] - s[p.b];
            sum += p.ab * softplus(-d) + p.ba * softplus(d);
        });
        for (const double x : s)
            sum += kPrior * (softplus(x) + softplus(-x));
        return sum;
    }

    // Gradient of the loss at s, and the sizes of the terms that cancel in it; remembers the
    // curvature there for apply() and precondition().
    void differentiate(const Vector& s, Vector& gradient, Vector& size) {
        for (std::size_t i = 0; i < s.size(); ++i) {
            const double p = sigmoid(s[i]);
            gradient[i] = kPrior * (2.0 * p - 1.0);
            size[i] = kPrior;
            diagonal_[i] = 2.0 * kPrior * p * (1.0 - p);
        }
        for_each_pair([&](std::size_t at, const Pair& p) {
            const double d = s[p.a] - s[p.b];
            const double against = p.ba * sigmoid(d);
            const double in_favour = p.ab * sigmoid(-d);
            gradient[p.a] += against - in_favour;
            gradient[p.b] -= against - in_favour;
            size[p.a] += against + in_favour;
            size[p.b] += against + in_favour;
            curvature_[at] = (p.ab + p.ba) * sigmoid(d) * sigmoid(-d);
            diagonal_[p.a] += curvature_[at];
            diagonal_[p.b] += curvature_[at];
        });
    }

    void apply(const Vector& x, Vector& out) const {
        for (std::size_t i = 0; i < x.size(); ++i)
            out[i] = diagonal_[i] * x[i];
        for_each_pair([&](std::size_t at, const Pair& p) {
            out[p.a] -= curvature_[at] * x[p.b];
            out[p.b] -= curvature_[at] * x[p.a];
        });
    }

    void precondition(const Vector& x, Vector& out) const {
        for (std::size_t i = 0; i < x.size(); ++i)
            out[i] = x[i] / diagonal_[i];
    }

  private:
    template <typename Fn>
    void for_each_pair(Fn fn) const {
        for (std::size_t at = 0; at < t_.pairs.size(); ++at) {
            if (at % kPollEvery == 0)
                poll_();
            fn(at, t_.pairs[at]);
        }
    }

    const Tournament& t_;
    const Poll& poll_;
    Vector curvature_;  // by pair
    Vector diagonal_;   // of the Hessian
};

// Solves H x = b by preconditioned conjugate gradients (Hestenes & Stiefel 1952), from zero.
void solve(const Model& model, const Vector& b, Vector& x) {
    constexpr double kAccuracy = 1e-10;
    const std::size_t n = b.size();
    Vector residual = b;
    Vector z(n);
    Vector image(n);
    std::fill(x.begin(), x.end(), 0.0);
    model.precondition(residual, z);
    Vector direction = z;
    double energy = dot(residual, z);
    const double goal = energy * kAccuracy * kAccuracy;
    const std::size_t most = 2 * n + 10;
    for (std::size_t step = 0; step < most && energy > goal; ++step) {
        model.apply(direction, image);
        const double bend = dot(direction, image);
        if (!(bend > 0.0))
            return;
        const double length = energy / bend;
        for (std::size_t i = 0; i < n; ++i) {
            x[i] += length * direction[i];
            residual[i] -= length * image[i];
        }
        model.precondition(residual, z);
        const double next = dot(residual, z);
        for (std::size_t i = 0; i < n; ++i)
            direction[i] = z[i] + next / energy * direction[i];
        energy = next;
    }
}

}  // namespace

std::vector<double> bradley_terry_scores(const Tournament& t, const Poll& poll) {
    const std::size_t n = t.n();
    Model model(t, poll);
    Vector s(n, 0.0);
    Vector trial(n);
    Vector gradient(n);
    Vector size(n);
    Vector step(n);
    double loss = model.loss(s);
    for (int round = 0; round < kMaxNewtonSteps; ++round) {
        model.differentiate(s, gradient, size);
        bool done = true;
        for (std::size_t i = 0; i < n && done; ++i)
            done = std::abs(gradient[i]) <= kTolerance * size[i];
        if (done)
            break;
        solve(model, gradient, step);
        double length = 1.0;
        double best = loss;
        for (int halving = 0; halving < kMaxHalvings; ++halving, length /= 2.0) {
            for (std::size_t i = 0; i < n; ++i)
                trial[i] = s[i] - length * step[i];
            best = model.loss(trial);
            // Next to the optimum the loss is flat to rounding; a full step is right there.
            if (best <= loss + 1e-14 * std::abs(loss))
                break;
        }
        if (!(best <= loss + 1e-14 * std::abs(loss)))
            break;
        s = trial;
        loss = best;
    }
    return s;
}

}  // namespace vg::rank
