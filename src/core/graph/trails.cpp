#include "core/graph/trails.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "core/no_postgres.h"

namespace vg::graph {
namespace {

constexpr std::size_t kPollArcs = 4096;

// Strengths of the arcs of one vertex in one layer.
class Steps {
  public:
    Steps(const Explored& graph, std::uint32_t id, Layer layer, const TrailOptions& o) {
        if (o.strength == Strength::kDecay) {
            const double share = layer == Layer::kLink ? o.link_share : 1.0 - o.link_share;
            factor_ = o.decay * share / std::max(o.link_share, 1.0 - o.link_share);
            cap_ = 1.0;
        } else if (const double weight = graph.weight(id, layer); weight > 0.0) {
            factor_ = o.decay * graph.share(id, layer, o.link_share) / weight;
        }
    }
    double operator()(const LocalArc& arc) const noexcept {
        return factor_ * std::min(static_cast<double>(arc.weight), cap_);
    }

  private:
    double factor_ = 0.0;
    double cap_ = std::numeric_limits<double>::infinity();
};

class Search {
  public:
    Search(Explored& graph, const TrailOptions& options, const Forbidden& forbidden,
           std::pmr::memory_resource* memory, Poll poll)
        : graph_(graph), options_(options), forbidden_(forbidden), poll_(poll), trails_(memory) {}

    void start(std::span<const Seed> starts) {
        for (std::uint32_t i = 0; i < starts.size(); ++i)
            offer({starts[i].id, kNone, Layer::kLink, 0, i, 0, starts[i].weight});
    }

    // Labels of one round are extended by those of the next: the trail of a label has exactly
    // `hops` steps.
    Trails run() {
        std::size_t begin = 0;
        std::pmr::vector<std::uint32_t> ids(trails_.labels.get_allocator());
        for (unsigned hop = 0; hop < options_.max_hops; ++hop) {
            const std::size_t end = trails_.labels.size();
            ids.clear();
            for (std::size_t i = begin; i < end; ++i)
                if (current(i))
                    ids.push_back(trails_.labels[i].id);
            if (options_.load_links)
                graph_.load_links(ids);
            if (options_.load_neighbours)
                graph_.load_neighbours(ids);
            for (std::size_t i = begin; i < end; ++i)
                if (current(i))
                    extend(static_cast<std::uint32_t>(i));
            begin = end;
            if (trails_.labels.size() == end)
                break;
        }
        trails_.best.resize(graph_.size(), kNone);
        return std::move(trails_);
    }

  private:
    // A label that a stronger one of the same round has replaced leads nowhere better.
    bool current(std::size_t i) const {
        const Label& l = trails_.labels[i];
        const Label& best = trails_.labels[trails_.best[l.id]];
        return trails_.best[l.id] == i || best.hops > l.hops;
    }

    void extend(std::uint32_t label) {
        for (const Layer layer : {Layer::kLink, Layer::kNeighbour}) {
            const Label from = trails_.labels[label];
            const Steps steps(graph_, from.id, layer, options_);
            const auto arcs = graph_.arcs(from.id, layer);
            for (std::uint32_t i = 0; i < arcs.size(); ++i) {
                if (++work_ % kPollArcs == 0)
                    poll_();
                if (banned(from.id, arcs[i].to))
                    continue;
                const double strength = from.strength * steps(arcs[i]);
                if (strength > 0.0)
                    offer({arcs[i].to, label, layer, i, from.start, from.hops + 1, strength});
            }
        }
    }

    bool banned(std::uint32_t from, std::uint32_t to) const {
        if (to < forbidden_.vertices.size() && forbidden_.vertices[to] != 0)
            return true;
        return from == forbidden_.first &&
               std::find(forbidden_.targets.begin(), forbidden_.targets.end(), to) !=
                   forbidden_.targets.end();
    }

    void offer(const Label& label) {
        if (label.id >= trails_.best.size())
            trails_.best.resize(graph_.size(), kNone);
        std::uint32_t& best = trails_.best[label.id];
        if (best != kNone && trails_.labels[best].strength >= label.strength)
            return;
        best = static_cast<std::uint32_t>(trails_.labels.size());
        trails_.labels.push_back(label);
    }

    Explored& graph_;
    const TrailOptions& options_;
    const Forbidden& forbidden_;
    Poll poll_;
    Trails trails_;
    std::size_t work_ = 0;
};

// Strongest first; then fewer steps, then by vertices.
struct PathOrder {
    bool operator()(const Path& a, const Path& b) const {
        if (a.strength != b.strength)
            return a.strength > b.strength;
        if (a.vertices.size() != b.vertices.size())
            return a.vertices.size() < b.vertices.size();
        return a.vertices < b.vertices;
    }
};

double strength_of(const Explored& graph, const Path& path, std::size_t steps,
                   const TrailOptions& options) {
    double strength = 1.0;
    for (std::size_t i = 0; i < steps; ++i) {
        const std::uint32_t from = path.vertices[i];
        const PathStep step = path.steps[i];
        strength *= Steps(graph, from, step.layer, options)(graph.arcs(from, step.layer)[step.arc]);
    }
    return strength;
}

// The strongest path that starts with the first `spur` steps of `path` and then leaves all known
// ones.
bool deviate(Explored& graph, const Path& path, std::size_t spur, const std::vector<Path>& known,
             std::uint32_t to, const TrailOptions& options, std::pmr::memory_resource* memory,
             Poll poll, Path& out) {
    const auto same_root = [&](const Path& p) {
        return p.vertices.size() > spur + 1 &&
               std::equal(path.vertices.begin(),
                          path.vertices.begin() + static_cast<std::ptrdiff_t>(spur) + 1,
                          p.vertices.begin());
    };
    std::vector<std::uint32_t> targets;
    for (const Path& p : known)
        if (same_root(p))
            targets.push_back(p.vertices[spur + 1]);
    std::vector<std::uint8_t> vertices(graph.size(), 0);
    for (std::size_t i = 0; i <= spur; ++i)
        vertices[path.vertices[i]] = 1;
    TrailOptions rest = options;
    rest.load_links = false;
    rest.load_neighbours = false;
    rest.max_hops = options.max_hops - static_cast<unsigned>(spur);
    const Seed start{path.vertices[spur], strength_of(graph, path, spur, options)};
    const Forbidden forbidden{vertices, path.vertices[spur], targets};
    const Trails trails = strongest_trails(graph, {&start, 1}, rest, forbidden, memory, poll);
    if (trails.best[to] == kNone)
        return false;
    out = path_of(trails, trails.best[to]);
    const auto head = static_cast<std::ptrdiff_t>(spur);
    out.vertices.insert(out.vertices.begin(), path.vertices.begin(), path.vertices.begin() + head);
    out.steps.insert(out.steps.begin(), path.steps.begin(), path.steps.begin() + head);
    return true;
}

}  // namespace

Trails strongest_trails(Explored& graph, std::span<const Seed> starts, const TrailOptions& options,
                        const Forbidden& forbidden, std::pmr::memory_resource* memory, Poll poll) {
    Search search(graph, options, forbidden, memory, poll);
    search.start(starts);
    return search.run();
}

Path path_of(const Trails& trails, std::uint32_t label) {
    Path path;
    path.strength = trails.labels[label].strength;
    for (; label != kNone; label = trails.labels[label].previous) {
        const Label& l = trails.labels[label];
        path.vertices.push_back(l.id);
        if (l.previous != kNone)
            path.steps.push_back({l.layer, l.arc});
    }
    std::reverse(path.vertices.begin(), path.vertices.end());
    std::reverse(path.steps.begin(), path.steps.end());
    return path;
}

std::vector<Path> strongest_paths(Explored& graph, std::uint32_t from, std::uint32_t to,
                                  std::size_t k, const TrailOptions& options,
                                  std::pmr::memory_resource* memory, Poll poll) {
    std::vector<Path> found;
    const Seed start{from, 1.0};
    const Trails trails = strongest_trails(graph, {&start, 1}, options, {}, memory, poll);
    if (k == 0 || trails.best[to] == kNone)
        return found;
    found.push_back(path_of(trails, trails.best[to]));
    std::set<Path, PathOrder> waiting;
    while (found.size() < k) {
        const Path& last = found.back();
        for (std::size_t spur = 0; spur + 1 < last.vertices.size(); ++spur) {
            Path path;
            if (deviate(graph, last, spur, found, to, options, memory, poll, path))
                waiting.insert(std::move(path));
        }
        if (waiting.empty())
            break;
        found.push_back(*waiting.begin());
        waiting.erase(waiting.begin());
    }
    return found;
}

}  // namespace vg::graph
