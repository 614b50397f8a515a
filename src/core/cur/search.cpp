#include "core/cur/search.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/no_postgres.h"

namespace vg::cur {

Search::Search(const Codec& codec, double noise, std::size_t shortlist)
    : codec_(codec),
      shortlist_(std::max<std::size_t>(shortlist, 1)),
      posterior_(codec.dims, noise),
      latent_(codec.dims) {
    predictor_.emplace(codec_, posterior_.weights());
}

void Search::learn(std::uint64_t id, float mean, const std::byte* row, double score) {
    mark(id);
    codec_.decode(row, latent_.data());
    posterior_.observe(latent_, mean, score);
}

void Search::record(const Candidate& c, double score) {
    learn(c.id, c.mean, c.row, score);
    if (std::isfinite(score))
        residuals_.add(c.predicted - score);
}

void Search::solve() {
    posterior_.solve();
    predictor_.emplace(codec_, posterior_.weights());
    // By place, so that rows come one after the other.
    const std::size_t places = entries_.size() + free_.size();
    predictions_.assign(std::max(places, predictions_.size()), 0.0f);
    predictor_->predict(places, predictions_.data(), rows_.data(), predictions_.data());
    for (Entry& e : entries_)
        e.predicted = e.mean + predictions_[e.slot];
    std::sort(entries_.begin(), entries_.end(), before);
    next_ = 0;
}

void Search::begin_pass() {
    entries_.clear();
    entries_.reserve(2 * shortlist_);
    rows_.clear();
    free_.clear();
    next_ = 0;
    cut_ = false;
    threshold_ = -std::numeric_limits<float>::infinity();
}

void Search::keep(std::uint64_t id, float mean, float score, const std::byte* row) {
    if (seen(id))
        return;
    const std::size_t bytes = codec_.bytes();
    std::uint32_t slot;
    if (!free_.empty()) {
        slot = free_.back();
        free_.pop_back();
    } else {
        slot = static_cast<std::uint32_t>(entries_.size());
        rows_.resize((entries_.size() + 1) * bytes);
    }
    std::copy(row, row + bytes, rows_.begin() + static_cast<std::ptrdiff_t>(slot * bytes));
    entries_.push_back({score, mean, id, slot});
    if (entries_.size() == 2 * shortlist_)
        shrink();
}

void Search::shrink() {
    if (entries_.size() <= shortlist_)
        return;
    const auto last = entries_.begin() + static_cast<std::ptrdiff_t>(shortlist_);
    std::nth_element(entries_.begin(), last - 1, entries_.end(), before);
    threshold_ = (last - 1)->predicted;
    for (auto e = last; e != entries_.end(); ++e)
        free_.push_back(e->slot);
    entries_.erase(last, entries_.end());
    cut_ = true;
}

void Search::end_pass() {
    shrink();
    std::sort(entries_.begin(), entries_.end(), before);
    exhausted_ = !cut_;
}

const Candidate* Search::take() {
    while (next_ < entries_.size()) {
        const Entry& e = entries_[next_++];
        if (!seen_.insert(e.id).second)
            continue;
        current_ = {e.id, e.mean, e.predicted, rows_.data() + e.slot * codec_.bytes()};
        return &current_;
    }
    return nullptr;
}

}  // namespace vg::cur
