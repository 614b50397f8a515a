// Adaptive retrieval under a budget of scorer calls: the multi-round search of ADACUR (Yadav et
// al., Findings of EMNLP 2023) and AXN (ICLR 2024) with the Gaussian prior of posterior.h.
//
// The owner holds the rows and makes the calls; the search says which rows to score. It never sees
// a page or a scorer:
//
//   s.learn(...)                       first round: anchor items, seeds
//   while (calls are left) {
//       s.solve();
//       if (s.wants_pass()) { s.begin_pass(); for all rows: s.offer(...); s.end_pass(); }
//       for up to n times: c = s.take(); score it and s.record(c, score), unless invisible
//   }
//
// One pass over all rows fills a shortlist; later rounds predict again for the shortlist only. When
// it runs dry another pass fills it with what has not been seen. Ids are the caller's; ties go to
// the smaller id, so the order of rows does not matter.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_set>
#include <vector>

#include "core/cur/latent.h"
#include "core/cur/posterior.h"

namespace vg::cur {

// How far predictions were from exact scores, over rows that were picked for their prediction.
struct Residuals {
    std::uint64_t count = 0;
    double sum = 0;      // of prediction - score
    double squares = 0;  // of that, squared

    void add(double error) noexcept {
        ++count;
        sum += error;
        squares += error * error;
    }
};

inline constexpr std::uint64_t kNoId = ~std::uint64_t{0};

struct Candidate {
    std::uint64_t id;
    float mean;
    float predicted;
    const std::byte* row;
};

class Search {
  public:
    // shortlist: rows kept for later rounds, at least 1. The codec must outlive the search.
    Search(const Codec& codec, double noise, std::size_t shortlist);

    // Whether a row has been learnt, taken or marked already.
    bool seen(std::uint64_t id) const { return seen_.contains(id); }
    // Takes a row out of the running without learning from it.
    void mark(std::uint64_t id) { seen_.insert(id); }
    // An exact score of a row that was not picked by its prediction.
    void learn(std::uint64_t id, float mean, const std::byte* row, double score);
    // An exact score of a row that take() returned.
    void record(const Candidate& c, double score);

    // Predicts anew from all that was learnt, for the rows of the shortlist too.
    void solve();
    // Whether the shortlist is used up and a pass over all rows would bring more.
    bool wants_pass() const noexcept { return next_ == entries_.size() && !exhausted_; }
    void begin_pass();
    // Consecutive rows; id_of(i) names row i, or is kNoId for one to pass over.
    template <typename IdOf>
    void offer(std::size_t count, const float* means, const std::byte* rows, const IdOf& id_of) {
        if (predictions_.size() < count)
            predictions_.resize(count);
        predictor_->predict(count, means, rows, predictions_.data());
        for (std::size_t i = 0; i < count; ++i) {
            if (predictions_[i] < threshold_)
                continue;
            const std::uint64_t id = id_of(i);
            if (id != kNoId)
                keep(id, means[i], predictions_[i], rows + i * codec_.bytes());
        }
    }
    void end_pass();
    // The best row that has not been seen, and marks it; null when the shortlist is used up. Valid
    // until the next take, solve or pass.
    const Candidate* take();

    const Residuals& residuals() const noexcept { return residuals_; }
    std::span<const double> weights() const noexcept { return posterior_.weights(); }

  private:
    struct Entry {
        float predicted;
        float mean;
        std::uint64_t id;
        std::uint32_t slot;  // place of its row in rows_
    };
    static bool before(const Entry& a, const Entry& b) noexcept {
        return a.predicted > b.predicted || (a.predicted == b.predicted && a.id < b.id);
    }
    void keep(std::uint64_t id, float mean, float score, const std::byte* row);
    void shrink();

    const Codec& codec_;
    const std::size_t shortlist_;
    Posterior posterior_;
    std::optional<Predictor> predictor_;
    std::unordered_set<std::uint64_t> seen_;
    std::vector<Entry> entries_;  // sorted outside a pass
    std::size_t next_ = 0;        // first entry not taken yet
    std::vector<std::byte> rows_;
    std::vector<std::uint32_t> free_;  // places in rows_ whose entries were cut
    float threshold_ = 0;              // predictions below it do not make the shortlist
    bool cut_ = false;                 // the pass left rows out
    bool exhausted_ = false;           // the last pass left none out
    std::vector<float> latent_;
    std::vector<float> predictions_;
    Candidate current_{};
    Residuals residuals_;
};

// Calls of the next round when `spent` of `budget` are gone and `left` rounds are to come.
inline std::size_t round_calls(std::size_t budget, std::size_t spent, std::size_t left) noexcept {
    if (spent >= budget)
        return 0;
    const std::size_t rest = budget - spent;
    return left <= 1 ? rest : (rest + left - 1) / left;
}

// Calls of a first round that wants `wanted` for anchor items: at most half of what is left. Those
// rows are the same for every query, predictions need what remains.
inline std::size_t anchor_calls(std::size_t budget, std::size_t spent,
                                std::size_t wanted) noexcept {
    return std::min(wanted, (budget - std::min(spent, budget)) / 2);
}

}  // namespace vg::cur
