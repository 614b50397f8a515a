// The text and the binary form of a vector: what is read, and which fault is named.
#include "core/input/vector_input.h"

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace vg::input {
namespace {

// Into a block of exactly the size that count_elements asks for, so that a sanitizer sees more.
TextResult read(const std::string& literal, std::vector<float>* values = nullptr,
                std::size_t limit = 16000) {
    const std::size_t room = count_elements(literal.c_str(), limit);
    const auto out = std::make_unique<float[]>(room);
    const TextResult result = read_text(literal.c_str(), out.get(), room);
    if (values != nullptr)
        values->assign(out.get(), out.get() + result.count);
    return result;
}

TEST(VectorText, ReadsElementsAndWhiteSpace) {
    std::vector<float> v;
    EXPECT_EQ(read("[1,2.5,-3]", &v).fault, TextFault::kNone);
    EXPECT_EQ(v, (std::vector<float>{1, 2.5f, -3}));
    EXPECT_EQ(read(" \t\n\v\f\r[ 1 ,\t2e1 , .5] ", &v).fault, TextFault::kNone);
    EXPECT_EQ(v, (std::vector<float>{1, 20, 0.5f}));
    EXPECT_EQ(read("[1e-60,-0,1e-45,0x1p3]", &v).fault, TextFault::kNone);
    EXPECT_EQ(v, (std::vector<float>{0, 0, 1e-45f, 8}));
}

TEST(VectorText, NamesTheFault) {
    const std::pair<const char*, TextFault> cases[] = {
        {"", TextFault::kNoBracket},      {"1,2", TextFault::kNoBracket},
        {"]", TextFault::kNoBracket},     {"[]", TextFault::kEmpty},
        {"[ ]", TextFault::kEmpty},       {"[", TextFault::kSyntax},
        {"[1", TextFault::kSyntax},       {"[1,", TextFault::kSyntax},
        {"[1,]", TextFault::kSyntax},     {"[,1]", TextFault::kSyntax},
        {"[1,,2]", TextFault::kSyntax},   {"[1 2]", TextFault::kSyntax},
        {"[a]", TextFault::kSyntax},      {"[1,2]]", TextFault::kJunk},
        {"[1] x", TextFault::kJunk},      {"[1e39]", TextFault::kOutOfRange},
        {"[nan]", TextFault::kNotFinite}, {"[-inf]", TextFault::kNotFinite},
        {"[1", TextFault::kSyntax},       {"[[1]]", TextFault::kSyntax},
    };
    for (const auto& [literal, fault] : cases)
        EXPECT_EQ(read(literal).fault, fault) << literal;
    EXPECT_EQ(read("[1,2,3]", nullptr, 2).fault, TextFault::kTooMany);
    EXPECT_EQ(read("[1,2]", nullptr, 2).fault, TextFault::kNone);
    const std::string literal = "[1, -1e99 ]";
    const TextResult range = read_text(literal.c_str(), std::vector<float>(2).data(), 2);
    EXPECT_EQ(std::string(range.at, range.length), "-1e99");
    EXPECT_TRUE(std::isnan(read("[nan]").value));
    EXPECT_EQ(read("[-inf]").value, -INFINITY);
}

TEST(VectorBinary, ReadsNetworkOrderAndStopsAtWhatIsNotFinite) {
    const unsigned char header[] = {0x3e, 0x81, 0x00, 0x02};
    EXPECT_EQ(read_binary_header(header).dim, 16001);
    EXPECT_EQ(read_binary_header(header).reserved, 2);
    const unsigned char elements[] = {0x3f, 0x80, 0, 0, 0xc0, 0x20, 0, 0, 0x7f, 0x80, 0, 0};
    float out[3];
    EXPECT_EQ(read_binary_elements(elements, 2, out), 2u);
    EXPECT_EQ(out[0], 1.0f);
    EXPECT_EQ(out[1], -2.5f);
    EXPECT_EQ(read_binary_elements(elements, 3, out), 2u);
    EXPECT_EQ(out[2], INFINITY);
}

}  // namespace
}  // namespace vg::input
