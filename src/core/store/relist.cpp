// Vacuum of an index many of whose nodes are dead. Links that are mended one by one then lead from
// one torn list to another: what a search finds behind thousands of dead nodes is whatever it
// reaches, and the more are dead the longer it takes. So the lists of the live nodes are chosen
// anew, in memory, as a build chooses them, in time that depends on the live nodes alone; the
// repair pass then writes them (repair.cpp). Links that insertions add meanwhile, and protected
// ones, stay.
// Ownership: all containers are members of Vacuum, but for the graph of one level; while that is
// there nothing but the poll is called that can fail by longjmp, and the poll throws instead.

#include "core/store/vacuum.h"

#include <algorithm>

#include "core/hnsw/bulk_builder.h"

#include "core/no_postgres.h"

namespace vg::store {

using node::SlotId;
using node::SlotView;

namespace {

hnsw::BuildParams params_of(const Vacuum* v) {
    hnsw::BuildParams p;
    p.m = v->constants.m;
    p.ef_construction = v->constants.ef_construction;
    p.capacity = p.upper_capacity = v->g.capacity;
    p.order = hnsw::BuildOrder::kRandom;
    p.seed = v->constants.seed;
    p.poll = v->poll;
    return p;
}

// Slots above the base are counted as a sixteenth more.
bool fits_in_memory(const Vacuum* v) {
    const std::size_t nodes = v->live_nodes;
    const std::size_t row = v->g.dims * sizeof(float) + sizeof(SlotId) * 2 + sizeof(std::uint64_t) +
                            v->g.capacity * sizeof(SlotId);
    const std::size_t bytes =
        nodes * row +
        hnsw::bulk_build_bytes(nodes, v->g.dims, hnsw::space_of(v->constants.metric), params_of(v));
    return bytes + bytes / 16 <= v->memory;
}

void gather_page(Vacuum* v, Block block) {
    for (std::uint32_t i = 0; i < v->page.used(); ++i) {
        const SlotView slot = v->page.slot(i);
        if (const char* fault = slot.check())
            v->store.report_corrupt(block, fault);
        const SlotId id = v->g.slot_id(block, i);
        if (!slot.live() || v->is_dead(id))
            continue;
        NewLists& level = v->levels[slot.header().level];
        level.slots.push_back(id);
        level.keys.push_back(id);
        float* row = level.rows.grow_by(v->g.dims);
        slot.read_vector(row);
    }
}

// Chooses the lists of one level and gives its rows back.
void choose_lists(Vacuum* v, NewLists* level) {
    const hnsw::Rows rows{level->rows.data(), level->slots.size(),
                          v->g.dims,          v->g.dims,
                          level->keys.data(), hnsw::space_of(v->constants.metric)};
    hnsw::BuildParams params = params_of(v);
    params.progress = [v](hnsw::BuildPhase phase, std::size_t done, std::size_t total) {
        constexpr auto kPhases = static_cast<double>(hnsw::BuildPhase::kPlace) + 1;
        const auto n = static_cast<double>(std::max<std::size_t>(total, 1));
        const double at = (static_cast<double>(phase) + static_cast<double>(done) / n) / kPhases;
        if (v->report != nullptr)
            v->report(VacuumPass::kRelist, at * n, n);
    };
    const hnsw::Graph graph = hnsw::bulk_build(rows, params);
    const hnsw::Layer& layer = graph.layers.front();
    level->first.assign(1, 0);
    for (std::uint32_t n = 0; n < level->slots.size(); ++n) {
        for (std::size_t j = 0; j < layer.degree[n]; ++j)
            level->links.push_back(level->slots[layer.list(n)[j]]);
        level->first.push_back(level->links.size());
    }
    level->rows.clear();
    level->keys.clear();
}

}  // namespace

void choose_lists_anew(Vacuum* v) {
    if (3 * v->dead_nodes < v->live_nodes || v->live_nodes < 2 || !fits_in_memory(v))
        return;
    const Block blocks = v->store.blocks();
    v->store.begin_walk(blocks);
    for (Block block; v->store.next_of_walk(&block, &v->page);)
        gather_page(v, block);
    v->store.end_walk();
    for (NewLists& level : v->levels) {
        if (!level.slots.empty())
            choose_lists(v, &level);
    }
}

bool new_list(const Vacuum* v, SlotId id, unsigned level, std::span<const SlotId>* list) {
    const NewLists& l = v->levels[level];
    const auto at = std::lower_bound(l.slots.begin(), l.slots.end(), id);
    if (at == l.slots.end() || *at != id)
        return false;
    const std::size_t n = static_cast<std::size_t>(at - l.slots.begin());
    *list = {l.links.data() + l.first[n], l.first[n + 1] - l.first[n]};
    return true;
}

}  // namespace vg::store
