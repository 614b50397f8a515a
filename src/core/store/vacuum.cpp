// The first pass of a vacuum, the last one, and their order.
#include "core/store/vacuum.h"

#include <algorithm>
#include <cstring>

#include "core/no_postgres.h"

namespace vg::store {

using node::SlotId;
using node::SlotView;

void report_pages(const Vacuum* v, VacuumPass pass, Block block, Block blocks) {
    if (v->report != nullptr)
        v->report(pass, static_cast<double>(block) * v->g.slots_per_page,
                  static_cast<double>(blocks) * v->g.slots_per_page);
}

void report_begin(const Vacuum* v, VacuumPass pass) {
    if (v->report != nullptr)
        v->report(pass, 0, 0);
}

// ---- forget ----

namespace {

constexpr std::uint8_t kFree = static_cast<std::uint8_t>(node::SlotState::kFree);
constexpr std::uint8_t kDead = static_cast<std::uint8_t>(node::SlotState::kDead);

void note_dead(Vacuum* v, SlotId id, unsigned level) {
    v->dead[id] = true;
    ++v->dead_slots;
    v->dead_nodes += level == 0 ? 1 : 0;
}

bool all_free(const SlotsCopy& page) {
    for (std::uint32_t i = 0; i < page.used(); ++i) {
        if (page.slot(i).header().state != kFree)
            return false;
    }
    return true;
}

SlotView checked_slot(Vacuum* v, Block block, std::uint32_t i) {
    const SlotView slot = v->page.slot(i);
    if (const char* fault = slot.check())
        v->store.report_corrupt(block, fault);
    return slot;
}

// Notes what the copied page says about one slot and cleans its overflow chunks. True when the slot
// has to change.
bool look_at_slot(Vacuum* v, Block block, std::uint32_t i) {
    const SlotView slot = checked_slot(v, block, i);
    const node::SlotHeader& h = slot.header();
    if (h.state == kFree) {
        ++v->free_slots;
        return false;
    }
    const SlotId id = v->g.slot_id(block, i);
    if (h.level > 0)
        v->uppers.push_back({id, h.base, h.level});
    // Left by a vacuum that did not finish. The base of an upper slot may be free, or another node
    // by now.
    if (slot.dead())
        note_dead(v, id, h.level);
    if (slot.dead() || h.level > 0)
        return false;
    ++v->live_nodes;
    if (h.chunk != node::kNoChunk)
        v->chunks[i] = clean_chunks(v->store, id, h.chunk, &v->filter);
    const auto gone = std::count_if(h.tids, h.tids + h.tid_count, v->filter);
    const std::size_t left = h.tid_count - static_cast<std::size_t>(gone) + v->chunks[i].total;
    v->tids_left += left;
    if (left > 0)
        v->any_live = id;
    return gone > 0 || left == 0;
}

// True when a slot of the copied page has to change.
bool look_at_page(Vacuum* v, Block block) {
    bool change = false;
    v->chunks.assign(v->page.used(), ChunksLeft{node::kNoChunk, 0, 0});
    if (all_free(v->page))
        ++v->empty_pages;
    for (std::uint32_t i = 0; i < v->page.used(); ++i)
        change |= look_at_slot(v, block, i);
    return change;
}

// Whether a node has no TID left, given what clean_chunks found before its page was locked.
bool has_no_tid(Vacuum* v, SlotId id, const node::SlotHeader& h, const ChunksLeft& left) {
    if (h.tid_count > 0 || h.chunk != left.head || left.behind > 0)
        return false;
    return left.head == node::kNoChunk || chunk_count(v->store, id, left.head) == 0;
}

void forget_page(Vacuum* v, Block block) {
    v->store.begin();
    for (std::uint32_t i = 0; i < v->chunks.size(); ++i) {
        // What was free when it was copied may be a new node now.
        if (!v->page.slot(i).live() || v->page.slot(i).header().level > 0)
            continue;
        const SlotId id = v->g.slot_id(block, i);
        node::SlotHeader& h = v->store.edit_slot(id).header();
        h.tid_count = static_cast<std::uint8_t>(drop_dead(&v->filter, h.tids, h.tid_count));
        if (!has_no_tid(v, id, h, v->chunks[i]))
            continue;
        h.state = kDead;
        note_dead(v, id, 0);
        --v->live_nodes;
    }
    v->store.commit();
}

// Marks the slots above the base of dead nodes dead too, so that inserts do not link to them.
void forget_uppers(Vacuum* v) {
    const auto dead_base = [v](const UpperSlot& u) {
        return v->is_dead(u.base) && !v->is_dead(u.slot);
    };
    auto at = std::find_if(v->uppers.begin(), v->uppers.end(), dead_base);
    while (at != v->uppers.end()) {
        v->store.pause();
        const Block block = v->g.block_of(at->slot);
        v->store.begin();
        for (; at != v->uppers.end() && v->g.block_of(at->slot) == block;
             at = std::find_if(at + 1, v->uppers.end(), dead_base)) {
            note_dead(v, at->slot, at->level);
            v->store.edit_slot(at->slot).header().state = kDead;
        }
        v->store.commit();
    }
}

}  // namespace

void forget_rows(Vacuum* v) {
    v->inserted_before = v->store.meta().inserted_nodes;
    const Block blocks = v->store.blocks();
    v->dead.assign(std::size_t{blocks} * v->g.slots_per_page, false);
    v->store.begin_walk(blocks);
    for (Block block; v->store.next_of_walk(&block, &v->page);) {
        report_pages(v, VacuumPass::kForget, block, blocks);
        if (look_at_page(v, block))
            forget_page(v, block);
    }
    v->store.end_walk();
    forget_uppers(v);
}

// ---- wait ----

void wait_for_inserts(Vacuum* v) {
    report_begin(v, VacuumPass::kWait);
    v->store.wait_for_inserts();
}

// ---- release ----

// Frees the dead slots of the copied page that lie above the base, or those that do not.
static void release_page(Vacuum* v, Block block, bool uppers) {
    const auto goes = [&](std::uint32_t i) {
        return v->is_dead(v->g.slot_id(block, i)) && (v->page.slot(i).header().level > 0) == uppers;
    };
    bool any = false;
    for (std::uint32_t i = 0; i < v->page.used(); ++i) {
        if (!goes(i))
            continue;
        any = true;
        if (!uppers)
            release_chunks(v->store, v->g.slot_id(block, i), v->page.slot(i).header().chunk);
    }
    if (!any)
        return;
    v->store.begin();
    node::MetaData* meta = v->store.edit_meta();
    bool empty = true;
    for (std::uint32_t i = 0; i < v->page.used(); ++i) {
        const SlotId id = v->g.slot_id(block, i);
        const node::SlotEdit slot = v->store.edit_slot(id);
        if (goes(i)) {
            std::memset(slot.bytes(), 0, v->g.slot_bytes);
            slot.header().other = meta->free_slot;
            meta->free_slot = id;
            meta->removed_nodes += uppers ? 0 : 1;
            ++v->free_slots;
            v->dead[id] = false;
        }
        empty &= slot.header().state == kFree;
    }
    v->empty_pages += empty ? 1 : 0;
    v->store.commit();
}

static void release_uppers(Vacuum* v) {
    Block done = kMetaBlock;
    for (const UpperSlot& u : v->uppers) {
        const Block block = v->g.block_of(u.slot);
        if (block == done || !v->is_dead(u.slot))
            continue;
        v->store.pause();
        done = block;
        if (v->store.copy(block, &v->page))
            release_page(v, block, true);
    }
}

void release_slots(Vacuum* v) {
    release_uppers(v);
    const Block blocks = static_cast<Block>(v->dead.size() / v->g.slots_per_page);
    for (Block block = kMetaBlock + 1; block < blocks; ++block) {
        const auto first = v->dead.begin() + v->g.slot_id(block, 0);
        if (std::find(first, first + v->g.slots_per_page, true) == first + v->g.slots_per_page)
            continue;
        v->store.pause();
        report_pages(v, VacuumPass::kRelease, block, blocks);
        if (v->store.copy(block, &v->page))
            release_page(v, block, false);
    }
}

// ---- all ----

void vacuum(Vacuum* v) {
    forget_rows(v);
    if (!has_work(v))
        return;
    wait_for_inserts(v);
    repair_links(v);
    repair_entry(v);
    report_begin(v, VacuumPass::kReparent);
    reparent_orphans(v);
    release_slots(v);
}

}  // namespace vg::store
