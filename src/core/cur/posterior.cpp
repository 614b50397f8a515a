#include "core/cur/posterior.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "core/no_postgres.h"

namespace vg::cur {

using Eigen::Index;
using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Posterior::Posterior(std::uint32_t dims, double noise)
    : dims_(dims), noise_(noise), weights_(dims, 0.0) {}

void Posterior::observe(std::span<const float> latent, double mean, double score) {
    const double target = score - mean;
    if (!std::isfinite(target))
        return;
    if (!std::all_of(latent.begin(), latent.end(), [](float x) { return std::isfinite(x); }))
        return;
    rows_.insert(rows_.end(), latent.begin(), latent.end());
    targets_.push_back(target);
}

bool Posterior::solve_with(double noise) {
    const auto t = static_cast<Index>(targets_.size());
    const auto d = static_cast<Index>(dims_);
    const Eigen::Map<const RowMajor> v(rows_.data(), t, d);
    const Eigen::Map<const Eigen::VectorXd> a(targets_.data(), t);
    Eigen::Map<Eigen::VectorXd> u(weights_.data(), d);
    const Index order = std::min(t, d);
    Eigen::MatrixXd system = Eigen::MatrixXd::Zero(order, order);
    if (t < d)
        system.selfadjointView<Eigen::Lower>().rankUpdate(v);
    else
        system.selfadjointView<Eigen::Lower>().rankUpdate(v.transpose());
    system.diagonal().array() += noise;
    const Eigen::LLT<Eigen::MatrixXd, Eigen::Lower> factor(system);
    if (factor.info() != Eigen::Success)
        return false;
    if (t < d)
        u = v.transpose() * factor.solve(a);
    else
        u = factor.solve(v.transpose() * a);
    return u.allFinite();
}

void Posterior::solve() {
    if (targets_.empty() || dims_ == 0)
        return;
    double noise = noise_;
    for (int attempt = 0; attempt <= 5; ++attempt, noise *= 10) {
        if (solve_with(noise))
            return;
    }
    std::fill(weights_.begin(), weights_.end(), 0.0);
}

}  // namespace vg::cur
