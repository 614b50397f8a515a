// The exact answers that recall is measured against.
#include "core/hnsw/recall.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.h"
#include "random_points.h"

namespace vg::hnsw {
namespace {

using test::points;

TEST(ExactPanel, AnswersAreTheSortedNearestDistances) {
    constexpr std::size_t kDims = 7;
    constexpr std::size_t kQueries = 5;
    constexpr std::size_t kK = 9;
    const std::vector<float> queries = points(kQueries, kDims, 1);
    for (const std::size_t rows : {std::size_t{0}, std::size_t{4}, std::size_t{300}}) {
        const std::vector<float> data = points(rows, kDims, 2);
        ExactPanel panel(node::Metric::kL2, kDims, kK);
        for (std::size_t q = 0; q < kQueries; ++q)
            ASSERT_TRUE(panel.add_query(queries.data() + q * kDims));
        for (std::size_t i = 0; i < rows; ++i)
            panel.add_row(data.data() + i * kDims);
        std::vector<float> answer{1.0f, 2.0f};  // of an earlier query
        for (std::size_t q = 0; q < kQueries; ++q) {
            std::vector<double> expected;
            for (std::size_t i = 0; i < rows; ++i) {
                double squared = 0;
                for (std::size_t c = 0; c < kDims; ++c)
                    squared += std::pow(queries[q * kDims + c] - data[i * kDims + c], 2);
                expected.push_back(std::sqrt(squared));
            }
            std::sort(expected.begin(), expected.end());
            expected.resize(std::min(rows, kK));
            panel.answer(q, answer);
            ASSERT_EQ(answer.size(), expected.size());
            for (std::size_t j = 0; j < answer.size(); ++j)
                EXPECT_NEAR(answer[j], expected[j], 1e-5);
        }
    }
}

TEST(ExactPanel, ARowIsAtDistanceZeroFromItself) {
    constexpr std::size_t kDims = 100;
    const std::vector<float> data = points(20, kDims, 3);
    ExactPanel panel(node::Metric::kL2, kDims, 2);
    for (std::size_t i = 0; i < 20; ++i)
        panel.add_query(data.data() + i * kDims);
    for (std::size_t i = 0; i < 20; ++i)
        panel.add_row(data.data() + i * kDims);
    std::vector<float> answer;
    for (std::size_t i = 0; i < 20; ++i) {
        panel.answer(i, answer);
        EXPECT_EQ(answer[0], 0.0f);
        EXPECT_GT(answer[1], 0.0f);
    }
}

}  // namespace
}  // namespace vg::hnsw
