// Implements rerank.h: runs a protocol and makes one ranking of what it found.
#include "core/rerank/rerank.h"

#include <cmath>
#include <limits>
#include <numeric>

#include "core/rank/normalise.h"
#include "core/rank/polled_sort.h"
#include "core/rerank/protocols.h"

#include "core/no_postgres.h"

namespace vg::rerank {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

bool scores_documents(Protocol protocol) noexcept {
    return protocol == Protocol::kPointwise || protocol == Protocol::kGroupwise;
}

void run_scoring(Session* session, const Request& request, Scores* scores) {
    if (request.shape.protocol == Protocol::kPointwise)
        score_batches(session, request.shape, scores);
    else
        score_groups(session, request.shape, request.seed, scores);
}

void run_ordering(Session* session, const Request& request, Order* order) {
    switch (request.shape.protocol) {
        case Protocol::kSetwiseHeap:
            return order_setwise_heap(session, request.shape, request.seed, order);
        case Protocol::kSetwiseBubble:
            return order_setwise_bubble(session, request.shape, request.seed, order);
        case Protocol::kPairwiseHeap:
            return order_pairwise_heap(session, request.shape, order);
        case Protocol::kListwise:
            return order_listwise(session, request.shape, order);
        case Protocol::kEliminate:
            return order_eliminate(session, order);
        case Protocol::kPointwise:
        case Protocol::kGroupwise:
            break;
    }
}

// Better first; without a score last; the rest stays as it is.
void sort_by_score(std::pmr::vector<Ranked>* ranking, const Poll& poll) {
    const auto better = [](const Ranked& a, const Ranked& b) {
        return a.score > b.score || (std::isnan(b.score) && !std::isnan(a.score));
    };
    rank::polled_sort(ranking->begin(), ranking->end(), better, poll);
}

// The share of other documents that a place is ahead of.
double score_of_place(std::size_t place, std::size_t n) noexcept {
    return n == 1 ? 1.0 : static_cast<double>(n - 1 - place) / static_cast<double>(n - 1);
}

// A score on the scale from 0 to 1 of all that are there.
double scaled(const rank::ScoreSummary& summary, double score) noexcept {
    return std::isnan(score) ? 0.0 : summary.min_max(score);
}

// Where the judge said nothing at all there is nothing to blend.
void blend_scores(std::pmr::vector<Ranked>* ranking, const Request& request) {
    rank::ScoreSummary fresh;
    rank::ScoreSummary first;
    bool any = false;
    for (const Ranked& r : *ranking) {
        const double before = request.first_stage[r.document];
        if (!std::isnan(r.score)) {
            fresh.add(r.score);
            any = true;
        }
        if (!std::isnan(before))
            first.add(before);
    }
    if (!any)
        return;
    const double share = *request.blend;
    for (Ranked& r : *ranking)
        r.score = share * scaled(fresh, r.score) +
                  (1.0 - share) * scaled(first, request.first_stage[r.document]);
}

void rank_scored(Session* session, const Request& request, std::size_t n, Outcome* outcome) {
    Scores scores(n, kNone, outcome->ranking.get_allocator().resource());
    run_scoring(session, request, &scores);
    for (std::size_t d = 0; d < n; ++d)
        outcome->ranking.push_back({static_cast<Document>(d), scores[d]});
}

void rank_ordered(Session* session, const Request& request, std::size_t n, Outcome* outcome) {
    Order order(n, outcome->ranking.get_allocator().resource());
    std::iota(order.begin(), order.end(), Document{0});
    run_ordering(session, request, &order);
    const bool judged = session->calls() > 0 || !session->cut_short();
    for (std::size_t place = 0; place < n; ++place)
        outcome->ranking.push_back({order[place], judged ? score_of_place(place, n) : kNone});
}

}  // namespace

Outcome rerank(Judge& judge, std::size_t n, const Request& request,
               std::pmr::memory_resource* memory, const Poll& poll) {
    Outcome outcome{std::pmr::vector<Ranked>(memory)};
    outcome.ranking.reserve(n);
    if (n == 0)
        return outcome;
    Session session(judge, request.max_calls, poll);
    const bool scored = scores_documents(request.shape.protocol);
    if (scored)
        rank_scored(&session, request, n, &outcome);
    else
        rank_ordered(&session, request, n, &outcome);
    if (request.blend)
        blend_scores(&outcome.ranking, request);
    if (scored || request.blend)
        sort_by_score(&outcome.ranking, poll);
    outcome.calls = session.calls();
    outcome.shown = session.shown();
    outcome.repairs = session.repairs();
    outcome.cut_short = session.cut_short();
    return outcome;
}

}  // namespace vg::rerank
