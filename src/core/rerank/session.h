// One rerank under way: the judge, what it has cost and what it may cost.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/base/poll.h"
#include "core/rerank/judge.h"

namespace vg::rerank {

class Session {
  public:
    Session(Judge& judge, std::uint64_t max_calls, const Poll& poll) noexcept
        : judge_(judge), max_calls_(max_calls), poll_(poll) {}

    // Whether so many more calls are allowed. Ask before each question; a refusal is remembered.
    bool affords(std::uint64_t calls) noexcept {
        const bool yes = calls <= max_calls_ - calls_;
        cut_short_ = cut_short_ || !yes;
        return yes;
    }

    // Scores, NaN where there is none.
    std::span<const double> score(Documents documents);
    // The place in `documents`, from 0; nullopt for a bad answer.
    std::optional<std::size_t> pick(Documents documents);
    // Whether b beats a, asked in both orders in one call. A draw goes to the smaller number.
    bool beats(Document b, Document a);
    // Reorders the documents as the judge wants them.
    void sort(std::span<Document> documents);

    std::uint64_t calls() const noexcept { return calls_; }
    std::uint64_t shown() const noexcept { return shown_; }
    std::uint64_t repairs() const noexcept { return repairs_; }
    bool cut_short() const noexcept { return cut_short_; }

  private:
    void count(std::size_t documents) {
        poll_();
        ++calls_;
        shown_ += documents;
    }

    Judge& judge_;
    std::uint64_t max_calls_;
    const Poll& poll_;
    std::uint64_t calls_ = 0;
    std::uint64_t shown_ = 0;
    std::uint64_t repairs_ = 0;
    bool cut_short_ = false;
};

}  // namespace vg::rerank
