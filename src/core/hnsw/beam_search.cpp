#include "core/hnsw/beam_search.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "core/no_postgres.h"

namespace vg::hnsw {
namespace {

inline float unless_nan(float x, float otherwise) noexcept {
    return x == x ? x : otherwise;
}

// Sizes that a search reaches without a second thought.
constexpr std::size_t kLeastStep = 16;
// See first_beam().
constexpr std::size_t kFirstBeam = 120;
// A scan hands out up to ef, but no more than so many rows of its first round without keeping
// others back: where estimates are good a short answer needs no more. MNIST, ef 10, LIMIT 10:
// recall .99 after half as many nodes.
constexpr std::size_t kFreeRows = 10;
constexpr std::size_t kKeptBytes = 1 << 20;

// See crowd_; is_tiny_step of code_prune.h is the same rule for lists.
constexpr float kTinyStep = 1.0f / 16;

}  // namespace

struct BeamSearch::Memory {
    SlotSet visited;
    Unread unread;
    std::vector<Candidate> pool, crowd, aside, spill;
    std::vector<Found> found;
    std::vector<Ready> ready, late;
    std::vector<SlotId> batch;

    static Memory* spare() {
        thread_local Memory memory;
        return &memory;
    }
};

void BeamSearch::swap_memory(Memory* other) noexcept {
    std::swap(visited_, other->visited);
    std::swap(unread_, other->unread);
    batch_.swap(other->batch);
    pool_.swap(other->pool);
    crowd_.swap(other->crowd);
    aside_.swap(other->aside);
    spill_.swap(other->spill);
    found_.swap(other->found);
    ready_.swap(other->ready);
    late_.swap(other->late);
}

BeamSearch::BeamSearch(const node::NodeQuery& query)
    : query_(&query),
      estimates_(query.geometry().capacity),
      near_(query.geometry().capacity),
      tiny_(query.geometry().capacity) {
    swap_memory(Memory::spare());
    reset(1);
}

BeamSearch::~BeamSearch() {
    if (bytes() < kKeptBytes)
        swap_memory(Memory::spare());
}

void BeamSearch::reset(std::size_t ef) {
    ef_ = std::max<std::size_t>(ef, 1);
    row_reads_ = 1;
    sure_reads_ = 0;
    reads_ = 0;
    free_rows_ = 0;
    visited_.clear();
    pool_.clear();
    crowd_.clear();
    crowd_cursor_ = 0;
    crowd_reads_ = 0;
    aside_.clear();
    spill_.clear();
    // Where long rows are looked for, the least estimate is the better one.
    unread_.clear(query_->metric() == node::Metric::kInnerProduct);
    batch_.clear();
    batch_at_ = 0;
    best_.clear();
    found_.clear();
    ready_.clear();
    late_.clear();
    cursor_ = 0;
    in_beam_ = true;
    first_round_ = true;
    exhausted_ = false;
    late_sorted_ = false;
    target_expanded_ = 0;
    emitted_ = 0;
    last_order_ = -std::numeric_limits<float>::infinity();
}

void BeamSearch::start(SlotId entry, unsigned level, unsigned target_level, std::size_t ef) {
    reset(ef);
    level_ = level;
    target_level_ = target_level;
    pool_limit_ = level_ > target_level_ ? kUpperBeam : first_beam();
    if (entry != kNoSlot)
        pool_.push_back({0.0f, entry});
}

void BeamSearch::start_scan(SlotId entry, unsigned level, std::size_t ef) {
    const std::uint32_t words = query_->geometry().words;
    start(entry, level, 0, scan_beam(words, query_->metric(), ef));
    row_reads_ = scan_breadth(words, query_->metric());
    sure_reads_ = scan_sure_reads(words, query_->metric(), ef);
    free_rows_ = std::min(ef, kFreeRows);
}

void BeamSearch::start(std::span<const Seed> seeds, unsigned target_level, std::size_t ef) {
    reset(ef);
    level_ = target_level;
    target_level_ = target_level;
    pool_limit_ = first_beam();
    for (const Seed& s : seeds)
        offer(s.distance, s.slot);
}

// A wide beam is but a beginning: what comes after it goes by the means of estimates.
std::size_t BeamSearch::first_beam() const noexcept {
    return std::min(ef_, kFirstBeam);
}

// How many nodes are to be read before the first round is over, once its beam has been. A node lies
// in the beam once per link that led to it, and copies of a few nodes fill it early where a search
// is easy: a wider one would have gone on as this one did. (GloVe, recall .84: 82 nodes, 87 without
// copies.) Not so up to 64 dimensions, where neighbours link to each other so densely that copies
// say nothing (2 dimensions, ef 40: 12 distinct nodes).
std::size_t BeamSearch::first_reads() const noexcept {
    if (query_->geometry().words == 1)
        return ef_;
    return ef_ * target_expanded_ / pool_limit_;
}

// The level is done: its best slots, one level down, seed the next.
void BeamSearch::descend() {
    --level_;
    pool_.clear();
    crowd_.clear();
    crowd_cursor_ = 0;
    crowd_reads_ = 0;
    spill_.clear();
    cursor_ = 0;
    pool_limit_ = level_ > target_level_ ? kUpperBeam : first_beam();
    for (const Seed& s : best_)
        offer(s.distance, s.slot);
    best_.clear();
}

SlotId BeamSearch::next() {
    if (!in_beam_)
        return next_in_batch();
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
    if (target_level_ == 0 && pool_.size() + crowd_.size() < pool_limit_ && root_ != kNoSlot &&
        !visited_.contains(root_)) {
        pool_.push_back({std::numeric_limits<float>::max(), root_});
        return next_in_pool();
    }
    reads_ = first_reads() + crowd_reads_;
    if (target_expanded_ >= reads_)
        return kNoSlot;
    leave_beam();
    return next_in_batch();
}

// The rest of the batch, and further ones as long as the search has read fewer nodes than it must.
SlotId BeamSearch::next_in_batch() {
    for (;;) {
        while (batch_at_ < batch_.size()) {
            const SlotId id = batch_[batch_at_++];
            if (visited_.insert(id))
                return id;
        }
        if (target_expanded_ >= reads_ || unread_.empty())
            return kNoSlot;
        take_batch(std::min(reads_ - target_expanded_, next_batch()));
    }
}

std::size_t BeamSearch::next_batch() const noexcept {
    return std::max(target_expanded_ / 8, kLeastStep);
}

void BeamSearch::take_batch(std::size_t n) {
    batch_.clear();
    batch_at_ = 0;
    unread_.take_nearest(n, query_->geometry().slots_per_page, &batch_);
}

// The first slot of the pool that was not read yet, with the cursor on it.
SlotId BeamSearch::head(std::vector<Candidate>* pool, std::size_t* cursor) {
    for (; *cursor < pool->size(); ++*cursor) {
        Candidate& c = (*pool)[*cursor];
        if ((c.id & kExpanded) != 0)
            continue;
        if (!visited_.contains(c.id))
            return c.id;
        c.id |= kExpanded;
    }
    return kNoSlot;
}

SlotId BeamSearch::next_in_pool() {
    SlotId id = head(&pool_, &cursor_);
    std::vector<Candidate>* from = &pool_;
    std::size_t* cursor = &cursor_;
    if (!crowd_.empty()) {
        const SlotId tiny = head(&crowd_, &crowd_cursor_);
        if (tiny != kNoSlot &&
            (id == kNoSlot || crowd_[crowd_cursor_].distance < pool_[cursor_].distance)) {
            id = tiny;
            from = &crowd_;
            cursor = &crowd_cursor_;
            ++crowd_reads_;
        }
    }
    if (id == kNoSlot)
        return id;
    (*from)[(*cursor)++].id |= kExpanded;
    visited_.insert(id);
    return id;
}

SlotId BeamSearch::peek() const noexcept {
    if (!in_beam_)
        return batch_at_ < batch_.size() ? batch_[batch_at_] : kNoSlot;
    for (std::size_t i = cursor_; i < pool_.size(); ++i) {
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
            Found f{d.order, d.graph, d.scale, id, h.other, h.chunk, h.tid_count, false, {}};
            std::copy(h.tids, h.tids + node::kInlineTids, f.tids);
            found_.push_back(f);
            ready_.push_back({d.order, static_cast<std::uint32_t>(found_.size() - 1)});
            std::push_heap(ready_.begin(), ready_.end(),
                           [this](const Ready& a, const Ready& b) { return later(a, b); });
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

    query_->estimate(slot, d.graph, estimates_.data());
    if (in_beam_)
        offer_links(slot, slot.degree(), d.graph);
    else
        see_links(slot, slot.degree(), d.graph);
}

// Which links are near enough for the pool follows no pattern that a processor could predict, so
// they are told apart without branches before the few that are get their places.
template <bool kCrowd>
void BeamSearch::split_links(const node::SlotView& slot, std::size_t degree, float distance,
                             std::uint16_t tiny_below) {
    const float bound = pool_.size() == pool_limit_ ? pool_.back().distance
                                                    : std::numeric_limits<float>::infinity();
    const std::size_t spilled = spill_.size();
    spill_.resize(spilled + degree);
    Candidate* far = spill_.data() + spilled;
    Candidate* near = near_.data();
    Candidate* tiny = tiny_.data();
    const SlotId* ids = slot.ids();
    const std::uint16_t* lengths = slot.lengths();
    for (std::size_t i = 0; i < degree; ++i) {
        const Candidate c{unless_nan(estimates_[i], distance), node::SlotView::link_id(ids[i])};
        const bool is_tiny = kCrowd && lengths[i] < tiny_below;
        const bool fits = c.distance < bound && !is_tiny;
        *far = c;
        far += !fits && !is_tiny;
        *near = c;
        near += fits;
        if constexpr (kCrowd) {
            *tiny = c;
            tiny += is_tiny;
        }
    }
    spill_.resize(level_ == target_level_ ? static_cast<std::size_t>(far - spill_.data()) : 0);
    for (const Candidate* c = near_.data(); c != near; ++c)
        offer(c->distance, c->id);
    for (const Candidate* c = tiny_.data(); c != tiny; ++c)
        offer_to_crowd(c->distance, c->id);
}

// Few nodes have tiny links, and those that have none are told by a glance at all lengths.
void BeamSearch::offer_links(const node::SlotView& slot, std::size_t degree, float distance) {
    const std::uint16_t tiny_below = distance::bf16_bound(kTinyStep * std::sqrt(distance));
    const std::uint16_t* lengths = slot.lengths();
    bool crowd = false;
    for (std::size_t i = 0; i < degree; ++i)
        crowd |= lengths[i] < tiny_below;
    if (crowd)
        split_links<true>(slot, degree, distance, tiny_below);
    else
        split_links<false>(slot, degree, distance, tiny_below);
}

// Crowds stay aside until the first round is over; later ones take what is nearest, crowd or not.
void BeamSearch::see_links(const node::SlotView& slot, std::size_t degree, float distance) {
    const std::uint16_t tiny_below =
        first_round_ ? distance::bf16_bound(kTinyStep * std::sqrt(distance)) : 0;
    const std::uint16_t* lengths = slot.lengths();
    for (std::size_t i = 0; i < degree; ++i) {
        const Candidate c{unless_nan(estimates_[i], distance), slot.link(i)};
        if (lengths[i] < tiny_below)
            aside_.push_back(c);
        else
            unread_.see(c.id, c.distance);
    }
}

// As offer() does, without its arts: crowds are rare.
void BeamSearch::offer_to_crowd(float distance, SlotId id) {
    if (visited_.contains(id))
        return;
    const auto same = [id](const Candidate& c) { return (c.id & ~kExpanded) == id; };
    if (std::any_of(crowd_.begin(), crowd_.end(), same))
        return;
    const Candidate c{distance, id};
    const auto at = std::upper_bound(
        crowd_.begin(), crowd_.end(), c,
        [](const Candidate& a, const Candidate& b) { return a.distance < b.distance; });
    const auto place = static_cast<std::size_t>(at - crowd_.begin());
    Candidate out = c;
    if (place < pool_limit_) {
        crowd_.insert(at, c);
        crowd_cursor_ = std::min(crowd_cursor_, place);
        if (crowd_.size() <= pool_limit_)
            return;
        out = crowd_.back();
        crowd_.pop_back();
    }
    if (level_ == target_level_ && (out.id & kExpanded) == 0)
        aside_.push_back(out);
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
    if (full) {
        const Candidate last = pool_.back();
        if (level_ == target_level_ && (last.id & kExpanded) == 0)
            spill_.push_back(last);
        pool_.pop_back();
    }
    pool_.insert(pool_.begin() + static_cast<std::ptrdiff_t>(index), {distance, id});
    cursor_ = std::min(cursor_, index);
}

void BeamSearch::forget() {
    if (bytes() < kKeptBytes)
        return;
    visited_ = SlotSet();
    unread_ = Unread();
    batch_ = {};
    pool_ = {};
    crowd_ = {};
    aside_ = {};
    spill_ = {};
    found_ = {};
    ready_ = {};
    late_ = {};
}

std::size_t BeamSearch::bytes() const noexcept {
    return visited_.bytes() + unread_.bytes() +
           (pool_.capacity() + crowd_.capacity() + aside_.capacity() + spill_.capacity()) *
               sizeof(Candidate) +
           found_.capacity() * sizeof(Found) +
           (ready_.capacity() + late_.capacity()) * sizeof(Ready);
}

}  // namespace vg::hnsw
