// One row: the search, and which way it is added. The edits that add a node are in insert_node.cpp.
#include "core/store/insert.h"

#include "core/store/rounds.h"
#include "core/store/tids.h"

#include "core/no_postgres.h"

namespace vg::store {

using node::kNoSlot;
using node::SlotId;
using node::SlotView;
using node::Tid;

// A try fails when a vacuum removed what it had found, which cannot go on for ever.
static constexpr int kMaxTries = 1000;

// Searches one level after another from the top down to `level`, leaving that level's candidates
// with their vectors. At the base it goes on for some rounds where most are dead and the others do
// not fill a list, and until there is a live one, or the index has none.
void Inserter::search_level(const node::MetaData& meta, unsigned level) {
    hnsw::BeamSearch& search = work_.search();
    const auto expand = [this](SlotId id, const SlotView& slot) { work_.expand(id, slot); };
    work_.clear_candidates();
    search.set_root(meta.root);
    search.start(meta.entry, meta.entry_level, level,
                 hnsw::insert_beam(constants_.ef_construction, level, constants_.metric));
    run_rounds(store_, search, expand, [&] {
        const std::size_t live = search.found().size();
        return level > 0 || live >= g_.capacity || live >= search.dead_found();
    });
    while (level == 0 && search.found().empty() && search.grow())
        run_round(store_, search, expand);
    for (const SlotId id : work_.far_slots())
        with_slot(store_, id, [&](const SlotView& slot) { work_.keep_far(id, slot); });
    work_.choose();
}

// ---- another row with the same vector ----

// Another heap TID for a node that holds the same vector; false when that node is gone. On 8-bit
// storage unequal rows can be stored alike, which the node says then.
bool Inserter::add_tid(SlotId id, const Tid& tid) {
    store_.begin();
    const node::SlotEdit slot = store_.edit_slot(id);
    if (!work_.is_same_row(slot)) {
        store_.rollback();
        return false;
    }
    node::SlotHeader& h = slot.header();
    if (add_tid_in_place(store_, id, &h, tid) != Added::kYes) {
        store_.rollback();
        return add_tid_in_new_chunk_of(id, tid);
    }
    slot.share_vector(work_.encoding());
    store_.commit();
    return true;
}

// An edit of its own because it needs the metapage, which comes first in lock order and most rows
// have no need of.
bool Inserter::add_tid_in_new_chunk_of(SlotId id, const Tid& tid) {
    store_.begin();
    store_.edit_meta();
    const node::SlotEdit slot = store_.edit_slot(id);
    if (!work_.is_same_row(slot)) {
        store_.rollback();
        return false;
    }
    add_tid_in_new_chunk(store_, id, &slot.header(), tid);
    slot.share_vector(work_.encoding());
    store_.commit();
    return true;
}

// ---- one row ----

void Inserter::call_hook(SlotId base, const Tid& tid) {
    if (hook_ != nullptr)
        hook_(hook_arg_, work_, base, tid);
}

// What comes after an attempt to add the row's node: null id, and nothing was added.
Inserter::Outcome Inserter::outcome_of(SlotId base, const Tid& tid) {
    if (base == kNoSlot)
        return Outcome::kAgain;
    call_hook(base, tid);
    return Outcome::kDone;
}

Inserter::Outcome Inserter::try_insert(const float* vector, const Tid& tid) {
    const node::MetaData meta = store_.meta();
    if (!work_.set_row(vector))
        return Outcome::kNotIndexable;
    if (meta.root == kNoSlot) {
        work_.choose();
        return outcome_of(add_first_slot(tid), tid);
    }
    search_level(meta, 0);
    const SlotId same = work_.duplicate();
    if (same != kNoSlot && add_tid(same, tid))
        return outcome_of(same, tid);
    const Parent parent = find_parent();
    if (work_.chosen() == 0)
        return outcome_of(add_root_slot(tid, meta), tid);
    if (parent.chosen == work_.chosen())
        return Outcome::kAgain;
    const SlotId base = add_base_slot(tid, parent);
    if (base == kNoSlot)
        return Outcome::kAgain;
    add_back_links(0, base, parent.chosen);
    call_hook(base, tid);
    add_upper_slots(meta, base, tid);
    return Outcome::kDone;
}

bool Inserter::insert(const float* vector, const Tid& tid) {
    for (int tries = 0; tries < kMaxTries; ++tries) {
        const Outcome outcome = try_insert(vector, tid);
        if (outcome != Outcome::kAgain)
            return outcome == Outcome::kDone;
        store_.poll();
    }
    store_.report_corrupt(kMetaBlock, "no node can be found to link a new one to");
}

}  // namespace vg::store
