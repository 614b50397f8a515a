// Second pass of VACUUM: links to dead slots are replaced by links to what those slots linked to.
// The dead slot's own page estimates, with the live node as the query, how near its neighbours are,
// so that only the few that are taken have to be read.

#include "pg/boundary/pg.h"

#include "pg/lid_hnsw/vacuum.h"

#include <algorithm>

namespace vg::pg {
namespace {

// Options read per link to be replaced: some turn out to be occluded by links that stay.
constexpr std::size_t kOptionsPerLink = 2;

bool links_to(const node::SlotView& slot, node::SlotId id) {
    for (std::size_t i = 0; i < slot.degree(); ++i) {
        if (slot.link(i) == id)
            return true;
    }
    return false;
}

// Fills v->options with the live neighbours of the slot's dead neighbours, nearest first by
// estimate.
void gather_options(Vacuum* v, node::SlotId id, const node::SlotView& slot) {
    v->options.clear();
    v->estimates.resize(v->g.capacity);
    for (std::size_t i = 0; i < slot.degree(); ++i) {
        if (!v->is_dead(slot.link(i)))
            continue;
        const node::SlotView gone = copy_slot(v, slot.link(i), &v->other);
        if (gone.header().level != slot.header().level)
            continue;
        v->query.estimate(gone, v->query.distance(gone).graph, v->estimates.data());
        for (std::size_t j = 0; j < gone.degree(); ++j) {
            const node::SlotId to = gone.link(j);
            if (to != id && !v->is_dead(to) && !links_to(slot, to))
                v->options.push_back({v->estimates[j], to});
        }
        CHECK_FOR_INTERRUPTS();
    }
    auto& options = v->options;
    std::sort(options.begin(), options.end(), [](const auto& a, const auto& b) {
        return a.id < b.id || (a.id == b.id && a.distance < b.distance);
    });
    options.erase(std::unique(options.begin(), options.end(),
                              [](const auto& a, const auto& b) { return a.id == b.id; }),
                  options.end());
    std::sort(options.begin(), options.end(), [](const auto& a, const auto& b) {
        return a.distance < b.distance || (a.distance == b.distance && a.id < b.id);
    });
}

// Whether a link that stays, or one already taken for this slot, is nearer to the new neighbour
// than the node itself.
bool is_occluded(Vacuum* v, const node::SlotView& slot, std::size_t first_new, float length) {
    const std::size_t words = v->g.words;
    const float own = length * length;
    for (std::size_t i = 0; i < slot.degree(); ++i) {
        if (!v->is_dead(slot.link(i)) && slot.length(i) < length &&
            code::estimate_between(slot.code(i), slot.length(i), v->code.data(), length, words) <
                own)
            return true;
    }
    for (std::size_t i = first_new; i < v->new_links.size(); ++i) {
        const float other = distance::bf16_to_float(v->new_links[i].factors.length);
        if (code::estimate_between(v->new_codes.data() + i * words, other, v->code.data(), length,
                                   words) < own)
            return true;
    }
    return false;
}

void take_link(Vacuum* v, std::uint32_t index, node::SlotId to, const code::LinkFactors& f) {
    v->new_links.push_back({index, to, f});
    v->new_codes.insert(v->new_codes.end(), v->code.begin(), v->code.end());
}

// Codes the link from the node at hand to slot `to`; false when that is not a live slot of the
// level.
bool encode_option(Vacuum* v, node::SlotId to, const node::SlotHeader& h, code::LinkFactors* f) {
    const node::SlotView slot = copy_slot(v, to, &v->other);
    if (!slot.live() || slot.header().level != h.level)
        return false;
    slot.read_vector(v->vector.data());
    v->state.rotation.apply(v->vector.data(), v->state.centre.data(), v->rotated_other.data());
    *f = code::encode_link(v->rotated_node.data(), v->rotated_other.data(), v->g.words, h.tail,
                           slot.header().tail, v->code.data());
    return true;
}

// Adds to v->new_links what slot `index` of the page gets for its dead links.
void repair_slot(Vacuum* v, BlockNumber block, std::uint32_t index, std::size_t lost) {
    const node::SlotView slot = slot_of(v, &v->page, index);
    const node::SlotHeader& h = slot.header();
    slot.read_vector(v->vector.data());
    v->query.set_row(v->vector.data(), h.tail);
    v->state.rotation.apply(v->vector.data(), v->state.centre.data(), v->rotated_node.data());
    gather_options(v, v->g.slot_id(block, index), slot);

    // First those that open a direction nobody covers, then the nearest of the rest.
    const std::size_t first_new = v->new_links.size();
    const std::size_t tried = std::min(v->options.size(), kOptionsPerLink * lost);
    for (const bool fill : {false, true}) {
        for (std::size_t i = 0; i < tried && v->new_links.size() - first_new < lost; ++i) {
            const node::SlotId to = v->options[i].id;
            code::LinkFactors f;
            if (to == node::kNoSlot || !encode_option(v, to, h, &f))
                continue;
            if (!fill && is_occluded(v, slot, first_new, distance::bf16_to_float(f.length)))
                continue;
            take_link(v, index, to, f);
            v->options[i].id = node::kNoSlot;
        }
    }
}

void apply_repairs(Vacuum* v, BlockNumber block) {
    PageEdits e;
    begin_edits(&e, v->index, false);
    const Page page = edit_page(&e, block, node::PageKind::kSlots);
    const std::uint32_t used = used_slots(v, &v->page);
    for (std::uint32_t i = 0; i < used; ++i) {
        const node::SlotEdit slot(v->g, slot_bytes(v->g, page, i));
        if (!slot.live())
            continue;
        for (std::size_t l = slot.degree(); l-- > 0;) {
            if (v->is_dead(slot.link(l)))
                slot.remove_link(l);
        }
    }
    for (std::size_t n = 0; n < v->new_links.size(); ++n) {
        const Vacuum::NewLink& link = v->new_links[n];
        const node::SlotEdit slot(v->g, slot_bytes(v->g, page, link.index));
        slot.set_link(slot.header().degree++,
                      {link.to, false, link.factors.bias, link.factors.scale, link.factors.length,
                       v->new_codes.data() + n * v->g.words});
    }
    commit_edits(&e);
}

}  // namespace

void repair_links(Vacuum* v) {
    const BlockNumber blocks = static_cast<BlockNumber>(v->dead.size() / v->g.slots_per_page);
    for (BlockNumber block = kMetaBlock + 1; block < blocks; ++block) {
        delay_point();
        if (!copy_slots_page(v, block, &v->page))
            continue;
        v->new_links.clear();
        v->new_codes.clear();
        bool changed = false;
        const std::uint32_t used = used_slots(v, &v->page);
        for (std::uint32_t i = 0; i < used; ++i) {
            const node::SlotView slot = slot_of(v, &v->page, i);
            if (!slot.live() || v->is_dead(v->g.slot_id(block, i)))
                continue;
            std::size_t lost = 0;
            for (std::size_t l = 0; l < slot.degree(); ++l)
                lost += v->is_dead(slot.link(l)) ? 1 : 0;
            if (lost > 0) {
                changed = true;
                repair_slot(v, block, i, lost);
            }
            const node::SlotHeader& h = slot.header();
            if (h.level == 0 && h.parent != node::kNoSlot && v->is_dead(h.parent))
                v->orphans.push_back(v->g.slot_id(block, i));
        }
        if (changed)
            apply_repairs(v, block);
    }
}

}  // namespace vg::pg
