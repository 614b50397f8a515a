// Implements session.h.
#include "core/rerank/session.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/base/status.h"
#include "core/rank/permutation.h"

#include "core/no_postgres.h"

namespace vg::rerank {
namespace {

// A judge that breaks its contract would have us read past its answer.
void check_length(std::size_t answered, std::size_t asked) {
    if (answered != asked)
        throw Error(StatusCode::kInternal, "a judge gave an answer of the wrong length");
}

bool any_missing(std::span<const double> answer) noexcept {
    return std::any_of(answer.begin(), answer.end(), [](double x) { return std::isnan(x); });
}

}  // namespace

std::span<const double> Session::score(Documents documents) {
    count(documents.size());
    const std::span<const double> answer = judge_.score(documents);
    check_length(answer.size(), documents.size());
    repairs_ += any_missing(answer) ? 1 : 0;
    return answer;
}

std::optional<std::size_t> Session::pick(Documents documents) {
    count(documents.size());
    const std::int64_t answer = judge_.pick(documents);
    if (answer >= 1 && static_cast<std::uint64_t>(answer) <= documents.size())
        return static_cast<std::size_t>(answer) - 1;
    ++repairs_;
    return std::nullopt;
}

bool Session::beats(Document b, Document a) {
    const std::array<Document, 2> first{a, b};
    const std::array<Document, 2> second{b, a};
    count(first.size() + second.size());
    const std::span<const double> answer = judge_.compare(first, second);
    check_length(answer.size(), first.size());
    repairs_ += any_missing(answer) ? 1 : 0;
    // The chance that a wins, from each side; a side without an answer counts as a draw.
    const double as_first = std::isnan(answer[0]) ? 0.5 : answer[0];
    const double as_second = std::isnan(answer[1]) ? 0.5 : 1.0 - answer[1];
    const double a_wins = as_first + as_second;
    return a_wins == 1.0 ? b < a : a_wins < 1.0;
}

void Session::sort(std::span<Document> documents) {
    count(documents.size());
    const std::span<const std::int32_t> answer = judge_.permute(documents);
    std::vector<std::int32_t> places(documents.size());
    const std::size_t dropped = rank::repair_permutation(answer, places);
    if (dropped > 0 || answer.size() != documents.size())
        ++repairs_;
    const std::vector<Document> before(documents.begin(), documents.end());
    for (std::size_t i = 0; i < documents.size(); ++i)
        documents[i] = before[static_cast<std::size_t>(places[i]) - 1];
}

}  // namespace vg::rerank
