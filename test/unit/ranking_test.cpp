// Ranking metrics: worked values, stored values of an independent implementation (numpy), and the
// metrics of subtopics.
#include "core/metric/ranking.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.h"
#include "core/metric/judged.h"
#include "core/metric/topics.h"

namespace vg::metric {
namespace {

using Grade = std::optional<double>;

std::vector<Judgement> rows_of(const std::vector<Grade>& run, const std::vector<double>& missed) {
    std::vector<Judgement> rows;
    std::int32_t rank = 0;
    for (const Grade& grade : run)
        rows.push_back({grade.value_or(-99.0), ++rank, grade.has_value()});
    for (const double grade : missed)
        rows.push_back({grade, 0, true});
    return rows;
}

Judged judged(const std::vector<Grade>& run, const std::vector<double>& missed) {
    return Judged(rows_of(run, missed), Poll{});
}

// Five relevant documents, two of which the system did not retrieve; the third was not judged.
const std::vector<Grade> kRun{0, 2, std::nullopt, 1, 0, 3};
const std::vector<double> kMissed{3, 1};

TEST(Ranking, WorkedValues) {
    const Judged q = judged(kRun, kMissed);
    EXPECT_NEAR(ndcg_at(q, 3, Gain::kLinear), 0.214136, 1e-6);
    EXPECT_NEAR(ndcg_at(q, 5, Gain::kLinear), 0.252229, 1e-6);
    EXPECT_NEAR(ndcg_at(q, 6, Gain::kLinear), 0.411479, 1e-6);
    EXPECT_NEAR(ndcg_at(q, 3, Gain::kExponential), 0.146540, 1e-6);
    EXPECT_NEAR(ndcg_at(q, 5, Gain::kExponential), 0.169176, 1e-6);
    EXPECT_NEAR(ndcg_at(q, 6, Gain::kExponential), 0.350728, 1e-6);
    EXPECT_NEAR(dcg_at(q, 5, Gain::kLinear), 2 / std::log2(3.0) + 1 / std::log2(5.0), 1e-12);
    EXPECT_NEAR(ap_at(q, 100, ApNorm::kRelevant, 1), 0.3, 1e-12);
    EXPECT_NEAR(ap_at(q, 3, ApNorm::kRelevant, 1), 0.1, 1e-12);
    EXPECT_NEAR(ap_at(q, 3, ApNorm::kMinRelevantK, 1), 1.0 / 6.0, 1e-12);
    EXPECT_EQ(precision_at(q, 5, 1), 0.4);
    EXPECT_EQ(recall_at(q, 5, 1), 0.4);
    EXPECT_EQ(rr_at(q, 5, 1), 0.5);
    EXPECT_EQ(rr_at(q, 1, 1), 0.0);  // the cut-off counts
    EXPECT_EQ(success_at(q, 1, 1), 0.0);
    EXPECT_EQ(success_at(q, 2, 1), 1.0);
    EXPECT_EQ(hits_at(q, 6, 1), 3u);
    EXPECT_EQ(hits_at(q, 6, 2), 2u);
    EXPECT_EQ(q.relevant(1), 5u);
    EXPECT_EQ(q.relevant(3), 2u);
    EXPECT_NEAR(rbp(q, 0.8, 1), 0.327936, 1e-6);
    EXPECT_NEAR(rbp_graded(q, 0.8), 0.619008, 1e-6);
    EXPECT_NEAR(bpref(q, 1), 0.2, 1e-12);
}

TEST(Ranking, LosingTheDocumentsThatWereNotRetrievedInflates) {
    // What `run LEFT JOIN qrels` leaves: the same ranking, without the two missed documents.
    const Judged q = judged(kRun, {});
    EXPECT_NEAR(ndcg_at(q, 5, Gain::kLinear), 0.355, 5e-4);
    EXPECT_NEAR(recall_at(q, 5, 1), 2.0 / 3.0, 1e-12);
}

TEST(Ranking, AfterReranking) {
    // The same documents in the order f b d a c e.
    const Judged q = judged({3, 2, 1, 0, std::nullopt, 0}, kMissed);
    EXPECT_NEAR(ndcg_at(q, 5, Gain::kLinear), 0.709632, 1e-6);
    EXPECT_NEAR(recall_at(q, 5, 1), 0.6, 1e-12);
}

TEST(Ranking, MacroRecall) {
    const Judged one = judged({1}, {});
    const Judged ten = judged({1}, std::vector<double>(9, 1.0));
    EXPECT_NEAR((recall_at(one, 10, 1) + recall_at(ten, 10, 1)) / 2, 0.55, 1e-12);
    EXPECT_EQ(hits_at(one, 10, 1) + hits_at(ten, 10, 1), 2u);
    EXPECT_EQ(one.relevant(1) + ten.relevant(1), 11u);
}

// Grades drawn as the stored values' script drew them.
Judged drawn(std::uint64_t seed) {
    Random random(seed);
    std::vector<Grade> run;
    std::vector<double> missed;
    for (int i = 0; i < 30; ++i) {
        const bool is_judged = random.below(4) != 0;
        const auto grade = static_cast<double>(random.below(4));
        run.push_back(is_judged ? Grade(grade) : std::nullopt);
    }
    for (int i = 0; i < 12; ++i)
        missed.push_back(static_cast<double>(random.below(4)));
    return judged(run, missed);
}

TEST(Ranking, StoredValues) {
    const double expected[3][8] = {
        {0.2662008284668597, 0.3268807393386311, 0.26672547956525533, 0.18194444444444444, 0.5,
         0.3838128557677039, 0.7597831662748734, 0.26712316605779857},
        {0.2910527195200507, 0.3209410639913669, 0.22909025360247806, 0.17214285714285713, 0.25,
         0.3271667236669379, 0.7731028014929839, 0.2040585857211498},
        {0.1996455582463276, 0.1785817280299438, 0.2620965599497456, 0.17619047619047618,
         0.3333333333333333, 0.3686285201339538, 0.5418662765995822, 0.17111497837376}};
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        const Judged q = drawn(seed);
        const double* e = expected[seed - 1];
        EXPECT_NEAR(ndcg_at(q, 10, Gain::kLinear), e[0], 1e-12);
        EXPECT_NEAR(ndcg_at(q, 20, Gain::kExponential), e[1], 1e-12);
        EXPECT_NEAR(ap_at(q, 30, ApNorm::kRelevant, 1), e[2], 1e-12);
        EXPECT_NEAR(ap_at(q, 10, ApNorm::kMinRelevantK, 1), e[3], 1e-12);
        EXPECT_NEAR(rr_at(q, 30, 1), e[4], 1e-12);
        EXPECT_NEAR(rbp(q, 0.8, 1), e[5], 1e-12);
        EXPECT_NEAR(rbp_graded(q, 0.8), e[6], 1e-12);
        EXPECT_NEAR(err_at(q, 20, 3), e[7], 1e-12);
    }
    EXPECT_NEAR(dcg_at(drawn(1), 10, Gain::kLinear), 3.4714140494767856, 1e-12);
}

TEST(Ranking, PerfectOrderScoresOne) {
    const Judged q = judged({3, 3, 2, 1, 1, 0, 0}, {});
    EXPECT_DOUBLE_EQ(ndcg_at(q, 7, Gain::kLinear), 1.0);
    EXPECT_DOUBLE_EQ(ndcg_at(q, 3, Gain::kExponential), 1.0);
    EXPECT_DOUBLE_EQ(ap_at(q, 7, ApNorm::kRelevant, 1), 1.0);
    EXPECT_DOUBLE_EQ(ap_at(q, 2, ApNorm::kMinRelevantK, 1), 1.0);
    EXPECT_DOUBLE_EQ(bpref(q, 1), 1.0);
    EXPECT_DOUBLE_EQ(recall_at(q, 7, 1), 1.0);
}

TEST(Ranking, NothingRelevantOrRetrievedScoresZero) {
    for (const Judged& q : {judged({0, 0, std::nullopt}, {}), judged({}, {2, 1}), judged({}, {})}) {
        EXPECT_EQ(ndcg_at(q, 10, Gain::kLinear), 0.0);
        EXPECT_EQ(ap_at(q, 10, ApNorm::kMinRelevantK, 1), 0.0);
        EXPECT_EQ(rr_at(q, 10, 1), 0.0);
        EXPECT_EQ(recall_at(q, 10, 1), 0.0);
        EXPECT_EQ(bpref(q, 1), 0.0);
        EXPECT_EQ(err_at(q, 10, 4), 0.0);
        EXPECT_EQ(rbp(q, 0.8, 1), 0.0);
    }
}

TEST(Ranking, NegativeGrades) {
    // Gain nothing, and bpref takes them as not judged.
    const Judged q = judged({-1, 2, 0, 1}, {});
    EXPECT_NEAR(dcg_at(q, 4, Gain::kLinear), 2 / std::log2(3.0) + 1 / std::log2(5.0), 1e-12);
    EXPECT_DOUBLE_EQ(bpref(q, 1), (1.0 + 0.0) / 2.0);
    EXPECT_DOUBLE_EQ(rbp_graded(q, 0.5), 0.5 * (2 * 0.5 + 1 * 0.125));
}

TEST(Ranking, ExpectedReciprocalRankStopsAtAPerfectDocument) {
    // Grade 4 of 4 satisfies with 15/16, grade 0 never.
    EXPECT_DOUBLE_EQ(err_at(judged({0, 4}, {}), 10, 4), 0.5 * 15 / 16);
    EXPECT_DOUBLE_EQ(err_at(judged({4, 4}, {}), 10, 4), 15.0 / 16 + 0.5 * 15 / 256);
    EXPECT_DOUBLE_EQ(err_at(judged({4, 4}, {}), 1, 4), 15.0 / 16);
}

TEST(Judged, OrderOfTheRowsDoesNotMatter) {
    std::vector<Judgement> rows = rows_of(kRun, kMissed);
    std::reverse(rows.begin(), rows.end());
    const Judged q(rows, Poll{});
    EXPECT_NEAR(ndcg_at(q, 5, Gain::kLinear), 0.252229, 1e-6);
}

TEST(Judged, RanksMustBeOneToN) {
    using Ranks = std::vector<std::int32_t>;
    EXPECT_EQ(check_ranks(Ranks{}, Poll{}).kind, RankFault::kNone);
    EXPECT_EQ(check_ranks(Ranks{0, 0}, Poll{}).kind, RankFault::kNone);
    EXPECT_EQ(check_ranks(Ranks{3, 1, 0, 2}, Poll{}).kind, RankFault::kNone);
    const RankFault twice = check_ranks(Ranks{1, 3, 2, 2}, Poll{});
    EXPECT_EQ(twice.kind, RankFault::kDuplicate);
    EXPECT_EQ(twice.rank, 2);
    const RankFault gap = check_ranks(Ranks{1, 2, 5}, Poll{});
    EXPECT_EQ(gap.kind, RankFault::kMissing);
    EXPECT_EQ(gap.rank, 3);
    EXPECT_EQ(check_ranks(Ranks{2}, Poll{}).rank, 1);
    EXPECT_EQ(check_ranks(Ranks{-1}, Poll{}).kind, RankFault::kDuplicate);
}

TEST(Judged, LongInputCanBeCancelled) {
    std::vector<Judgement> rows(200000);
    for (std::size_t i = 0; i < rows.size(); ++i)
        rows[i] = {static_cast<double>(i % 5), static_cast<std::int32_t>(i + 1), true};
    const Poll cancel{[](void*) { throw 1; }, nullptr};
    EXPECT_THROW(Judged(rows, cancel), int);
}

TopicRun topics(const std::vector<std::pair<std::int32_t, std::vector<std::string_view>>>& list) {
    std::vector<TopicDocument> documents;
    std::vector<std::string_view> names;
    for (const auto& [rank, own] : list) {
        documents.push_back({rank, static_cast<std::uint32_t>(own.size()), names.size()});
        names.insert(names.end(), own.begin(), own.end());
    }
    return TopicRun(documents, names, Poll{});
}

TEST(Topics, PublishedExampleOfNdeval) {
    // Query 0 of pyndeval's documentation: alpha-nDCG@5 .7868 (it cuts digits off), alpha-DCG@5
    // .4052 of the DCG of an endless list of documents with all three subtopics.
    const TopicRun q = topics({{1, {"a"}}, {2, {"b"}}, {3, {}}, {4, {"b"}}, {0, {"c"}}});
    const double dcg = 1 + 1 / std::log2(3.0) + 0.5 / std::log2(5.0);
    const double ideal = 1 + 1 / std::log2(3.0) + 0.5 + 0.5 / std::log2(5.0);
    EXPECT_NEAR(q.alpha_dcg_at(5, 0.5), dcg, 1e-12);
    EXPECT_NEAR(q.alpha_ndcg_at(5, 0.5, Poll{}), dcg / ideal, 1e-12);
    EXPECT_EQ(std::floor(q.alpha_ndcg_at(5, 0.5, Poll{}) * 10000) / 10000, 0.7868);
    double endless = 0;
    for (int i = 0; i < 5; ++i)
        endless += 3 * std::pow(0.5, i) / std::log2(i + 2.0);
    EXPECT_EQ(std::floor(q.alpha_dcg_at(5, 0.5) / endless * 10000) / 10000, 0.4052);
    EXPECT_NEAR(q.subtopic_recall_at(5), 2.0 / 3.0, 1e-12);  // strec@5 .6666
    EXPECT_NEAR(q.subtopic_recall_at(1), 1.0 / 3.0, 1e-12);
}

TEST(Topics, AlphaZeroIsDcgOverSubtopicCounts) {
    const TopicRun q = topics({{1, {"a"}}, {2, {"a", "b"}}, {3, {"b"}}});
    EXPECT_NEAR(q.alpha_dcg_at(3, 0.0), 1 + 2 / std::log2(3.0) + 0.5, 1e-12);
    EXPECT_NEAR(q.alpha_ndcg_at(3, 0.0, Poll{}),
                (1 + 2 / std::log2(3.0) + 0.5) / (2 + 1 / std::log2(3.0) + 0.5), 1e-12);
    // alpha = 1: a subtopic counts once.
    EXPECT_NEAR(q.alpha_dcg_at(3, 1.0), 1 + 1 / std::log2(3.0), 1e-12);
}

TEST(Topics, EmptyAndRepeatedTopics) {
    EXPECT_EQ(topics({}).alpha_ndcg_at(5, 0.5, Poll{}), 0.0);
    EXPECT_EQ(topics({}).subtopic_recall_at(5), 0.0);
    EXPECT_EQ(topics({{1, {}}}).alpha_ndcg_at(5, 0.5, Poll{}), 0.0);
    // A name twice in one document is once.
    EXPECT_NEAR(topics({{1, {"a", "a"}}}).alpha_dcg_at(5, 0.5), 1.0, 1e-12);
}

TEST(Topics, OrderOfTheRowsDoesNotMatter) {
    const TopicRun a = topics({{2, {"x", "y"}}, {1, {"y"}}, {0, {"x"}}, {0, {"z"}}, {0, {"y"}}});
    const TopicRun b = topics({{0, {"y"}}, {0, {"z"}}, {0, {"x"}}, {1, {"y"}}, {2, {"y", "x"}}});
    for (std::size_t k = 1; k <= 5; ++k)
        EXPECT_EQ(a.alpha_ndcg_at(k, 0.5, Poll{}), b.alpha_ndcg_at(k, 0.5, Poll{}));
}

}  // namespace
}  // namespace vg::metric
