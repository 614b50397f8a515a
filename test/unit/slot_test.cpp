// Views over a slot's bytes: links, the protected flag, vectors of both storages, and the check
// that damaged bytes have to pass.
#include "core/node/slot.h"

#include <cmath>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.h"
#include "core/node/node_query.h"
#include "memory_index.h"

namespace vg::node {
namespace {

// A slot in a heap block of exactly its size, so that a sanitizer sees every step beyond it.
struct OwnSlot {
    explicit OwnSlot(const Geometry& geometry)
        : g(geometry), bytes(new std::byte[g.slot_bytes]()), edit(g, bytes.get()) {}
    Geometry g;
    std::unique_ptr<std::byte[]> bytes;
    SlotEdit edit;
};

struct TestLink {
    std::vector<std::uint64_t> code;
    SlotEdit::LinkValue value;
    TestLink(const Geometry& g, SlotId id, bool is_protected, std::uint64_t seed) : code(g.words) {
        Random rng(seed);
        for (std::uint64_t& w : code)
            w = rng.next();
        value = {id,
                 is_protected,
                 static_cast<float>(rng.uniform()),
                 static_cast<std::uint16_t>(rng.next() & 0x3FFF),
                 distance::bf16_from_float(static_cast<float>(1 + rng.below(9))),
                 code.data()};
    }
};

void expect_link(const SlotView& slot, std::size_t i, const TestLink& link) {
    EXPECT_EQ(slot.link(i), link.value.id);
    EXPECT_EQ(slot.link_protected(i), link.value.is_protected);
    EXPECT_EQ(slot.length(i), distance::bf16_to_float(link.value.length));
    EXPECT_EQ(slot.codes().bias[i], link.value.bias);
    EXPECT_EQ(slot.codes().scale[i], link.value.scale);
    EXPECT_EQ(std::memcmp(slot.code(i), link.code.data(), 8 * link.code.size()), 0);
}

class Slot : public testing::TestWithParam<std::uint32_t> {
  protected:
    Geometry g_ = plan_geometry(GetParam(), 16, test::kUsable);
    // A full list: link i leads to 100 + i, every third one protected.
    void fill(OwnSlot* s, std::vector<TestLink>* links) const {
        for (std::uint32_t i = 0; i < g_.capacity; ++i) {
            links->emplace_back(g_, 100 + i, i % 3 == 0, i);
            s->edit.set_link(i, links->back().value);
        }
        s->edit.header().degree = static_cast<std::uint16_t>(g_.capacity);
    }
};

TEST_P(Slot, LinksReadBackAndLeaveEverythingElseAlone) {
    OwnSlot s(g_);
    std::memset(s.edit.vector_bytes(), 0x5A, g_.vector_bytes());
    std::vector<TestLink> links;
    fill(&s, &links);
    for (std::uint32_t i = 0; i < g_.capacity; ++i)
        expect_link(s.edit, i, links[i]);
    for (std::uint32_t i = 0; i < g_.vector_bytes(); ++i)
        ASSERT_EQ(s.edit.vector_bytes()[i], std::byte{0x5A});
    EXPECT_EQ(s.edit.header().other, 0u);
    EXPECT_EQ(s.edit.codes().count, g_.capacity);
}

TEST_P(Slot, ReplacingOneLinkTouchesNoOther) {
    OwnSlot s(g_);
    std::vector<TestLink> links;
    fill(&s, &links);
    const TestLink other(g_, kMaxSlotId, true, 999);
    s.edit.set_link(g_.capacity - 2, other.value);
    for (std::uint32_t i = 0; i < g_.capacity; ++i)
        expect_link(s.edit, i, i == g_.capacity - 2 ? other : links[i]);
}

TEST_P(Slot, RemovingMovesTheLastLinkIntoTheGap) {
    OwnSlot s(g_);
    std::vector<TestLink> links;
    fill(&s, &links);
    s.edit.remove_link(1);
    ASSERT_EQ(s.edit.degree(), g_.capacity - 1);
    expect_link(s.edit, 0, links[0]);
    expect_link(s.edit, 1, links[g_.capacity - 1]);
    expect_link(s.edit, g_.capacity - 2, links[g_.capacity - 2]);
    s.edit.remove_link(g_.capacity - 2);  // the last one itself
    ASSERT_EQ(s.edit.degree(), g_.capacity - 2);
    expect_link(s.edit, g_.capacity - 3, links[g_.capacity - 3]);
    while (s.edit.degree() > 0)
        s.edit.remove_link(0);
    EXPECT_EQ(s.edit.degree(), 0u);
}

TEST_P(Slot, ProtectionIsIndependentOfTheId) {
    OwnSlot s(g_);
    std::vector<TestLink> links;
    fill(&s, &links);
    s.edit.set_protected(0, false);
    s.edit.set_protected(1, true);
    s.edit.set_protected(3, true);  // already
    EXPECT_FALSE(s.edit.link_protected(0));
    EXPECT_TRUE(s.edit.link_protected(1));
    EXPECT_TRUE(s.edit.link_protected(3));
    for (std::uint32_t i = 0; i < g_.capacity; ++i)
        EXPECT_EQ(s.edit.link(i), 100 + i);
    EXPECT_EQ(s.edit.link_value(1).is_protected, true);
    EXPECT_EQ(s.edit.link_value(1).id, 101u);
}

TEST_P(Slot, VectorsReadBack) {
    OwnSlot s(g_);
    Random rng(5);
    std::vector<float> v(g_.dims), out(g_.dims);
    for (float& x : v)
        x = test::gaussian(rng);
    if (g_.storage == Storage::kFloat32) {
        std::memcpy(s.edit.vector_bytes(), v.data(), 4 * v.size());
        s.edit.read_vector(out.data());
        EXPECT_EQ(out, v);
        return;
    }
    const Encoding e =
        encode_sq8(v.data(), v.size(), reinterpret_cast<std::uint8_t*>(s.edit.vector_bytes()));
    s.edit.header().sq8_low = e.low;
    s.edit.header().sq8_step = e.step;
    s.edit.read_vector(out.data());
    double squared = 0;
    for (std::size_t i = 0; i < v.size(); ++i) {
        EXPECT_NEAR(out[i], v[i], 0.51f * e.step);
        squared += (static_cast<double>(out[i]) - v[i]) * (static_cast<double>(out[i]) - v[i]);
    }
    EXPECT_LE(std::sqrt(squared), e.error);
    EXPECT_GE(std::sqrt(squared), 0.98 * e.error);
}

// Views may be asked anything about bytes that check() accepts.
TEST_P(Slot, RandomBytesNeverLeadOutside) {
    Geometry g = g_;
    OwnSlot s(g);
    Random rng(11);
    const code::Rotation rotation(g.dims, 1);
    NodeQuery query(g, Metric::kCosine, rotation, nullptr);
    std::vector<float> q(g.dims, 1.0f), out(g.dims), estimates(g.capacity);
    query.set_query(q.data());
    int accepted = 0, refused = 0;
    for (int round = 0; round < 3000; ++round) {
        for (std::uint32_t i = 0; i < g.slot_bytes; ++i)
            s.bytes[i] = static_cast<std::byte>(rng.next());
        SlotHeader& h = s.edit.header();
        h.state %= 4;  // or hardly any round would get past the first test
        h.level %= 18;
        h.degree = static_cast<std::uint16_t>(h.degree % (2 * g.capacity));
        h.tid_count %= 6;
        const bool sound = h.state == 0 || (h.state <= 2 && h.level <= kMaxLevel &&
                                            h.degree <= g.capacity && h.tid_count <= kInlineTids);
        ASSERT_EQ(s.edit.check() == nullptr, sound);
        if (!sound || h.state == 0) {
            ++refused;
            continue;
        }
        ++accepted;
        s.edit.read_vector(out.data());
        query.estimate(s.edit, query.distance(s.edit).graph, estimates.data());
        for (std::size_t i = 0; i < s.edit.degree(); ++i)
            ASSERT_LE(s.edit.link(i), SlotView::kLinkIdMask);
    }
    EXPECT_GT(accepted, 100);
    EXPECT_GT(refused, 100);
}

INSTANTIATE_TEST_SUITE_P(Dims, Slot, testing::Values(1, 3, 64, 100, 784, 1536, 2000));

// The decoded vector as readers compute it may never be farther from the row than `error` says.
TEST(Tid, MarkOfADeadRowIsNoPartOfIt) {
    const Tid tid{1, 2, 3};
    Tid marked = tid;
    marked.offset |= Tid::kDeadRow;
    EXPECT_FALSE(tid.dead_row());
    EXPECT_TRUE(marked.dead_row());
    EXPECT_EQ(marked, tid);
    EXPECT_EQ(marked.key(), 0x000100020003u);
    EXPECT_EQ(marked.offset_number(), 3);
    EXPECT_NE(marked, (Tid{1, 2, 4}));
}

TEST(EncodeSq8, ErrorIsABoundWhateverTheRange) {
    Random rng(3);
    std::vector<float> v(500);
    std::vector<std::uint8_t> codes(v.size());
    for (const float scale : {1e-30f, 1e-6f, 1.0f, 1e6f, 1e30f}) {
        for (const float offset : {0.0f, 1.0f, -100.0f, 3e4f, 1e7f}) {
            for (float& x : v)
                x = scale * (test::gaussian(rng) + offset);
            const Encoding e = encode_sq8(v.data(), v.size(), codes.data());
            double twice = 0, fused = 0;
            for (std::size_t i = 0; i < v.size(); ++i) {
                const float a = static_cast<float>(codes[i]) * e.step + e.low;
                const float b = std::fma(static_cast<float>(codes[i]), e.step, e.low);
                twice += std::pow(static_cast<double>(a) - v[i], 2);
                fused += std::pow(static_cast<double>(b) - v[i], 2);
            }
            EXPECT_LE(std::sqrt(twice), e.error) << scale << " " << offset;
            EXPECT_LE(std::sqrt(fused), e.error) << scale << " " << offset;
            // At most half a step per coordinate, and what the floats of this range cannot tell
            // apart.
            const double reach =
                0.5 * e.step + 3e-7 * std::abs(static_cast<double>(scale) * offset);
            EXPECT_LE(e.error, 1.01 * std::sqrt(500.0) * reach) << scale << " " << offset;
        }
    }
}

TEST(EncodeSq8, ConstantAndExtremeVectors) {
    std::vector<std::uint8_t> codes(4);
    const std::vector<float> same(4, 7.25f);
    const Encoding e = encode_sq8(same.data(), 4, codes.data());
    EXPECT_EQ(e.step, 0.0f);
    EXPECT_EQ(e.low, 7.25f);
    EXPECT_LT(e.error, 1e-5f);
    EXPECT_EQ(codes, std::vector<std::uint8_t>(4, 0));

    const std::vector<float> tiny = {0.0f, 1e-38f, 2e-38f, 3e-38f};  // the step is subnormal
    EXPECT_LT(encode_sq8(tiny.data(), 4, codes.data()).error, 3e-40f);
    EXPECT_EQ(codes[0], 0);
    EXPECT_EQ(codes[3], 255);

    const std::vector<float> wide = {-3e38f, 0.0f, 1e38f, 3e38f};  // the range exceeds a float
    const Encoding w = encode_sq8(wide.data(), 4, codes.data());
    EXPECT_TRUE(std::isfinite(w.step));
    EXPECT_EQ(codes[0], 0);
    EXPECT_EQ(codes[3], 255);
    EXPECT_NEAR(codes[1], 127.5, 1);
}

TEST(EncodeSq8, DecodedVectorsGetTheirCodesBack) {
    Random rng(8);
    std::vector<float> v(700), decoded(700);
    std::vector<std::uint8_t> codes(700), again(700);
    for (int round = 0; round < 200; ++round) {
        for (float& x : v)
            x = test::gaussian(rng) + static_cast<float>(round);
        const Encoding e = encode_sq8(v.data(), v.size(), codes.data());
        for (std::size_t i = 0; i < v.size(); ++i)
            decoded[i] = static_cast<float>(codes[i]) * e.step + e.low;
        quantise_sq8(decoded.data(), decoded.size(), e.low, e.step, again.data());
        ASSERT_EQ(again, codes);
    }
}

}  // namespace
}  // namespace vg::node
