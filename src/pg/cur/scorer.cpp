#include "pg/boundary/pg.h"

#include "pg/cur/scorer.h"

#include <algorithm>

namespace vg::pg::cur {
namespace {

[[noreturn]] void report_result_type(const FmgrInfo* function) {
    ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                    errmsg("scorer %s returns another type than its operator class may use",
                           get_func_name(function->fn_oid)),
                    errhint("A scorer returns double precision or real, a batch scorer an array "
                            "of one of them.")));
    pg_unreachable();
}

[[noreturn]] void report_batch(const Scorer* s, const char* what, int wanted, int got) {
    ereport(ERROR, (errcode(ERRCODE_ARRAY_ELEMENT_ERROR),
                    errmsg("batch scorer %s returned %s", get_func_name(s->batch.fn_oid), what),
                    errdetail("It was given %d items; its result holds %d.", wanted, got),
                    errhint("Return one score per item, in the order of the items.")));
    pg_unreachable();
}

double to_double(Oid type, Datum value) {
    return type == FLOAT4OID ? static_cast<double>(DatumGetFloat4(value)) : DatumGetFloat8(value);
}

void call_pointwise(Scorer* s, Datum query, Datum item, double* distance, bool* null) {
    LOCAL_FCINFO(fcinfo, 2);
    InitFunctionCallInfoData(*fcinfo, &s->score, 2, s->collation, nullptr, nullptr);
    fcinfo->args[0].value = item;
    fcinfo->args[0].isnull = false;
    fcinfo->args[1].value = query;
    fcinfo->args[1].isnull = false;
    const Datum result = FunctionCallInvoke(fcinfo);
    *null = fcinfo->isnull;
    *distance = fcinfo->isnull ? 0.0 : to_double(s->score_result, result);
}

void call_batch(Scorer* s, Datum query, const Datum* items, int n, double* distances, bool* nulls) {
    ArrayType* array = construct_array(const_cast<Datum*>(items), n, s->item_type, s->item_length,
                                       s->item_by_value, s->item_align);
    LOCAL_FCINFO(fcinfo, 2);
    InitFunctionCallInfoData(*fcinfo, &s->batch, 2, s->collation, nullptr, nullptr);
    fcinfo->args[0].value = PointerGetDatum(array);
    fcinfo->args[0].isnull = false;
    fcinfo->args[1].value = query;
    fcinfo->args[1].isnull = false;
    const Datum result = FunctionCallInvoke(fcinfo);
    if (fcinfo->isnull)
        report_batch(s, "NULL", n, 0);
    ArrayType* scores = DatumGetArrayTypeP(result);
    const int got = ArrayGetNItems(ARR_NDIM(scores), ARR_DIMS(scores));
    if (ARR_ELEMTYPE(scores) != s->batch_result)
        report_result_type(&s->batch);
    if (ARR_NDIM(scores) != 1 || got != n)
        report_batch(s, "an array of another length", n, got);
    if (array_contains_nulls(scores))
        report_batch(s, "NULL among its scores", n, got);
    const void* data = ARR_DATA_PTR(scores);
    for (int i = 0; i < n; ++i) {
        nulls[i] = false;
        distances[i] = s->batch_result == FLOAT4OID
                           ? static_cast<double>(static_cast<const float4*>(data)[i])
                           : static_cast<const float8*>(data)[i];
    }
}

// The rows of one call, for an error of it.
struct CalledFor {
    const Scorer* scorer;
    const node::Tid* tids;
    int n;
};

void describe_rows(void* arg) {
    const auto* c = static_cast<const CalledFor*>(arg);
    const char* table = c->scorer->table;
    if (c->tids == nullptr) {
        errcontext("scoring a new row of table \"%s\"", table);
        return;
    }
    const ItemPointerData first = index::from_tid(c->tids[0]);
    const ItemPointerData last = index::from_tid(c->tids[c->n - 1]);
    const BlockNumber block = ItemPointerGetBlockNumberNoCheck(&first);
    if (c->n == 1)
        errcontext("scoring row (%u,%u) of table \"%s\"", block, c->tids[0].offset, table);
    else
        errcontext("scoring %d rows of table \"%s\", the first at (%u,%u), the last at (%u,%u)",
                   c->n, table, block, c->tids[0].offset, ItemPointerGetBlockNumberNoCheck(&last),
                   c->tids[c->n - 1].offset);
}

bool get_function(Relation index, int number, MemoryContext context, FmgrInfo* out) {
    const Oid function = index_getprocid(index, 1, static_cast<uint16>(number));
    if (!OidIsValid(function))
        return false;
    // Not the one of the relation cache, which outlives a change of the function.
    fmgr_info_cxt(function, out, context);
    return true;
}

}  // namespace

void init_scorer(Scorer* s, Relation index, MemoryContext context) {
    MemSet(s, 0, sizeof *s);
    if (!get_function(index, kScoreProc, context, &s->score))
        elog(ERROR, "operator class of index \"%s\" lacks support function 1",
             RelationGetRelationName(index));
    s->has_batch = get_function(index, kBatchProc, context, &s->batch);
    s->has_seed = get_function(index, kSeedProc, context, &s->seed);
    s->collation = index->rd_indcollation[0];
    s->item_type = index->rd_opcintype[0];
    get_typlenbyvalalign(s->item_type, &s->item_length, &s->item_by_value, &s->item_align);
    s->score_result = get_func_rettype(s->score.fn_oid);
    if (s->score_result != FLOAT8OID && s->score_result != FLOAT4OID)
        report_result_type(&s->score);
    if (s->has_batch) {
        s->batch_result = get_element_type(get_func_rettype(s->batch.fn_oid));
        if (s->batch_result != FLOAT8OID && s->batch_result != FLOAT4OID)
            report_result_type(&s->batch);
    }
    s->table = MemoryContextStrdup(context, get_rel_name(index->rd_index->indrelid));
    s->scratch = AllocSetContextCreate(context, "cur scorer", ALLOCSET_DEFAULT_SIZES);
}

void call_scorer(Scorer* s, Datum query, const Datum* items, const node::Tid* tids, int n,
                 double* distances, bool* nulls) {
    const MemoryContext old = MemoryContextSwitchTo(s->scratch);
    const int most = s->has_batch ? cur_batch_size : 1;
    CalledFor rows{s, nullptr, 0};
    ErrorContextCallback context{error_context_stack, describe_rows, &rows};
    error_context_stack = &context;
    for (int first = 0; first < n; first += most) {
        CHECK_FOR_INTERRUPTS();
        rows.tids = tids == nullptr ? nullptr : tids + first;
        rows.n = std::min(most, n - first);
        if (s->has_batch)
            call_batch(s, query, items + first, rows.n, distances + first, nulls + first);
        else
            call_pointwise(s, query, items[first], distances + first, nulls + first);
        // Small results gather; a reset per pointwise call would cost as much as the call.
        if (s->has_batch || first % 64 == 63)
            MemoryContextReset(s->scratch);
    }
    error_context_stack = context.previous;
    MemoryContextReset(s->scratch);
    MemoryContextSwitchTo(old);
    s->calls += static_cast<uint64>(n);
}

void call_pointwise_scorer(Scorer* s, Datum query, Datum item, double* distance, bool* null) {
    const MemoryContext old = MemoryContextSwitchTo(s->scratch);
    CHECK_FOR_INTERRUPTS();
    call_pointwise(s, query, item, distance, null);
    MemoryContextReset(s->scratch);
    MemoryContextSwitchTo(old);
    ++s->calls;
}

ItemPointer call_seed(Scorer* s, Datum query, int wanted, int* n) {
    *n = 0;
    if (!s->has_seed || wanted <= 0)
        return nullptr;
    CHECK_FOR_INTERRUPTS();
    LOCAL_FCINFO(fcinfo, 2);
    InitFunctionCallInfoData(*fcinfo, &s->seed, 2, s->collation, nullptr, nullptr);
    fcinfo->args[0].value = query;
    fcinfo->args[0].isnull = false;
    fcinfo->args[1].value = Int32GetDatum(wanted);
    fcinfo->args[1].isnull = false;
    const Datum result = FunctionCallInvoke(fcinfo);
    if (fcinfo->isnull)
        return nullptr;
    ArrayType* array = DatumGetArrayTypeP(result);
    if (ARR_ELEMTYPE(array) != TIDOID)
        ereport(ERROR,
                (errcode(ERRCODE_DATATYPE_MISMATCH),
                 errmsg("seed function %s does not return tid[]", get_func_name(s->seed.fn_oid))));
    Datum* values;
    bool* nulls;
    int count;
    deconstruct_array(array, TIDOID, sizeof(ItemPointerData), false, TYPALIGN_SHORT, &values,
                      &nulls, &count);
    auto* tids = static_cast<ItemPointer>(palloc(sizeof(ItemPointerData) * (count + 1)));
    for (int i = 0; i < count && *n < wanted; ++i) {
        if (!nulls[i] && ItemPointerIsValid(reinterpret_cast<ItemPointer>(values[i])))
            tids[(*n)++] = *reinterpret_cast<ItemPointer>(values[i]);
    }
    return tids;
}

}  // namespace vg::pg::cur
