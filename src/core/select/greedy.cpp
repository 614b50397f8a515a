// The greedy loop and the rules of who may be chosen.
#include "core/select/greedy.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/status.h"

#include "core/no_postgres.h"

namespace vg::select {
namespace {

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

// Which rows may be chosen next. Rows leave for good when they are chosen, shown, dropped as
// duplicates, too dear, or their group is full; a place reserved for other groups bars them for one
// step only.
class Eligible {
  public:
    Eligible(const Candidates& candidates, const Limits& limits, std::pmr::memory_resource* memory)
        : candidates_(candidates),
          limits_(limits),
          open_(candidates.size(), 0, memory),
          taken_(limits.groups.size(), 0, memory),
          rest_(limits.groups.size(), 0, memory),
          money_(limits.budget) {
        for (std::size_t i = 0; i < open_.size(); ++i) {
            open_[i] = candidates.selectable(i) ? 1 : 0;
            if (candidates.row(i).shown && has_limits(i))
                ++taken_[group(i)];
        }
        start_step(limits.k);
        if (reserved_ > limits.k)
            throw Error(StatusCode::kInvalidArgument,
                        "the least numbers per group add up to " + std::to_string(reserved_) +
                            ", more than k = " + std::to_string(limits.k));
    }

    // Looks anew at every row, with so many places left.
    void start_step(std::size_t places) {
        std::fill(rest_.begin(), rest_.end(), std::size_t{0});
        for (std::size_t i = 0; i < open_.size(); ++i) {
            if (open_[i] == 0)
                continue;
            if (too_dear(i) || (has_limits(i) && taken_[group(i)] >= limit(i).at_most))
                open_[i] = 0;
            else if (has_limits(i))
                ++rest_[group(i)];
        }
        reserved_ = 0;
        for (std::size_t g = 0; g < rest_.size(); ++g)
            reserved_ += std::min(wanted(g), rest_[g]);
        only_wanted_ = reserved_ >= places;
    }

    bool operator()(std::size_t i) const {
        return open_[i] != 0 && (!only_wanted_ || (has_limits(i) && wanted(group(i)) > 0));
    }

    void take(std::size_t i) {
        open_[i] = 0;
        if (has_limits(i))
            ++taken_[group(i)];
        money_ -= candidates_.row(i).cost;
    }

    void drop_similar(const float* similarity, double threshold) {
        for (std::size_t i = 0; i < open_.size(); ++i) {
            if (similarity[i] >= threshold)
                open_[i] = 0;
        }
    }

  private:
    std::size_t group(std::size_t i) const {
        return static_cast<std::size_t>(candidates_.row(i).group);
    }
    bool has_limits(std::size_t i) const {
        return candidates_.row(i).group >= 0 && group(i) < limits_.groups.size();
    }
    const GroupLimit& limit(std::size_t i) const { return limits_.groups[group(i)]; }
    std::size_t wanted(std::size_t g) const {
        const std::size_t least = std::min(limits_.groups[g].at_least, limits_.groups[g].at_most);
        return least > taken_[g] ? least - taken_[g] : 0;
    }
    bool too_dear(std::size_t i) const {
        return !std::isnan(limits_.budget) && !(candidates_.row(i).cost <= money_);
    }

    const Candidates& candidates_;
    const Limits& limits_;
    std::pmr::vector<char> open_;
    std::pmr::vector<std::size_t> taken_;  // by group: chosen and shown rows
    std::pmr::vector<std::size_t> rest_;   // by group: open rows
    std::size_t reserved_ = 0;
    bool only_wanted_ = false;
    double money_;
};

class Greedy {
  public:
    Greedy(const Candidates& candidates, Similarities* similarities, const Objective& objective,
           const Limits& limits, std::pmr::memory_resource* memory, Poll poll)
        : candidates_(candidates),
          similarities_(similarities),
          objective_(objective),
          limits_(limits),
          poll_(poll),
          eligible_(candidates, limits, memory),
          bound_(candidates.size(), std::numeric_limits<double>::infinity(), memory),
          picks_(memory) {
        for (std::size_t i = 0; i < candidates.size(); ++i) {
            if (candidates.row(i).shown)
                enter(i);
        }
        for (std::size_t i = 0; i < bound_.size(); ++i)
            bound_[i] = bound_of(i);
    }

    std::pmr::vector<Pick> run() {
        while (picks_.size() < limits_.k) {
            poll_();
            eligible_.start_step(limits_.k - picks_.size());
            const Pick best = next();
            if (best.row == kNone)
                break;
            picks_.push_back(best);
            eligible_.take(best.row);
            enter(best.row);
        }
        return std::move(picks_);
    }

  private:
    // Brings terms and eligibility up to date with a row that is in the set from now on.
    void enter(std::size_t i) {
        if (similarities_ != nullptr && !objective_.terms.empty())
            similarities_->choose(i);
        for (const Objective::Weighted& w : objective_.terms)
            w.term->choose(i);
        if (!std::isnan(limits_.dedupe))
            eligible_.drop_similar(similarities_->row(i), std::min(limits_.dedupe, kIdentical));
    }

    double gain_of(std::size_t i) const {
        double gain = objective_.relevance_weight * candidates_.relevance()[i];
        for (const Objective::Weighted& w : objective_.terms)
            gain += w.weight * w.term->gain(i);
        return gain;
    }
    double bound_of(std::size_t i) const {
        double bound = objective_.relevance_weight * candidates_.relevance()[i];
        for (const Objective::Weighted& w : objective_.terms)
            bound += w.weight * w.term->bound(i);
        return bound;
    }

    // The row to choose; kNone when no row may be chosen. A row is looked at only if its bound does
    // not rule it out against the best row so far, first the row with the largest bound.
    Pick next() {
        Pick best{kNone, 0.0};
        const std::size_t first = largest_bound();
        if (first == kNone)
            return best;
        const auto before = [&best](double value, std::size_t i) {
            return best.row == kNone || value > best.gain || (value == best.gain && i < best.row);
        };
        const auto look_at = [&](std::size_t i) {
            const double gain = gain_of(i);
            bound_[i] = bound_of(i);
            if (before(gain, i))
                best = {i, gain};
        };
        look_at(first);
        for (std::size_t i = 0; i < bound_.size(); ++i) {
            if (i != first && eligible_(i) && before(bound_[i], i))
                look_at(i);
        }
        return best;
    }

    std::size_t largest_bound() const {
        std::size_t best = kNone;
        for (std::size_t i = 0; i < bound_.size(); ++i) {
            if (eligible_(i) && (best == kNone || bound_[i] > bound_[best]))
                best = i;
        }
        return best;
    }

    const Candidates& candidates_;
    Similarities* similarities_;
    const Objective& objective_;
    const Limits& limits_;
    Poll poll_;
    Eligible eligible_;
    std::pmr::vector<double> bound_;  // what the gain of a row will not exceed
    std::pmr::vector<Pick> picks_;
};

}  // namespace

std::pmr::vector<Pick> greedy(const Candidates& candidates, Similarities* similarities,
                              const Objective& objective, const Limits& limits,
                              std::pmr::memory_resource* memory, Poll poll) {
    return Greedy(candidates, similarities, objective, limits, memory, poll).run();
}

}  // namespace vg::select
