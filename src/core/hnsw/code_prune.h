// Pruning a node's list by what its own slot holds: the angle between two links follows from their
// codes, so it shows without reading a neighbour whether one link leads nearer to the end of
// another. The rule is the one of the bulk build (refine.h): in ascending order of length, a link
// is diverse unless a diverse one leads nearer to its end than the node itself is. The others are
// fill: they save steps, and are the first to go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/node/slot.h"

namespace vg::hnsw {

// Whether a link is so much shorter than another that it leads no nearer to that one's end: among
// near-copies of one row every link is, and which of them happens to point the right way must not
// decide whether the list keeps a way out.
constexpr bool is_tiny_step(float length, float other) noexcept {
    constexpr float kTiny = 1.0f / 16;
    return length < kTiny * other;
}

struct CodedLink {
    float length;
    const std::uint64_t* code;  // `words` words; not owned
    std::uint32_t index;        // the caller's; breaks ties of length
    bool diverse;               // set by mark_diverse
};

// Sorts by length and marks. Every pair of links is compared at most once. Does not throw.
void mark_diverse(std::vector<CodedLink>* links, std::size_t words) noexcept;

inline constexpr std::size_t kNoVictim = static_cast<std::size_t>(-1);

// Which link of a full list to give up for a new one with this code and length: the farthest fill,
// or the farthest of all where there is none. Protected links stay, and so do the few that lead out
// of a crowd of near-copies. Returns the link's index, or
// kNoVictim when the new link is the one to drop; with `force`, that happens only when every link
// is protected. Throws std::bad_alloc.
std::size_t choose_victim(const node::SlotView& slot, const std::uint64_t* code, float length,
                          bool force);
// The same for an index by inner product. Nearer is who has the larger product with the node p, and
// n_i leads nearer to n_j than p does where <n_i - p, n_j> > 0: the products with p follow from the
// links' factors, the rest from their angle. rotated: that of p, `words * 64` floats.
std::size_t choose_product_victim(const node::SlotView& slot, const float* rotated,
                                  const node::SlotEdit::LinkValue& link, bool force);
// Whichever of the two the metric asks for.
std::size_t choose_victim(node::Metric metric, const node::SlotView& slot, const float* rotated,
                          const node::SlotEdit::LinkValue& link, bool force);

}  // namespace vg::hnsw
