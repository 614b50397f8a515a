// Implements connect.h. All state is local to one call.
#include "core/hnsw/connect.h"

#include <algorithm>
#include <queue>
#include <utility>

#include "core/base/status.h"

#include "core/no_postgres.h"

namespace vg::hnsw {
namespace {

// Beam of the search for reachable nodes near an unreachable one.
constexpr std::size_t kBeam = 32;
constexpr std::size_t kPollEvery = 4096;

struct Near {
    float distance;
    std::uint32_t id;
    bool operator<(const Near& o) const noexcept {
        return distance < o.distance || (distance == o.distance && id < o.id);
    }
    bool operator>(const Near& o) const noexcept { return o < *this; }
};

class Connector {
  public:
    Connector(const LayerView& view, Layer& layer, std::uint32_t root, const Poll& poll)
        : view_(view),
          layer_(layer),
          root_(root),
          poll_(poll),
          parent_(layer.size(), kNoNode),
          reached_(layer.size(), 0),
          visited_(layer.size(), 0) {}

    ConnectResult run() {
        reached_[root_] = 1;
        spread(root_);
        std::size_t forced = 0;
        for (std::uint32_t node = 0; node < layer_.size(); ++node) {
            if (node % kPollEvery == 0)
                poll_();
            if (reached_[node])
                continue;
            attach(node);
            ++forced;
            spread(node);
        }
        return {std::move(parent_), forced};
    }

  private:
    // Breadth-first from a node that has just been reached.
    void spread(std::uint32_t start) {
        queue_.assign(1, start);
        for (std::size_t head = 0; head < queue_.size(); ++head) {
            if (head % kPollEvery == kPollEvery - 1)
                poll_();
            const std::uint32_t node = queue_[head];
            const std::uint32_t* list = layer_.list(node);
            for (std::size_t j = 0; j < layer_.degree[node]; ++j) {
                if (reached_[list[j]])
                    continue;
                reached_[list[j]] = 1;
                parent_[list[j]] = node;
                queue_.push_back(list[j]);
            }
        }
    }

    void attach(std::uint32_t node) {
        poll_();
        collect_near(node);
        for (const bool evict : {false, true})
            for (const Near& near : near_)
                if (link(near.id, node, near.distance, evict))
                    return;
        // Every list nearby is full of tree edges. A tree has one edge less than nodes, and lists
        // hold two or more, so some reachable list has room: take the nearest.
        Near best{0.0f, kNoNode};
        for (std::uint32_t id = 0; id < layer_.size(); ++id) {
            if (!reached_[id] || !has_room(id))
                continue;
            const Near here{view_.distance(id, node), id};
            if (best.id == kNoNode || here < best)
                best = here;
        }
        if (best.id == kNoNode || !link(best.id, node, best.distance, true))
            throw Error(StatusCode::kInternal, "no list has room for a connecting link");
    }

    // Reachable nodes near `node`, nearest first: from its own list, and from a beam search that
    // starts at the root and at those.
    void collect_near(std::uint32_t node) {
        near_.clear();
        if (++stamp_ == 0) {
            std::fill(visited_.begin(), visited_.end(), 0u);
            stamp_ = 1;
        }
        std::priority_queue<Near, std::vector<Near>, std::greater<Near>> open;
        std::priority_queue<Near> kept;
        const auto visit = [&](std::uint32_t id) {
            if (visited_[id] == stamp_ || !reached_[id])
                return;
            visited_[id] = stamp_;
            const Near here{view_.distance(id, node), id};
            if (kept.size() == kBeam && !(here < kept.top()))
                return;
            kept.push(here);
            if (kept.size() > kBeam)
                kept.pop();
            open.push(here);
        };
        visit(root_);
        for (std::size_t j = 0; j < layer_.degree[node]; ++j)
            visit(layer_.list(node)[j]);
        while (!open.empty()) {
            const Near here = open.top();
            if (kept.size() == kBeam && kept.top() < here)
                break;
            open.pop();
            for (std::size_t j = 0; j < layer_.degree[here.id]; ++j)
                visit(layer_.list(here.id)[j]);
        }
        for (; !kept.empty(); kept.pop())
            near_.push_back(kept.top());
        std::reverse(near_.begin(), near_.end());
    }

    bool has_room(std::uint32_t id) const noexcept {
        return layer_.degree[id] < layer_.capacity || evictable(id) < layer_.degree[id];
    }

    // Position of the farthest link of `id` that is no tree edge; degree if all are.
    std::size_t evictable(std::uint32_t id) const noexcept {
        const std::uint32_t* list = layer_.list(id);
        for (std::size_t j = layer_.degree[id]; j-- > 0;)
            if (parent_[list[j]] != id)
                return j;
        return layer_.degree[id];
    }

    // Adds the link from -> to at its place by distance. False if there is no slot for it.
    bool link(std::uint32_t from, std::uint32_t to, float distance, bool evict) {
        std::uint32_t* list = layer_.list(from);
        std::size_t hole = layer_.degree[from];
        if (hole == layer_.capacity) {
            hole = evict ? evictable(from) : layer_.capacity;
            if (hole == layer_.capacity)
                return false;
            std::copy(list + hole + 1, list + layer_.degree[from], list + hole);
            hole = --layer_.degree[from];
        }
        while (hole > 0 && view_.distance(from, list[hole - 1]) > distance) {
            list[hole] = list[hole - 1];
            --hole;
        }
        list[hole] = to;
        ++layer_.degree[from];
        parent_[to] = from;
        reached_[to] = 1;
        return true;
    }

    const LayerView& view_;
    Layer& layer_;
    const std::uint32_t root_;
    const Poll& poll_;
    std::vector<std::uint32_t> parent_;
    std::vector<std::uint8_t> reached_;
    std::vector<std::uint32_t> visited_;
    std::uint32_t stamp_ = 0;
    std::vector<std::uint32_t> queue_;
    std::vector<Near> near_;
};

}  // namespace

ConnectResult connect_layer(const LayerView& view, Layer& layer, std::uint32_t root,
                            const Poll& poll) {
    return Connector(view, layer, root, poll).run();
}

}  // namespace vg::hnsw
