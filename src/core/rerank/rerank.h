// Reranking protocols: how to ask an expensive judge for the best k of n documents.
//
//   pointwise      every document is scored once, in batches (ProRank, Rankify)
//   groupwise      random groups are scored together, several times; the mean decides (GroupRank)
//   setwise_heap   a heap of wide nodes, the judge picks the best of a window (Rank-R1, Zhuang et
//                  al. 2024)
//   setwise_bubble the winner of each window moves on to the next one, k times
//   pairwise_heap  a binary heap over comparisons, each in both orders (PRP, Qin et al. 2024)
//   listwise       a window slides from the end to the front and is sorted (RankGPT, Sun et al.
//                  2023)
//   eliminate      the worst goes, until one is left (IRanker)
//
// What holds for all: no document is lost or shown twice in the result, whatever the judge answers;
// equal verdicts keep the order of the first stage, and so does a judge that always answers "the
// first one"; a bad answer counts as that one. max_calls is never exceeded. With a perfect judge
// the first k places are exact (listwise: the first passes * (win - step)).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/poll.h"
#include "core/rerank/judge.h"

namespace vg::rerank {

enum class Protocol : std::uint8_t {
    kPointwise,
    kGroupwise,
    kSetwiseHeap,
    kSetwiseBubble,
    kPairwiseHeap,
    kListwise,
    kEliminate,
};

inline constexpr std::array<std::string_view, 7> kProtocolNames{
    "pointwise",     "groupwise", "setwise_heap", "setwise_bubble",
    "pairwise_heap", "listwise",  "eliminate"};

// What decides how many questions are asked. Counts are at least 1, where nothing else is said.
struct Shape {
    Protocol protocol = Protocol::kPointwise;
    std::size_t k = 10;           // places to settle; at most n
    std::size_t batch = 100;      // pointwise: documents per call
    std::size_t group_size = 20;  // groupwise: documents per call
    std::size_t epochs = 2;       // groupwise: times each document is scored
    std::size_t fanout = 19;      // setwise: a window is one more; a heap needs 2
    std::size_t votes = 1;        // setwise: answers per window, in shuffled order if more than 1
    std::size_t win = 20;         // listwise: window, at least 2
    std::size_t step = 10;        // listwise: below win
    std::size_t passes = 1;       // listwise
};

struct Request {
    Shape shape;
    // One score of the first stage per document, NaN: none. With `blend` the final score is blend *
    // new + (1 - blend) * first, both on a scale from 0 to 1; a missing one counts 0.
    std::span<const double> first_stage;
    std::optional<double> blend;
    std::uint64_t max_calls = UINT64_MAX;
    std::uint64_t seed = 0;
};

struct Ranked {
    Document document;
    // Of the scorer, the mean of the epochs, or (n - rank) / (n - 1) for protocols that only order.
    // NaN: never judged.
    double score;
};

struct Outcome {
    std::pmr::vector<Ranked> ranking;  // of all n documents, best first
    std::uint64_t calls = 0;
    std::uint64_t shown = 0;    // documents in all calls
    std::uint64_t repairs = 0;  // calls whose answer was not what was asked for
    bool cut_short = false;     // by max_calls
};

// Bytes that rerank() takes from `memory` per document, an upper bound.
inline constexpr std::size_t kBytesPerDocument = 96;

// Throws what the judge and poll throw, vg::Error kInternal when an answer has a wrong length, and
// std::bad_alloc.
Outcome rerank(Judge& judge, std::size_t n, const Request& request,
               std::pmr::memory_resource* memory, const Poll& poll);

}  // namespace vg::rerank
