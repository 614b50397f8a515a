// Pruning by codes against the same rule by exact vectors, and the choice of a victim.
#include "core/hnsw/code_prune.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <vector>

#include "core/code/link_code.h"
#include "core/code/rotation.h"
#include "memory_index.h"

namespace vg {
namespace {

// A slot with links from the origin to given ends.
class CodePruneTest : public ::testing::Test {
  protected:
    static constexpr std::uint32_t kDims = 256;

    CodePruneTest()
        : geometry_(node::plan_geometry(kDims, 8, test::kUsable)),
          rotation_(kDims, 7),
          bytes_(geometry_.slot_bytes / sizeof(std::uint64_t)) {}

    node::SlotEdit slot() { return {geometry_, reinterpret_cast<std::byte*>(bytes_.data())}; }
    // A vector of a length in the direction of coordinates 2 axis and 2 axis + 1, `turn` of the way
    // from the one to the other.
    static std::vector<float> end(std::size_t axis, float length, float turn = 0) {
        std::vector<float> v(kDims);
        v[2 * axis] = length * std::cos(turn * 1.5707963f);
        v[2 * axis + 1] = length * std::sin(turn * 1.5707963f);
        return v;
    }
    code::LinkFactors encode(const std::vector<float>& to, std::vector<std::uint64_t>* code) {
        const std::vector<float> zero(kDims);
        std::vector<float> from(rotation_.padded_dims());
        std::vector<float> rotated(rotation_.padded_dims());
        rotation_.apply(zero.data(), zero.data(), from.data());
        rotation_.apply(to.data(), zero.data(), rotated.data());
        code->resize(geometry_.words);
        return code::encode_link(from.data(), rotated.data(), geometry_.code_shape(), code->data());
    }
    void add(const std::vector<float>& to, bool is_protected = false) {
        std::vector<std::uint64_t> code;
        const code::LinkFactors f = encode(to, &code);
        const std::uint16_t at = slot().header().degree++;
        slot().set_link(at, {at, is_protected, f.bias, f.scale, f.length, code.data()});
    }
    std::size_t victim(const std::vector<float>& to, bool force = false) {
        std::vector<std::uint64_t> code;
        const code::LinkFactors f = encode(to, &code);
        return hnsw::choose_victim(slot(), code.data(), distance::bf16_to_float(f.length), force);
    }
    std::vector<hnsw::CodedLink> marked() {
        std::vector<hnsw::CodedLink> links;
        for (std::uint32_t i = 0; i < slot().degree(); ++i)
            links.push_back({slot().length(i), slot().code(i), i, false});
        hnsw::mark_diverse(&links, geometry_.words);
        return links;
    }

    node::Geometry geometry_;
    code::Rotation rotation_;
    std::vector<std::uint64_t> bytes_;
};

TEST_F(CodePruneTest, MarksTheFirstOfEveryDirection) {
    add(end(0, 3, 0.1f));  // behind 2
    add(end(1, 2));
    add(end(0, 1));
    add(end(1, 5, 0.1f));  // behind 1
    const auto links = marked();
    ASSERT_EQ(links.size(), 4u);
    EXPECT_EQ(links[0].index, 2u);
    EXPECT_EQ(links[1].index, 1u);
    EXPECT_EQ(links[2].index, 0u);
    EXPECT_EQ(links[3].index, 3u);
    EXPECT_TRUE(links[0].diverse);
    EXPECT_TRUE(links[1].diverse);
    EXPECT_FALSE(links[2].diverse);
    EXPECT_FALSE(links[3].diverse);
}

// Fill does not shadow: 2 lies behind 1, which is fill behind 0, but not behind 0 itself.
TEST_F(CodePruneTest, OnlyDiverseLinksShadow) {
    add(end(0, 1.0f));
    add(end(0, 1.2f, 0.5f));
    add(end(0, 1.3f, 0.95f));
    const auto links = marked();
    EXPECT_TRUE(links[0].diverse);
    EXPECT_FALSE(links[1].diverse);
    EXPECT_TRUE(links[2].diverse);
}

TEST_F(CodePruneTest, AgreesWithExactVectors) {
    Random rng(5);
    int same = 0;
    int all = 0;
    for (int round = 0; round < 50; ++round) {
        slot().header().degree = 0;
        std::vector<std::vector<float>> ends;
        for (int i = 0; i < 8; ++i) {
            std::vector<float> v(kDims);
            for (std::size_t j = 0; j < kDims; ++j)
                v[j] = test::gaussian(rng) / 16 + (j % 8 == rng.below(8) ? 0.1f : 0.0f);
            const auto scale = static_cast<float>(0.5 + rng.uniform());
            for (float& x : v)
                x *= scale;
            ends.push_back(v);
            add(v);
        }
        const auto squared = [](const std::vector<float>& a, const std::vector<float>& b) {
            double sum = 0;
            for (std::size_t j = 0; j < kDims; ++j)
                sum += double{a[j] - b[j]} * (a[j] - b[j]);
            return sum;
        };
        const auto links = marked();
        std::vector<bool> diverse(8);
        for (std::size_t i = 0; i < links.size(); ++i) {
            const auto& to = ends[links[i].index];
            diverse[i] = true;
            for (std::size_t s = 0; s < i; ++s)
                diverse[i] =
                    diverse[i] && !(diverse[s] && squared(ends[links[s].index], to) <
                                                      squared(to, std::vector<float>(kDims)));
            same += diverse[i] == links[i].diverse ? 1 : 0;
            ++all;
        }
    }
    EXPECT_GE(same, all * 9 / 10) << same << " of " << all;
}

TEST_F(CodePruneTest, GivesUpTheFarthestFill) {
    add(end(0, 1));
    add(end(0, 3, 0.1f));
    add(end(0, 2, 0.1f));
    add(end(1, 9));
    EXPECT_EQ(victim(end(2, 5)), 1u);
}

TEST_F(CodePruneTest, RefusesFillThatIsFartherThanAllOther) {
    add(end(0, 1));
    add(end(0, 3, 0.1f));
    EXPECT_EQ(victim(end(0, 4, 0.1f)), hnsw::kNoVictim);
    EXPECT_EQ(victim(end(0, 4, 0.1f), true), 1u);
}

TEST_F(CodePruneTest, GivesUpTheFarthestWhereAllAreDiverse) {
    add(end(0, 1));
    add(end(1, 3));
    add(end(2, 2));
    EXPECT_EQ(victim(end(3, 2)), 1u);
    EXPECT_EQ(victim(end(3, 4)), hnsw::kNoVictim);
    EXPECT_EQ(victim(end(3, 4), true), 1u);
}

// As a damaged vector makes one. The links of lists pruned before lie where this one leaves a gap.
TEST_F(CodePruneTest, TakesALengthThatIsNoNumberForTheFarthest) {
    for (std::size_t axis = 0; axis < 8; ++axis)
        add(end(axis, static_cast<float>(axis + 1)));
    EXPECT_EQ(victim(end(8, 1)), 7u);
    slot().header().degree = 3;
    std::vector<std::uint64_t> code;
    encode(end(8, 1), &code);
    const float nan = std::numeric_limits<float>::quiet_NaN();
    EXPECT_EQ(hnsw::choose_victim(slot(), code.data(), nan, false), hnsw::kNoVictim);
    EXPECT_EQ(hnsw::choose_victim(slot(), code.data(), nan, true), 2u);
}

TEST_F(CodePruneTest, NeverGivesUpAProtectedLink) {
    add(end(0, 1));
    add(end(0, 3, 0.1f), true);
    add(end(0, 2, 0.1f));
    EXPECT_EQ(victim(end(1, 1)), 2u);
    slot().set_protected(0, true);
    slot().set_protected(2, true);
    EXPECT_EQ(victim(end(1, 1)), hnsw::kNoVictim);
    EXPECT_EQ(victim(end(1, 1), true), hnsw::kNoVictim);
}

// The links are judged only as far as the answer takes; the answer is that of judging them all.
TEST_F(CodePruneTest, ChoosesAsIfAllWereJudged) {
    Random rng(11);
    const auto random_end = [&] {
        return end(rng.below(4), static_cast<float>(1 + rng.below(6)),
                   static_cast<float>(rng.uniform()));
    };
    std::size_t refused = 0;
    for (int round = 0; round < 500; ++round) {
        slot().header().degree = 0;
        for (std::uint32_t i = 0; i < 8; ++i)
            add(random_end(), rng.below(4) == 0);
        const std::vector<float> to = random_end();
        const bool force = rng.below(3) == 0;

        std::vector<std::uint64_t> code;
        const float length = distance::bf16_to_float(encode(to, &code).length);
        std::vector<hnsw::CodedLink> links;
        for (std::uint32_t i = 0; i < 8; ++i)
            links.push_back({slot().length(i), slot().code(i), i, false});
        links.push_back({length, code.data(), 8, false});
        hnsw::mark_diverse(&links, geometry_.words);
        std::size_t expected = hnsw::kNoVictim;
        for (const bool diverse : {true, false}) {  // the last that applies wins
            for (const hnsw::CodedLink& l : links) {
                const bool pinned = l.index == 8 ? force : slot().link_protected(l.index);
                if (!pinned && l.diverse == diverse)
                    expected = l.index;
            }
        }
        if (expected == 8)
            expected = hnsw::kNoVictim;
        refused += expected == hnsw::kNoVictim ? 1 : 0;
        ASSERT_EQ(victim(to, force), expected) << "round " << round;
    }
    EXPECT_GT(refused, 20u);
    EXPECT_LT(refused, 480u);
}

}  // namespace
}  // namespace vg
