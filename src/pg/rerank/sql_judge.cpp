// Implements sql_judge.h.

#include "pg/boundary/pg.h"

#include "pg/rerank/sql_judge.h"

#include <cmath>
#include <limits>

#include "pg/boundary/arguments.h"
#include "pg/boundary/boundary.h"

namespace vg::pg::rerank {
namespace {

using vg::rerank::Documents;

template <typename T>
T* allocate(std::size_t n) {
    return static_cast<T*>(MemoryContextAllocHuge(CurrentMemoryContext, sizeof(T) * (n + 1)));
}

bool in_order(Documents documents) {
    for (std::size_t i = 0; i < documents.size(); ++i) {
        if (documents[i] != i)
            return false;
    }
    return true;
}

[[noreturn]] void report_number(const Plugin& plugin, double value, int document, bool chance) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    chance ? errmsg("function %s returned a chance that is not between 0 and 1",
                                    plugin.name)
                           : errmsg("function %s returned a score that is not finite", plugin.name),
                    errdetail("It is %g for document %d.", value, document),
                    errhint("Return NULL where there is no answer.")));
    pg_unreachable();
}

void check_number(const Plugin& plugin, double value, int document, bool chance) {
    if (unlikely(!std::isfinite(value) || (chance && (value < 0.0 || value > 1.0))))
        report_number(plugin, value, document, chance);
}

void check_length(const Plugin& plugin, int answered, std::size_t asked) {
    if (unlikely(static_cast<std::size_t>(answered) != asked))
        ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
                        errmsg("function %s returned %d numbers for %zu documents", plugin.name,
                               answered, asked),
                        errhint("Return one number per document, in their order, or NULL.")));
}

}  // namespace

DocumentList read_documents(ArrayType* array) {
    DocumentList list{};
    list.array = array;
    list.type = ARR_ELEMTYPE(array);
    get_typlenbyvalalign(list.type, &list.length, &list.by_value, &list.align);
    const ArrayItems items = array_items(array);
    list.values = items.values;
    list.elements = items.n;
    list.place = allocate<std::uint32_t>(static_cast<std::size_t>(items.n));
    for (int i = 0; i < items.n; ++i) {
        if (!items.nulls[i])
            list.place[list.n++] = static_cast<std::uint32_t>(i);
    }
    list.whole = list.n == list.elements && ARR_NDIM(array) == 1 && ARR_LBOUND(array)[0] == 1;
    return list;
}

Datum SqlJudge::array_of(Documents documents) const {
    const DocumentList& all = documents_;
    if (all.whole && documents.size() == static_cast<std::size_t>(all.n) && in_order(documents))
        return PointerGetDatum(all.array);
    auto* values = allocate<Datum>(documents.size());
    for (std::size_t i = 0; i < documents.size(); ++i)
        values[i] = all.values[all.place[documents[i]]];
    return PointerGetDatum(construct_array(values, static_cast<int>(documents.size()), all.type,
                                           all.length, all.by_value, all.align));
}

NullableDatum SqlJudge::ask(Documents first, Documents second) const {
    CHECK_FOR_INTERRUPTS();
    MemoryContextReset(context_);
    LOCAL_FCINFO(call, 3);
    InitFunctionCallInfoData(*call, &plugin_->call, static_cast<short>(plugin_->nargs), collation_,
                             nullptr, nullptr);
    call->args[0] = {query_, false};
    call->args[1] = {array_of(first), false};
    if (plugin_->nargs > 2)
        call->args[2] = {array_of(second), false};
    PgStat_FunctionCallUsage usage;
    pgstat_init_function_usage(call, &usage);
    const Datum answer = FunctionCallInvoke(call);
    pgstat_end_function_usage(&usage, true);
    return {answer, call->isnull};
}

std::span<const double> SqlJudge::numbers(NullableDatum answer, Documents documents,
                                          bool chances) const {
    auto* numbers = allocate<double>(documents.size());
    if (answer.isnull) {
        std::fill_n(numbers, documents.size(), std::numeric_limits<double>::quiet_NaN());
        return {numbers, documents.size()};
    }
    const ArrayItems items = array_items(DatumGetArrayTypeP(answer.value));
    check_length(*plugin_, items.n, documents.size());
    for (int i = 0; i < items.n; ++i) {
        numbers[i] = std::numeric_limits<double>::quiet_NaN();
        if (items.nulls[i])
            continue;
        numbers[i] = plugin_->element_type == FLOAT4OID
                         ? static_cast<double>(DatumGetFloat4(items.values[i]))
                         : DatumGetFloat8(items.values[i]);
        check_number(*plugin_, numbers[i],
                     static_cast<int>(documents_.place[documents[static_cast<std::size_t>(i)]]) + 1,
                     chances);
    }
    return {numbers, documents.size()};
}

std::span<const double> SqlJudge::score(Documents documents) {
    return call_pg([&] {
        const MemoryContext old = MemoryContextSwitchTo(context_);
        const auto scores = numbers(ask(documents, {}), documents, false);
        MemoryContextSwitchTo(old);
        return scores;
    });
}

std::int64_t SqlJudge::pick(Documents documents) {
    return call_pg([&]() -> std::int64_t {
        const MemoryContext old = MemoryContextSwitchTo(context_);
        const NullableDatum answer = ask(documents, {});
        MemoryContextSwitchTo(old);
        return answer.isnull ? 0 : DatumGetInt32(answer.value);
    });
}

std::span<const double> SqlJudge::compare(Documents first, Documents second) {
    return call_pg([&] {
        const MemoryContext old = MemoryContextSwitchTo(context_);
        const auto chances = numbers(ask(first, second), first, true);
        MemoryContextSwitchTo(old);
        return chances;
    });
}

std::span<const std::int32_t> SqlJudge::permute(Documents documents) {
    return call_pg([&]() -> std::span<const std::int32_t> {
        const MemoryContext old = MemoryContextSwitchTo(context_);
        const NullableDatum answer = ask(documents, {});
        std::span<const std::int32_t> places;
        if (!answer.isnull) {
            const ArrayItems items = array_items(DatumGetArrayTypeP(answer.value));
            auto* given = allocate<std::int32_t>(static_cast<std::size_t>(items.n));
            for (int i = 0; i < items.n; ++i)
                given[i] = items.nulls[i] ? 0 : DatumGetInt32(items.values[i]);
            places = {given, static_cast<std::size_t>(items.n)};
        }
        MemoryContextSwitchTo(old);
        return places;
    });
}

}  // namespace vg::pg::rerank
