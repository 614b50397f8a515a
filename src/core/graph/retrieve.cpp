#include "core/graph/retrieve.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "core/graph/explored.h"
#include "core/graph/trails.h"
#include "core/graph/walk.h"

#include "core/no_postgres.h"

namespace vg::graph {
namespace {

constexpr double kSeedSharpness = 10.0;
constexpr std::size_t kDescribeBatch = 128;

bool better(const Hit& a, const Hit& b) {
    if (a.score != b.score)
        return a.score > b.score;
    if (a.similarity != b.similarity)
        return a.similarity > b.similarity;
    return a.vertex < b.vertex;
}

// A source without one of its layers.
class OneLayer final : public NeighbourSource {
  public:
    OneLayer(NeighbourSource& source, Layer layer) : source_(source), layer_(layer) {}
    void read_links(std::span<const Vertex> asked, Arcs& out,
                    std::span<std::uint32_t> neighbours) override {
        source_.read_links(asked, out, neighbours);
        if (layer_ == Layer::kLink)
            std::fill(neighbours.begin(), neighbours.end(), 0u);
        else
            out.clear();
    }
    void read_neighbours(std::span<const Vertex> asked, Arcs& out) override {
        source_.read_neighbours(asked, out);
    }

  private:
    NeighbourSource& source_;
    Layer layer_;
};

class Retrieval {
  public:
    Retrieval(std::span<const Similar> seeds, std::span<const Similar> pool,
              NeighbourSource& source, Rows& rows, const RetrieveOptions& o,
              std::pmr::memory_resource* memory, Poll poll)
        : seeds_(seeds),
          pool_(pool),
          rows_(rows),
          o_(o),
          memory_(memory),
          poll_(poll),
          graph_(source, o.max_vertices, memory, poll),
          value_(memory),
          trails_(memory),
          pooled_(memory) {
        nearest_ = -std::numeric_limits<double>::infinity();
        scale_ = o.unit;
        for (const auto rows_given : {seeds, pool}) {
            for (const Similar& s : rows_given) {
                nearest_ = std::max(nearest_, s.similarity);
                scale_ = std::max(scale_, std::abs(s.similarity));
            }
        }
        if (!(scale_ > 0.0))
            scale_ = 1.0;
    }

    Retrieved run() {
        if (o_.beta > 0.0)
            score_graph();
        take_pool();
        if (o_.beta > 0.0)
            take_reached();
        std::sort(result_.hits.begin(), result_.hits.end(), better);
        if (result_.hits.size() > o_.k)
            result_.hits.resize(o_.k);
        for (Hit& hit : result_.hits)
            add_trail(hit);
        result_.touched = graph_.size();
        result_.rounds = graph_.rounds();
        result_.truncated = graph_.truncated();
        return std::move(result_);
    }

  private:
    bool by_walk() const { return o_.method == Method::kPpr || o_.method == Method::kNeighbours; }

    TrailOptions trail_options() const {
        TrailOptions t;
        t.strength = by_walk() ? Strength::kTransition : Strength::kDecay;
        t.decay = by_walk() ? 1.0 - o_.restart : o_.hop_decay;
        t.link_share = by_walk() ? o_.link_share : 1.0;
        t.max_hops = o_.max_hops;
        t.load_links = !by_walk();
        t.load_neighbours = false;
        return t;
    }

    void score_graph() {
        std::pmr::vector<Seed> starts(memory_);
        for (const Similar& s : seeds_) {
            const std::uint32_t id = graph_.add(s.vertex, 0);
            if (id != kNone)
                starts.push_back({id, seed_weight(s.similarity, nearest_)});
        }
        if (by_walk()) {
            const WalkOptions w{o_.restart, o_.epsilon, o_.link_share, o_.max_hops};
            value_ = personalised_pagerank(graph_, starts, w, memory_, poll_);
        }
        trails_ = strongest_trails(graph_, starts, trail_options(), {}, memory_, poll_);
        if (!by_walk())
            take_values();
        largest_ = value_.empty() ? 0.0 : *std::max_element(value_.begin(), value_.end());
    }

    void take_values() {
        value_.assign(graph_.size(), 0.0);
        for (std::uint32_t id = 0; id < value_.size(); ++id)
            if (const std::uint32_t label = trails_.best[id]; label != kNone)
                value_[id] = o_.method == Method::kExpand ? 1.0 : trails_.labels[label].strength;
    }

    double graph_score(std::uint32_t id) const {
        return id == kNone || !(largest_ > 0.0) ? 0.0 : std::sqrt(value_[id] / largest_);
    }

    double score(double similarity, double graph_score) const {
        const double relative =
            scale_ == nearest_ ? similarity / scale_ : 1.0 + (similarity - nearest_) / scale_;
        return (1.0 - o_.beta) * relative + o_.beta * graph_score;
    }

    void take(Vertex vertex, double similarity, double graph_score) {
        if (similarity >= o_.min_similarity)
            result_.hits.push_back(
                {vertex, score(similarity, graph_score), similarity, graph_score, {}});
    }

    void take_pool() {
        for (const Similar& s : pool_) {
            const std::uint32_t id = o_.beta > 0.0 ? graph_.find(s.vertex) : kNone;
            take(s.vertex, s.similarity, graph_score(id));
            if (id != kNone) {
                pooled_.resize(graph_.size(), 0);
                pooled_[id] = 1;
            }
        }
        pooled_.resize(graph_.size(), 0);
    }

    // Most valued first, until not even a row as similar as the nearest could still get among the
    // best k: only those need be looked up.
    void take_reached() {
        std::pmr::vector<std::uint32_t> order(memory_);
        for (std::uint32_t id = 0; id < graph_.size(); ++id)
            if (pooled_[id] == 0 && value_[id] > 0.0)
                order.push_back(id);
        std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
            return value_[a] != value_[b] ? value_[a] > value_[b]
                                          : graph_.vertex(a) < graph_.vertex(b);
        });
        std::pmr::vector<Vertex> asked(memory_);
        std::pmr::vector<Described> answers(memory_);
        for (std::size_t at = 0; at < order.size(); at += kDescribeBatch) {
            if (score(nearest_, graph_score(order[at])) < kth_score())
                break;
            poll_();
            const std::size_t end = std::min(order.size(), at + kDescribeBatch);
            asked.clear();
            for (std::size_t i = at; i < end; ++i)
                asked.push_back(graph_.vertex(order[i]));
            answers.assign(asked.size(), {});
            rows_.describe(asked, answers);
            for (std::size_t i = at; i < end; ++i)
                if (answers[i - at].returnable)
                    take(asked[i - at], answers[i - at].similarity, graph_score(order[i]));
        }
    }

    double kth_score() {
        if (o_.k == 0 || result_.hits.size() < o_.k)
            return -std::numeric_limits<double>::infinity();
        const auto kth = result_.hits.begin() + static_cast<std::ptrdiff_t>(o_.k) - 1;
        std::nth_element(result_.hits.begin(), kth, result_.hits.end(), better);
        return kth->score;
    }

    void add_trail(Hit& hit) const {
        const std::uint32_t id = o_.beta > 0.0 ? graph_.find(hit.vertex) : kNone;
        if (id == kNone || trails_.best[id] == kNone)
            return;
        const Path path = path_of(trails_, trails_.best[id]);
        hit.trail.push_back({graph_.vertex(path.vertices[0]), Layer::kLink, 0});
        for (std::size_t i = 0; i < path.steps.size(); ++i) {
            const PathStep step = path.steps[i];
            const LocalArc& arc = graph_.arcs(path.vertices[i], step.layer)[step.arc];
            hit.trail.push_back({graph_.vertex(arc.to), step.layer, arc.kind});
        }
    }

    std::span<const Similar> seeds_;
    std::span<const Similar> pool_;
    Rows& rows_;
    const RetrieveOptions& o_;
    std::pmr::memory_resource* memory_;
    Poll poll_;
    Explored graph_;
    std::pmr::vector<double> value_;  // by id
    double largest_ = 0.0;            // of value_
    double nearest_;                  // largest similarity
    double scale_;                    // of similarities
    Trails trails_;
    std::pmr::vector<std::uint8_t> pooled_;  // by id: in the pool
    Retrieved result_;
};

}  // namespace

LayersRead layers_of(const RetrieveOptions& options) noexcept {
    switch (options.method) {
        case Method::kNeighbours:
            return {false, true};
        case Method::kPpr:
            return {options.link_share > 0.0, options.link_share < 1.0};
        case Method::kHopDecay:
        case Method::kExpand:
            break;
    }
    return {true, false};
}

double seed_weight(double similarity, double largest) noexcept {
    return std::exp(kSeedSharpness * (similarity - largest));
}

Retrieved retrieve(std::span<const Similar> seeds, std::span<const Similar> pool,
                   NeighbourSource& source, Rows& rows, const RetrieveOptions& options,
                   std::pmr::memory_resource* memory, Poll poll) {
    const LayersRead layers = layers_of(options);
    if (layers.links && layers.neighbours)
        return Retrieval(seeds, pool, source, rows, options, memory, poll).run();
    OneLayer one(source, layers.links ? Layer::kLink : Layer::kNeighbour);
    return Retrieval(seeds, pool, one, rows, options, memory, poll).run();
}

}  // namespace vg::graph
