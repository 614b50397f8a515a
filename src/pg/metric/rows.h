// The state of every aggregate that keeps one small record per row: judgements, pairs of numbers,
// pairs of codes. One set of functions combines and serialises them all (rows.cpp).
//
// Ownership: see aggregate.h.
#pragma once

#include "pg/boundary/pg.h"

#include <cstdint>

#include "core/metric/agreement.h"
#include "core/metric/judged.h"
#include "pg/metric/aggregate.h"

namespace vg::pg::metric {

// Arguments that must be the same in all rows of a group. Each aggregate uses some of them.
struct Options {
    std::int32_t k = 0;
    std::int32_t choice = 0;  // of a gain or norm
    double threshold = 1.0;   // grade from which on a document is relevant
    double number = 0.0;      // persistence of RBP, highest grade of ERR
    std::int64_t iterations = 0;
    std::int64_t seed = 0;

    bool operator==(const Options&) const = default;
};

union Record {
    vg::metric::Judgement judgement;
    vg::metric::Pair pair;
    vg::metric::Codes codes;
};
static_assert(sizeof(Record) == 16);

// The state's own and that of the final function.
inline constexpr int kRowCopies = 2;

struct RowState {
    MemoryContext context;
    Options options;
    Buffer<Record> rows;

    std::span<const vg::metric::Judgement> judgements() const {
        return as<vg::metric::Judgement>();
    }
    std::span<const vg::metric::Pair> pairs() const { return as<vg::metric::Pair>(); }
    std::span<const vg::metric::Codes> codes() const { return as<vg::metric::Codes>(); }

  private:
    template <typename T>
    std::span<const T> as() const {
        return {reinterpret_cast<const T*>(rows.items), static_cast<std::size_t>(rows.count)};
    }
};

// The state in argument 0, made there where it is NULL. Raises an error when it has other options.
RowState* row_state(FunctionCallInfo fcinfo, const Options& options);

inline void append(FunctionCallInfo fcinfo, RowState* state, const Record& record) {
    *reserve(fcinfo, state->context, &state->rows, 1, kRowCopies) = record;
    state->rows.count++;
}

}  // namespace vg::pg::metric
