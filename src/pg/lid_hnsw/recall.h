// What a measurement of recall is asked and answers. See recall.cpp.
#pragma once

#include "pg/boundary/pg.h"

#include <cstdint>

namespace vg::pg::lid_hnsw {

struct RecallRequest {
    Oid index;
    int k;
    int n;
    ArrayType* queries;  // null: sample n
    int ef_search;
    std::uint64_t seed;
};

// Figures are unset when queries is 0.
struct RecallResult {
    int queries;
    int ef_search;
    double mean, p5, min, low, high;
    double pages;       // index pages per query
    double latency_ms;  // per query, in the index
    double exact_ms;    // per query, of the exact pass
};

}  // namespace vg::pg::lid_hnsw
