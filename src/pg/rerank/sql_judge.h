// A judge that calls the user's function. Asks for interrupts before each call.
//
// Ownership: answers and the arrays of documents live in a context that is reset before the next
// call; the documents themselves stay where the caller has them. Methods may be called from C++
// that owns things: they reach PostgreSQL through call_pg only (R4).
#pragma once

#include "pg/boundary/pg.h"

#include "core/rerank/judge.h"
#include "pg/rerank/plugin.h"

namespace vg::pg::rerank {

// The documents of a rerank. Those that are NULL take no part.
struct DocumentList {
    ArrayType* array;
    Datum* values;         // of all elements
    std::uint32_t* place;  // of each document among the elements
    int n;                 // documents
    int elements;
    bool whole;  // the array itself will do where all documents are asked about in order
    Oid type;
    int16 length;
    bool by_value;
    char align;
};

DocumentList read_documents(ArrayType* array);

class SqlJudge final : public vg::rerank::Judge {
  public:
    SqlJudge(Plugin* plugin, Datum query, Oid collation, const DocumentList& documents,
             MemoryContext context)
        : plugin_(plugin),
          query_(query),
          collation_(collation),
          documents_(documents),
          context_(context) {}

    std::span<const double> score(vg::rerank::Documents documents) override;
    std::int64_t pick(vg::rerank::Documents documents) override;
    std::span<const double> compare(vg::rerank::Documents first,
                                    vg::rerank::Documents second) override;
    std::span<const std::int32_t> permute(vg::rerank::Documents documents) override;

  private:
    // The function's answer, in the current context, which is context_.
    NullableDatum ask(vg::rerank::Documents first, vg::rerank::Documents second) const;
    Datum array_of(vg::rerank::Documents documents) const;
    // One per document, NaN for NULL. `chances`: between 0 and 1.
    std::span<const double> numbers(NullableDatum answer, vg::rerank::Documents documents,
                                    bool chances) const;

    Plugin* plugin_;
    Datum query_;
    Oid collation_;
    const DocumentList& documents_;
    MemoryContext context_;  // of one call
};

}  // namespace vg::pg::rerank
