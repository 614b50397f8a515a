// Second pass of a vacuum: links to dead slots are replaced by links to what those slots linked to.
// The dead slot's own page estimates, with the live node as the query, how near its neighbours are,
// so that only the few that are taken have to be read.

#include "core/store/vacuum.h"

#include <algorithm>

#include "core/hnsw/node_insert.h"
#include "core/store/links.h"
#include "core/store/rounds.h"

#include "core/no_postgres.h"

namespace vg::store {

using node::kNoSlot;
using node::SlotId;
using node::SlotView;

namespace {

// Options read per link to be replaced: some turn out to be occluded by links that stay.
constexpr std::size_t kOptionsPerLink = 2;
// Orphans remembered before they are given parents: 4 MB.
constexpr std::size_t kMaxOrphans = std::size_t{1} << 20;

// Adds to v->found what a search as of an insert finds. Where most of a neighbourhood died at once,
// the neighbours of dead neighbours are mostly dead too: 85 % of 27,000 clustered rows deleted
// between two vacuums left lists half empty and recall@10 at .79 instead of .99.
void search_options(Vacuum* v, unsigned level, std::size_t wanted) {
    const node::MetaData meta = v->store.meta();
    v->search.set_root(meta.root);
    v->search.start(meta.entry, meta.entry_level, level,
                    hnsw::insert_beam(v->constants.ef_construction, level, v->constants.metric));
    run_rounds(
        v->store, v->search, [v](SlotId id, const SlotView& slot) { v->search.expand(id, slot); },
        [=] { return v->search.found().size() >= wanted; });
    for (const hnsw::Found& f : v->search.found()) {
        if (!v->is_dead(f.slot))
            v->found.push_back({f.graph, f.slot, {}});
    }
}

// Fills v->options with the live neighbours of the slot's dead neighbours that it has no link to:
// those with the smallest estimates, `most` at most. Where it lost over a quarter of its links,
// it searches too.
void gather_options(Vacuum* v, SlotId id, const SlotView& slot, std::size_t lost) {
    const std::size_t most = kOptionsPerLink * lost;
    v->found.clear();
    v->estimates.resize(v->g.capacity);
    const auto add_neighbours = [&](const SlotView& gone) {
        if (gone.header().level != slot.header().level)
            return;
        v->query.estimate(gone, v->query.distance(gone).graph, v->estimates.data());
        for (std::size_t j = 0; j < gone.degree(); ++j) {
            if (!v->is_dead(gone.link(j)))
                v->found.push_back({v->estimates[j], gone.link(j), {}});
        }
    };
    for (std::size_t i = 0; i < slot.degree(); ++i) {
        if (v->is_dead(slot.link(i)))
            v->store.prefetch(slot.link(i));
    }
    v->known.clear();
    v->known.insert(id);
    for (std::size_t i = 0; i < slot.degree(); ++i) {
        v->known.insert(slot.link(i));
        if (v->is_dead(slot.link(i)))
            with_slot(v->store, slot.link(i), add_neighbours);
        v->store.poll();
    }
    if (4 * lost > slot.degree())
        search_options(v, slot.header().level, most);
    // A few are taken of some hundreds, so a heap is cheaper than their order.
    const auto farther = [](const Vacuum::Option& a, const Vacuum::Option& b) {
        return a.distance > b.distance || (a.distance == b.distance && a.id > b.id);
    };
    v->options.clear();
    std::make_heap(v->found.begin(), v->found.end(), farther);
    // Behind the nearest some of those that lead out of a crowd of near-copies.
    const std::size_t far = v->g.capacity / 4;
    float limit = 0;
    while (v->options.size() < most + far && !v->found.empty()) {
        std::pop_heap(v->found.begin(), v->found.end(), farther);
        const Vacuum::Option& o = v->found.back();
        if (v->options.size() < most)
            limit = std::max(o.distance, 0.0f);
        if ((v->options.size() < most || 256 * limit < o.distance) && v->known.insert(o.id))
            v->options.push_back(o);
        v->found.pop_back();
    }
}

// Codes the link from the node at hand to each option, dropping those that are no live slot of the
// level.
void encode_options(Vacuum* v, const node::SlotHeader& h) {
    const std::size_t words = v->g.words;
    v->option_codes.resize(v->options.size() * words);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < v->options.size(); ++i) {
        Vacuum::Option o = v->options[i];
        if (i + 1 < v->options.size())
            v->store.prefetch(v->options[i + 1].id);
        bool fits = false;
        const auto read = [&](const SlotView& slot) {
            fits = slot.live() && slot.header().level == h.level;
            slot.read_vector(v->vector.data());
        };
        with_slot(v->store, o.id, read);
        if (!fits)
            continue;
        v->constants.rotate(v->vector.data(), v->rotated_other.data());
        o.factors = node::link_factors(v->g, v->constants.metric, v->rotated_node.data(),
                                       v->rotated_other.data(), &v->option_codes[kept * words]);
        v->options[kept++] = o;
    }
    v->options.resize(kept);
}

// Of the encoded options, first those that lead out of a crowd of near-copies, until a quarter of
// the list does, then those that add a direction, then the nearest of the rest, `lost` at most. In
// v->coded, links that stay have indexes below the capacity, options begin there.
void take_options(Vacuum* v, std::uint32_t index, const SlotView& slot, std::size_t lost) {
    const std::size_t words = v->g.words;
    v->coded.clear();
    for (std::uint32_t i = 0; i < slot.degree(); ++i) {
        if (!v->is_dead(slot.link(i)))
            v->coded.push_back({slot.length(i), slot.code(i), i, false});
    }
    for (std::uint32_t i = 0; i < v->options.size(); ++i)
        v->coded.push_back({distance::bf16_to_float(v->options[i].factors.length),
                            &v->option_codes[i * words], v->g.capacity + i, false});
    if (v->coded.empty())  // nothing else is alive
        return;
    hnsw::mark_diverse(&v->coded, words);
    const auto take = [&](const hnsw::CodedLink& l) {
        const Vacuum::Option& o = v->options[l.index - v->g.capacity];
        v->new_links.push_back({index, o.id, o.factors});
        v->new_codes.insert(v->new_codes.end(), l.code, l.code + words);
        --lost;
    };
    const std::size_t near = std::min(v->coded.size(), std::size_t{v->g.capacity} * 3 / 4);
    const float limit = v->coded[near - 1].length;
    std::size_t out = 0;
    for (const hnsw::CodedLink& l : v->coded) {
        if (!l.diverse || !hnsw::is_tiny_step(limit, l.length))
            continue;
        if (out++ < v->g.capacity / 4 && l.index >= v->g.capacity && lost > 0)
            take(l);
    }
    for (const bool diverse : {true, false}) {
        for (const hnsw::CodedLink& l : v->coded) {
            if (lost == 0)
                return;
            if (l.index >= v->g.capacity && l.diverse == diverse &&
                !hnsw::is_tiny_step(limit, l.length))
                take(l);
        }
    }
}

// Adds to v->new_links what slot `index` of the page gets for its dead links.
void repair_slot(Vacuum* v, Block block, std::uint32_t index, std::size_t lost) {
    const SlotView slot = v->page.slot(index);
    const node::SlotHeader& h = slot.header();
    slot.read_vector(v->vector.data());
    v->query.set_row(v->vector.data());
    v->constants.rotate(v->vector.data(), v->rotated_node.data());
    gather_options(v, v->g.slot_id(block, index), slot, lost);
    encode_options(v, h);
    take_options(v, index, slot, lost);
}

// Adds to v->new_links the list of slot `index` that was chosen anew.
void take_list(Vacuum* v, std::uint32_t index, std::span<const SlotId> list) {
    const SlotView slot = v->page.slot(index);
    slot.read_vector(v->vector.data());
    v->constants.rotate(v->vector.data(), v->rotated_node.data());
    v->options.clear();
    for (const SlotId id : list)
        v->options.push_back({0, id, {}});
    encode_options(v, slot.header());
    for (std::size_t i = 0; i < v->options.size(); ++i) {
        v->new_links.push_back({index, v->options[i].id, v->options[i].factors});
        const auto code = v->option_codes.begin() + static_cast<std::ptrdiff_t>(i * v->g.words);
        v->new_codes.insert(v->new_codes.end(), code, code + v->g.words);
    }
}

// Whether a link goes: it leads to a dead slot, or it is one of those that a list chosen anew
// replaces.
bool link_goes(const Vacuum* v, const SlotView& slot, std::size_t l, bool anew) {
    if (v->is_dead(slot.link(l)))
        return true;
    std::span<const SlotId> list;
    return anew && !slot.link_protected(l) && new_list(v, slot.link(l), slot.header().level, &list);
}

// Inserts may have added links meanwhile: a list can be full by now, or hold the link already.
void apply_repairs(Vacuum* v, Block block) {
    v->store.begin();
    for (std::uint32_t i = 0; i < v->page.used(); ++i) {
        const node::SlotEdit slot = v->store.edit_slot(v->g.slot_id(block, i));
        if (!slot.live())
            continue;
        std::span<const SlotId> list;
        const bool anew = new_list(v, v->g.slot_id(block, i), slot.header().level, &list);
        for (std::size_t l = slot.degree(); l-- > 0;) {
            if (link_goes(v, slot, l, anew))
                slot.remove_link(l);
        }
    }
    for (std::size_t n = 0; n < v->new_links.size(); ++n) {
        const Vacuum::NewLink& link = v->new_links[n];
        const node::SlotEdit slot = v->store.edit_slot(v->g.slot_id(block, link.index));
        if (slot.degree() == v->g.capacity || links_to(slot, link.to))
            continue;
        put_link(slot, slot.degree(),
                 {link.to, false, link.factors.bias, link.factors.scale, link.factors.length,
                  v->new_codes.data() + n * v->g.words});
    }
    v->store.commit();
}

}  // namespace

void repair_page(Vacuum* v, Block block) {
    v->new_links.clear();
    v->new_codes.clear();
    bool changed = false;
    const std::uint32_t used = v->page.used();
    for (std::uint32_t i = 0; i < used; ++i) {
        const SlotView slot = v->page.slot(i);
        if (!slot.live())
            continue;
        if (const char* fault = slot.check())
            v->store.report_corrupt(block, fault);
        std::size_t lost = 0;
        for (std::size_t l = 0; l < slot.degree(); ++l)
            lost += v->is_dead(slot.link(l)) ? 1 : 0;
        std::span<const SlotId> list;
        if (new_list(v, v->g.slot_id(block, i), slot.header().level, &list)) {
            changed = true;
            take_list(v, i, list);
        } else if (lost > 0) {
            changed = true;
            repair_slot(v, block, i, lost);
        }
        const node::SlotHeader& h = slot.header();
        if (h.level > 0) {
            note_upper(v, v->g.slot_id(block, i), h.level);
            continue;
        }
        v->any_live = v->g.slot_id(block, i);
        if (h.parent != kNoSlot && v->is_dead(h.parent))
            v->orphans.push_back(v->g.slot_id(block, i));
    }
    if (changed)
        apply_repairs(v, block);
}

void repair_links(Vacuum* v) {
    choose_lists_anew(v);
    // Nodes added since the first pass may link to dead ones too.
    const Block blocks = v->store.blocks();
    v->store.begin_walk(blocks);
    for (Block block; v->store.next_of_walk(&block, &v->page);) {
        report_pages(v, VacuumPass::kRepair, block, blocks);
        repair_page(v, block);
        if (v->orphans.size() >= kMaxOrphans)
            reparent_orphans(v);
    }
    v->store.end_walk();
}

}  // namespace vg::store
