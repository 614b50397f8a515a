// Who is asked during a rerank: a scorer, a picker, a comparer or a permuter, behind one interface.
// Documents are numbered 0, 1, ... in the order of the first stage. Each protocol asks one kind of
// question only.
#pragma once

#include <cstdint>
#include <span>

namespace vg::rerank {

using Document = std::uint32_t;
using Documents = std::span<const Document>;

// An answer is a view that is valid until the next question. A question may throw: the error passes
// through rerank(), which holds nothing that would be left half done.
class Judge {
  public:
    virtual ~Judge() = default;

    // A score per document, larger is better; NaN: none given.
    virtual std::span<const double> score(Documents documents) = 0;
    // The 1-based place in `documents` of the one asked for; anything else is a bad answer.
    virtual std::int64_t pick(Documents documents) = 0;
    // The probability that first[i] beats second[i], in [0, 1]; NaN: none given.
    virtual std::span<const double> compare(Documents first, Documents second) = 0;
    // The 1-based places in `documents`, best first; anything but a permutation is a bad answer.
    virtual std::span<const std::int32_t> permute(Documents documents) = 0;
};

}  // namespace vg::rerank
