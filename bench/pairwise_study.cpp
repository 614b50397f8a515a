// Which method should order a table of pairwise comparisons? Two worlds with a known order, all
// five methods of rank_pairs on the same matrices, Kendall's tau against the truth:
//
//   preference  w(i, j) = P(i before j) = sigmoid(s_i - s_j + noise * Gaussian), drawn for each
//   ordered
//               pair on its own, strengths s ~ N(0, 1)
//   adjacency   w(i, j) = max(0, [j comes right after i] + noise * Gaussian), what TSPRank learns
//   to
//               score
//
//   pairwise_study [items] [trials] [seed]       default 10 items, 60 trials, seed 1
//
// Prints mean and standard error of tau. Deterministic for a seed.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory_resource>
#include <numbers>
#include <numeric>
#include <vector>

#include "core/base/poll.h"
#include "core/base/random.h"
#include "core/rank/normalise.h"
#include "core/rank/pair_methods.h"
#include "core/rank/tournament.h"

namespace {

using vg::Random;
using vg::rank::kPairMethodNames;

constexpr std::size_t kMethods = kPairMethodNames.size();

struct World {
    const char* name;
    double noise;
};
constexpr World kWorlds[] = {{"preference", 0.25}, {"preference", 0.5}, {"preference", 1.0},
                             {"preference", 2.0},  {"adjacency", 0.1},  {"adjacency", 0.2},
                             {"adjacency", 0.4}};

// Box & Muller.
double gaussian(Random& rng) {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - rng.uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * rng.uniform());
}

// Kendall's tau of two orders of the same items.
double tau(const std::vector<std::int64_t>& truth, const std::vector<vg::rank::RankedItem>& list) {
    std::vector<std::size_t> place(truth.size());
    for (std::size_t r = 0; r < truth.size(); ++r)
        place[static_cast<std::size_t>(truth[r])] = r;
    int agreed = 0;
    int pairs = 0;
    for (std::size_t a = 0; a < list.size(); ++a) {
        for (std::size_t b = a + 1; b < list.size(); ++b, ++pairs) {
            const bool right = place[static_cast<std::size_t>(list[a].item)] <
                               place[static_cast<std::size_t>(list[b].item)];
            agreed += right ? 1 : -1;
        }
    }
    return static_cast<double>(agreed) / pairs;
}

// One tau per method.
std::vector<double> trial(const World& world, std::size_t n, Random& rng) {
    std::vector<std::int64_t> truth(n);
    std::iota(truth.begin(), truth.end(), 0);
    shuffle(truth, rng);
    std::vector<double> strength(n);
    for (double& s : strength)
        s = gaussian(rng);
    std::sort(strength.begin(), strength.end(), std::greater<>());

    vg::rank::Comparisons comparisons(std::pmr::new_delete_resource(), std::size_t{1} << 30);
    const bool adjacency = world.name[0] == 'a';
    std::vector<double> weight(n * n, 0.0);
    for (std::size_t a = 0; a < n; ++a) {
        for (std::size_t b = 0; b < n; ++b) {
            if (a == b)
                continue;
            const double noise = world.noise * gaussian(rng);
            weight[a * n + b] = adjacency ? (b == a + 1 ? 1.0 : 0.0) + noise
                                          : vg::rank::sigmoid(strength[a] - strength[b] + noise);
        }
    }
    const double least = adjacency ? *std::min_element(weight.begin(), weight.end()) : 0.0;
    for (std::size_t a = 0; a < n; ++a) {
        for (std::size_t b = 0; b < n; ++b) {
            if (a != b)
                comparisons.try_add(truth[a], truth[b], weight[a * n + b] - least, vg::Poll{});
        }
    }
    const vg::rank::Tournament t = comparisons.tournament(vg::Poll{});
    std::vector<double> result;
    for (std::size_t m = 0; m < kMethods; ++m) {
        std::vector<vg::rank::RankedItem> list(t.n());
        rank_tournament(t, static_cast<vg::rank::PairMethod>(m), vg::Poll{}, list);
        result.push_back(tau(truth, list));
    }
    return result;
}

}  // namespace

int main(int argc, char** argv) {
    const auto argument = [&](int i, long fallback) {
        return argc > i ? std::strtol(argv[i], nullptr, 10) : fallback;
    };
    const long items = argument(1, 10);
    const long trials = argument(2, 60);
    const long seed = argument(3, 1);
    if (items < 2 || items > 2000 || trials < 2) {
        std::fprintf(stderr, "usage: pairwise_study [items 2..2000] [trials >= 2] [seed]\n");
        return 2;
    }
    std::printf("%ld items, %ld trials, seed %ld; Kendall's tau, mean (standard error)\n", items,
                trials, seed);
    std::printf("%-11s %5s", "world", "noise");
    for (const auto name : kPairMethodNames)
        std::printf("  %13.*s", static_cast<int>(name.size()), name.data());
    std::printf("\n");
    for (const World& world : kWorlds) {
        Random rng(static_cast<std::uint64_t>(seed));
        std::vector<double> sum(kMethods);
        std::vector<double> squares(kMethods);
        for (long round = 0; round < trials; ++round) {
            const std::vector<double> result = trial(world, static_cast<std::size_t>(items), rng);
            for (std::size_t m = 0; m < kMethods; ++m) {
                sum[m] += result[m];
                squares[m] += result[m] * result[m];
            }
        }
        const auto n = static_cast<double>(trials);
        std::printf("%-11s %5.2f", world.name, world.noise);
        for (std::size_t m = 0; m < kMethods; ++m) {
            const double mean = sum[m] / n;
            const double variance = std::max(0.0, squares[m] / n - mean * mean);
            std::printf("   %5.3f (.%03.0f)", mean, 1000.0 * std::sqrt(variance / (n - 1.0)));
        }
        std::printf("\n");
    }
    return 0;
}
