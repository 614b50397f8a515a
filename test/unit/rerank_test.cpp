// Reranking protocols: worked examples, exactness under a perfect judge, calls against the table of
// the literature, order under judges without an opinion, and survival of bad ones.
#include "core/rerank/rerank.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.h"
#include "core/rerank/cost.h"

namespace vg::rerank {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// A judge that knows the truth; a larger grade is better.
class Oracle : public Judge {
  public:
    explicit Oracle(std::vector<double> grades, bool eliminates = false)
        : grades_(std::move(grades)), eliminates_(eliminates) {}

    std::span<const double> score(Documents documents) override {
        scores_.clear();
        for (const Document d : documents)
            scores_.push_back(grades_[d]);
        return scores_;
    }
    std::int64_t pick(Documents documents) override {
        const auto less = [&](Document a, Document b) { return grades_[a] < grades_[b]; };
        const auto found = eliminates_ ? std::min_element(documents.begin(), documents.end(), less)
                                       : std::max_element(documents.begin(), documents.end(), less);
        return found - documents.begin() + 1;
    }
    std::span<const double> compare(Documents first, Documents second) override {
        scores_.clear();
        for (std::size_t i = 0; i < first.size(); ++i) {
            const double margin = grades_[first[i]] - grades_[second[i]];
            scores_.push_back(margin == 0 ? 0.5 : margin > 0 ? 1.0 : 0.0);
        }
        return scores_;
    }
    std::span<const std::int32_t> permute(Documents documents) override {
        places_.resize(documents.size());
        std::iota(places_.begin(), places_.end(), 1);
        std::stable_sort(places_.begin(), places_.end(), [&](std::int32_t a, std::int32_t b) {
            return grade(documents, a) > grade(documents, b);
        });
        return places_;
    }

  private:
    double grade(Documents documents, std::int32_t place) const {
        return grades_[documents[static_cast<std::size_t>(place) - 1]];
    }

    std::vector<double> grades_;
    bool eliminates_;
    std::vector<double> scores_;
    std::vector<std::int32_t> places_;
};

// Answers anything: out of range, repeated, missing, contradictory.
class Liar : public Judge {
  public:
    explicit Liar(std::uint64_t seed) : random_(seed) {}

    std::span<const double> score(Documents documents) override {
        return verdicts(documents.size());
    }
    std::int64_t pick(Documents documents) override { return anywhere(documents.size()); }
    std::span<const double> compare(Documents first, Documents) override {
        return verdicts(first.size());
    }
    std::span<const std::int32_t> permute(Documents documents) override {
        places_.clear();
        for (std::uint64_t left = random_.below(2 * documents.size() + 1); left > 0; --left)
            places_.push_back(static_cast<std::int32_t>(anywhere(documents.size())));
        return places_;
    }

  private:
    std::int64_t anywhere(std::size_t n) {
        return static_cast<std::int64_t>(random_.below(n + 4)) - 1;
    }
    std::span<const double> verdicts(std::size_t n) {
        scores_.clear();
        for (std::size_t i = 0; i < n; ++i)
            scores_.push_back(random_.below(4) == 0 ? kNone : random_.uniform());
        return scores_;
    }

    Random random_;
    std::vector<double> scores_;
    std::vector<std::int32_t> places_;
};

// Always gives the same answer: score 1, place 1, a draw, no change. Silent: no answer at all.
class Indifferent : public Judge {
  public:
    explicit Indifferent(bool silent) : silent_(silent) {}

    std::span<const double> score(Documents documents) override {
        scores_.assign(documents.size(), silent_ ? kNone : 1.0);
        return scores_;
    }
    std::int64_t pick(Documents) override { return silent_ ? 0 : 1; }
    std::span<const double> compare(Documents first, Documents) override {
        scores_.assign(first.size(), silent_ ? kNone : 0.5);
        return scores_;
    }
    std::span<const std::int32_t> permute(Documents documents) override {
        places_.resize(silent_ ? 0 : documents.size());
        std::iota(places_.begin(), places_.end(), 1);
        return places_;
    }

  private:
    bool silent_;
    std::vector<double> scores_;
    std::vector<std::int32_t> places_;
};

Outcome run(Judge& judge, std::size_t n, const Request& request) {
    return rerank(judge, n, request, std::pmr::new_delete_resource(), Poll{});
}

std::vector<Document> order_of(const Outcome& outcome) {
    std::vector<Document> order;
    for (const Ranked& r : outcome.ranking)
        order.push_back(r.document);
    return order;
}

std::string letters(const Outcome& outcome) {
    std::string text;
    for (const Ranked& r : outcome.ranking)
        text += static_cast<char>('a' + r.document);
    return text;
}

void expect_permutation(const Outcome& outcome, std::size_t n) {
    const std::vector<Document> order = order_of(outcome);
    EXPECT_EQ(order.size(), n);
    EXPECT_EQ(std::set<Document>(order.begin(), order.end()).size(), n);
    EXPECT_TRUE(n == 0 || *std::max_element(order.begin(), order.end()) == n - 1);
}

void expect_input_order(const Outcome& outcome, std::size_t n) {
    std::vector<Document> input(n);
    std::iota(input.begin(), input.end(), Document{0});
    EXPECT_EQ(order_of(outcome), input);
}

constexpr Protocol kAll[] = {
    Protocol::kPointwise,    Protocol::kGroupwise, Protocol::kSetwiseHeap, Protocol::kSetwiseBubble,
    Protocol::kPairwiseHeap, Protocol::kListwise,  Protocol::kEliminate};

Request request_of(Protocol protocol, std::size_t k) {
    Request request;
    request.shape.protocol = protocol;
    request.shape.k = k;
    return request;
}

// A request with random parameters for n documents.
Request random_request(Protocol protocol, std::size_t n, Random& random) {
    Request request = request_of(protocol, 1 + random.below(n));
    Shape& s = request.shape;
    s.batch = 1 + random.below(30);
    s.group_size = 1 + random.below(30);
    s.epochs = 1 + random.below(3);
    s.fanout = 2 + random.below(20);
    s.votes = 1 + random.below(3);
    s.win = 2 + random.below(30);
    s.step = 1 + random.below(s.win - 1);
    s.passes = 1 + random.below(3);
    request.seed = random.next();
    return request;
}

std::vector<double> distinct_grades(std::size_t n, Random& random) {
    std::vector<double> grades(n);
    std::iota(grades.begin(), grades.end(), 0.0);
    shuffle(grades, random);
    return grades;
}

// ---- worked examples ---------------------------------------------------------------------------

const std::vector<double> kGrades{3, 7, 1, 5, 8, 2, 6, 4};  // of a, b, c, ...

struct Example {
    Protocol protocol;
    std::size_t fanout;
    const char* order;
    std::uint64_t calls;
    std::uint64_t shown;
};

TEST(Rerank, WorkedExamples) {
    const Example examples[] = {
        {Protocol::kSetwiseHeap, 2, "ebgacdfh", 9, 25},
        {Protocol::kSetwiseHeap, 3, "ebgacdfh", 8, 29},
        {Protocol::kSetwiseBubble, 3, "ebgdcfah", 7, 25},
        {Protocol::kEliminate, 2, "ebgdhafc", 7, 35},
        {Protocol::kListwise, 2, "ebgadchf", 3, 12},
        {Protocol::kPointwise, 2, "ebgdhafc", 1, 8},
    };
    for (const Example& e : examples) {
        Oracle judge(kGrades, e.protocol == Protocol::kEliminate);
        Request request = request_of(e.protocol, 3);
        request.shape.fanout = e.fanout;
        request.shape.win = 4;
        request.shape.step = 2;
        const Outcome outcome = run(judge, kGrades.size(), request);
        EXPECT_EQ(letters(outcome), e.order);
        EXPECT_EQ(outcome.calls, e.calls);
        EXPECT_EQ(outcome.shown, e.shown);
        EXPECT_EQ(outcome.repairs, 0u);
        EXPECT_FALSE(outcome.cut_short);
    }
}

// Scores of documents a..f in two epochs, as in the description of GroupRank.
class Epochs : public Judge {
  public:
    explicit Epochs(bool fails_once) : fails_once_(fails_once) {}
    std::span<const double> score(Documents documents) override {
        static constexpr double kScores[2][6] = {{.9, .9, .5, .6, .2, .3}, {.8, .6, .6, .5, .3, 0}};
        const std::size_t epoch = calls_++ / 2;
        scores_.clear();
        for (const Document d : documents)
            scores_.push_back(fails_once_ && calls_ == 3 ? kNone : kScores[epoch][d]);
        return scores_;
    }
    std::int64_t pick(Documents) override { return 0; }
    std::span<const double> compare(Documents, Documents) override { return {}; }
    std::span<const std::int32_t> permute(Documents) override { return {}; }

  private:
    bool fails_once_;
    std::size_t calls_ = 0;
    std::vector<double> scores_;
};

TEST(Rerank, GroupwiseTakesTheMeanOfEpochs) {
    Request request = request_of(Protocol::kGroupwise, 6);
    request.shape.group_size = 3;
    Epochs judge(false);
    const Outcome outcome = run(judge, 6, request);
    EXPECT_EQ(letters(outcome), "abcdef");
    const double means[] = {.85, .75, .55, .55, .25, .15};
    for (std::size_t i = 0; i < 6; ++i)
        EXPECT_NEAR(outcome.ranking[i].score, means[i], 1e-12);
    EXPECT_EQ(outcome.calls, 4u);
    EXPECT_EQ(outcome.shown, 12u);

    request.shape.epochs = 1;
    Epochs once(false);
    EXPECT_EQ(letters(run(once, 6, request)), "abdcfe");
}

TEST(Rerank, BlendsWithTheFirstStage) {
    const std::vector<double> first{.50, .95, .60, .55, .30, .10};
    Request request = request_of(Protocol::kGroupwise, 6);
    request.shape.group_size = 3;
    request.first_stage = first;
    request.blend = 0.6;
    Epochs judge(false);
    const Outcome outcome = run(judge, 6, request);
    EXPECT_EQ(letters(outcome), "bacdef");
    // Both on a scale from 0 to 1: b has (.75 - .15) / .7 of the new and all of the first one.
    EXPECT_NEAR(outcome.ranking[0].score, 0.6 * 0.6 / 0.7 + 0.4, 1e-12);
    // A list whose scores are all equal says nothing: the first stage decides.
    Indifferent same(false);
    EXPECT_EQ(letters(run(same, 6, request)), "bcdaef");
    // Without any verdict there is nothing to blend.
    Indifferent silent(true);
    EXPECT_EQ(letters(run(silent, 6, request)), "abcdef");
}

TEST(Rerank, AGroupWithoutAnAnswerDoesNotCountAsZeros) {
    Request request = request_of(Protocol::kGroupwise, 6);
    request.shape.group_size = 3;
    Epochs judge(true);
    const Outcome outcome = run(judge, 6, request);
    EXPECT_EQ(outcome.repairs, 1u);
    for (const Ranked& r : outcome.ranking)
        EXPECT_GT(r.score, 0.1) << r.document;
}

TEST(Rerank, OrderScoresFallFromOneToZero) {
    Oracle judge(kGrades);
    const Outcome outcome = run(judge, 8, request_of(Protocol::kSetwiseHeap, 8));
    for (std::size_t i = 0; i < 8; ++i)
        EXPECT_NEAR(outcome.ranking[i].score, 1.0 - static_cast<double>(i) / 7.0, 1e-12);
}

TEST(Rerank, DocumentsWithoutAScoreComeLastInTheirOrder) {
    const std::vector<double> grades{kNone, 1, kNone, 3, 2};
    Oracle judge(grades);
    const Outcome outcome = run(judge, 5, request_of(Protocol::kPointwise, 5));
    EXPECT_EQ(letters(outcome), "debac");
    EXPECT_EQ(outcome.repairs, 1u);
    EXPECT_TRUE(std::isnan(outcome.ranking[4].score));
}

// Three of five votes are for the best one; the others are wrong or out of range.
class Voter : public Oracle {
  public:
    using Oracle::Oracle;
    std::int64_t pick(Documents documents) override {
        const std::int64_t best = Oracle::pick(documents);
        switch (calls_++ % 5) {
            case 1:
                return best % static_cast<std::int64_t>(documents.size()) + 1;
            case 3:
                return 99;
            default:
                return best;
        }
    }

  private:
    std::size_t calls_ = 0;
};

TEST(Rerank, TheMajorityOfVotesDecides) {
    Request request = request_of(Protocol::kSetwiseHeap, 8);
    request.shape.fanout = 3;
    request.shape.votes = 5;
    Voter judge(kGrades);
    const Outcome outcome = run(judge, 8, request);
    EXPECT_EQ(letters(outcome), "ebgdhafc");
    EXPECT_EQ(outcome.repairs * 5, outcome.calls);
}

// ---- properties --------------------------------------------------------------------------------

TEST(Rerank, APerfectJudgeGivesTheExactTopWithinTheCost) {
    Random random(1);
    for (int trial = 0; trial < 3000; ++trial) {
        const Protocol protocol = kAll[random.below(std::size(kAll))];
        const std::size_t n = 1 + random.below(trial % 10 == 0 ? 150 : 40);
        const Request request = random_request(protocol, n, random);
        const std::vector<double> grades = distinct_grades(n, random);
        Oracle judge(grades, protocol == Protocol::kEliminate);
        const Outcome outcome = run(judge, n, request);
        expect_permutation(outcome, n);

        const Shape& s = request.shape;
        std::size_t exact = s.k;
        if (protocol == Protocol::kListwise && n > s.win)
            exact = std::min(s.k, s.passes * (s.win - s.step));
        for (std::size_t place = 0; place < exact; ++place)
            ASSERT_EQ(grades[outcome.ranking[place].document], static_cast<double>(n - 1 - place))
                << kProtocolNames[static_cast<std::size_t>(protocol)] << " n " << n << " k " << s.k;

        const Cost bound = cost(s, n);
        EXPECT_LE(outcome.calls, bound.calls);
        EXPECT_LE(outcome.shown, bound.shown);
        if (bound.exact) {
            EXPECT_EQ(outcome.calls, bound.calls);
            EXPECT_EQ(outcome.shown, bound.shown);
        }
        EXPECT_EQ(outcome.repairs, 0u);
    }
}

TEST(Rerank, AJudgeWithoutAnOpinionKeepsTheOrder) {
    Random random(2);
    for (int trial = 0; trial < 1000; ++trial) {
        const Protocol protocol = kAll[random.below(std::size(kAll))];
        const std::size_t n = 1 + random.below(60);
        Request request = random_request(protocol, n, random);
        request.shape.votes = 1;
        Oracle equal(std::vector<double>(n, 0.25));
        Indifferent constant(false);
        Indifferent silent(true);
        expect_input_order(run(equal, n, request), n);
        expect_input_order(run(constant, n, request), n);
        const Outcome outcome = run(silent, n, request);
        expect_input_order(outcome, n);
        EXPECT_EQ(outcome.repairs, outcome.calls);
    }
}

TEST(Rerank, ABudgetIsKeptAndZeroKeepsTheOrder) {
    Random random(3);
    for (int trial = 0; trial < 1000; ++trial) {
        const Protocol protocol = kAll[random.below(std::size(kAll))];
        const std::size_t n = 2 + random.below(60);
        Request request = random_request(protocol, n, random);
        const std::vector<double> grades = distinct_grades(n, random);
        Oracle judge(grades, protocol == Protocol::kEliminate);
        const std::uint64_t needed = run(judge, n, request).calls;
        request.max_calls = random.below(needed + 1);
        const Outcome outcome = run(judge, n, request);
        expect_permutation(outcome, n);
        EXPECT_LE(outcome.calls, request.max_calls);
        EXPECT_EQ(outcome.cut_short, request.max_calls < needed);

        request.max_calls = 0;
        const Outcome none = run(judge, n, request);
        expect_input_order(none, n);
        EXPECT_EQ(none.calls, 0u);
        EXPECT_TRUE(none.cut_short);
        EXPECT_TRUE(std::isnan(none.ranking[0].score));
    }
}

TEST(Rerank, NoAnswerLosesOrRepeatsADocument) {
    Random random(4);
    std::uint64_t repairs = 0;
    for (int trial = 0; trial < 5000; ++trial) {
        const Protocol protocol = kAll[random.below(std::size(kAll))];
        const std::size_t n = 1 + random.below(50);
        Request request = random_request(protocol, n, random);
        std::vector<double> first(n);
        if (random.below(2) == 0) {
            for (double& x : first)
                x = random.below(5) == 0 ? kNone : random.uniform();
            request.first_stage = first;
            request.blend = random.uniform();
        }
        Liar judge(random.next());
        const Outcome outcome = run(judge, n, request);
        expect_permutation(outcome, n);
        EXPECT_LE(outcome.calls, cost(request.shape, n).calls);
        EXPECT_LE(outcome.repairs, outcome.calls);
        repairs += outcome.repairs;
    }
    EXPECT_GT(repairs, 1000u);
}

TEST(Rerank, TheSeedDecidesTheGroups) {
    const auto groups = [](std::uint64_t seed) {
        Request request = request_of(Protocol::kGroupwise, 30);
        request.shape.group_size = 7;
        request.seed = seed;
        Liar judge(1);
        return order_of(run(judge, 30, request));
    };
    EXPECT_EQ(groups(5), groups(5));
    EXPECT_NE(groups(5), groups(6));
}

// ---- calls -------------------------------------------------------------------------------------

struct Row {
    Protocol protocol;
    std::size_t fanout;
    double random_calls;
    double random_shown;
};

// Means over lists in random order, 100 documents, the best 10.
TEST(Rerank, CallsMatchTheTable) {
    const Row rows[] = {
        {Protocol::kPointwise, 2, 1, 100},        {Protocol::kListwise, 2, 9, 180},
        {Protocol::kSetwiseHeap, 19, 23.3, 445},  {Protocol::kSetwiseHeap, 9, 31.5, 312},
        {Protocol::kSetwiseHeap, 3, 81.7, 327},   {Protocol::kSetwiseBubble, 19, 54, 999},
        {Protocol::kSetwiseBubble, 3, 318, 1263}, {Protocol::kPairwiseHeap, 2, 278, 1110},
        {Protocol::kEliminate, 2, 99, 5049},      {Protocol::kGroupwise, 2, 10, 200},
    };
    constexpr int kTrials = 300;
    for (const Row& row : rows) {
        Random random(7);
        double calls = 0;
        double shown = 0;
        for (int trial = 0; trial < kTrials; ++trial) {
            Oracle judge(distinct_grades(100, random), row.protocol == Protocol::kEliminate);
            Request request = request_of(row.protocol, 10);
            request.shape.fanout = row.fanout;
            const Outcome outcome = run(judge, 100, request);
            calls += static_cast<double>(outcome.calls) / kTrials;
            shown += static_cast<double>(outcome.shown) / kTrials;
        }
        const char* name = kProtocolNames[static_cast<std::size_t>(row.protocol)].data();
        EXPECT_NEAR(calls, row.random_calls, 0.015 * row.random_calls) << name << row.fanout;
        EXPECT_NEAR(shown, row.random_shown, 0.015 * row.random_shown) << name << row.fanout;
        RecordProperty(std::string(name) + std::to_string(row.fanout), std::to_string(calls));
    }
}

// Lists that a good first stage has ordered: the truth with noise.
std::vector<double> nearly_sorted_grades(std::size_t n, Random& random) {
    std::vector<std::pair<double, double>> noisy;
    for (std::size_t i = 0; i < n; ++i) {
        const auto grade = static_cast<double>(n - i);
        noisy.emplace_back(-(grade + 28 * (random.uniform() + random.uniform() - 1)), grade);
    }
    std::sort(noisy.begin(), noisy.end());
    std::vector<double> grades;
    for (const auto& [place, grade] : noisy)
        grades.push_back(grade);
    return grades;
}

TEST(Rerank, AGoodFirstStageSavesCalls) {
    const std::pair<Shape, double> rows[] = {
        {{.protocol = Protocol::kSetwiseHeap, .fanout = 19}, 19.7},
        {{.protocol = Protocol::kSetwiseHeap, .fanout = 9}, 30.6},
        {{.protocol = Protocol::kSetwiseHeap, .fanout = 3}, 74.7},
        {{.protocol = Protocol::kPairwiseHeap}, 231},
    };
    constexpr int kTrials = 300;
    for (const auto& [shape, expected] : rows) {
        Random random(8);
        double calls = 0;
        for (int trial = 0; trial < kTrials; ++trial) {
            Oracle judge(nearly_sorted_grades(100, random));
            Request request;
            request.shape = shape;
            calls += static_cast<double>(run(judge, 100, request).calls) / kTrials;
        }
        EXPECT_NEAR(calls, expected, 0.05 * expected);
        RecordProperty("fanout" + std::to_string(shape.fanout) + "protocol" +
                           std::to_string(static_cast<int>(shape.protocol)),
                       std::to_string(calls));
    }
}

TEST(RerankCost, SmallAndLargeLists) {
    Shape shape;
    for (const Protocol protocol : kAll) {
        shape.protocol = protocol;
        EXPECT_EQ(cost(shape, 0).calls, 0u);
        const bool scores = protocol == Protocol::kPointwise || protocol == Protocol::kGroupwise;
        EXPECT_EQ(cost(shape, 1).calls > 0, scores);
    }
    shape.protocol = Protocol::kEliminate;
    EXPECT_EQ(cost(shape, 10000000).shown, 50000004999999u);
    shape.protocol = Protocol::kSetwiseHeap;
    shape.fanout = 2147483647;
    EXPECT_EQ(cost(shape, 10000000).calls, 10u);
}

}  // namespace
}  // namespace vg::rerank
