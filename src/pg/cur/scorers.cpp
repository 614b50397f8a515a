// SQL functions over core/cur/scorers.h: each similarity as score(query, document), as distance
// (document, query), which is minus the score and the function of an operator, and for text as
// distances (documents, query).

#include "pg/boundary/pg.h"

#include <vector>

extern "C" {
#include "mb/pg_wchar.h"
}

#include "core/cur/scorers.h"
#include "pg/boundary/arguments.h"
#include "pg/boundary/boundary.h"
#include "pg/types/vector.h"

namespace vg::pg::cur {
namespace {

// ---- token vectors ----------------------------------------------------------------------------

struct VectorList {
    const Vector** rows;
    int count;
};

// The elements of an array of vectors; 22004 for NULL among them, 22000 for mixed dimensions.
VectorList vectors_of(Datum datum, const char* name, int16* dims) {
    const ArrayItems items = array_items(DatumGetArrayTypeP(datum));
    VectorList list{static_cast<const Vector**>(palloc(sizeof(Vector*) * (items.n + 1))), items.n};
    for (int i = 0; i < items.n; ++i) {
        if (items.nulls[i])
            report_null(psprintf("element of \"%s\"", name));
        list.rows[i] = datum_vector(items.values[i]);
        if (*dims == 0)
            *dims = list.rows[i]->dim;
        if (list.rows[i]->dim != *dims)
            report_different_dims(*dims, list.rows[i]->dim);
    }
    return list;
}

vg::cur::Tokens tokens_of(const VectorList& list, int16 dims) {
    vg::cur::Tokens t;
    t.dims = static_cast<std::size_t>(dims);
    t.rows.reserve(static_cast<std::size_t>(list.count));
    for (int i = 0; i < list.count; ++i)
        t.rows.push_back(list.rows[i]->x);
    return t;
}

using VectorScore = double (*)(const vg::cur::Tokens&, const vg::cur::Tokens&, const Poll&);

double score_vectors(VectorScore score, Datum query, Datum document) {
    int16 dims = 0;
    const VectorList q = vectors_of(query, "query", &dims);
    const VectorList d = vectors_of(document, "document", &dims);
    return enter_cpp([&] { return score(tokens_of(q, dims), tokens_of(d, dims), kInterruptPoll); });
}

// ---- text -------------------------------------------------------------------------------------

// The characters of a text as numbers, palloc'd.
vg::cur::Text characters_of(const text* t) {
    const int bytes = static_cast<int>(VARSIZE_ANY_EXHDR(t));
    auto* wide = static_cast<pg_wchar*>(palloc(sizeof(pg_wchar) * (bytes + 1)));
    const int n = pg_mb2wchar_with_len(VARDATA_ANY(t), wide, bytes);
    static_assert(sizeof(pg_wchar) == sizeof(std::uint32_t));
    return {reinterpret_cast<const std::uint32_t*>(wide), static_cast<std::size_t>(n)};
}

using TextScore = double (*)(vg::cur::Text, vg::cur::Text, const Poll&);

double score_texts(TextScore score, const text* query, const text* document) {
    const vg::cur::Text q = characters_of(query);
    const vg::cur::Text d = characters_of(document);
    return enter_cpp([&] { return score(q, d, kInterruptPoll); });
}

Datum distances_of_texts(TextScore score, ArrayType* documents, const text* query) {
    const ArrayItems items = array_items(documents);
    const vg::cur::Text q = characters_of(query);
    auto* out = static_cast<Datum*>(palloc(sizeof(Datum) * (items.n + 1)));
    for (int i = 0; i < items.n; ++i) {
        if (items.nulls[i])
            report_null("element of \"documents\"");
        const text* document = DatumGetTextPP(items.values[i]);
        const vg::cur::Text d = characters_of(document);
        out[i] = Float8GetDatum(0.0 - enter_cpp([&] { return score(q, d, kInterruptPoll); }));
        pfree(const_cast<std::uint32_t*>(d.data()));
    }
    return PointerGetDatum(
        construct_array(out, items.n, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

// Of (query, document) a score; of (document, query) a distance, which orders the best rows first.
Datum vector_score(FunctionCallInfo fcinfo, VectorScore score) {
    return Float8GetDatum(score_vectors(score, PG_GETARG_DATUM(0), PG_GETARG_DATUM(1)));
}
Datum vector_distance(FunctionCallInfo fcinfo, VectorScore score) {
    return Float8GetDatum(0.0 - score_vectors(score, PG_GETARG_DATUM(1), PG_GETARG_DATUM(0)));
}
Datum text_score(FunctionCallInfo fcinfo, TextScore score) {
    return Float8GetDatum(score_texts(score, PG_GETARG_TEXT_PP(0), PG_GETARG_TEXT_PP(1)));
}
Datum text_distance(FunctionCallInfo fcinfo, TextScore score) {
    return Float8GetDatum(0.0 - score_texts(score, PG_GETARG_TEXT_PP(1), PG_GETARG_TEXT_PP(0)));
}
Datum text_distances(FunctionCallInfo fcinfo, TextScore score) {
    return distances_of_texts(score, PG_GETARG_ARRAYTYPE_P(0), PG_GETARG_TEXT_PP(1));
}

}  // namespace

#define VG_VECTOR_SCORE(name, score)                            \
    VG_FUNCTION_RETURNS(vg_##name, vector_score(fcinfo, score)) \
    VG_FUNCTION_RETURNS(vg_##name##_distance, vector_distance(fcinfo, score))

#define VG_TEXT_SCORE(name, score)                                          \
    VG_FUNCTION_RETURNS(vg_##name, text_score(fcinfo, score))               \
    VG_FUNCTION_RETURNS(vg_##name##_distance, text_distance(fcinfo, score)) \
    VG_FUNCTION_RETURNS(vg_##name##_distances, text_distances(fcinfo, score))

VG_VECTOR_SCORE(maxsim, vg::cur::maxsim)
VG_VECTOR_SCORE(soft_cosine, vg::cur::soft_cosine)
VG_VECTOR_SCORE(vector_alignment, vg::cur::alignment)
VG_TEXT_SCORE(levenshtein, vg::cur::levenshtein)
VG_TEXT_SCORE(text_alignment, vg::cur::alignment)

}  // namespace vg::pg::cur
