// Metrics of rankings whose documents are relevant to subtopics of the query: does the top of the
// list cover the subtopics, or repeat one of them?
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/poll.h"

namespace vg::metric {

// One document: its rank (1-based; 0 = judged but not retrieved) and its subtopics, `count` of them
// from `first` in the list of names. One that is not judged has none.
struct TopicDocument {
    std::int32_t rank;
    std::uint32_t count;
    std::size_t first;
};

// The documents of one query with their subtopics as numbers. The ranks must have passed
// check_ranks (judged.h). The order of the input does not matter.
class TopicRun {
  public:
    // Throws std::bad_alloc and what the poll throws. A name that a document has twice counts once.
    TopicRun(std::span<const TopicDocument> documents, std::span<const std::string_view> names,
             Poll poll);

    // alpha-nDCG (Clarke et al. 2008): the gain of a document is sum (1 - alpha)^seen over its
    // subtopics, seen = earlier documents with that subtopic; the discount is 1 / log2(rank + 1).
    // The best order, by which it is divided, is built greedily (finding it exactly is NP-hard), as
    // ndeval does; documents of equal gain are taken in the order of their subtopics' names. 0
    // where nothing is relevant. alpha in [0, 1], k >= 1.
    double alpha_ndcg_at(std::size_t k, double alpha, Poll poll) const;
    // Alpha-DCG itself, without the division.
    double alpha_dcg_at(std::size_t k, double alpha) const;

    // Subtopic recall (Zhai et al. 2003): distinct subtopics in the top k, of all that any document
    // has. 0 where there are none.
    double subtopic_recall_at(std::size_t k) const;

  private:
    using Topics = std::span<const std::uint32_t>;
    Topics topics_of(std::size_t document) const noexcept {
        return Topics(topics_).subspan(start_[document], start_[document + 1] - start_[document]);
    }

    std::size_t topic_count_ = 0;
    std::vector<std::uint32_t> topics_;  // of all documents, ascending within each
    std::vector<std::size_t> start_;     // first topic of each document, and the end
    std::vector<std::size_t> run_;       // documents by rank
};

}  // namespace vg::metric
