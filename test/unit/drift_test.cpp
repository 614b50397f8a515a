// How far rows have moved from what an index was built for, against sums in double, and the advice.
#include "core/node/drift.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "memory_index.h"

namespace vg::node {
namespace {

Drift drift_of(const test::MemoryIndex& index) {
    Drift drift(index.geometry(), index.metric(), index.centre());
    for (const SlotId id : index.base_slots())
        drift.add(index.slot(id));
    return drift;
}

test::Matrix moved(test::Matrix rows, float by) {
    for (float& x : rows.values)
        x += by;
    return rows;
}

TEST(Drift, IsTheShiftOfTheMeanInUnitsOfTheSpread) {
    test::MemoryIndex empty(24, Metric::kL2);  // the centre is the origin
    const test::Matrix rows = moved(test::uniform_rows(400, 24, 5), 0.5f);  // mean 1, variance 1/12
    for (std::size_t i = 0; i < rows.size(); ++i)
        empty.insert(rows.row(i), test::tid_of(i));
    EXPECT_EQ(drift_of(empty).rows(), 400u);
    EXPECT_NEAR(drift_of(empty).centre_shift(), std::sqrt(12.0), 0.05);
    test::MemoryIndex built(24, Metric::kL2);
    built.build(rows);
    // The centre is the mean of the middle rows, which differs a little from that of all.
    EXPECT_LT(drift_of(built).centre_shift(), 0.01);
    // Rows that come later elsewhere pull the mean after them.
    const test::Matrix later = moved(test::uniform_rows(400, 24, 6), 100);
    for (std::size_t i = 0; i < later.size(); ++i)
        built.insert(later.row(i), test::tid_of(1000 + i));
    EXPECT_NEAR(drift_of(built).centre_shift(), 1.0, 0.05);
}

TEST(Drift, OfFewRows) {
    test::MemoryIndex index(3, Metric::kL2);
    EXPECT_EQ(drift_of(index).centre_shift(), 0);
    const float row[] = {1, 2, 3};
    index.insert(row, test::tid_of(0));
    EXPECT_EQ(drift_of(index).centre_shift(), std::numeric_limits<double>::infinity());
    test::MemoryIndex zero(3, Metric::kL2);
    const float origin[] = {0, 0, 0};
    zero.insert(origin, test::tid_of(0));
    EXPECT_EQ(drift_of(zero).centre_shift(), 0);
}

TEST(Drift, CountsRowsFarOutsideAllOthers) {
    const test::Matrix rows = test::uniform_rows(300, 16, 7);
    for (const Metric metric : {Metric::kInnerProduct, Metric::kL2, Metric::kCosine, Metric::kL1}) {
        test::MemoryIndex index(16, metric);
        index.build(rows);
        EXPECT_EQ(drift_of(index).outliers(), 0u);
        for (std::size_t i = 0; i < 20; ++i) {
            std::vector<float> farther(rows.row(i), rows.row(i) + 16);
            for (float& x : farther)
                x *= i < 10 ? 20.0f : 1e10f;  // ten are merely far, ten are outside
            index.insert(farther.data(), test::tid_of(1000 + i));
        }
        const bool distances = metric == Metric::kL2 || metric == Metric::kL1;
        EXPECT_EQ(drift_of(index).outliers(), distances ? 10u : 0u);
    }
}

TEST(Advice, NamesTheMostPressing) {
    const auto starts = [](const Upkeep& u, const char* with) {
        const char* advice = advise(u);
        return advice != nullptr && std::string(advice).starts_with(with);
    };
    Upkeep u;
    EXPECT_EQ(advise(u), nullptr);
    u.live_nodes = 1000;
    u.inserted = 500;
    EXPECT_EQ(advise(u), nullptr);
    u.outliers = 1;
    EXPECT_TRUE(starts(u, "CHECK: some rows lie"));
    u.outliers = 0;
    u.inserted = 501;
    EXPECT_TRUE(starts(u, "REINDEX: over half of the rows"));
    u.inserted = 500;
    u.free_slots = 1000;
    u.centre_shift = 1.0;
    EXPECT_EQ(advise(u), nullptr);
    u.free_slots = 1001;
    EXPECT_TRUE(starts(u, "REINDEX: over half of the index"));
    u.dead_nodes = 1;
    EXPECT_TRUE(starts(u, "VACUUM"));
    u.centre_shift = 1.1;
    EXPECT_TRUE(starts(u, "REINDEX: the rows lie far"));
    u.unreachable = 1;
    EXPECT_TRUE(starts(u, "REINDEX: links"));
    // One row has no spread to compare with.
    Upkeep one;
    one.live_nodes = 1;
    one.centre_shift = std::numeric_limits<double>::infinity();
    EXPECT_EQ(advise(one), nullptr);
}

}  // namespace
}  // namespace vg::node
