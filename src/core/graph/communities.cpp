// Implements communities.h by hand: of the libraries at hand Boost.Graph has neither Louvain nor
// label propagation, and igraph is under the GPL, which this project's licence cannot take in.
#include "core/graph/communities.h"

#include <algorithm>
#include <numeric>

#include "core/base/random.h"
#include "core/graph/analysis.h"

#include "core/no_postgres.h"

namespace vg::graph {
namespace {

using Groups = std::pmr::vector<std::uint32_t>;

constexpr unsigned kPollEvery = 1u << 12;
// Smaller gains are rounding.
constexpr double kLeastGain = 1e-12;

std::vector<std::uint32_t> visiting_order(std::uint32_t n, std::uint64_t seed) {
    std::vector<std::uint32_t> order(n);
    std::iota(order.begin(), order.end(), 0u);
    Random random(seed);
    shuffle(order, random);
    return order;
}

// Renames every group to its smallest vertex.
void name_by_smallest(Groups& group) {
    std::vector<std::uint32_t> smallest(group.size(), static_cast<std::uint32_t>(group.size()));
    for (std::uint32_t v = 0; v < group.size(); ++v)
        smallest[group[v]] = std::min(smallest[group[v]], v);
    for (std::uint32_t& g : group)
        g = smallest[g];
}

// Weight of a vertex's arcs to each group around it.
class Around {
  public:
    explicit Around(std::uint32_t n) : weight_(n, 0.0) {}
    void look(const Csr& graph, std::uint32_t v, const Groups& group) {
        for (const std::uint32_t g : groups_)
            weight_[g] = 0.0;
        groups_.clear();
        const auto targets = graph.targets(v);
        const auto weights = graph.weights(v);
        for (std::size_t i = 0; i < targets.size(); ++i) {
            double& weight = weight_[group[targets[i]]];
            if (weight == 0.0)
                groups_.push_back(group[targets[i]]);
            weight += weights[i];
        }
        std::sort(groups_.begin(), groups_.end());
    }
    const std::vector<std::uint32_t>& groups() const { return groups_; }
    double weight(std::uint32_t group) const { return weight_[group]; }

  private:
    std::vector<double> weight_;  // by group
    std::vector<std::uint32_t> groups_;
};

// One level of Louvain's method. inside: weight within what a vertex stands for, both directions.
class Level {
  public:
    Level(const Csr& graph, const std::vector<double>& inside, double resolution,
          std::pmr::memory_resource* memory)
        : graph_(graph),
          resolution_(resolution),
          degree_(weighted_degree(graph, memory)),
          group_(graph.size(), 0, memory),
          around_(graph.size()) {
        for (std::uint32_t v = 0; v < graph.size(); ++v)
            degree_[v] += inside[v];
        total_ = std::accumulate(degree_.begin(), degree_.end(), 0.0);
        std::iota(group_.begin(), group_.end(), 0u);
        sum_.assign(degree_.begin(), degree_.end());
    }

    // Whether anything moved.
    bool run(const CommunityOptions& options, std::uint64_t seed, Poll poll) {
        if (!(total_ > 0.0))
            return false;
        const auto order = visiting_order(graph_.size(), seed);
        bool any = false;
        for (unsigned round = 0; round < options.rounds; ++round) {
            std::size_t moved = 0;
            for (std::size_t i = 0; i < order.size(); ++i) {
                if (i % kPollEvery == 0)
                    poll();
                moved += move(order[i]);
            }
            any = any || moved > 0;
            if (moved == 0)
                break;
        }
        return any;
    }

    Groups& groups() { return group_; }

  private:
    // Gain of modularity, up to what is the same for all groups, of v in a group that it is not
    // counted in.
    double gain(std::uint32_t v, std::uint32_t group) const {
        return around_.weight(group) - resolution_ * degree_[v] * sum_[group] / total_;
    }

    bool move(std::uint32_t v) {
        around_.look(graph_, v, group_);
        const std::uint32_t old = group_[v];
        sum_[old] -= degree_[v];
        std::uint32_t best = old;
        double most = gain(v, old);
        for (const std::uint32_t g : around_.groups()) {
            const double here = gain(v, g);
            if (here > most + kLeastGain * total_) {
                best = g;
                most = here;
            }
        }
        sum_[best] += degree_[v];
        group_[v] = best;
        return best != old;
    }

    const Csr& graph_;
    double resolution_;
    std::pmr::vector<double> degree_;
    double total_ = 0.0;
    Groups group_;
    std::vector<double> sum_;  // degrees of a group
    Around around_;
};

// Numbers groups 0, 1, ... in order of their smallest member.
std::uint32_t close_gaps(Groups& group) {
    name_by_smallest(group);
    std::uint32_t next = 0;
    std::vector<std::uint32_t> number(group.size());
    for (std::uint32_t v = 0; v < group.size(); ++v) {
        if (group[v] == v)
            number[v] = next++;
        group[v] = number[group[v]];
    }
    return next;
}

}  // namespace

Groups label_propagation(const Csr& graph, const CommunityOptions& options,
                         std::pmr::memory_resource* memory, Poll poll) {
    Groups group(graph.size(), 0, memory);
    std::iota(group.begin(), group.end(), 0u);
    Around around(graph.size());
    const auto order = visiting_order(graph.size(), options.seed);
    bool moved = true;
    for (unsigned round = 0; round < options.rounds && moved; ++round) {
        moved = false;
        for (std::size_t i = 0; i < order.size(); ++i) {
            if (i % kPollEvery == 0)
                poll();
            const std::uint32_t v = order[i];
            around.look(graph, v, group);
            std::uint32_t best = group[v];
            double most = around.weight(best);
            for (const std::uint32_t g : around.groups()) {
                if (around.weight(g) > most) {
                    best = g;
                    most = around.weight(g);
                }
            }
            moved = moved || best != group[v];
            group[v] = best;
        }
    }
    name_by_smallest(group);
    return group;
}

Groups louvain(const Csr& graph, const CommunityOptions& options, std::pmr::memory_resource* memory,
               Poll poll) {
    Groups group(graph.size(), 0, memory);
    std::iota(group.begin(), group.end(), 0u);
    std::vector<double> inside(graph.size(), 0.0);
    const Csr* level_graph = &graph;
    std::vector<Csr> coarse;
    for (unsigned depth = 0;; ++depth) {
        Level level(*level_graph, inside, options.resolution, memory);
        if (!level.run(options, options.seed + depth, poll))
            break;
        Groups& merged = level.groups();
        const std::uint32_t n = close_gaps(merged);
        for (std::uint32_t& g : group)
            g = merged[g];
        std::vector<WeightedArc> arcs;
        std::vector<double> next_inside(n, 0.0);
        for (std::uint32_t v = 0; v < level_graph->size(); ++v) {
            next_inside[merged[v]] += inside[v];
            const auto targets = level_graph->targets(v);
            const auto weights = level_graph->weights(v);
            for (std::size_t i = 0; i < targets.size(); ++i) {
                if (merged[targets[i]] == merged[v])
                    next_inside[merged[v]] += weights[i];
                else
                    arcs.push_back({merged[v], merged[targets[i]], weights[i]});
            }
        }
        inside = std::move(next_inside);
        Csr smaller(n, arcs, false, memory, poll);
        coarse.clear();
        coarse.push_back(std::move(smaller));
        level_graph = &coarse.back();
    }
    name_by_smallest(group);
    return group;
}

double modularity(const Csr& graph, const Groups& group, double resolution,
                  std::pmr::memory_resource* memory) {
    const auto degree = weighted_degree(graph, memory);
    const double total = std::accumulate(degree.begin(), degree.end(), 0.0);
    if (!(total > 0.0))
        return 0.0;
    std::vector<double> sum(graph.size(), 0.0);
    double inside = 0.0;
    for (std::uint32_t v = 0; v < graph.size(); ++v) {
        sum[group[v]] += degree[v];
        const auto targets = graph.targets(v);
        const auto weights = graph.weights(v);
        for (std::size_t i = 0; i < targets.size(); ++i)
            if (group[targets[i]] == group[v])
                inside += weights[i];
    }
    double expected = 0.0;
    for (const double s : sum)
        expected += (s / total) * (s / total);
    return inside / total - resolution * expected;
}

}  // namespace vg::graph
