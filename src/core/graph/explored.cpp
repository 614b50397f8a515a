#include "core/graph/explored.h"

#include <algorithm>
#include <tuple>

#include "core/base/random.h"

#include "core/no_postgres.h"

namespace vg::graph {
namespace {

constexpr std::size_t kFirstTable = 256;
constexpr std::size_t kPollArcs = 4096;

}  // namespace

Explored::Explored(NeighbourSource& source, std::size_t max_vertices,
                   std::pmr::memory_resource* memory, Poll poll)
    : source_(source),
      max_vertices_(std::min<std::size_t>(max_vertices, kNone - 1)),
      poll_(poll),
      nodes_(memory),
      arcs_(memory),
      table_(kFirstTable, kNone, memory),
      answer_(memory),
      wanted_(memory),
      asked_(memory),
      counts_(memory),
      nearer_(memory) {}

// Where the vertex is, or the free place where it belongs.
std::size_t Explored::slot_of(Vertex vertex) const noexcept {
    const std::size_t mask = table_.size() - 1;
    std::size_t slot = mix64(static_cast<std::uint64_t>(vertex)) & mask;
    while (table_[slot] != kNone && nodes_[table_[slot]].vertex != vertex)
        slot = (slot + 1) & mask;
    return slot;
}

void Explored::grow_table() {
    std::pmr::vector<std::uint32_t> larger(table_.size() * 2, kNone, table_.get_allocator());
    table_.swap(larger);
    for (std::uint32_t id = 0; id < nodes_.size(); ++id)
        table_[slot_of(nodes_[id].vertex)] = id;
}

std::uint32_t Explored::find(Vertex vertex) const noexcept {
    return table_[slot_of(vertex)];
}

std::uint32_t Explored::add(Vertex vertex, unsigned hop) {
    std::size_t slot = slot_of(vertex);
    if (const std::uint32_t id = table_[slot]; id != kNone) {
        if (hop < nodes_[id].hop)
            bring_nearer(id, hop);
        return id;
    }
    if (nodes_.size() >= max_vertices_) {
        truncated_ = true;
        return kNone;
    }
    if ((nodes_.size() + 1) * 2 > table_.size()) {
        grow_table();
        slot = slot_of(vertex);
    }
    const auto id = static_cast<std::uint32_t>(nodes_.size());
    Node node;
    node.vertex = vertex;
    node.hop = hop;
    nodes_.push_back(node);
    table_[slot] = id;
    return id;
}

// And with it what its arcs lead to. The list of those who came nearer is the queue.
void Explored::bring_nearer(std::uint32_t id, unsigned hop) {
    nodes_[id].hop = hop;
    std::size_t head = nearer_.size();
    nearer_.push_back(id);
    for (; head < nearer_.size(); ++head) {
        const unsigned next = nodes_[nearer_[head]].hop + 1;
        for (const Layer layer : {Layer::kLink, Layer::kNeighbour}) {
            for (const LocalArc& arc : arcs(nearer_[head], layer)) {
                if (nodes_[arc.to].hop <= next)
                    continue;
                nodes_[arc.to].hop = next;
                nearer_.push_back(arc.to);
            }
        }
    }
}

// Collects what is not loaded yet; false when that is nothing.
bool Explored::want(std::span<const std::uint32_t> ids, Layer layer) {
    poll_();
    wanted_.clear();
    asked_.clear();
    answer_.clear();
    nearer_.clear();
    for (const std::uint32_t id : ids) {
        Row& r = row(id, layer);
        if (r.loaded || (layer == Layer::kNeighbour && nodes_[id].neighbours == 0))
            continue;
        r.loaded = true;
        wanted_.push_back(id);
        asked_.push_back(nodes_[id].vertex);
    }
    if (asked_.empty())
        return false;
    ++rounds_;
    return true;
}

void Explored::load_links(std::span<const std::uint32_t> ids) {
    if (!want(ids, Layer::kLink))
        return;
    counts_.assign(asked_.size(), 0);
    source_.read_links(asked_, answer_, counts_);
    for (std::size_t i = 0; i < wanted_.size(); ++i)
        nodes_[wanted_[i]].neighbours = counts_[i];
    keep(Layer::kLink);
}

void Explored::load_neighbours(std::span<const std::uint32_t> ids) {
    if (!want(ids, Layer::kNeighbour))
        return;
    source_.read_neighbours(asked_, answer_);
    keep(Layer::kNeighbour);
    for (const std::uint32_t id : wanted_)
        nodes_[id].neighbours = row(id, Layer::kNeighbour).count;
}

void Explored::keep(Layer layer) {
    // Sources answer in any order, and the order of arcs decides the order of pushes.
    std::sort(answer_.begin(), answer_.end(), [](const Arc& a, const Arc& b) {
        return std::tie(a.from, a.to, a.kind, a.weight) < std::tie(b.from, b.to, b.kind, b.weight);
    });
    std::size_t at = 0;
    for (std::uint32_t i = 0; i < wanted_.size(); ++i) {
        const std::uint32_t from = wanted_[i];
        const std::size_t begin = arcs_.size();
        double weight = 0.0;
        for (; at < answer_.size() && answer_[at].from == i; ++at) {
            if (at % kPollArcs == 0)
                poll_();
            const Arc& arc = answer_[at];
            if (arc.to == nodes_[from].vertex)
                continue;
            const std::uint32_t to = add(arc.to, nodes_[from].hop + 1);
            if (to == kNone)
                continue;
            arcs_.push_back({to, arc.weight, arc.kind});
            weight += arc.weight;
        }
        Row& r = row(from, layer);
        r.begin = begin;
        r.count = static_cast<std::uint32_t>(arcs_.size() - begin);
        r.weight = weight;
    }
}

double Explored::share(std::uint32_t id, Layer layer, double link_share) const noexcept {
    const bool links = row(id, Layer::kLink).count > 0;
    const bool neighbours = nodes_[id].neighbours > 0;
    if (links && neighbours)
        return layer == Layer::kLink ? link_share : 1.0 - link_share;
    return (layer == Layer::kLink ? links : neighbours) ? 1.0 : 0.0;
}

}  // namespace vg::graph
