#include "core/hnsw/assemble.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/base/status.h"
#include "core/code/link_code.h"
#include "core/no_postgres.h"

namespace vg::hnsw {

SlotPlan::SlotPlan(const Graph& graph, const node::Geometry& geometry, std::uint32_t first_block)
    : geometry_(geometry), first_block_(first_block), graph_(&graph) {
    const std::size_t n = graph.level.size();
    const std::size_t per_page = geometry.slots_per_page;
    const auto id_of = [&](std::size_t position) {
        const std::uint64_t id = static_cast<std::uint64_t>(first_block) * per_page + position;
        if (id > node::kMaxSlotId)
            throw Error(StatusCode::kLimitExceeded, "index has too many nodes");
        return static_cast<node::SlotId>(id);
    };
    const auto fill_page = [&] {
        occupants_.resize((occupants_.size() + per_page - 1) / per_page * per_page);
    };

    base_.resize(n);
    occupants_.reserve(n + n / 8 + 2 * per_page);
    for (std::size_t i = 0; i < n; ++i) {
        const std::uint32_t v = graph.placement[i];
        base_[v] = id_of(occupants_.size());
        occupants_.push_back({v, 0, v});
    }
    fill_page();
    level_start_.assign(std::max<std::size_t>(graph.layers.size(), 1), node::kNoSlot);
    for (unsigned level = 1; level < graph.layers.size(); ++level) {
        level_start_[level] = id_of(occupants_.size());
        const std::vector<std::uint32_t>& members = graph.layers[level].members;
        for (std::uint32_t m = 0; m < members.size(); ++m)
            occupants_.push_back({members[m], level, m});
    }
    fill_page();
    if (!occupants_.empty())
        id_of(occupants_.size() - 1);
    if (graph.entry != kNoNode) {
        entry_level_ = static_cast<unsigned>(graph.layers.size() - 1);
        entry_ = slot(graph.entry, entry_level_);
    }
}

node::SlotId SlotPlan::slot(std::uint32_t node, unsigned level) const noexcept {
    if (level == 0)
        return base_[node];
    if (level > graph_->level[node])
        return node::kNoSlot;
    const std::vector<std::uint32_t>& members = graph_->layers[level].members;
    const auto at = std::lower_bound(members.begin(), members.end(), node);
    return level_start_[level] + static_cast<node::SlotId>(at - members.begin());
}

std::uint8_t lid_to_bin(float lid) noexcept {
    if (!(lid > 0))
        return 0;
    return static_cast<std::uint8_t>(std::clamp(std::lround(lid * 2.0f), 1L, 255L));
}

// Row w, rotated, as a link of row v sees it.
void SlotWriter::rotate_beside(std::uint32_t v, std::uint32_t w, float* out) const noexcept {
    if (codes_ == nullptr || !codes_->decode_beside(v, w, out))
        rotation_.apply(rows_.row(w), rows_.centre(), out);
}

void SlotWriter::write(const SlotPlan::Occupant& who, std::byte* out,
                       Scratch& scratch) const noexcept {
    std::memset(out, 0, geometry_.slot_bytes);
    const node::SlotEdit slot(geometry_, out);
    const Layer& layer = graph_.layers[who.level];
    const std::uint32_t v = who.node;

    node::SlotHeader& h = slot.header();
    h.state = static_cast<std::uint8_t>(node::SlotState::kLive);
    h.level = static_cast<std::uint8_t>(who.level);
    h.other = who.level == 0 ? plan_.slot(v, 1) : plan_.slot(v, who.level - 1);
    h.base = plan_.base_slot(v);
    h.parent = node::kNoSlot;
    h.chunk = node::kNoChunk;
    h.lid_bin = graph_.lid.empty() ? std::uint8_t{0} : lid_to_bin(graph_.lid[v]);
    slot.write_vector(rows_.row(v), rows_.encoding(v));
    if (who.level == 0) {
        if (graph_.tree_parent[v] != kNoNode)
            h.parent = plan_.base_slot(graph_.tree_parent[v]);
        rows_.for_each_tid(v, [&](node::Tid tid) {
            if (h.tid_count < node::kInlineTids)
                h.tids[h.tid_count++] = tid;
        });
    }

    std::uint64_t code[node::kMaxWords];
    const std::uint32_t degree =
        std::min<std::uint32_t>(layer.degree[who.member], geometry_.capacity);
    rotation_.apply(rows_.row(v), rows_.centre(), scratch.own.data());
    for (std::uint32_t i = 0; i < degree && codes_ != nullptr; ++i)
        codes_->prefetch(layer.list(who.member)[i]);
    for (std::uint32_t i = 0; i < degree; ++i) {
        const std::uint32_t w = layer.list(who.member)[i];
        rotate_beside(v, w, scratch.other.data());
        const code::LinkFactors f = node::link_factors(
            geometry_, rows_.metric(), scratch.own.data(), scratch.other.data(), code);
        const bool tree_edge = who.level == 0 && graph_.tree_parent[w] == v;
        slot.set_link(i, {plan_.slot(w, who.level), tree_edge, f.bias, f.scale, f.length, code});
    }
    h.degree = static_cast<std::uint16_t>(degree);
}

}  // namespace vg::hnsw
