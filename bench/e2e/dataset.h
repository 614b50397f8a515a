// Vectors of a benchmark run, exact answers and recall. Everything lives in memory; a Dataset is
// immutable once made and may be read from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "options.h"

namespace vg::bench {

// Row-major matrix of 32-bit floats.
struct Matrix {
    std::vector<float> values;
    std::size_t dim = 0;

    std::size_t rows() const { return dim == 0 ? 0 : values.size() / dim; }
    const float* row(std::size_t i) const { return values.data() + i * dim; }
};

struct Dataset {
    Metric metric = Metric::kL2;
    Matrix train;  // as loaded into the table: row i has id i, duplicates of row 0 at the end
    Matrix test;   // the first `queries` test rows
    // What distances are computed on: unit-length copies under cosine, the same values under L2.
    Matrix train_unit, test_unit;
    std::vector<std::uint32_t> shuffled;    // seeded permutation of the ids
    std::vector<std::uint32_t> load_order;  // ids in heap order
    // Exact distance of every query's k-th neighbour.
    std::vector<float> kth_distance;

    // L2: Euclidean distance. Cosine: 1 - cosine similarity.
    float distance(std::size_t query, std::size_t id) const;
};

// Reads the files, shuffles, orders, and finds the exact answers with workers + 1 threads.
// Throws vg::Error on files of the wrong size, and on zero vectors under cosine.
Dataset make_dataset(const Options& options);

// Share of the k exact answers that `ids` holds. Counted by distance, not by id, so that ties and
// duplicates are not held against an index: a distinct id is a hit when its distance is at most the
// k-th exact distance, with a relative slack of 1e-5 for float rounding.
double recall(const Dataset& data, std::size_t query, std::vector<std::uint32_t> ids, int k);

}  // namespace vg::bench
