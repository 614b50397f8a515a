#include "core/hnsw/code_prune.h"

#include <algorithm>
#include <bit>

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
        : LazyJudge(slot, code, length, scratch(slot.geometry().words)) {}

    std::size_t size() const noexcept { return links_.size(); }
    // The slot's number of the link at a place in the order; the degree for the added one.
    std::uint32_t index(std::size_t at) const noexcept {
        return static_cast<std::uint32_t>(links_[at]);
    }

    bool diverse(std::size_t at) const noexcept {
        if (verdicts_[at] == Verdict::kNone) {
            verdicts_[at] = Verdict::kDiverse;
            for (std::size_t nearer = 0; nearer < at; ++nearer) {
                if (verdicts_[nearer] != Verdict::kFill && shadows(nearer, at) && diverse(nearer)) {
                    verdicts_[at] = Verdict::kFill;
                    break;
                }
            }
        }
        return verdicts_[at] == Verdict::kDiverse;
    }

  private:
    enum class Verdict : std::uint8_t { kNone, kDiverse, kFill };

    // Working space, kept from one call to the next.
    struct Scratch {
        std::vector<std::uint64_t> links;
        std::vector<Verdict> verdicts;
        std::vector<float> cosines;  // per count of differing bits
    };
    static Scratch& scratch(std::size_t words) {
        static thread_local Scratch s;
        if (s.cosines.size() != words * 64 + 1) {
            s.cosines.resize(words * 64 + 1);
            for (std::uint32_t d = 0; d < s.cosines.size(); ++d)
                s.cosines[d] = code::cosine_of(d, words);
        }
        return s;
    }

    LazyJudge(const node::SlotView& slot, const std::uint64_t* code, float length, Scratch& s)
        : slot_(slot),
          added_code_(code),
          links_(s.links),
          verdicts_(s.verdicts),
          cosines_(s.cosines.data()) {
        const auto degree = static_cast<std::uint32_t>(slot.degree());
        links_.clear();
        for (std::uint32_t i = 0; i < degree; ++i)
            links_.push_back(key(slot.length(i), i));
        links_.push_back(key(length, degree));
        std::sort(links_.begin(), links_.end());
        verdicts_.assign(links_.size(), Verdict::kNone);
    }

    // Lengths are not negative, so their bits are in the order of their values.
    static std::uint64_t key(float length, std::uint32_t index) noexcept {
        return std::uint64_t{std::bit_cast<std::uint32_t>(length)} << 32 | index;
    }
    float length(std::size_t at) const noexcept {
        return std::bit_cast<float>(static_cast<std::uint32_t>(links_[at] >> 32));
    }
    const std::uint64_t* code(std::size_t at) const noexcept {
        return index(at) == slot_.degree() ? added_code_ : slot_.code(index(at));
    }
    bool shadows(std::size_t nearer, std::size_t at) const noexcept {
        const std::uint32_t differing =
            distance::hamming(code(nearer), code(at), slot_.geometry().words);
        return code::squared_between(length(nearer), length(at), cosines_[differing]) <
               length(at) * length(at);
    }

    const node::SlotView& slot_;
    const std::uint64_t* added_code_;
    std::vector<std::uint64_t>& links_;  // key()s
    std::vector<Verdict>& verdicts_;
    const float* cosines_;
};

}  // namespace

void mark_diverse(std::vector<CodedLink>* links, std::size_t words) noexcept {
    std::sort(links->begin(), links->end(), [](const CodedLink& a, const CodedLink& b) {
        return a.length < b.length || (a.length == b.length && a.index < b.index);
    });
    for (auto link = links->begin(); link != links->end(); ++link)
        link->diverse = std::none_of(links->begin(), link, [&](const CodedLink& nearer) {
            return nearer.diverse &&
                   code::estimate_between(nearer.code, nearer.length, link->code, link->length,
                                          words) < link->length * link->length;
        });
}

std::size_t choose_victim(const node::SlotView& slot, const std::uint64_t* code, float length,
                          bool force) {
    const LazyJudge judge(slot, code, length);
    const std::uint32_t added = static_cast<std::uint32_t>(slot.degree());
    const auto pinned = [&](std::uint32_t index) {
        return index == added ? force : slot.link_protected(index);
    };
    std::size_t farthest = kNoVictim;
    for (std::size_t at = judge.size(); at-- > 0;) {
        const std::uint32_t index = judge.index(at);
        if (pinned(index))
            continue;
        if (!judge.diverse(at))
            return index == added ? kNoVictim : index;
        if (farthest == kNoVictim)
            farthest = index;
    }
    return farthest == added ? kNoVictim : farthest;
}

}  // namespace vg::hnsw
