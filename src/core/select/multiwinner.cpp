// Committee scores as objectives of the greedy loop.
#include "core/select/multiwinner.h"

#include <algorithm>
#include <utility>

#include "core/base/status.h"

#include "core/no_postgres.h"

namespace vg::select {
namespace {

// A ballot's place counted from 0.
struct Place {
    std::uint32_t ranking;
    std::uint32_t item;
    std::size_t place;
};

std::pmr::vector<Place> places_of(std::span<const Ballot> ballots,
                                  std::pmr::memory_resource* memory) {
    std::pmr::vector<Ballot> sorted(ballots.begin(), ballots.end(), memory);
    std::sort(sorted.begin(), sorted.end(), [](const Ballot& a, const Ballot& b) {
        return std::pair(a.ranking, a.position) < std::pair(b.ranking, b.position);
    });
    std::pmr::vector<Place> places(memory);
    places.reserve(sorted.size());
    for (const Ballot& b : sorted) {
        const bool same = !places.empty() && places.back().ranking == b.ranking;
        if (same && sorted[places.size() - 1].position == b.position)
            throw Error(StatusCode::kInvalidArgument, "two items in the same place of a ranking");
        places.push_back({b.ranking, b.item, same ? places.back().place + 1 : 0});
    }
    // By item from here on: a gain is a sum over an item's places.
    std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
        return std::pair(a.item, a.ranking) < std::pair(b.item, b.ranking);
    });
    const auto twice = [](const Place& a, const Place& b) {
        return a.item == b.item && a.ranking == b.ranking;
    };
    if (std::adjacent_find(places.begin(), places.end(), twice) != places.end())
        throw Error(StatusCode::kInvalidArgument, "an item twice in one ranking");
    return places;
}

class Election {
  public:
    Election(std::span<const Ballot> ballots, std::size_t items, std::size_t k,
             std::pmr::memory_resource* memory)
        : items_(items), k_(k), places_(places_of(ballots, memory)), first_(items + 1, memory) {
        for (const Place& p : places_)
            ++first_[p.item + 1];
        for (std::size_t i = 0; i < items; ++i)
            first_[i + 1] += first_[i];
    }
    std::span<const Place> of(std::size_t item) const {
        return std::span(places_).subspan(first_[item], first_[item + 1] - first_[item]);
    }
    std::size_t rankings() const {
        std::size_t count = 0;
        for (const Place& p : places_)
            count = std::max<std::size_t>(count, p.ranking + std::size_t{1});
        return count;
    }
    double borda(const Place& p) const { return static_cast<double>(items_ - 1 - p.place); }
    bool approves(const Place& p) const { return p.place < k_; }

    double separable_score(std::size_t item, Rule rule) const {
        double score = 0.0;
        for (const Place& p : of(item)) {
            if (rule == Rule::kBorda)
                score += borda(p);
            else if (rule == Rule::kSntv ? p.place == 0 : approves(p))
                score += 1.0;
        }
        return score;
    }

  private:
    std::size_t items_;
    std::size_t k_;
    std::pmr::vector<Place> places_;
    std::pmr::vector<std::size_t> first_;  // of an item in places_
};

// Chamberlin & Courant: every ranking is represented by its best item of the committee.
class Representation final : public Term {
  public:
    Representation(const Election& election, std::pmr::memory_resource* memory)
        : election_(election), best_(election.rankings(), 0.0, memory) {}
    void choose(std::size_t i) override {
        for (const Place& p : election_.of(i))
            best_[p.ranking] = std::max(best_[p.ranking], election_.borda(p));
    }
    double gain(std::size_t i) override { return gain_of(i); }
    double bound(std::size_t i) const override { return gain_of(i); }

  private:
    double gain_of(std::size_t i) const {
        double sum = 0.0;
        for (const Place& p : election_.of(i))
            sum += std::max(0.0, election_.borda(p) - best_[p.ranking]);
        return sum;
    }
    const Election& election_;
    std::pmr::vector<double> best_;
};

// Proportional approval (Thiele): the j-th approved item of a ranking counts 1/j.
class Proportional final : public Term {
  public:
    Proportional(const Election& election, std::pmr::memory_resource* memory)
        : election_(election), approved_(election.rankings(), 0.0, memory) {}
    void choose(std::size_t i) override {
        for (const Place& p : election_.of(i)) {
            if (election_.approves(p))
                approved_[p.ranking] += 1.0;
        }
    }
    double gain(std::size_t i) override { return gain_of(i); }
    double bound(std::size_t i) const override { return gain_of(i); }

  private:
    double gain_of(std::size_t i) const {
        double sum = 0.0;
        for (const Place& p : election_.of(i)) {
            if (election_.approves(p))
                sum += 1.0 / (approved_[p.ranking] + 1.0);
        }
        return sum;
    }
    const Election& election_;
    std::pmr::vector<double> approved_;
};

}  // namespace

std::pmr::vector<std::uint32_t> elect(std::span<const Ballot> ballots, Rule rule,
                                      std::span<const int> item_groups, const Limits& limits,
                                      std::pmr::memory_resource* memory, Poll poll) {
    const std::size_t items = item_groups.size();
    const Election election(ballots, items, limits.k, memory);
    const bool separable = rule == Rule::kBorda || rule == Rule::kSntv || rule == Rule::kBloc;
    Candidates candidates(memory);
    for (std::size_t i = 0; i < items; ++i) {
        Row row;
        row.relevance = separable ? election.separable_score(i, rule) : 0.0;
        row.group = item_groups[i];
        candidates.add({}, row);
    }
    candidates.finish();

    Objective objective;
    if (!separable) {
        objective.relevance_weight = 0.0;
        if (rule == Rule::kPav)
            objective.terms.push_back({1.0, std::make_unique<Proportional>(election, memory)});
        else
            objective.terms.push_back({1.0, std::make_unique<Representation>(election, memory)});
    }
    const std::pmr::vector<Pick> picks =
        greedy(candidates, nullptr, objective, limits, memory, poll);
    std::pmr::vector<std::uint32_t> chosen(memory);
    for (const Pick& p : picks)
        chosen.push_back(static_cast<std::uint32_t>(candidates.position(p.row)));
    return chosen;
}

}  // namespace vg::select
