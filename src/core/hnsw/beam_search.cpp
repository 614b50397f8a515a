#include "core/hnsw/beam_search.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/no_postgres.h"

namespace vg::hnsw {
namespace {

inline float unless_nan(float x, float otherwise) noexcept {
    return x == x ? x : otherwise;
}

constexpr auto kFartherFirst = [](const auto& a, const auto& b) {
    return a.distance > b.distance || (a.distance == b.distance && a.id > b.id);
};
constexpr auto kLaterFirst = [](const auto& a, const auto& b) {
    return a.order > b.order || (a.order == b.order && a.index > b.index);
};

}  // namespace

void SlotSet::clear() noexcept {
    size_ = 0;
    if (++generation_ == 0) {
        std::fill(cells_.begin(), cells_.end(), Cell{0, 0});
        generation_ = 1;
    }
}

bool SlotSet::contains(SlotId id) const noexcept {
    for (std::size_t i = home(id); cells_[i].generation == generation_;
         i = (i + 1) & (cells_.size() - 1)) {
        if (cells_[i].id == id)
            return true;
    }
    return false;
}

bool SlotSet::insert(SlotId id) {
    if (size_ * 2 >= cells_.size())
        rehash();
    std::size_t i = home(id);
    while (cells_[i].generation == generation_) {
        if (cells_[i].id == id)
            return false;
        i = (i + 1) & (cells_.size() - 1);
    }
    cells_[i] = {id, generation_};
    ++size_;
    return true;
}

void SlotSet::rehash() {
    std::vector<Cell> old(cells_.size() * 2);
    old.swap(cells_);
    const std::uint32_t previous = generation_;
    generation_ = 1;
    size_ = 0;
    for (const Cell& c : old) {
        if (c.generation == previous)
            insert(c.id);
    }
}

BeamSearch::BeamSearch(const node::NodeQuery& query)
    : query_(&query),
      distinct_(query.geometry().words == 1),
      estimates_(query.geometry().capacity),
      near_(query.geometry().capacity) {}

void BeamSearch::reset(std::size_t ef) {
    ef_ = std::max<std::size_t>(ef, 1);
    visited_.clear();
    pool_.clear();
    spill_.clear();
    frontier_.clear();
    best_.clear();
    found_.clear();
    ready_.clear();
    late_.clear();
    cursor_ = 0;
    first_round_ = true;
    exhausted_ = false;
    late_sorted_ = false;
    target_expanded_ = 0;
    emitted_ = 0;
    last_order_ = -std::numeric_limits<float>::infinity();
    // The upper half of a beam is where misses are; wide enough beams keep it back until the next
    // round has had a chance to fill in.
    rank_limit_ = std::max(std::min(ef_, kRankFloor), ef_ / 2);
}

void BeamSearch::start(SlotId entry, unsigned level, unsigned target_level, std::size_t ef) {
    reset(ef);
    level_ = level;
    target_level_ = target_level;
    pool_limit_ = level_ > target_level_ ? kUpperBeam : ef_;
    if (entry != kNoSlot)
        pool_.push_back({0.0f, entry});
}

void BeamSearch::start(std::span<const Seed> seeds, unsigned target_level, std::size_t ef) {
    reset(ef);
    level_ = target_level;
    target_level_ = target_level;
    pool_limit_ = ef_;
    for (const Seed& s : seeds)
        offer(s.distance, s.slot);
}

// The level is done: its best slots, one level down, seed the next.
void BeamSearch::descend() {
    --level_;
    pool_.clear();
    spill_.clear();
    cursor_ = 0;
    pool_limit_ = level_ > target_level_ ? kUpperBeam : ef_;
    for (const Seed& s : best_)
        offer(s.distance, s.slot);
    best_.clear();
}

SlotId BeamSearch::next() {
    if (!first_round_)
        return next_in_frontier();
    for (;;) {
        const SlotId id = next_in_pool();
        if (id != kNoSlot)
            return id;
        if (level_ == target_level_)
            return next_after_pool();
        if (best_.empty())
            return kNoSlot;
        descend();
    }
}

// A beam that ran dry before it was full has seen all that links lead to from where it began, which
// in a graph that many deletions have thinned out may be a small part. Links from the root lead
// everywhere.
SlotId BeamSearch::next_after_pool() {
    if (target_level_ > 0 || pool_.size() == pool_limit_ || root_ == kNoSlot ||
        visited_.contains(root_))
        return kNoSlot;
    pool_.push_back({std::numeric_limits<float>::max(), root_});
    return next_in_pool();
}

SlotId BeamSearch::next_in_pool() {
    while (cursor_ < pool_.size()) {
        Candidate& c = pool_[cursor_];
        if ((c.id & kExpanded) == 0) {
            const SlotId id = c.id;
            c.id |= kExpanded;
            if (visited_.insert(id)) {
                ++cursor_;
                return id;
            }
        }
        ++cursor_;
    }
    return kNoSlot;
}

SlotId BeamSearch::next_in_frontier() {
    while (!frontier_.empty() && target_expanded_ < expand_target_) {
        std::pop_heap(frontier_.begin(), frontier_.end(), kFartherFirst);
        const SlotId id = frontier_.back().id;
        frontier_.pop_back();
        if (visited_.insert(id))
            return id;
    }
    return kNoSlot;
}

SlotId BeamSearch::peek() const noexcept {
    if (!first_round_)
        return frontier_.empty() ? kNoSlot : frontier_.front().id;
    for (std::size_t i = cursor_; i < pool_.size(); ++i) {
        // A node may lie in the pool once per link that led to it.
        if ((pool_[i].id & kExpanded) == 0 && !visited_.contains(pool_[i].id))
            return pool_[i].id;
    }
    return kNoSlot;
}

void BeamSearch::expand(SlotId id, const node::SlotView& slot) {
    const node::SlotHeader& h = slot.header();
    if (h.state == static_cast<std::uint8_t>(node::SlotState::kFree) || h.level != level_)
        return;
    node::NodeDistance d = query_->distance(slot);
    // Coordinates near the float limit overflow to NaN, which no ordered container can hold.
    d.graph = unless_nan(d.graph, std::numeric_limits<float>::infinity());
    d.order = unless_nan(d.order, std::numeric_limits<float>::infinity());

    if (level_ == target_level_) {
        ++target_expanded_;
        if (slot.live()) {
            Found f{d.order, d.graph, id, h.other, h.chunk, h.tid_count, {}};
            std::copy(h.tids, h.tids + node::kInlineTids, f.tids);
            ready_.push_back({d.order, static_cast<std::uint32_t>(found_.size())});
            std::push_heap(ready_.begin(), ready_.end(), kLaterFirst);
            found_.push_back(f);
        }
    } else {
        const Seed seed{h.other, d.graph};
        const auto at =
            std::upper_bound(best_.begin(), best_.end(), seed,
                             [](const Seed& a, const Seed& b) { return a.distance < b.distance; });
        best_.insert(at, seed);
        if (best_.size() > kUpperBeam)
            best_.pop_back();
    }

    const std::size_t degree = slot.degree();
    query_->estimate(slot, d.graph, estimates_.data());
    if (first_round_) {
        offer_links(slot, degree, d.graph);
        return;
    }
    for (std::size_t i = 0; i < degree; ++i)
        offer_frontier(unless_nan(estimates_[i], d.graph), slot.link(i));
}

// Which links are near enough for the pool follows no pattern that a processor could predict, so
// they are told apart without branches before the few that are get their places.
void BeamSearch::offer_links(const node::SlotView& slot, std::size_t degree, float distance) {
    const float bound = pool_.size() == pool_limit_ ? pool_.back().distance
                                                    : std::numeric_limits<float>::infinity();
    const std::size_t spilled = spill_.size();
    spill_.resize(spilled + degree);
    Candidate* far = spill_.data() + spilled;
    std::size_t near = 0;
    for (std::size_t i = 0; i < degree; ++i) {
        const Candidate c{unless_nan(estimates_[i], distance), slot.link(i)};
        const bool fits = c.distance < bound;
        *far = c;
        far += !fits;
        near_[near] = c;
        near += fits;
    }
    spill_.resize(level_ == target_level_ ? static_cast<std::size_t>(far - spill_.data()) : 0);
    for (std::size_t i = 0; i < near; ++i)
        offer(near_[i].distance, near_[i].id);
}

// The number of pool entries not farther than that: std::upper_bound without its branches, half of
// which a processor mispredicts.
std::size_t BeamSearch::place_in_pool(float distance) const noexcept {
    const Candidate* base = pool_.data();
    std::size_t left = pool_.size();
    if (left == 0)
        return 0;
    while (left > 1) {
        const std::size_t half = left / 2;
        // Written as a product, lest the compiler make it a branch again.
        base += half * static_cast<std::size_t>(base[half - 1].distance <= distance);
        left -= half;
    }
    return static_cast<std::size_t>(base - pool_.data()) + (base->distance <= distance ? 1 : 0);
}

void BeamSearch::offer(float distance, SlotId id) {
    const bool full = pool_.size() == pool_limit_;
    if (full && distance >= pool_.back().distance) {
        if (level_ == target_level_)
            spill_.push_back({distance, id});
        return;
    }
    if (visited_.contains(id))
        return;
    const std::size_t index = place_in_pool(distance);
    const auto at = pool_.begin() + static_cast<std::ptrdiff_t>(index);
    // A node is offered once per link that leads to it; see distinct_. What lies before the cursor
    // is expanded.
    auto same = pool_.end();
    if (distinct_)
        same = std::find_if(pool_.begin() + static_cast<std::ptrdiff_t>(cursor_), pool_.end(),
                            [id](const Candidate& c) { return c.id == id; });
    if (same != pool_.end()) {
        if (same < at)
            return;
        std::move_backward(at, same, same + 1);
        *at = {distance, id};
        cursor_ = std::min(cursor_, index);
        return;
    }
    if (full) {
        const Candidate last = pool_.back();
        if (level_ == target_level_ && (last.id & kExpanded) == 0)
            spill_.push_back(last);
        pool_.pop_back();
    }
    pool_.insert(pool_.begin() + static_cast<std::ptrdiff_t>(index), {distance, id});
    cursor_ = std::min(cursor_, index);
}

void BeamSearch::offer_frontier(float distance, SlotId id) {
    if (visited_.contains(id))
        return;
    if (frontier_.size() >= frontier_limit_)
        compact_frontier();
    frontier_.push_back({distance, id});
    std::push_heap(frontier_.begin(), frontier_.end(), kFartherFirst);
}

// A node is offered once per link that leads to it. Keeping only its best estimate bounds the
// frontier by the number of nodes seen; doubling the limit makes the cost constant per offer.
void BeamSearch::compact_frontier() {
    std::sort(frontier_.begin(), frontier_.end(), [](const Candidate& a, const Candidate& b) {
        return a.id < b.id || (a.id == b.id && a.distance < b.distance);
    });
    const auto same = [](const Candidate& a, const Candidate& b) { return a.id == b.id; };
    frontier_.erase(std::unique(frontier_.begin(), frontier_.end(), same), frontier_.end());
    std::erase_if(frontier_, [this](const Candidate& c) { return visited_.contains(c.id); });
    std::make_heap(frontier_.begin(), frontier_.end(), kFartherFirst);
    frontier_limit_ = std::max<std::size_t>(2 * frontier_.size(), 65536);
}

bool BeamSearch::pop(Found* out) {
    while (!ready_.empty() && (exhausted_ || emitted_ < rank_limit_)) {
        std::pop_heap(ready_.begin(), ready_.end(), kLaterFirst);
        const Ready r = ready_.back();
        ready_.pop_back();
        if (r.order < last_order_) {
            late_.push_back(r);
            continue;
        }
        last_order_ = r.order;
        ++emitted_;
        *out = found_[r.index];
        return true;
    }
    if (!exhausted_ || late_.empty())
        return false;
    if (!late_sorted_) {
        late_sorted_ = true;
        std::sort(late_.begin(), late_.end(), kLaterFirst);  // nearest at the back
    }
    *out = found_[late_.back().index];
    late_.pop_back();
    return true;
}

bool BeamSearch::grow() {
    if (exhausted_)
        return false;
    if (first_round_) {
        first_round_ = false;
        // A descent that found nothing (its slots were reused meanwhile) ends above the target.
        level_ = target_level_;
        for (const Candidate& c : pool_) {
            if ((c.id & kExpanded) == 0)
                spill_.push_back(c);
        }
        pool_.clear();
        frontier_.swap(spill_);
        compact_frontier();
    }
    std::erase_if(frontier_, [this](const Candidate& c) { return visited_.contains(c.id); });
    std::make_heap(frontier_.begin(), frontier_.end(), kFartherFirst);
    if (frontier_.empty() && root_ != kNoSlot && !visited_.contains(root_))
        frontier_.push_back({0.0f, root_});
    if (frontier_.empty()) {
        exhausted_ = true;
        return true;
    }
    expand_target_ = 2 * std::max(target_expanded_, ef_);
    rank_limit_ = std::max(rank_limit_, expand_target_ / 2);
    return true;
}

}  // namespace vg::hnsw
