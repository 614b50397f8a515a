// Implements unread.h.
#include "core/hnsw/unread.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include "core/no_postgres.h"

namespace vg::hnsw {
namespace {

constexpr std::uint32_t kRead = 0xFFFFFFFFu;  // instead of a place
constexpr float kFarthest = std::numeric_limits<float>::max();
// Page mates are looked for among so many times as many. GloVe, six nodes a page, 200 rows: 1,137
// pages without mates, 1,034 with those among twice as many, 966 among four times, at equal recall.
constexpr std::size_t kAmong = 4;

}  // namespace

void Unread::clear(bool least) noexcept {
    SlotTable::clear();
    least_ = least;
    ids_.clear();
    estimates_.clear();
    seen_.clear();
}

void Unread::see(SlotId id, float estimate) {
    // An infinite one would make a mean of no number.
    const float distance = std::min(estimate, kFarthest);
    reserve_one();
    UnreadCell& cell = cells_[place(id)];
    if (cell.generation != generation_) {
        cell = {id, generation_, static_cast<std::uint32_t>(ids_.size())};
        ++size_;
        ids_.push_back(id);
        estimates_.push_back(distance);
        seen_.push_back(1);
        return;
    }
    if (cell.at == kRead)
        return;
    float& known = estimates_[cell.at];
    if (least_)
        known = std::min(known, distance);
    else
        known += (distance - known) / static_cast<float>(++seen_[cell.at]);
}

void Unread::leave_out(SlotId id) {
    reserve_one();
    UnreadCell& cell = cells_[place(id)];
    if (cell.generation != generation_) {
        cell = {id, generation_, kRead};
        ++size_;
    } else if (cell.at != kRead) {
        remove(cell.at);
    }
}

// The last one takes its place.
void Unread::remove(std::uint32_t at) noexcept {
    cells_[place(ids_[at])].at = kRead;
    if (at + 1 < ids_.size()) {
        ids_[at] = ids_.back();
        estimates_[at] = estimates_.back();
        seen_[at] = seen_.back();
        cells_[place(ids_[at])].at = at;
    }
    ids_.pop_back();
    estimates_.pop_back();
    seen_.pop_back();
}

// A distance within which at least n are likely to lie, and not many times as many: from a sample.
float Unread::enough_for(std::size_t n) const noexcept {
    constexpr std::size_t kSample = 128;
    if (estimates_.size() < 4 * kSample)
        return kFarthest;
    const std::size_t rank = kSample * n / estimates_.size() * 3 / 2 + 6;
    if (rank > kSample / 2)
        return kFarthest;
    float sample[kSample];
    const std::size_t stride = estimates_.size() / kSample;
    for (std::size_t i = 0; i < kSample; ++i)
        sample[i] = estimates_[i * stride];
    std::nth_element(sample, sample + rank, sample + kSample);
    return sample[rank];
}

// Without branches: which ones lie within the limit follows no pattern.
void Unread::pick_within(float limit) {
    picks_.resize(ids_.size() + 1);
    std::size_t count = 0;
    for (std::size_t i = 0; i < ids_.size(); ++i) {
        picks_[count] = {estimates_[i], static_cast<std::uint32_t>(i)};
        count += estimates_[i] <= limit;
    }
    picks_.resize(count);
}

// The first n picks become the nearest ones.
void Unread::put_nearest_first(std::size_t n) {
    if (n >= picks_.size())
        return;
    std::nth_element(picks_.begin(), picks_.begin() + static_cast<std::ptrdiff_t>(n), picks_.end(),
                     [this](const Pick& a, const Pick& b) {
                         return a.estimate != b.estimate ? a.estimate < b.estimate
                                                         : ids_[a.at] < ids_[b.at];
                     });
}

// Of the picks behind the first n, those in pages of the first n stay.
void Unread::keep_page_mates(std::size_t n, std::uint32_t page_slots) {
    if (n >= picks_.size())
        return;
    const auto page_of = [&](const Pick& p) { return ids_[p.at] / page_slots; };
    const auto rest = picks_.begin() + static_cast<std::ptrdiff_t>(n);
    pages_.clear();
    std::transform(picks_.begin(), rest, std::back_inserter(pages_), page_of);
    std::sort(pages_.begin(), pages_.end());
    const auto elsewhere = [&](const Pick& p) {
        return !std::binary_search(pages_.begin(), pages_.end(), page_of(p));
    };
    picks_.erase(std::remove_if(rest, picks_.end(), elsewhere), picks_.end());
}

void Unread::take_nearest(std::size_t n, std::uint32_t page_slots, std::vector<SlotId>* out) {
    const std::size_t most = page_slots > 1 ? kAmong * n : n;
    pick_within(enough_for(most));
    if (picks_.size() < most)
        pick_within(kFarthest);
    put_nearest_first(most);
    picks_.resize(std::min(picks_.size(), most));
    put_nearest_first(n);
    keep_page_mates(n, page_slots);
    // From the end, so that what takes their places is none of them.
    std::sort(picks_.begin(), picks_.end(),
              [](const Pick& a, const Pick& b) { return a.at > b.at; });
    const auto first = static_cast<std::ptrdiff_t>(out->size());
    for (const Pick& p : picks_) {
        out->push_back(ids_[p.at]);
        remove(p.at);
    }
    std::sort(out->begin() + first, out->end());
}

std::size_t Unread::bytes() const noexcept {
    return SlotTable::bytes() + ids_.capacity() * sizeof(SlotId) +
           estimates_.capacity() * sizeof(float) + seen_.capacity() * sizeof(std::uint32_t) +
           picks_.capacity() * sizeof(Pick) + pages_.capacity() * sizeof(std::uint32_t);
}

}  // namespace vg::hnsw
