// What a search does when a round is over: it hands out the nodes that it can answer for, and makes
// up its mind what the next round reads.
#include <algorithm>

#include "core/hnsw/beam_search.h"

#include "core/no_postgres.h"

namespace vg::hnsw {

static constexpr auto kNearerFirst = [](const auto& a, const auto& b) {
    return a.distance < b.distance || (a.distance == b.distance && a.id < b.id);
};

bool BeamSearch::pop(Found* out) {
    const auto later_first = [this](const Ready& a, const Ready& b) { return later(a, b); };
    while (!ready_.empty() && may_hand_out()) {
        std::pop_heap(ready_.begin(), ready_.end(), later_first);
        const Ready r = ready_.back();
        ready_.pop_back();
        if (r.order < last_order_) {
            late_.push_back(r);
            continue;
        }
        last_order_ = r.order;
        ++emitted_;
        found_[r.index].handed_out = true;
        *out = found_[r.index];
        return true;
    }
    if (!exhausted_ || late_.empty())
        return false;
    if (!late_sorted_) {
        late_sorted_ = true;
        std::sort(late_.begin(), late_.end(), later_first);  // nearest at the back
    }
    found_[late_.back().index].handed_out = true;
    *out = found_[late_.back().index];
    late_.pop_back();
    return true;
}

bool BeamSearch::take(Found* out) {
    if (ready_.empty())
        return false;
    std::pop_heap(ready_.begin(), ready_.end(),
                  [this](const Ready& a, const Ready& b) { return later(a, b); });
    Found& next = found_[ready_.back().index];
    ready_.pop_back();
    next.handed_out = true;
    *out = next;
    return true;
}

void BeamSearch::unread_beyond(float distance, std::size_t most, std::vector<SlotId>* out) {
    std::vector<Candidate> far;
    const auto add = [&](float estimate, SlotId id) {
        if (estimate >= distance && !visited_.contains(id))
            far.push_back({estimate, id});
    };
    for (const std::vector<Candidate>* known : {&spill_, &aside_}) {
        for (const Candidate& c : *known)
            add(c.distance, c.id);
    }
    for (std::size_t i = 0; i < unread_.ids().size(); ++i)
        add(unread_.estimates()[i], unread_.ids()[i]);
    std::sort(far.begin(), far.end(), kNearerFirst);
    for (std::size_t i = 0; i < far.size() && out->size() < most; ++i) {
        if (std::find(out->begin(), out->end(), far[i].id) == out->end())
            out->push_back(far[i].id);
    }
}

// What was met and not read goes to where all estimates of a node count.
void BeamSearch::hand_to_unread(std::vector<Candidate>* met) {
    for (const Candidate& c : *met) {
        if ((c.id & kExpanded) == 0)
            unread_.see(c.id, c.distance);
    }
    met->clear();
}

void BeamSearch::leave_beam() {
    in_beam_ = false;
    // A descent that found nothing (its slots were reused meanwhile) ends above the target.
    level_ = target_level_;
    for (const Found& f : found_)
        unread_.leave_out(f.slot);
    hand_to_unread(&pool_);
    hand_to_unread(&spill_);
}

void BeamSearch::end_first_round() {
    first_round_ = false;
    hand_to_unread(&crowd_);
    hand_to_unread(&aside_);
}

bool BeamSearch::grow() {
    if (exhausted_)
        return false;
    if (in_beam_)
        leave_beam();
    if (first_round_)
        end_first_round();
    take_batch(next_batch());
    if (!batch_.empty())
        return true;
    if (root_ == kNoSlot || visited_.contains(root_))
        exhausted_ = true;
    else
        batch_.push_back(root_);
    return true;
}

}  // namespace vg::hnsw
