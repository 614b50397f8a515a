// The seven protocols; rerank.h says what each does. Scoring ones fill one score per document,
// ordering ones reorder the documents in place. All stop where the session affords no more calls,
// and leave what is settled so far.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "core/rerank/rerank.h"
#include "core/rerank/session.h"

namespace vg::rerank {

using Order = std::pmr::vector<Document>;
using Scores = std::pmr::vector<double>;  // NaN: not judged

void score_batches(Session* session, const Shape& shape, Scores* scores);
void score_groups(Session* session, const Shape& shape, std::uint64_t seed, Scores* scores);

// Reordered as: settled documents, best first, then the others in the order of the first stage.
void order_setwise_heap(Session* session, const Shape& shape, std::uint64_t seed, Order* order);
void order_pairwise_heap(Session* session, const Shape& shape, Order* order);
// The others as the windows left them.
void order_setwise_bubble(Session* session, const Shape& shape, std::uint64_t seed, Order* order);
void order_listwise(Session* session, const Shape& shape, Order* order);
// Survivors in the order of the first stage, then the eliminated ones, last gone first.
void order_eliminate(Session* session, Order* order);

}  // namespace vg::rerank
