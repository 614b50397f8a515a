// Implements place.h. All state is local to one call.
#include "core/hnsw/place.h"

#include <algorithm>
#include <utility>

#include "core/no_postgres.h"

namespace vg::hnsw {
namespace {

constexpr std::size_t kPollEvery = 4096;

// From the root, then from every node that was not reached, in their order.
std::vector<std::uint32_t> breadth_first(const Layer& layer, std::uint32_t root, const Poll& poll) {
    std::vector<std::uint32_t> order;
    std::vector<std::uint8_t> seen(layer.size(), 0);
    order.reserve(layer.size());
    const auto meet = [&](std::uint32_t node) {
        if (seen[node])
            return;
        seen[node] = 1;
        order.push_back(node);
    };
    meet(root);
    std::size_t head = 0;
    for (std::uint32_t next = 0; next < layer.size(); ++next) {
        for (; head < order.size(); ++head) {
            if (head % kPollEvery == 0)
                poll();
            const std::uint32_t* list = layer.list(order[head]);
            std::for_each(list, list + layer.degree[order[head]], meet);
        }
        meet(next);
    }
    return order;
}

// Unplaced nodes linked from the group being filled. Links to near neighbours count more, a link
// that is mutual counts twice.
class Group {
  public:
    explicit Group(const Layer& layer) : layer_(layer) {}

    void clear() noexcept { pool_.clear(); }

    void add_links_of(std::uint32_t node, const std::vector<std::uint8_t>& placed) {
        const std::uint32_t* list = layer_.list(node);
        const std::size_t degree = layer_.degree[node];
        for (std::size_t j = 0; j < degree; ++j) {
            if (placed[list[j]])
                continue;
            const float weight = 1.0f / static_cast<float>(4 + j);
            const float back = links_to(list[j], node) ? weight : 0.0f;
            entry(list[j]) += weight + back;
        }
    }

    // The strongest one leaves the pool; kNoNode when it is empty.
    std::uint32_t take() {
        if (pool_.empty())
            return kNoNode;
        const auto best =
            std::max_element(pool_.begin(), pool_.end(),
                             [](const auto& a, const auto& b) { return a.second < b.second; });
        const std::uint32_t node = best->first;
        *best = pool_.back();
        pool_.pop_back();
        return node;
    }

  private:
    bool links_to(std::uint32_t from, std::uint32_t to) const noexcept {
        const std::uint32_t* list = layer_.list(from);
        return std::find(list, list + layer_.degree[from], to) != list + layer_.degree[from];
    }
    float& entry(std::uint32_t node) {
        for (auto& [id, weight] : pool_)
            if (id == node)
                return weight;
        return pool_.emplace_back(node, 0.0f).second;
    }

    const Layer& layer_;
    std::vector<std::pair<std::uint32_t, float>> pool_;
};

}  // namespace

std::vector<std::uint32_t> place_nodes(const Layer& layer, std::uint32_t root, std::uint32_t group,
                                       const Poll& poll) {
    const std::vector<std::uint32_t> seeds = breadth_first(layer, root, poll);
    std::vector<std::uint8_t> placed(layer.size(), 0);
    std::vector<std::uint32_t> order;
    order.reserve(layer.size());
    Group pool(layer);
    const auto put = [&](std::uint32_t node) {
        placed[node] = 1;
        order.push_back(node);
        pool.add_links_of(node, placed);
        if (order.size() % group == 0)
            pool.clear();
    };
    for (std::size_t i = 0; i < seeds.size(); ++i) {
        if (i % kPollEvery == 0)
            poll();
        if (placed[seeds[i]])
            continue;
        put(seeds[i]);
        while (order.size() % group != 0) {
            const std::uint32_t node = pool.take();
            if (node == kNoNode)
                break;
            put(node);
        }
    }
    return order;
}

}  // namespace vg::hnsw
