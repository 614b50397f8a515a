// Late interaction, soft cosine, edit distance and alignment: worked values, oracles, properties.
#include "core/cur/scorers.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.h"

namespace vg::cur {
namespace {

struct Bag {
    std::vector<std::vector<float>> rows;
    Tokens tokens() const {
        Tokens t;
        t.dims = rows.empty() ? 0 : rows[0].size();
        for (const auto& r : rows)
            t.rows.push_back(r.data());
        return t;
    }
};

std::vector<std::uint32_t> text(const std::string& s) {
    return {s.begin(), s.end()};
}
double lev(const std::string& a, const std::string& b) {
    const auto x = text(a);
    const auto y = text(b);
    return levenshtein(x, y, Poll{});
}
double align(const std::string& a, const std::string& b) {
    const auto x = text(a);
    const auto y = text(b);
    return alignment(Text(x), Text(y), Poll{});
}

// The definition, without any shortcut.
std::size_t edits(const std::string& a, const std::string& b) {
    std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) {
        for (std::size_t j = 0; j <= b.size(); ++j) {
            if (i == 0 || j == 0)
                d[i][j] = i + j;
            else
                d[i][j] = std::min(
                    {d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
        }
    }
    return d[a.size()][b.size()];
}

TEST(CurScorers, MaxSimByHand) {
    const Bag q{{{1, 0}, {0, 2}}};
    const Bag d{{{3, 1}, {-1, 4}, {0, 0}}};
    EXPECT_DOUBLE_EQ(maxsim(q.tokens(), d.tokens(), Poll{}), 3 + 8);
    EXPECT_DOUBLE_EQ(maxsim(d.tokens(), q.tokens(), Poll{}), 3 + 8 + 0);
    EXPECT_DOUBLE_EQ(maxsim(Bag{}.tokens(), d.tokens(), Poll{}), 0);
    const Bag opposite{{{-1, -1}}};
    EXPECT_DOUBLE_EQ(maxsim(q.tokens(), opposite.tokens(), Poll{}), -3);
    // Padding lifts nothing, and what has no token comes after all of length 1.
    const Bag padded{{{-1, -1}, {0, 0}}};
    EXPECT_DOUBLE_EQ(maxsim(q.tokens(), padded.tokens(), Poll{}), -3);
    EXPECT_DOUBLE_EQ(maxsim(q.tokens(), Bag{}.tokens(), Poll{}), -5);
    const Bag padding{{{0, 0}, {0, 0}}};
    EXPECT_DOUBLE_EQ(maxsim(q.tokens(), padding.tokens(), Poll{}), -5);
}

TEST(CurScorers, SoftCosineByHand) {
    const Bag a{{{1, 0}, {0, 1}}};
    const Bag b{{{2, 0}}};
    // a'Sb = 1, a'Sa = 2, b'Sb = 1.
    EXPECT_NEAR(soft_cosine(a.tokens(), b.tokens(), Poll{}), 1 / std::sqrt(2.0), 1e-12);
    EXPECT_NEAR(soft_cosine(a.tokens(), a.tokens(), Poll{}), 1, 1e-12);
    const Bag slanted{{{1, 1}}};
    EXPECT_NEAR(soft_cosine(b.tokens(), slanted.tokens(), Poll{}), 0.5, 1e-6);
    const Bag opposite{{{-1, 0}}};
    EXPECT_EQ(soft_cosine(b.tokens(), opposite.tokens(), Poll{}), 0);
    const Bag zero{{{0, 0}}};
    EXPECT_EQ(soft_cosine(b.tokens(), zero.tokens(), Poll{}), 0);
    EXPECT_EQ(soft_cosine(b.tokens(), Bag{}.tokens(), Poll{}), 0);
}

TEST(CurScorers, AlignmentOfVectorsByHand) {
    const Bag q{{{1, 0, 0}, {0, 1, 0}}};
    const Bag same{{{0, 0, 1}, {5, 0, 0}, {0, 3, 0}, {0, 0, 1}}};
    EXPECT_NEAR(alignment(q.tokens(), same.tokens(), Poll{}), 1, 1e-6);
    const Bag apart{{{1, 0, 0}, {0, 0, 1}, {0, 1, 0}}};
    EXPECT_NEAR(alignment(q.tokens(), apart.tokens(), Poll{}), (2 - kAlignGap) / 2, 1e-6);
    const Bag swapped{{{0, 1, 0}, {1, 0, 0}}};
    EXPECT_NEAR(alignment(q.tokens(), swapped.tokens(), Poll{}), 0.5, 1e-6);
    EXPECT_EQ(alignment(q.tokens(), Bag{}.tokens(), Poll{}), 0);
}

TEST(CurScorers, LevenshteinByHand) {
    EXPECT_NEAR(lev("kitten", "sitting"), 1 - 3.0 / 7, 1e-12);
    EXPECT_EQ(lev("", ""), 1);
    EXPECT_EQ(lev("", "abc"), 0);
    EXPECT_EQ(lev("same", "same"), 1);
    EXPECT_NEAR(lev("ab", "ba"), 0, 1e-12);
    EXPECT_NEAR(lev("aXb", "ab"), 1 - 1.0 / 3, 1e-12);
}

TEST(CurScorers, LevenshteinMatchesItsDefinition) {
    Random random(3);
    for (int round = 0; round < 300; ++round) {
        std::string a(random.below(12), 'a');
        std::string b(random.below(12), 'a');
        for (char& c : a)
            c = static_cast<char>('a' + random.below(3));
        for (char& c : b)
            c = static_cast<char>('a' + random.below(3));
        const std::size_t longer = std::max(a.size(), b.size());
        const double expected =
            longer == 0 ? 1 : 1 - static_cast<double>(edits(a, b)) / static_cast<double>(longer);
        EXPECT_NEAR(lev(a, b), expected, 1e-12) << a << ' ' << b;
        EXPECT_EQ(lev(a, b), lev(b, a));
    }
}

TEST(CurScorers, AlignmentOfWords) {
    EXPECT_NEAR(align("red car", "the red car stops"), 1, 1e-12);
    EXPECT_NEAR(align("red, car!", "red car"), 1, 1e-12);
    EXPECT_NEAR(align("red car", "red fast car"), (2 - kAlignGap) / 2, 1e-12);
    EXPECT_EQ(align("red", "blue"), 0);
    EXPECT_EQ(align("", "blue"), 0);
    EXPECT_EQ(align("...", "blue"), 0);
    // #c ca ar r# and #c ca ar rt t#: 3 common of 9, Dice 2/3.
    EXPECT_NEAR(align("car", "cart"), (2.0 / 3 - kAlignFloor) / (1 - kAlignFloor), 1e-12);
    EXPECT_GT(align("information retrieval", "informative retrieval"),
              align("information retrieval", "deformation removal"));
}

TEST(CurScorers, AlignmentStaysWithinItsRange) {
    Random random(4);
    for (int round = 0; round < 50; ++round) {
        Bag q{std::vector<std::vector<float>>(1 + random.below(6), std::vector<float>(5))};
        Bag d{std::vector<std::vector<float>>(1 + random.below(6), std::vector<float>(5))};
        for (Bag* bag : {&q, &d}) {
            for (auto& row : bag->rows) {
                for (float& x : row)
                    x = static_cast<float>(random.uniform() - 0.5);
            }
        }
        const double s = alignment(q.tokens(), d.tokens(), Poll{});
        EXPECT_GE(s, 0);
        EXPECT_LE(s, 1 + 1e-6);
        EXPECT_NEAR(alignment(q.tokens(), q.tokens(), Poll{}), 1, 1e-5);
    }
}

}  // namespace
}  // namespace vg::cur
