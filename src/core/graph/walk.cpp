#include "core/graph/walk.h"

#include <algorithm>
#include <cstddef>

#include "core/no_postgres.h"

namespace vg::graph {
namespace {

constexpr unsigned kPollPushes = 256;

class Push {
  public:
    Push(Explored& graph, const WalkOptions& options, std::pmr::memory_resource* memory, Poll poll)
        : graph_(graph),
          options_(options),
          poll_(poll),
          places_(memory),
          queue_(memory),
          unread_links_(memory),
          unread_neighbours_(memory) {}

    void start(std::span<const Seed> seeds) {
        // By the largest first: the sum of large weights would overflow.
        double largest = 0.0;
        for (const Seed& s : seeds)
            largest = std::max(largest, s.weight);
        if (!(largest > 0.0))
            return;
        double total = 0.0;
        for (const Seed& s : seeds)
            total += s.weight / largest;
        for (const Seed& s : seeds)
            arrive(s.id, s.weight / largest / total);
    }

    // Pushes what is loaded, then loads what is wanted, until neither is left.
    void run() {
        for (;;) {
            drain();
            if (!unread_links_.empty())
                read_links();
            else if (!unread_neighbours_.empty())
                read_neighbours();
            else
                return;
        }
    }

    // Of those who have arrived and were not pushed, the share that ends here counts.
    std::pmr::vector<double> finish(std::pmr::memory_resource* memory) {
        grow();
        std::pmr::vector<double> estimate(places_.size(), 0.0, memory);
        for (std::uint32_t id = 0; id < estimate.size(); ++id)
            estimate[id] =
                places_[id].ended + places_[id].arrived * (dangling(id) ? 1.0 : options_.restart);
        return estimate;
    }

  private:
    struct Place {
        double ended = 0.0;    // went back to a seed from here
        double arrived = 0.0;  // and was not pushed
        double waiting = 0.0;  // to take a similarity arc
        bool queued = false;   // in queue_ or unread_links_
        bool wanted = false;   // in unread_neighbours_
    };

    void grow() { places_.resize(graph_.size()); }

    bool dangling(std::uint32_t id) const {
        return graph_.loaded(id, Layer::kLink) && graph_.arcs(id, Layer::kLink).empty() &&
               graph_.neighbours(id) == 0;
    }

    void arrive(std::uint32_t id, double mass) {
        if (id >= places_.size())
            grow();
        places_[id].arrived += mass;
        wake(id);
    }

    void wake(std::uint32_t id) {
        Place& p = places_[id];
        if (p.queued || graph_.hop(id) >= options_.max_hops || dangling(id))
            return;
        const std::size_t degree = std::max<std::size_t>(1, graph_.arcs(id, Layer::kLink).size());
        if (p.arrived <= options_.epsilon * static_cast<double>(degree))
            return;
        p.queued = true;
        (graph_.loaded(id, Layer::kLink) ? queue_ : unread_links_).push_back(id);
    }

    void drain() {
        for (std::size_t head = 0; head < queue_.size(); ++head) {
            if (head % kPollPushes == 0)
                poll_();
            const std::uint32_t id = queue_[head];
            places_[id].queued = false;
            push(id);
        }
        queue_.clear();
    }

    void push(std::uint32_t id) {
        Place& p = places_[id];
        const double moving = (1.0 - options_.restart) * p.arrived;
        p.ended += options_.restart * p.arrived;
        p.arrived = 0.0;
        p.waiting += moving * graph_.share(id, Layer::kNeighbour, options_.link_share);
        spread(id, Layer::kLink, moving * graph_.share(id, Layer::kLink, options_.link_share));
        offer_neighbours(id);
    }

    void offer_neighbours(std::uint32_t id) {
        Place& p = places_[id];
        if (p.wanted || p.waiting <= options_.epsilon * graph_.neighbours(id))
            return;
        if (!graph_.loaded(id, Layer::kNeighbour)) {
            p.wanted = true;
            unread_neighbours_.push_back(id);
            return;
        }
        const double mass = p.waiting;
        p.waiting = 0.0;
        spread(id, Layer::kNeighbour, mass);
    }

    void spread(std::uint32_t id, Layer layer, double mass) {
        const double weight = graph_.weight(id, layer);
        if (!(weight > 0.0) || !(mass > 0.0))
            return;
        for (const LocalArc& arc : graph_.arcs(id, layer))
            arrive(arc.to, mass * arc.weight / weight);
    }

    void read_links() {
        graph_.load_links(unread_links_);
        // Waking may find that more must have arrived than was thought: the arcs are known now.
        take_in(unread_links_, [this](std::uint32_t id) {
            places_[id].queued = false;
            wake(id);
        });
    }

    void read_neighbours() {
        graph_.load_neighbours(unread_neighbours_);
        take_in(unread_neighbours_, [this](std::uint32_t id) {
            places_[id].wanted = false;
            offer_neighbours(id);
        });
    }

    // Goes on from the vertices whose arcs are loaded now; `go_on` may put others into `unread`.
    template <typename GoOn>
    void take_in(std::pmr::vector<std::uint32_t>& unread, GoOn go_on) {
        grow();
        std::pmr::vector<std::uint32_t> ids(places_.get_allocator());
        ids.swap(unread);
        for (const std::uint32_t id : ids)
            go_on(id);
        // Those who were as far as a walker goes may be on the way now.
        for (const std::uint32_t id : graph_.nearer())
            wake(id);
    }

    Explored& graph_;
    const WalkOptions& options_;
    Poll poll_;
    std::pmr::vector<Place> places_;         // by id
    std::pmr::vector<std::uint32_t> queue_;  // to be pushed, first in, first out
    std::pmr::vector<std::uint32_t> unread_links_;
    std::pmr::vector<std::uint32_t> unread_neighbours_;
};

}  // namespace

std::pmr::vector<double> personalised_pagerank(Explored& graph, std::span<const Seed> seeds,
                                               const WalkOptions& options,
                                               std::pmr::memory_resource* memory, Poll poll) {
    Push push(graph, options, memory, poll);
    push.start(seeds);
    push.run();
    return push.finish(memory);
}

}  // namespace vg::graph
