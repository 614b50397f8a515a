#include "core/hnsw/code_prune.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/code/link_code.h"
#include "core/distance/link_kernels.h"
#include "core/no_postgres.h"

namespace vg::hnsw {

namespace {

// The links of a slot and one more, in ascending order of length, each judged when it is asked for:
// to name the link to give up takes a few of the comparisons that judging all of them takes.
class LazyJudge {
  public:
    LazyJudge(const node::SlotView& slot, const std::uint64_t* code, float length)
        : LazyJudge(slot, code, length, false) {
        put_in_order(s_.lengths.data());
    }
    // For inner products, see choose_product_victim.
    LazyJudge(const node::SlotView& slot, const float* rotated,
              const node::SlotEdit::LinkValue& added)
        : LazyJudge(slot, added.code, distance::bf16_to_float(added.length), true) {
        const distance::LinkCodes links = slot.codes();
        for (std::size_t i = 0; i < slot.degree(); ++i)
            set_along(i, rotated, slot.code(i), links.scale[i], links.bias[i]);
        set_along(size_ - 1, rotated, added.code, added.scale, added.bias);
        put_in_order(s_.against.data());
    }

    std::size_t size() const noexcept { return size_; }
    // The slot's number of the link at a place in the order; the degree for the added one.
    std::size_t index(std::size_t at) const noexcept { return s_.order[at]; }
    // Whether the link at this place is one of a few, a quarter of the list at most, that lead out
    // of a crowd of near-copies.
    bool leads_out(std::size_t at) const noexcept {
        return !products_ && is_tiny_step(s_.lengths[index(size_ * 3 / 4)], s_.lengths[index(at)]);
    }

    bool diverse(std::size_t at) noexcept {
        if (s_.verdicts[at] == Verdict::kNone) {
            compare_with_all(at);
            s_.verdicts[at] = Verdict::kDiverse;
            for (std::size_t nearer = 0; nearer < at; ++nearer) {
                if (s_.verdicts[nearer] != Verdict::kFill && shadows(nearer, at) &&
                    diverse(nearer)) {
                    s_.verdicts[at] = Verdict::kFill;
                    break;
                }
            }
        }
        return s_.verdicts[at] == Verdict::kDiverse;
    }

  private:
    LazyJudge(const node::SlotView& slot, const std::uint64_t* code, float length, bool products)
        : slot_(slot),
          added_code_(code),
          size_(slot.degree() + 1),
          products_(products),
          s_(scratch(slot.geometry().words, size_)) {
        for (std::size_t i = 0; i < slot.degree(); ++i)
            s_.lengths[i] = slot.length(i);
        // NaN, of a damaged vector, would leave places of the order unfilled; see SlotView::length.
        s_.lengths[size_ - 1] = length == length ? length : std::numeric_limits<float>::infinity();
    }
    // <p, n - p> = B <o, u_p> - A, see core/code/link_code.h.
    void set_along(std::size_t i, const float* rotated, const std::uint64_t* code,
                   std::uint16_t scale, float bias) noexcept {
        float sum = 0;
        for (std::size_t w = 0; w < slot_.geometry().words; ++w) {
            for (std::size_t b = 0; b < 64; ++b)
                sum += ((code[w] >> b) & 1) != 0 ? rotated[w * 64 + b] : -rotated[w * 64 + b];
        }
        const float against = bias - distance::bf16_to_float(scale) * sum;
        s_.against[i] = against == against ? against : std::numeric_limits<float>::infinity();
    }

    enum class Verdict : std::uint8_t { kNone, kDiverse, kFill };

    // Working space, kept from one call to the next.
    struct Scratch {
        std::vector<float> lengths;            // by index
        std::vector<float> against;            // by index: -<p, n - p>, for inner products
        std::vector<std::uint16_t> order;      // by place: index
        std::vector<Verdict> verdicts;         // by place
        std::vector<std::uint16_t> differing;  // by place and index: bits that differ, once judged
        std::vector<float> cosines;            // by count of differing bits
    };
    static Scratch& scratch(std::size_t words, std::size_t size) {
        static thread_local Scratch s;
        if (s.cosines.size() != words * 64 + 1) {
            s.cosines.resize(words * 64 + 1);
            for (std::uint32_t d = 0; d < s.cosines.size(); ++d)
                s.cosines[d] = code::cosine_of(d, words);
        }
        if (s.order.size() < size) {
            s.lengths.resize(size);
            s.against.resize(size);
            s.order.resize(size);
            s.differing.resize(size * size);
        }
        s.verdicts.assign(size, Verdict::kNone);
        return s;
    }

    // By counting for each link those that come before it: no branch depends on the lengths, and
    // the loops become vector instructions. A sort of forty numbers takes several times as long.
    void put_in_order(const float* lengths) noexcept {
        for (std::size_t i = 0; i < size_; ++i) {
            const float length = lengths[i];
            std::uint32_t before = 0;
            for (std::size_t j = 0; j < i; ++j)
                before += lengths[j] <= length ? 1 : 0;
            for (std::size_t j = i + 1; j < size_; ++j)
                before += lengths[j] < length ? 1 : 0;
            s_.order[before] = static_cast<std::uint16_t>(i);
        }
    }

    const std::uint64_t* code(std::size_t at) const noexcept {
        return index(at) == slot_.degree() ? added_code_ : slot_.code(index(at));
    }
    void compare_with_all(std::size_t at) noexcept {
        const std::size_t words = slot_.geometry().words;
        std::uint16_t* row = s_.differing.data() + at * size_;
        distance::hamming_rows(code(at), slot_.code(0), slot_.degree(), words, row);
        row[slot_.degree()] =
            static_cast<std::uint16_t>(distance::hamming(code(at), added_code_, words));
    }
    bool shadows(std::size_t nearer, std::size_t at) const noexcept {
        const float length = s_.lengths[index(at)];
        if (!products_ && is_tiny_step(s_.lengths[index(nearer)], length))
            return false;
        const float cosine = s_.cosines[s_.differing[at * size_ + index(nearer)]];
        if (products_)
            return s_.lengths[index(nearer)] * length * cosine > s_.against[index(nearer)];
        return code::squared_between(s_.lengths[index(nearer)], length, cosine) < length * length;
    }

    const node::SlotView& slot_;
    const std::uint64_t* added_code_;
    std::size_t size_;
    bool products_;
    Scratch& s_;
};

}  // namespace

void mark_diverse(std::vector<CodedLink>* links, std::size_t words) noexcept {
    std::sort(links->begin(), links->end(), [](const CodedLink& a, const CodedLink& b) {
        return a.length < b.length || (a.length == b.length && a.index < b.index);
    });
    for (auto link = links->begin(); link != links->end(); ++link)
        link->diverse = std::none_of(links->begin(), link, [&](const CodedLink& nearer) {
            return nearer.diverse && !is_tiny_step(nearer.length, link->length) &&
                   code::estimate_between(nearer.code, nearer.length, link->code, link->length,
                                          words) < link->length * link->length;
        });
}

static std::size_t victim_of(LazyJudge& judge, const node::SlotView& slot, bool force) {
    const std::size_t added = slot.degree();
    const auto pinned = [&](std::size_t index) {
        return index == added ? force : slot.link_protected(index);
    };
    std::size_t farthest = kNoVictim;
    std::size_t way_out = kNoVictim;
    for (std::size_t at = judge.size(); at-- > 0;) {
        const std::size_t index = judge.index(at);
        if (pinned(index))
            continue;
        if (judge.leads_out(at)) {
            if (way_out == kNoVictim)
                way_out = index;
            continue;
        }
        if (!judge.diverse(at))
            return index == added ? kNoVictim : index;
        if (farthest == kNoVictim)
            farthest = index;
    }
    if (farthest == kNoVictim)
        farthest = way_out;
    return farthest == added ? kNoVictim : farthest;
}

std::size_t choose_victim(const node::SlotView& slot, const std::uint64_t* code, float length,
                          bool force) {
    LazyJudge judge(slot, code, length);
    return victim_of(judge, slot, force);
}

std::size_t choose_product_victim(const node::SlotView& slot, const float* rotated,
                                  const node::SlotEdit::LinkValue& link, bool force) {
    LazyJudge judge(slot, rotated, link);
    return victim_of(judge, slot, force);
}

std::size_t choose_victim(node::Metric metric, const node::SlotView& slot, const float* rotated,
                          const node::SlotEdit::LinkValue& link, bool force) {
    if (metric == node::Metric::kInnerProduct)
        return choose_product_victim(slot, rotated, link, force);
    return choose_victim(slot, link.code, distance::bf16_to_float(link.length), force);
}

}  // namespace vg::hnsw
