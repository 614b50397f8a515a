// Aggregates over documents with subtopics: alpha_ndcg_at and s_recall_at. One row per document:
// its subtopics (NULL = not judged, empty = judged and off topic), its rank (NULL = not retrieved).
// State: documents, and the names of their subtopics one behind the other. Ownership: aggregate.h.

#include "pg/boundary/pg.h"

#include <string_view>
#include <vector>

#include "core/metric/topics.h"
#include "pg/boundary/boundary.h"
#include "pg/metric/aggregate.h"

namespace vg::pg::metric {
namespace {

using vg::metric::TopicDocument;
using vg::metric::TopicRun;

constexpr double kUsualAlpha = 0.5;

struct Name {
    std::int64_t first;
    std::int64_t length;
};

struct TopicState {
    MemoryContext context;
    std::int32_t k;
    double alpha;
    bool judged;  // any document
    Buffer<TopicDocument> documents;
    Buffer<Name> names;
    Buffer<char> letters;
};

TopicState* topic_state(FunctionCallInfo fcinfo, std::int32_t k, double alpha) {
    MemoryContext context = aggregate_context(fcinfo);
    if (!PG_ARGISNULL(0)) {
        auto* state = reinterpret_cast<TopicState*>(PG_GETARG_POINTER(0));
        check_options(state->k == k && state->alpha == alpha);
        return state;
    }
    auto* state = static_cast<TopicState*>(MemoryContextAllocZero(context, sizeof(TopicState)));
    state->context = context;
    state->k = k;
    state->alpha = alpha;
    return state;
}

void add_name(FunctionCallInfo fcinfo, TopicState* state, Datum datum) {
    const text* name = DatumGetTextPP(datum);
    const auto length = static_cast<std::int64_t>(VARSIZE_ANY_EXHDR(name));
    char* letters = reserve(fcinfo, state->context, &state->letters, length);
    put_bytes(letters, VARDATA_ANY(name), static_cast<Size>(length));
    *reserve(fcinfo, state->context, &state->names, 1) = {state->letters.count, length};
    state->letters.count += length;
    state->names.count++;
}

// Adds the subtopics in argument 1 to the state; returns how many.
std::uint32_t add_names(FunctionCallInfo fcinfo, TopicState* state) {
    ArrayType* array = PG_GETARG_ARRAYTYPE_P(1);
    Datum* items;
    bool* nulls;
    int count;
    deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &items, &nulls, &count);
    for (int i = 0; i < count; i++) {
        if (nulls[i])
            report_null("a subtopic");
        add_name(fcinfo, state, items[i]);
    }
    return static_cast<std::uint32_t>(count);
}

Datum add_document(FunctionCallInfo fcinfo, TopicState* state) {
    const bool judged = !PG_ARGISNULL(1);
    TopicDocument document{};
    document.rank = read_rank(fcinfo, 2, "rank");
    document.first = static_cast<std::size_t>(state->names.count);
    if (judged)
        document.count = add_names(fcinfo, state);
    state->judged = state->judged || judged;
    *reserve(fcinfo, state->context, &state->documents, 1) = document;
    state->documents.count++;
    PG_RETURN_POINTER(state);
}

vg::metric::RankFault check_ranks(const TopicState& state) {
    std::vector<std::int32_t> ranks;
    ranks.reserve(state.documents.view().size());
    for (const TopicDocument& document : state.documents.view())
        ranks.push_back(document.rank);
    return vg::metric::check_ranks(ranks, kInterruptPoll);
}

TopicRun run_of(const TopicState& state) {
    std::vector<std::string_view> names;
    names.reserve(state.names.view().size());
    for (const Name& name : state.names.view())
        names.emplace_back(state.letters.items + name.first, static_cast<std::size_t>(name.length));
    return TopicRun(state.documents.view(), names, kInterruptPoll);
}

template <typename Metric>
Datum finish(FunctionCallInfo fcinfo, Metric&& metric) {
    aggregate_context(fcinfo);
    if (PG_ARGISNULL(0))
        PG_RETURN_NULL();
    const auto* state = reinterpret_cast<const TopicState*>(PG_GETARG_POINTER(0));
    report_rank_fault(check_ranks(*state), "rank");
    if (!state->judged)
        PG_RETURN_NULL();
    const double value = metric(*state);
    return Float8GetDatum(value);
}

}  // namespace

VG_FUNCTION(vg_topics) {  // (state, subtopics, rank, k [, alpha])
    const int k = integer_argument(fcinfo, 3, "k", 1);
    const double alpha = PG_NARGS() > 4 ? share_argument(fcinfo, 4, "alpha") : kUsualAlpha;
    return add_document(fcinfo, topic_state(fcinfo, k, alpha));
}

VG_FUNCTION(vg_alpha_ndcg_at) {
    return finish(fcinfo, [](const TopicState& state) {
        return run_of(state).alpha_ndcg_at(static_cast<std::size_t>(state.k), state.alpha,
                                           kInterruptPoll);
    });
}

VG_FUNCTION(vg_s_recall_at) {
    return finish(fcinfo, [](const TopicState& state) {
        return run_of(state).subtopic_recall_at(static_cast<std::size_t>(state.k));
    });
}

}  // namespace vg::pg::metric
