// Diversity-aware selection against the formulas evaluated the slow way, and its promises: top-k at
// diversity 0, k rows whatever the data, the same rows in any input order and on any CPU.
#include "core/select/select.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "core/distance/targets.h"

#include <hwy/targets.h>

#include "core/base/names.h"
#include "core/base/random.h"
#include "core/base/status.h"
#include "selection_cases.h"

namespace vg::select {
namespace {

using Positions = std::vector<std::size_t>;

constexpr Method kMethods[] = {Method::kMmr,       Method::kDpp,        Method::kFacilityLocation,
                               Method::kSaturated, Method::kGraphCut,   Method::kMaxMin,
                               Method::kMaxSum,    Method::kCompression};

Request request_of(Method method, double diversity) {
    return {method, diversity, compression_weights(diversity)};
}

double positive(double s) {
    return std::max(0.0, s);
}

// The objectives of README.md as plain set functions; of mmr and max_min, whose rules are not
// differences of one, the gain of the last row.
class Formula {
  public:
    Formula(const Case& c, double diversity, double k)
        : case_(c), r_(scaled_relevance(c)), d_(diversity), k_(k) {
        for (std::size_t i = 0; i < size(); ++i)
            unit_ = std::max(unit_, facility({i}));
    }
    std::size_t size() const { return case_.rows.size(); }
    double s(std::size_t i, std::size_t j) const { return cosine(case_, i, j); }

    double relevance(const Positions& set) const {
        double sum = 0;
        for (std::size_t i : set)
            sum += r_[i];
        return sum;
    }
    double log_det(const Positions& set) const {
        std::vector<std::vector<double>> m;
        for (std::size_t i : set) {
            m.emplace_back();
            for (std::size_t j : set)
                m.back().push_back(s(i, j));
        }
        return std::log(determinant(m));
    }
    double facility(const Positions& set) const {
        double sum = 0;
        for (std::size_t u = 0; u < size(); ++u) {
            double best = 0;
            for (std::size_t i : set)
                best = std::max(best, s(u, i));
            sum += r_[u] * best;
        }
        return sum;
    }
    double saturated(const Positions& set) const {
        double sum = 0;
        for (std::size_t u = 0; u < size(); ++u) {
            double got = 0, all = 0;
            for (std::size_t i : set)
                got += positive(s(u, i));
            for (std::size_t i = 0; i < size(); ++i)
                all += positive(s(u, i));
            sum += r_[u] * std::min(got, 0.5 * k_ / static_cast<double>(size()) * all);
        }
        return sum;
    }
    double graph_cut(const Positions& set) const {
        double sum = 0;
        for (std::size_t i : set) {
            for (std::size_t u = 0; u < size(); ++u)
                sum += r_[u] * positive(s(u, i));
            for (std::size_t j : set)
                sum -= 0.5 * positive(s(i, j));
        }
        return sum;
    }
    double dispersion(const Positions& set) const {
        double sum = 0;
        for (std::size_t a = 0; a < set.size(); ++a) {
            for (std::size_t b = 0; b < a; ++b)
                sum += std::sqrt(std::max(0.0, (1 - s(set[a], set[b])) / 2));
        }
        return sum * 2 / (k_ - 1);
    }
    double redundancy(const Positions& set) const {
        double most = set.size() > 1 ? -1.0 : 0.0;
        for (std::size_t i = 0; i + 1 < set.size(); ++i)
            most = std::max(most, s(set[i], set.back()));
        return most;
    }
    double value(Method method, const Positions& set) const {
        const double relevant = (1 - d_) * relevance(set);
        switch (method) {
            case Method::kMmr:
                return (1 - d_) * r_[set.back()] - d_ * redundancy(set);
            case Method::kDpp:
                return relevant + d_ / 2 * log_det(set);
            case Method::kFacilityLocation:
                return relevant + d_ * facility(set) / unit_;
            case Method::kSaturated:
                return relevant + d_ * saturated(set) / single(&Formula::saturated);
            case Method::kGraphCut:
                return relevant + d_ * graph_cut(set) / unit_;
            case Method::kMaxMin:
                return max_min(set);
            case Method::kMaxSum:
                return relevant + d_ * dispersion(set);
            default:
                return relevant + d_ / 2 * facility(set) / unit_ + d_ / 2 / 2 * log_det(set);
        }
    }

  private:
    double single(double (Formula::*f)(const Positions&) const) const {
        double most = 0;
        for (std::size_t i = 0; i < size(); ++i)
            most = std::max(most, (this->*f)({i}));
        return most;
    }
    // The most relevant row first, then the farthest of the relevant ones.
    double max_min(const Positions& set) const {
        const std::size_t last = set.back();
        if (set.size() == 1)
            return r_[last];
        const auto better =
            std::count_if(r_.begin(), r_.end(), [&](double r) { return r > r_[last]; });
        const double n = static_cast<double>(size());
        const auto pool = std::lround(k_ * std::pow(n / k_, d_ * d_));
        return 1 - redundancy(set) - (better >= pool ? 2.0 : 0.0);
    }

    const Case& case_;
    std::vector<double> r_;
    double d_;
    double k_;
    double unit_ = 0;
};

TEST(Selection, EveryMethodFollowsItsFormula) {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        const Case c = random_case(15, 8, seed);
        for (const Method method : kMethods) {
            for (const double diversity : {0.2, 0.5, 0.9}) {
                SCOPED_TRACE(std::string(kMethodNames[static_cast<std::size_t>(method)]) + " " +
                             std::to_string(diversity) + " seed " + std::to_string(seed));
                const std::size_t k = 6;
                const Formula formula(c, diversity, k);
                const Positions expected = slow_greedy(
                    15, k, [&](const Positions& set) { return formula.value(method, set); });
                EXPECT_EQ(chosen(c, request_of(method, diversity), limit_k(k)), expected);
                // The same without room for the similarity matrix.
                EXPECT_EQ(chosen(c, request_of(method, diversity), limit_k(k), 0), expected);
            }
        }
    }
}

TEST(Selection, DppAtFullDiversityIsTheGreedyDeterminant) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const Case c = random_case(12, 6, seed);
        const Formula formula(c, 1, 5);
        // The first row is the most relevant: all single determinants are 1.
        const std::vector<double> r = scaled_relevance(c);
        const Positions expected = slow_greedy(12, 5, [&](const Positions& set) {
            return set.size() == 1 ? r[set[0]] : formula.log_det(set);
        });
        EXPECT_EQ(chosen(c, request_of(Method::kDpp, 1), limit_k(5)), expected) << seed;
    }
}

TEST(Selection, GreedyCoverageIsNearTheBest) {
    double worst = 1;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const Case c = random_case(12, 4, seed);
        const Formula formula(c, 1, 4);
        const auto facility = [&](const Positions& set) { return formula.facility(set); };
        const double got =
            facility(chosen(c, request_of(Method::kFacilityLocation, 1), limit_k(4)));
        worst = std::min(worst, got / best_of_all(12, 4, facility));
    }
    EXPECT_GE(worst, 1 - std::exp(-1));
    RecordProperty("worst", std::to_string(worst));
}

// Worked by hand: unit vectors at 0, 30, 90 and 180 degrees of relevance 1, .9, .5, 0.
TEST(Selection, WorkedValues) {
    Case c{2, {{1, 0}, {0.8660254f, 0.5f}, {0, 1}, {-1, 0}}, {}};
    for (double r : {1.0, 0.9, 0.5, 0.0}) {
        c.rows.emplace_back();
        c.rows.back().relevance = r;
    }
    const Candidates candidates = candidates_of(c);
    const auto picks = select(candidates, request_of(Method::kMmr, 0.5), limit_k(4), 0, heap(), {});
    ASSERT_EQ(picks.size(), 4u);
    EXPECT_EQ(picks[0].row, 0u);
    EXPECT_NEAR(picks[0].gain, 0.5, 1e-6);
    EXPECT_EQ(picks[1].row, 3u);  // 0 + .5 against .45 - .433 and .25 - 0
    EXPECT_NEAR(picks[1].gain, 0.5, 1e-6);
    EXPECT_EQ(picks[2].row, 2u);
    EXPECT_NEAR(picks[2].gain, 0.25, 1e-6);
    EXPECT_NEAR(picks[3].gain, 0.45 - 0.4330127, 1e-6);
    const auto volume =
        select(candidates, request_of(Method::kDpp, 0.5), limit_k(2), 0, heap(), {});
    EXPECT_EQ(volume[1].row, 2u);  // .25 + 0 against .45 + ln(1/4)/4
    EXPECT_NEAR(volume[1].gain, 0.25, 1e-6);
}

TEST(Selection, DiversityZeroIsTopK) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        Case c = random_case(40, 4, seed);
        for (std::size_t i = 0; i < c.rows.size(); ++i)
            c.rows[i].relevance = std::round(c.rows[i].relevance);  // many ties
        c.rows[7].relevance = c.rows[3].relevance + 1e-15;          // lost by scaling
        Positions expected(c.rows.size());
        std::iota(expected.begin(), expected.end(), std::size_t{0});
        std::stable_sort(expected.begin(), expected.end(), [&](std::size_t a, std::size_t b) {
            return c.rows[a].relevance > c.rows[b].relevance;
        });
        expected.resize(17);
        for (const Method method : kMethods)
            EXPECT_EQ(chosen(c, request_of(method, 0), limit_k(17)), expected);
    }
}

TEST(Selection, AllRowsWhenKIsLarge) {
    const Case c = random_case(9, 3, 1);
    for (const Method method : kMethods) {
        for (const std::size_t k : {std::size_t{9}, std::size_t{1000}, kNoLimit}) {
            Positions got = chosen(c, request_of(method, 0.5), limit_k(k));
            std::sort(got.begin(), got.end());
            EXPECT_EQ(got, (Positions{0, 1, 2, 3, 4, 5, 6, 7, 8}));
        }
    }
    const Case none = random_case(0, 3, 1);
    EXPECT_TRUE(chosen(none, request_of(Method::kMmr, 0.5), limit_k(3)).empty());
}

TEST(Selection, IdenticalVectorsStillGiveKRows) {
    Case c = random_case(50, 5, 1);
    for (std::size_t i = 0; i < 50; ++i) {
        c.vectors[i] = c.vectors[0];
        for (float& x : c.vectors[i])
            x *= static_cast<float>(i + 1);  // equal direction, not length
    }
    Positions by_relevance(50);
    std::iota(by_relevance.begin(), by_relevance.end(), std::size_t{0});
    std::sort(by_relevance.begin(), by_relevance.end(), [&](std::size_t a, std::size_t b) {
        return c.rows[a].relevance > c.rows[b].relevance;
    });
    by_relevance.resize(10);
    for (const Method method : kMethods) {
        EXPECT_EQ(chosen(c, request_of(method, 0.5), limit_k(10)).size(), 10u);
        Limits once = limit_k(10);
        once.dedupe = 1;
        EXPECT_EQ(chosen(c, request_of(method, 0.5), once), Positions{by_relevance[0]});
    }
    EXPECT_EQ(chosen(c, request_of(Method::kDpp, 0.5), limit_k(10)), by_relevance);
}

TEST(Selection, BeyondTheSpanRelevanceDecides) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        const Case c = random_case(50, 3, seed);
        const Positions got = chosen(c, request_of(Method::kDpp, 0.5), limit_k(20));
        ASSERT_EQ(got.size(), 20u);
        // Three rows span the space; what rounding leaves of the others' volume must not count.
        for (std::size_t i = 4; i < got.size(); ++i)
            EXPECT_GE(c.rows[got[i - 1]].relevance, c.rows[got[i]].relevance) << seed;
    }
}

TEST(Selection, DedupeKeepsTheMoreRelevantOfSimilarRows) {
    const Case c = random_case(60, 4, 3);
    for (const Method method : {Method::kTopK, Method::kDpp}) {
        Limits limits = limit_k(kNoLimit);
        limits.dedupe = 0.8;
        const Positions got = chosen(c, request_of(method, 0.3), limits);
        EXPECT_LT(got.size(), 60u);
        EXPECT_GT(got.size(), 1u);
        for (std::size_t a = 0; a < got.size(); ++a) {
            for (std::size_t b = 0; b < a; ++b)
                EXPECT_LT(cosine(c, got[a], got[b]), 0.8 + 1e-6);
        }
    }
}

TEST(Selection, InputOrderDoesNotMatter) {
    const Case c = random_case(80, 20, 5);
    Positions order(80);
    std::iota(order.begin(), order.end(), std::size_t{0});
    Random rng(9);
    shuffle(order, rng);
    Case shuffled{c.dims, {}, {}};
    for (std::size_t i : order) {
        shuffled.vectors.push_back(c.vectors[i]);
        shuffled.rows.push_back(c.rows[i]);
    }
    for (const Method method : kMethods) {
        const Positions expected = chosen(c, request_of(method, 0.6), limit_k(20));
        Positions got = chosen(shuffled, request_of(method, 0.6), limit_k(20));
        for (std::size_t& i : got)
            i = order[i];
        EXPECT_EQ(got, expected);
    }
}

TEST(Selection, EveryInstructionSetGivesTheSameBits) {
    const Case c = random_case(70, 100, 6);
    const Candidates candidates = candidates_of(c);
    for (const Method method : kMethods) {
        std::vector<std::pair<std::size_t, double>> first;
        for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
            hwy::SetSupportedTargetsForTest(target);
            std::vector<std::pair<std::size_t, double>> got;
            for (const Pick& p : select(candidates, request_of(method, 0.6), limit_k(30),
                                        std::size_t{1} << 20, heap(), {}))
                got.emplace_back(p.row, p.gain);
            if (first.empty())
                first = got;
            EXPECT_EQ(got, first) << hwy::TargetName(target);
        }
        hwy::SetSupportedTargetsForTest(0);
    }
}

TEST(Selection, ExtremeNumbers) {
    Case c{1, {{1e-30f}, {3e38f}, {-2e-38f}, {1.0f}}, {}};
    for (double r : {1e308, -1e308, 0.0, 5e-324}) {
        c.rows.emplace_back();
        c.rows.back().relevance = r;
    }
    const Candidates candidates = candidates_of(c);
    EXPECT_DOUBLE_EQ(candidates.relevance()[0], 1.0);
    EXPECT_DOUBLE_EQ(candidates.relevance()[1], 0.5);
    EXPECT_DOUBLE_EQ(candidates.relevance()[3], 0.0);
    for (const Method method : kMethods)
        EXPECT_EQ(chosen(c, request_of(method, 1), limit_k(4)).size(), 4u);
}

TEST(Selection, NamesAreLookedUp) {
    EXPECT_EQ(find_name<Method>(kMethodNames, "facility_location"), Method::kFacilityLocation);
    EXPECT_EQ(find_name<Method>(kMethodNames, "compression"), Method::kCompression);
    EXPECT_FALSE(find_name<Method>(kMethodNames, "MMR"));
    EXPECT_EQ(find_name<Dispersion>(kDispersionNames, "max_sum"), Dispersion::kMaxSum);
}

TEST(Selection, PollMayStopIt) {
    const Case c = random_case(200, 16, 2);
    const Candidates candidates = candidates_of(c);
    const auto stop = [](void* calls) {
        if (++*static_cast<int*>(calls) == 5)
            throw Error(StatusCode::kInternal, "stopped");
    };
    for (const Method method : kMethods) {
        int calls = 0;
        EXPECT_THROW(
            select(candidates, request_of(method, 0.5), limit_k(50), 0, heap(), {stop, &calls}),
            Error);
    }
}

}  // namespace
}  // namespace vg::select
